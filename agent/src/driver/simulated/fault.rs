//! What can be broken in a simulated room, and what that does to bytes.

use crate::driver::Mux;

/// What a fault is done to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// The chip or multiplexer at an address of the bus itself.
    Chip(u8),
    /// The chip at an address behind a multiplexer.
    Behind(Mux, u8),
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
    /// One bit of every answer flips: the one with this number, counted from the first byte's
    /// highest.
    FlipBit(u16),
    /// Every answer is this byte, as from a data line that is shorted or driven by nobody.
    Flat(u8),
    /// The data line is held low until nine clocks let the chip finish its byte.
    Latched,
}

/// Another chip takes everything that is written to it.
pub(super) fn foreign_write(_bytes: &[u8]) {}

/// Another chip, a port expander say, answers every read with the levels of its pins.
pub(super) fn foreign_read(bytes: &mut [u8]) {
    bytes.fill(0xA5);
}

/// Flips one bit of an answer, if the answer is as long as that.
pub(super) fn flip_bit(bytes: &mut [u8], number: u16) {
    if let Some(byte) = bytes.get_mut(usize::from(number / 8)) {
        *byte ^= 0x80 >> (number % 8);
    }
}
