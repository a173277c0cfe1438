//! How Sensirion chips put words on the bus: 16 bits, high byte first, then a CRC-8 over both.

use embedded_hal::{delay::DelayNs, i2c::I2c};

use super::Error;

/// CRC-8 with polynomial 0x31 and start 0xFF, as in the datasheets of SHT4x (4.4) and SCD4x (3.12).
#[must_use]
pub fn crc8(bytes: [u8; 2]) -> u8 {
    bytes.iter().fold(0xFF, |crc, byte| {
        (0..8).fold(crc ^ byte, |crc, _| if crc & 0x80 == 0 { crc << 1 } else { (crc << 1) ^ 0x31 })
    })
}

/// `word` as it stands on the bus.
#[must_use]
pub fn pack(word: u16) -> [u8; 3] {
    let [high, low] = word.to_be_bytes();
    [high, low, crc8([high, low])]
}

/// The word in `bytes`, which came from `address`.
pub fn unpack(address: u8, bytes: [u8; 3]) -> Result<u16, Error> {
    let [high, low, crc] = bytes;
    if crc8([high, low]) == crc { Ok(u16::from_be_bytes([high, low])) } else { Err(Error::Crc { address, bytes }) }
}

/// Sends a command of 16 bits with its arguments, waits its time in ms, and takes the words of the
/// answer, if there are any.
pub fn ask<const WORDS: usize, B: I2c + ?Sized>(
    address: u8,
    bus: &mut B,
    delay: &mut dyn DelayNs,
    (command, takes_ms): (u16, u32),
    arguments: &[u16],
) -> Result<[u16; WORDS], Error> {
    let failed = |error: B::Error| Error::from_bus(address, &error);
    let mut request = command.to_be_bytes().to_vec();
    request.extend(arguments.iter().flat_map(|word| pack(*word)));
    bus.write(address, &request).map_err(failed)?;
    delay.delay_ms(takes_ms);
    let mut words = [0; WORDS];
    if WORDS > 0 {
        let mut answer = vec![0; 3 * WORDS];
        bus.read(address, &mut answer).map_err(failed)?;
        for (word, bytes) in words.iter_mut().zip(answer.chunks_exact(3)) {
            *word = unpack(address, [bytes[0], bytes[1], bytes[2]])?;
        }
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_datasheets() {
        assert_eq!(crc8([0xBE, 0xEF]), 0x92);
        // SCD4x datasheet, 3.6.2: 0x01f4 is 500 ppm with checksum 0x33.
        assert_eq!(pack(0x01F4), [0x01, 0xF4, 0x33]);
    }

    #[test]
    fn every_flipped_bit_is_caught() {
        for bit in 0..24 {
            let mut bytes = pack(0xBEEF);
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(matches!(unpack(0x44, bytes), Err(Error::Crc { .. })), "bit {bit}");
        }
    }
}
