//! Frames of the PN532: turns a command into bytes for the bus, and bytes from it into what they
//! carry or what is wrong with them. Talks to no bus.
//!
//! NXP UM0701-02 (PN532 user manual, firmware 1.6), 6.2.1.

/// Host to PN532.
const TFI_OUT: u8 = 0xD4;
/// PN532 to host.
const TFI_IN: u8 = 0xD5;
/// Instead of a TFI: the PN532 did not understand (6.2.1.5).
const TFI_ERROR: u8 = 0x7F;

/// "Understood", and from the host also "stop what you are doing" (6.2.1.3).
pub const ACK: [u8; 6] = [0x00, 0x00, 0xFF, 0x00, 0xFF, 0x00];
/// "Say that again" (6.2.1.4).
pub const NACK: [u8; 6] = [0x00, 0x00, 0xFF, 0xFF, 0x00, 0x00];

/// Bytes of an answer around its data: preamble, start code, LEN, LCS, TFI, DCS, postamble. Its
/// data begins with the code of the answer.
pub const AROUND: usize = 8;

/// What is wrong with the bytes of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Bad {
    /// They do not begin as a frame does.
    #[error("no frame")]
    NoFrame,
    /// A checksum, of the length or of the data, does not fit.
    #[error("a checksum of the frame does not fit")]
    Checksum,
    /// The frame is longer than any answer to this command.
    #[error("the frame is longer than any answer to this command")]
    TooLong,
    /// A frame that answers something else.
    #[error("the frame answers something else")]
    NotTheAnswer,
    /// The PN532 says that it did not understand the command.
    #[error("the command was not understood")]
    Refused,
}

/// A command, its code first, as it goes over the bus. Commands here are a few bytes; one of 255 and
/// more would need an extended frame, which no command of ours does.
#[must_use]
pub fn command(data: &[u8]) -> Vec<u8> {
    let length = u8::try_from(data.len() + 1).expect("commands are short");
    let sum = data.iter().fold(TFI_OUT, |sum, byte| sum.wrapping_add(*byte));
    let mut frame = vec![0x00, 0x00, 0xFF, length, length.wrapping_neg(), TFI_OUT];
    frame.extend_from_slice(data);
    frame.extend([sum.wrapping_neg(), 0x00]);
    frame
}

/// What the answer to command `code` in `bytes` carries, its own code left off. Bytes after the
/// frame are padding.
pub fn answer(bytes: &[u8], code: u8) -> Result<&[u8], Bad> {
    let [0x00, 0x00, 0xFF, length, length_sum, rest @ ..] = bytes else { return Err(Bad::NoFrame) };
    if length.wrapping_add(*length_sum) != 0 {
        return Err(Bad::Checksum);
    }
    let length = usize::from(*length);
    let (Some(data), Some(sum)) = (rest.get(..length), rest.get(length)) else { return Err(Bad::TooLong) };
    if data.iter().fold(*sum, |sum, byte| sum.wrapping_add(*byte)) != 0 {
        return Err(Bad::Checksum);
    }
    match data {
        [TFI_IN, answered, data @ ..] if *answered == code.wrapping_add(1) => Ok(data),
        [TFI_ERROR] => Err(Bad::Refused),
        _ => Err(Bad::NotTheAnswer),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(data: &[u8], frame: &str) {
        assert_eq!(hex::encode(command(data)), frame.replace(' ', ""));
    }

    #[test]
    fn commands_are_the_manuals() {
        check(&[0x02], "00 00 ff 02 fe d4 02 2a 00");
        check(&[0x14, 0x01, 0x14, 0x01], "00 00 ff 05 fb d4 14 01 14 01 02 00");
        check(&[0x4A, 0x01, 0x00], "00 00 ff 04 fc d4 4a 01 00 e1 00");
        check(&[0x40, 0x01, 0x30, 0x04], "00 00 ff 05 fb d4 40 01 30 04 b7 00");
        check(&[0x42, 0x3A, 0x04, 0x27], "00 00 ff 05 fb d4 42 3a 04 27 85 00");
        check(&[0x42, 0x60], "00 00 ff 03 fd d4 42 60 8a 00");
        check(&[0x32, 0x05, 0xFF, 0x01, 0x02], "00 00 ff 06 fa d4 32 05 ff 01 02 f3 00");
        check(&[0x32, 0x01, 0x00], "00 00 ff 04 fc d4 32 01 00 f9 00");
    }

    const VERSION: [u8; 13] = [0, 0, 0xFF, 6, 0xFA, 0xD5, 3, 0x32, 1, 6, 7, 0xE8, 0];

    #[test]
    fn an_answer_gives_its_data_whatever_follows_it() {
        assert_eq!(answer(&VERSION, 0x02), Ok(&[0x32, 1, 6, 7][..]));
        assert_eq!(answer(&[&VERSION[..], &[0xAA; 9]].concat(), 0x02), Ok(&[0x32, 1, 6, 7][..]));
    }

    #[test]
    fn every_flipped_bit_of_an_answer_is_caught() {
        // The last byte is the postamble, which nobody reads.
        for bit in 0..(VERSION.len() - 1) * 8 {
            let mut bytes = VERSION;
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(answer(&bytes, 0x02).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn what_is_no_answer_has_its_name() {
        assert_eq!(answer(&ACK, 0x02), Err(Bad::Checksum), "the checksum of the length marks an ACK");
        assert_eq!(answer(&[0, 0, 0xFF, 1, 0xFF, 0x7F, 0x81, 0], 0x02), Err(Bad::Refused));
        assert_eq!(answer(&VERSION, 0x14), Err(Bad::NotTheAnswer));
        assert_eq!(answer(&VERSION[..9], 0x02), Err(Bad::TooLong));
        assert_eq!(answer(&[], 0x02), Err(Bad::NoFrame));
        assert_eq!(answer(&[0, 0, 0xFF, 0, 0, 0, 0], 0x02), Err(Bad::NotTheAnswer));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..100), code: u8) {
            let _ = answer(&bytes, code);
        }

        #[test]
        fn an_answer_of_any_data_reads_back(data in prop::collection::vec(any::<u8>(), 0..250), code in 0u8..0xFF) {
            let mut frame = command(&[&[code + 1], &data[..]].concat());
            let end = frame.len() - 2;
            frame[5] = TFI_IN;
            frame[end] = frame[end].wrapping_sub(1);
            prop_assert_eq!(answer(&frame, code), Ok(&data[..]));
        }
    }
}
