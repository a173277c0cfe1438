//! The reader of tags against a scripted bus: the exact frames of its manual, and every way to fail
//! before there is a tag to speak of.
#![allow(clippy::unwrap_used)]

mod support;

use agent::driver::{
    Seat,
    tag::{
        extinguisher::{Extinguisher, Settings},
        frame::{ACK, NACK},
        pn532::ADDRESS,
    },
};
use embedded_hal::i2c::ErrorKind;
use embedded_hal_mock::eh1::{
    delay::{NoopDelay, Transaction as Wait},
    i2c::Transaction as Bus,
};
use proptest::prelude::*;
use support::{NACK as NOBODY, ReadNow, fault, on, value};
use wire::{Fault, Id};

fn bytes(hexed: &str) -> Vec<u8> {
    hex::decode(hexed.replace(' ', "")).unwrap()
}

fn write(hexed: &str) -> Bus {
    Bus::write(ADDRESS, bytes(hexed))
}

fn status(byte: u8) -> Bus {
    Bus::read(ADDRESS, vec![byte])
}

/// RDY and the frame in one read, filled up to `most` data bytes as a chip fills it up.
fn answer(frame: &str, most: usize) -> Vec<Bus> {
    let mut all = bytes(frame);
    all.insert(0, 1);
    all.resize(1 + 9 + most, 0);
    vec![status(1), Bus::read(ADDRESS, all)]
}

fn acknowledged() -> Vec<Bus> {
    vec![status(1), Bus::read(ADDRESS, [&[1], &ACK[..]].concat())]
}

/// A whole command: the frame, its ACK, its answer with at most `most` bytes of data.
fn command(frame: &str, back: &str, most: usize) -> Vec<Bus> {
    [vec![write(frame)], acknowledged(), answer(back, most)].concat()
}

const GET_FIRMWARE: &str = "00 00 ff 02 fe d4 02 2a 00";
const FIRMWARE: &str = "00 00 ff 06 fa d5 03 32 01 06 07 e8 00";
const LIST_ONE: &str = "00 00 ff 04 fc d4 4a 01 00 e1 00";
const NO_TARGET: &str = "00 00 ff 03 fd d5 4b 00 e0 00";
const FIELD_OFF: &str = "00 00 ff 04 fc d4 32 01 00 f9 00";
const CONFIGURED: &str = "00 00 ff 02 fe d5 33 f8 00";

fn set_up() -> Vec<Bus> {
    [
        vec![status(0)],
        command(GET_FIRMWARE, FIRMWARE, 4),
        command("00 00 ff 05 fb d4 14 01 14 01 02 00", "00 00 ff 02 fe d5 15 16 00", 0),
        command("00 00 ff 06 fa d4 32 05 ff 01 02 f3 00", CONFIGURED, 0),
    ]
    .concat()
}

/// The waits of so many commands: before the look at the ACK, and before the one at the answer.
fn waits(commands: usize) -> Vec<Wait> {
    [1, 2].repeat(commands).into_iter().map(Wait::delay_ms).collect()
}

fn field_off() -> Vec<Bus> {
    command(FIELD_OFF, CONFIGURED, 0)
}

fn bracket() -> Extinguisher {
    let seat = Seat::new(Id::parse("i2c-1").unwrap(), ADDRESS);
    Extinguisher::new(Settings { seat, tag_key_file: None, uid: None, read_count: false })
}

#[test]
fn a_reader_is_named_set_up_asked_three_times_for_a_tag_and_switched_off() {
    let list = || command(LIST_ONE, NO_TARGET, 36);
    let bus = [set_up(), list(), list(), list(), field_off()].concat();
    let pause = [Wait::delay_ms(100)];
    let waits = [&waits(4)[..], &pause, &waits(1), &pause, &waits(2)].concat();
    let mut chip = bracket();
    let measured = on(&bus, &waits, |bus, delay| chip.read(bus, delay)).unwrap();
    assert_eq!(value(&measured, "present"), 0.0);
    assert_eq!(measured.len(), 1, "nothing is known of a tag that is not there");
    assert_eq!(agent::driver::Chip::identity(&chip).as_deref(), Some("PN532 1.6"));
}

#[test]
fn a_tag_is_read_by_fast_reads_of_at_most_15_pages() {
    let target = "00 00 ff 0f f1 d5 4b 01 01 00 44 00 07 04 a1 b2 c3 d4 e5 f6 ca 00";
    // Container, then lock control and an empty message as from the maker, then nothing.
    let memory = [bytes("e1 10 12 00 01 03 a0 0c 34 03 00 fe"), vec![0; 48]].concat();
    let data = [&[0xD5, 0x43, 0x00], &memory[..]].concat();
    let sum = data.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte)).wrapping_neg();
    let pages = format!("00 00 ff 3f c1 {} {sum:02x} 00", hex::encode(&data));
    let bus = [
        set_up(),
        command(LIST_ONE, target, 36),
        command("00 00 ff 03 fd d4 42 60 8a 00", "00 00 ff 0b f5 d5 43 00 00 04 04 02 01 00 0f 03 cb 00", 9),
        command("00 00 ff 05 fb d4 42 3a 03 11 9c 00", &pages, 61),
        field_off(),
    ]
    .concat();
    let measured = on(&bus, &waits(7), |bus, delay| bracket().read(bus, delay)).unwrap();
    assert_eq!(value(&measured, "present"), 1.0);
    assert_eq!(value(&measured, "tag_id"), f64::from(0xA1B2_u32) * 65536.0 * 65536.0 + f64::from(0xC3D4_E5F6_u32));
    assert_eq!(measured.len(), 2, "a blank tag says nothing");
}

#[test]
fn a_reader_that_is_absent_is_no_response() {
    let gone = || write(GET_FIRMWARE).with_error(NOBODY);
    let bus = [status(0).with_error(NOBODY), gone(), gone()];
    let waits = [Wait::delay_ms(2)];
    assert_eq!(fault(on(&bus, &waits, |bus, delay| bracket().read(bus, delay))), Fault::NoResponse);
}

#[test]
fn a_reader_on_a_broken_bus_is_bus_failed() {
    let bus = [status(0), write(GET_FIRMWARE).with_error(ErrorKind::Bus)];
    assert_eq!(fault(on(&bus, &[], |bus, delay| bracket().read(bus, delay))), Fault::BusFailed);
}

#[test]
fn nothing_is_written_to_a_chip_that_begins_like_no_reader() {
    // An MCP23017 after power-on gives its direction register, all ones; 00 00 written to it would
    // make outputs of its pins.
    for byte in [0xFF, 0xA5, 0x02] {
        let result = on(&[status(byte)], &[], |bus, delay| bracket().read(bus, delay));
        assert_eq!(fault(result), Fault::WrongDevice, "{byte:#04x}");
    }
}

#[test]
fn another_chip_of_the_same_maker_is_wrong_device() {
    // A PN533 says 0x33.
    let pn533 = command(GET_FIRMWARE, "00 00 ff 06 fa d5 03 33 02 07 07 e5 00", 4);
    let bus = [vec![status(0)], pn533].concat();
    assert_eq!(fault(on(&bus, &waits(1), |bus, delay| bracket().read(bus, delay))), Fault::WrongDevice);
}

#[test]
fn a_reader_that_does_not_acknowledge_while_busy_is_waited_for() {
    let busy = || status(0).with_error(NOBODY);
    let mut bus = vec![status(0), write(GET_FIRMWARE), busy(), busy()];
    bus.extend(acknowledged());
    bus.push(busy());
    bus.extend(answer(FIRMWARE, 4));
    // Then the bus breaks, which ends the test.
    bus.push(write("00 00 ff 05 fb d4 14 01 14 01 02 00").with_error(ErrorKind::Bus));
    let waits = [1, 1, 1, 2, 2].map(Wait::delay_ms);
    assert_eq!(fault(on(&bus, &waits, |bus, delay| bracket().read(bus, delay))), Fault::BusFailed);
}

#[test]
fn a_frame_with_a_wrong_checksum_is_asked_for_once_more() {
    let mut bus = vec![status(0), write(GET_FIRMWARE)];
    bus.extend(acknowledged());
    bus.extend(answer("00 00 ff 06 fa d5 03 32 01 06 06 e8 00", 4));
    bus.push(Bus::write(ADDRESS, NACK.to_vec()));
    bus.extend(answer(FIRMWARE, 4));
    bus.push(write("00 00 ff 05 fb d4 14 01 14 01 02 00").with_error(ErrorKind::Bus));
    assert_eq!(
        fault(on(&bus, &[1, 2, 2].map(Wait::delay_ms), |bus, delay| bracket().read(bus, delay))),
        Fault::BusFailed
    );
}

#[test]
fn a_frame_that_stays_wrong_is_bad_crc_and_the_command_is_aborted() {
    let wrong = "00 00 ff 06 fb d5 03 32 01 06 07 e8 00";
    let mut bus = vec![status(0), write(GET_FIRMWARE)];
    bus.extend(acknowledged());
    bus.extend(answer(wrong, 4));
    bus.push(Bus::write(ADDRESS, NACK.to_vec()));
    bus.extend(answer(wrong, 4));
    bus.push(Bus::write(ADDRESS, ACK.to_vec()));
    assert_eq!(fault(on(&bus, &[1, 2, 2].map(Wait::delay_ms), |bus, delay| bracket().read(bus, delay))), Fault::BadCrc);
}

#[test]
fn a_command_that_is_not_acknowledged_in_time_is_sent_once_more_and_no_more() {
    let unheard = || [vec![write(GET_FIRMWARE)], vec![status(0); 20]].concat();
    let bus = [vec![status(0)], unheard(), unheard(), vec![Bus::write(ADDRESS, ACK.to_vec())]].concat();
    let waits = vec![Wait::delay_ms(1); 40];
    assert_eq!(fault(on(&bus, &waits, |bus, delay| bracket().read(bus, delay))), Fault::NoResponse);
}

#[test]
fn a_reader_that_never_answers_is_waited_for_half_a_second_and_aborted() {
    let mut bus = vec![status(0), write(GET_FIRMWARE)];
    bus.extend(acknowledged());
    bus.extend(vec![status(0); 250]);
    bus.push(Bus::write(ADDRESS, ACK.to_vec()));
    let waits = [vec![Wait::delay_ms(1)], vec![Wait::delay_ms(2); 250]].concat();
    assert_eq!(fault(on(&bus, &waits, |bus, delay| bracket().read(bus, delay))), Fault::NoResponse);
}

#[test]
fn a_command_that_the_reader_does_not_know_is_a_wrong_device() {
    let mut bus = vec![status(0), write(GET_FIRMWARE)];
    bus.extend(acknowledged());
    bus.extend(answer("00 00 ff 01 ff 7f 81 00", 4));
    bus.push(Bus::write(ADDRESS, ACK.to_vec()));
    assert_eq!(fault(on(&bus, &waits(1), |bus, delay| bracket().read(bus, delay))), Fault::WrongDevice);
}

/// Answers to listing targets that no reader of ours gives: counts and lengths that lie.
#[test]
fn targets_that_make_no_sense_are_bad_response() {
    for data in ["01", "01 01 00 44 00 07 04", "03 01 00 44 00 04 01 02 03 04", "01 01 00 44 20 04 01 02 03 04 ff"] {
        let data = [bytes("d5 4b"), bytes(data)].concat();
        let length = u8::try_from(data.len()).unwrap();
        let sum = data.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte)).wrapping_neg();
        let frame = [&[0, 0, 0xFF, length, length.wrapping_neg()], &data[..], &[sum, 0]].concat();
        let bus = [set_up(), command(LIST_ONE, &hex::encode(frame), 36)].concat();
        let result = on(&bus, &waits(4), |bus, delay| bracket().read(bus, delay));
        assert_eq!(fault(result), Fault::BadResponse, "{data:02x?}");
    }
}

/// A bus whose chip answers each read with the next of these bytes, and takes every write.
struct Hostile {
    bytes: Vec<u8>,
    at: usize,
}

impl embedded_hal::i2c::ErrorType for Hostile {
    type Error = ErrorKind;
}

impl embedded_hal::i2c::I2c for Hostile {
    fn transaction(
        &mut self,
        _address: u8,
        operations: &mut [embedded_hal::i2c::Operation<'_>],
    ) -> Result<(), ErrorKind> {
        for operation in operations {
            if let embedded_hal::i2c::Operation::Read(bytes) = operation {
                for byte in bytes.iter_mut() {
                    *byte = self.bytes[self.at % self.bytes.len()];
                    self.at += 1;
                }
            }
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_answer_of_a_bus_panics_or_is_taken_for_a_tag(bytes in prop::collection::vec(any::<u8>(), 1..200)) {
        let mut bus = Hostile { bytes, at: 0 };
        prop_assert!(bracket().read(&mut bus, &mut NoopDelay).is_err());
    }
}
