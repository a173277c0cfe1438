//! What can be broken in a simulated room, and what that does to bytes.

/// What a fault is done to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// The chip at an address.
    Chip(u8),
    /// The whole I2C bus.
    Bus,
    /// A GPIO line.
    Line(u32),
}

/// How something is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// Unplugged: nothing acknowledges.
    Absent,
    /// One bit of each word's checksum flips.
    BadCrc,
    /// The sensing element is frozen at what it saw last; not even its noise moves.
    Stuck,
    /// The clock line is held low: transactions never end until the fault is cleared.
    Hung,
    /// Another chip sits at the address: it takes any byte and answers without checksums.
    WrongDevice,
    /// Measurements take ten times as long as the data sheet says.
    Slow,
}

/// Another chip takes everything that is written to it.
pub(super) fn foreign_write(_bytes: &[u8]) {}

/// Another chip, a port expander say, answers every read with the levels of its pins.
pub(super) fn foreign_read(bytes: &mut [u8]) {
    bytes.fill(0xA5);
}

/// Flips the lowest bit of each third byte: the checksums of 16-bit words.
pub(super) fn flip_bits(bytes: &mut [u8]) {
    for word in bytes.chunks_mut(3) {
        if let [_, _, crc] = word {
            *crc ^= 1;
        }
    }
}
