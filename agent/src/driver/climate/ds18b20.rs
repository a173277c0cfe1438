//! Maxim DS18B20 on a 1-Wire bus, for fridges and freezers: turns the kernel's `w1_slave` file into a
//! temperature; never passes on the 85 °C that stand in its memory after power-on, nor the 0 °C that a
//! shorted line reads as.
//!
//! Datasheet: <https://www.analog.com/media/en/technical-documentation/data-sheets/ds18b20.pdf>; the
//! file: <https://docs.kernel.org/w1/slaves/w1_therm.html>. The kernel speaks 1-Wire; no crate is needed
//! to read a file, and this one checks again what the kernel checked, since a file can be torn.

use std::{sync::Arc, time::Duration};

use wire::{Fault, Id};

use crate::{
    config::{Expected, Problem, Table},
    driver::{
        Error, Kind, Measured, OneWireDevice, Place, Quantity, Reader, Sits,
        bus::{BusError, OneWire},
        simulated::{OneWireTwin, Truth},
    },
};

/// DS18B20, DS18B20+, and the DS1822 and DS1825, whose memory is the same.
pub static KIND: Kind = Kind {
    word: "ds18b20",
    parts: ["Maxim DS18B20, DS1822, DS1825"; 2],
    measures: ["temperature of fridges and freezers", "冷藏、冷冻温度"],
    sits: Sits::OneWire,
    // A conversion takes 0.75 s, one device after the other.
    period: Some(Duration::from_secs(30)),
    period_min: None,
    read: |table| Some(Arc::new(Settings::read(table)?)),
    at: None,
};

/// Family codes of those with twelve bits and this memory.
const FAMILIES: [&str; 3] = ["28", "22", "3b"];
/// A conversion of twelve bits, and its retry, behind some others on the bus.
const PATIENCE: Duration = Duration::from_secs(15);

/// What a `[[sensor]]` of this kind says.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The bus with the 1-Wire line.
    pub bus: Id,
    /// The kernel's name of the device, such as `28-3c01b556a1b2`.
    pub id: String,
}

impl Settings {
    fn read(table: &Table<'_>) -> Option<Self> {
        let bus = table.bus();
        let id = table.require("id", Expected::OneWireId, table.text("id"))?.to_ascii_lowercase();
        if !is_id(&id) {
            table.note("id", Problem::Wrong { expected: Expected::OneWireId, found: id });
            return None;
        }
        Some(Self { bus: bus?, id })
    }
}

/// A family code, a dash and six bytes in hexadecimal.
fn is_id(text: &str) -> bool {
    let Some((family, serial)) = text.split_once('-') else { return false };
    FAMILIES.contains(&family) && serial.len() == 12 && serial.bytes().all(|byte| byte.is_ascii_hexdigit())
}

impl crate::driver::Settings for Settings {
    fn kind(&self) -> &'static Kind {
        &KIND
    }
    fn place(&self) -> Place {
        Place::OneWire { bus: self.bus.clone(), id: self.id.clone() }
    }
    fn print(&self, table: &mut toml::Table) {
        table.insert("id".into(), self.id.as_str().into());
    }
    fn quantities(&self) -> Vec<Quantity> {
        vec![TEMPERATURE]
    }
    fn patience(&self) -> Duration {
        PATIENCE
    }
    fn start(&self) -> Reader {
        Reader::OneWire(Box::new(Ds18b20 { id: self.id.clone() }))
    }
    fn simulate_one_wire(&self) -> Option<OneWireTwin> {
        let odd = self.id.chars().last().and_then(|digit| digit.to_digit(16)).is_some_and(|digit| digit % 2 == 1);
        // An odd serial number hangs in the freezer, an even one in the fridge.
        let air = move |truth: &Truth| if odd { truth.freezer_celsius } else { truth.fridge_celsius };
        Some(Box::new(move |truth| file(counts(air(truth)))))
    }
}

/// What it gives: the part's range. A freezer at night may well give the same count for an hour.
pub const TEMPERATURE: Quantity = Quantity::resting("temperature_celsius", "Cel", -55.0, 125.0, 2);

/// Bytes of its memory, page 9 of the datasheet.
const SCRATCHPAD_BYTES: usize = 9;
/// Bits of the configuration byte that are fixed, page 10, and what they are.
const CONFIGURATION_FIXED: (u8, u8) = (0b1001_1111, 0b0001_1111);
/// Bytes 5 and 7 are reserved and hold these, page 9.
const RESERVED: [(usize, u8); 2] = [(5, 0xFF), (7, 0x10)];
/// 85 °C: what the register holds until the first conversion, page 6.
const POWER_ON: i16 = 0x0550;

/// One device.
struct Ds18b20 {
    id: String,
}

impl OneWireDevice for Ds18b20 {
    fn read(&mut self, bus: &mut dyn OneWire) -> Result<Vec<Measured>, Error> {
        let text = bus.read(&self.id).map_err(|error| self.failed(&error))?;
        let scratchpad = parse(&text).map_err(|fault| Error::Other {
            text: format!("the kernel says of `{}`: {}", self.id, text.trim().replace('\n', " / ")),
            fault,
        })?;
        let counts = i16::from_le_bytes([scratchpad[0], scratchpad[1]]);
        if counts == POWER_ON {
            // Nothing that is watched by such a probe has exactly 85 °C for long.
            return Err(Error::WarmingUp);
        }
        Ok(vec![Measured::new(TEMPERATURE.name, celsius(counts), counts.cast_unsigned().into())])
    }
}

impl Ds18b20 {
    fn failed(&self, error: &BusError) -> Error {
        let text = match error.fault {
            Fault::NoResponse => format!("no device `{}` is on the 1-Wire bus", self.id),
            _ => format!("the 1-Wire bus cannot be read: {error}"),
        };
        Error::Other { fault: error.fault.clone(), text }
    }
}

/// The bytes of the memory, if the kernel and we find them whole.
fn parse(text: &str) -> Result<[u8; SCRATCHPAD_BYTES], Fault> {
    // "50 05 4b 46 7f ff 0c 10 1c : crc=1c YES", and below it the bytes again with "t=85000".
    let first = text.lines().next().ok_or(Fault::BadResponse)?;
    let (bytes, verdict) = first.split_once(':').ok_or(Fault::BadResponse)?;
    let bytes: Result<Vec<u8>, _> = bytes.split_whitespace().map(|byte| u8::from_str_radix(byte, 16)).collect();
    let bytes: [u8; SCRATCHPAD_BYTES] = bytes.ok().and_then(|bytes| bytes.try_into().ok()).ok_or(Fault::BadResponse)?;
    if !verdict.trim_end().ends_with("YES") || crc8(&bytes[..8]) != bytes[8] {
        return Err(Fault::BadCrc);
    }
    let (mask, fixed) = CONFIGURATION_FIXED;
    if bytes[4] & mask != fixed || RESERVED.iter().any(|(at, value)| bytes[*at] != *value) {
        // A line that is held low reads as zeros, whose checksum is 0 too.
        return Err(if bytes == [0; SCRATCHPAD_BYTES] { Fault::NoResponse } else { Fault::WrongDevice });
    }
    Ok(bytes)
}

/// Maxim's CRC-8: x⁸ + x⁵ + x⁴ + 1, low bit first, page 9.
fn crc8(bytes: &[u8]) -> u8 {
    bytes
        .iter()
        .fold(0, |crc, byte| (0..8).fold(crc ^ byte, |crc, _| if crc & 1 == 0 { crc >> 1 } else { (crc >> 1) ^ 0x8C }))
}

/// Sixteenths of a degree, page 6.
#[must_use]
pub fn celsius(counts: i16) -> f64 {
    f64::from(counts) / 16.0
}

fn counts(celsius: f64) -> i16 {
    (celsius * 16.0).round().clamp(-55.0 * 16.0, 125.0 * 16.0) as i16
}

/// The kernel's file of a healthy device.
fn file(counts: i16) -> String {
    let [low, high] = counts.to_le_bytes();
    let mut bytes = [low, high, 0x4B, 0x46, 0x7F, 0xFF, 0x10 - (low & 0x0F), 0x10, 0];
    bytes[8] = crc8(&bytes[..8]);
    let hex: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let (hex, crc) = (hex.join(" "), bytes[8]);
    format!("{hex} : crc={crc:02x} YES\n{hex} t={}\n", i32::from(counts) * 1000 / 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A bus with one device, of which the kernel says `text`.
    struct Says(Result<String, BusError>);

    impl OneWire for Says {
        fn devices(&mut self) -> Result<Vec<String>, BusError> {
            Ok(Vec::new())
        }
        fn read(&mut self, _id: &str) -> Result<String, BusError> {
            self.0.clone()
        }
    }

    fn read(text: &str) -> Result<f64, Fault> {
        let mut device = Ds18b20 { id: "28-3c01b556a1b2".to_owned() };
        let measured = device.read(&mut Says(Ok(text.to_owned()))).map_err(|error| error.fault())?;
        measured[0].value.clone()
    }

    #[test]
    fn counts_are_sixteenths_as_the_data_sheet_has_them() {
        // Table 1.
        for (counts, degrees) in [
            (0x07D0_u16, 125.0),
            (0x0191, 25.0625),
            (0x00A2, 10.125),
            (0x0008, 0.5),
            (0x0000, 0.0),
            (0xFFF8, -0.5),
            (0xFF5E, -10.125),
            (0xFE6F, -25.0625),
            (0xFC90, -55.0),
        ] {
            assert!((celsius(counts.cast_signed()) - degrees).abs() < 1e-9, "{counts:#06x}");
        }
    }

    #[test]
    fn the_checksum_is_maxims() {
        // Application note 27: the registration number 02 1c b8 01 00 00 00 has the checksum a2.
        assert_eq!(crc8(&[0x02, 0x1C, 0xB8, 0x01, 0x00, 0x00, 0x00]), 0xA2);
    }

    #[test]
    fn a_freezers_file_is_a_temperature() {
        let text = "d0 fe 4b 46 7f ff 0c 10 f9 : crc=f9 YES\nd0 fe 4b 46 7f ff 0c 10 f9 t=-19000\n";
        let crc = crc8(&[0xD0, 0xFE, 0x4B, 0x46, 0x7F, 0xFF, 0x0C, 0x10]);
        assert_eq!(read(&text.replace("f9", &format!("{crc:02x}"))), Ok(-19.0));
        assert_eq!(read(&file(counts(4.0))), Ok(4.0));
    }

    #[test]
    fn the_value_of_power_on_is_no_temperature() {
        assert_eq!(
            read("50 05 4b 46 7f ff 0c 10 1c : crc=1c YES\n50 05 4b 46 7f ff 0c 10 1c t=85000\n"),
            Err(Fault::WarmingUp)
        );
    }

    #[test]
    fn what_is_torn_shorted_or_foreign_is_a_fault() {
        let good = file(counts(4.0));
        assert_eq!(read(&good.replace("YES", "NO")), Err(Fault::BadCrc));
        assert_eq!(read(&good.replacen("4b", "4a", 1)), Err(Fault::BadCrc));
        assert_eq!(
            read("00 00 00 00 00 00 00 00 00 : crc=00 YES\n00 00 00 00 00 00 00 00 00 t=0\n"),
            Err(Fault::NoResponse)
        );
        let foreign = [0x50, 0x01, 0x4B, 0x46, 0x00, 0xFF, 0x0C, 0x10];
        let hex: Vec<String> = foreign.iter().map(|byte| format!("{byte:02x}")).collect();
        let text = format!("{} {:02x} : crc=00 YES\n", hex.join(" "), crc8(&foreign));
        assert_eq!(read(&text), Err(Fault::WrongDevice));
        for broken in ["", "YES", "50 05 : crc=1c YES", "zz 05 4b 46 7f ff 0c 10 1c : crc=1c YES"] {
            assert_eq!(read(broken), Err(Fault::BadResponse), "{broken}");
        }
    }

    #[test]
    fn every_flipped_bit_of_the_memory_is_caught() {
        let good = file(counts(4.0));
        let bytes: Vec<u8> = good[..26].split(' ').map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect();
        for bit in 0..72 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let hex: Vec<String> = flipped.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(read(&format!("{} : crc=00 YES\n", hex.join(" "))), Err(Fault::BadCrc), "bit {bit}");
        }
    }

    #[test]
    fn a_device_that_is_gone_is_no_response() {
        let mut device = Ds18b20 { id: "28-3c01b556a1b2".to_owned() };
        let error = device.read(&mut Says(Err(BusError::nack()))).unwrap_err();
        assert_eq!(error.fault(), Fault::NoResponse);
        assert_eq!(error.to_string(), "no device `28-3c01b556a1b2` is on the 1-Wire bus");
    }

    #[test]
    fn names_are_those_of_the_kernel() {
        for (text, expected) in [
            ("28-3c01b556a1b2", true),
            ("3b-000000000001", true),
            ("10-3c01b556a1b2", false),
            ("28-3c01b556a1", false),
            ("28_3c01b556a1b2", false),
            ("28-3c01b556a1bg", false),
        ] {
            assert_eq!(is_id(text), expected, "{text}");
        }
    }
}
