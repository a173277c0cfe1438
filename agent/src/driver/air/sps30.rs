//! Sensirion SPS30: turns laser light scattered by dust into µg/m³ of particles up to 1, 2.5, 4 and
//! 10 µm; never believes a laser or a fan that the chip itself complains of, and never reads before
//! there is something new.
//!
//! Datasheet: <https://sensirion.com/resource/datasheet/sps30>. The crates `sps30` and `sps30-i2c` are
//! not used: both are for an embedded-hal of the past, and the first speaks UART only.

use std::{sync::Arc, time::Duration};

use embedded_hal::{delay::DelayNs, i2c::I2c};

use crate::config::quantity::print_duration;
use crate::driver::{Chip, Context, Error, Kind, Measured, Place, Quantity, Reader, Seat, Sits, sensirion, simulated};

/// Its only address; the pin SEL must be at ground when its supply comes up, or it speaks UART.
pub const ADDRESS: u8 = 0x69;

/// SPS30.
pub static KIND: Kind = Kind {
    word: "sps30",
    parts: ["Sensirion SPS30"; 2],
    measures: ["particles", "颗粒物"],
    sits: Sits::I2c(&[ADDRESS]),
    period: None,
    period_min: None,
    read: |table| Some(Arc::new(Settings::read(table)?)),
    at: Some(|seat| Arc::new(Settings { seat, clean_every: CLEAN_DEFAULT })),
};

/// What a `[[sensor]]` of this kind says.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Where it sits.
    pub seat: Seat,
    /// How often the fan blows itself clean.
    pub clean_every: Duration,
}

impl Settings {
    fn read(table: &crate::config::Table<'_>) -> Option<Self> {
        let seat = Seat::read(table, &[ADDRESS]);
        let clean_every = table.duration("clean_every", "1d", "30d").unwrap_or(CLEAN_DEFAULT);
        Some(Self { seat: seat?, clean_every })
    }
}

impl crate::driver::Settings for Settings {
    fn kind(&self) -> &'static Kind {
        &KIND
    }
    fn place(&self) -> Place {
        Place::Chip(self.seat.clone())
    }
    fn print(&self, table: &mut toml::Table) {
        table.insert("clean_every".into(), print_duration(self.clean_every).into());
    }
    fn quantities(&self) -> Vec<Quantity> {
        QUANTITIES.to_vec()
    }
    fn start(&self) -> Reader {
        Reader::Chip(Box::new(Sps30::new(self.clean_every)))
    }
    fn simulate(&self) -> Option<Box<dyn simulated::Device>> {
        Some(Box::new(simulated::sps30::Sps30::new()))
    }
}

/// Mass of the particles up to a size, in the order of the chip's answer. Specified to 1000 µg/m³; a fog machine makes more. Clean air is 0.0 for hours, so they are never `stuck`.
pub const QUANTITIES: [Quantity; 4] = [
    Quantity::resting("pm1_ug_m3", "ug/m3", 0.0, 3000.0, 1),
    Quantity::resting("pm2_5_ug_m3", "ug/m3", 0.0, 3000.0, 1),
    Quantity::resting("pm4_ug_m3", "ug/m3", 0.0, 3000.0, 1),
    Quantity::resting("pm10_ug_m3", "ug/m3", 0.0, 3000.0, 1),
];

/// Once a week, as made: 604 800 s, "Fan Auto Cleaning".
const CLEAN_DEFAULT: Duration = Duration::from_secs(7 * 86_400);
/// "Typical start-up time" of the particle count: 8 s at more than 200 particles, 30 s at fewer.
const START_UP: Duration = Duration::from_secs(30);
/// There is something new each second. Asked so many times in vain at periods of a second or more, it
/// has stopped, after a brown-out say, and is set up anew. The fan cleans itself for 10 s, in which
/// nothing is new.
const EMPTY_MAX: u32 = 15;

/// Commands and their longest times in ms, from the table of I2C commands; where it says under 5 ms, 5.
const START_MEASUREMENT: (u16, u32) = (0x0010, 20);
const STOP_MEASUREMENT: (u16, u32) = (0x0104, 20);
const DATA_READY: (u16, u32) = (0x0202, 5);
const READ_VALUES: (u16, u32) = (0x0300, 5);
const WAKE_UP: (u16, u32) = (0x1103, 5);
const AUTO_CLEANING: (u16, u32) = (0x8004, 20);
const PRODUCT_TYPE: (u16, u32) = (0xD002, 5);
const SERIAL_NUMBER: (u16, u32) = (0xD033, 5);
const STATUS: (u16, u32) = (0xD206, 5);
/// "Output format: big-endian IEEE 754 float", with a dummy byte.
const FORMAT_FLOAT: u16 = 0x0300;
/// The product type of every SPS30, "Read Device Information".
const PRODUCT: &str = "00080000";

/// "Device Status Register": the fan's speed is out of range.
const STATUS_SPEED: u32 = 1 << 21;
/// The laser's current is out of range.
const STATUS_LASER: u32 = 1 << 5;
/// The fan is on and does not turn.
const STATUS_FAN: u32 = 1 << 4;

/// One chip.
#[derive(Debug)]
pub struct Sps30 {
    clean_every: Duration,
    /// The serial number, once it is set up and measures.
    serial: Option<String>,
    /// Since when it measures.
    since: Duration,
    /// The last measurement, given again until the next is ready.
    last: Option<Vec<Measured>>,
    /// How many times in a row there was none.
    empty: u32,
}

impl Sps30 {
    /// The chip; no traffic yet.
    #[must_use]
    pub fn new(clean_every: Duration) -> Self {
        Self { clean_every, serial: None, since: Duration::ZERO, last: None, empty: 0 }
    }

    /// Wakes, identifies, configures and starts the chip; takes 0.1 s.
    fn set_up<B: I2c + ?Sized>(&mut self, bus: &mut B, delay: &mut dyn DelayNs, now: Duration) -> Result<(), Error> {
        // The first wakes its interface and is not acknowledged; one that is awake may take it,
        // refuse it, or be of a firmware that does not know it.
        let _: Result<[u16; 0], Error> = sensirion::ask(ADDRESS, bus, delay, WAKE_UP, &[]);
        let _: Result<[u16; 0], Error> = sensirion::ask(ADDRESS, bus, delay, WAKE_UP, &[]);
        let wrong = |found: String| Error::WrongDevice { address: ADDRESS, expected: "SPS30", found };
        let product: [u16; 4] =
            sensirion::ask(ADDRESS, bus, delay, PRODUCT_TYPE, &[]).map_err(|error| match error {
                Error::Crc { .. } => wrong("its product type has no valid checksum".to_owned()),
                other => other,
            })?;
        match text(&product).as_deref() {
            Some(PRODUCT) => {}
            found => return Err(wrong(format!("its product type is {:?}", found.unwrap_or("no text")))),
        }
        let serial: [u16; 16] = sensirion::ask(ADDRESS, bus, delay, SERIAL_NUMBER, &[])?;
        let serial = text(&serial).ok_or_else(|| wrong("its serial number is no text".to_owned()))?;
        let [] = sensirion::ask(ADDRESS, bus, delay, STOP_MEASUREMENT, &[])?;
        self.set_cleaning(bus, delay)?;
        let [] = sensirion::ask(ADDRESS, bus, delay, START_MEASUREMENT, &[FORMAT_FLOAT])?;
        *self = Self { serial: Some(serial), since: now, ..Self::new(self.clean_every) };
        Ok(())
    }

    /// Written only where it differs: it stays in the chip's flash memory.
    fn set_cleaning<B: I2c + ?Sized>(&self, bus: &mut B, delay: &mut dyn DelayNs) -> Result<(), Error> {
        let seconds = u32::try_from(self.clean_every.as_secs()).expect("the configuration ends at 30 days");
        let wanted = [(seconds >> 16) as u16, seconds as u16];
        let set: [u16; 2] = sensirion::ask(ADDRESS, bus, delay, AUTO_CLEANING, &[])?;
        if set != wanted {
            let [] = sensirion::ask(ADDRESS, bus, delay, AUTO_CLEANING, &wanted)?;
        }
        Ok(())
    }

    fn newest<B: I2c + ?Sized>(&mut self, bus: &mut B, context: &mut Context<'_>) -> Result<Vec<Measured>, Error> {
        let [high, low] = sensirion::ask(ADDRESS, bus, context.delay, STATUS, &[])?;
        complaint(u32::from(high) << 16 | u32::from(low))?;
        let [ready] = sensirion::ask(ADDRESS, bus, context.delay, DATA_READY, &[])?;
        if ready & 1 == 0 {
            self.empty += 1;
            if self.empty > EMPTY_MAX {
                *self = Self::new(self.clean_every);
                let text = "the chip acknowledges but has stopped measuring; it is set up anew".to_owned();
                return Err(Error::Other { fault: wire::Fault::NoResponse, text });
            }
            return self.last.clone().ok_or(Error::WarmingUp);
        }
        self.empty = 0;
        // Ten floats; the first four are mass concentrations.
        let words: [u16; 8] = sensirion::ask(ADDRESS, bus, context.delay, READ_VALUES, &[])?;
        let measured = masses(&words).ok_or_else(|| Error::Other {
            fault: wire::Fault::BadResponse,
            text: format!("the chip gives no masses: {words:04x?}"),
        })?;
        if context.now < self.since + START_UP {
            return Err(Error::WarmingUp);
        }
        self.last = Some(measured.clone());
        Ok(measured)
    }
}

impl Chip for Sps30 {
    fn read<B: I2c + ?Sized>(&mut self, bus: &mut B, context: &mut Context<'_>) -> Result<Vec<Measured>, Error> {
        let outcome = match self.serial {
            Some(_) => self.newest(bus, context),
            None => self.set_up(bus, context.delay, context.now).and(Err(Error::WarmingUp)),
        };
        if matches!(outcome, Err(Error::NoAnswer { .. } | Error::Bus { .. } | Error::WrongDevice { .. })) {
            // Whoever answers next may be another chip, or the same one after a loss of power.
            *self = Self::new(self.clean_every);
        }
        outcome
    }

    fn identity(&self) -> Option<String> {
        self.serial.as_ref().map(|serial| format!("SPS30 {serial}"))
    }
}

/// The text in words of two characters, up to its 0; none where it is empty or no ASCII.
#[must_use]
pub fn text(words: &[u16]) -> Option<String> {
    let bytes = words.iter().flat_map(|word| word.to_be_bytes()).take_while(|byte| *byte != 0);
    let text: Option<String> = bytes.map(|byte| byte.is_ascii_graphic().then_some(char::from(byte))).collect();
    text.filter(|text| !text.is_empty())
}

/// What the status register complains of.
pub fn complaint(status: u32) -> Result<(), Error> {
    let broken = |text: &str| Err(Error::Other { fault: wire::Fault::BadResponse, text: text.to_owned() });
    if status & STATUS_LASER != 0 {
        return broken("the laser's current is out of range: the sensor is at its end, or far too hot");
    }
    if status & STATUS_FAN != 0 {
        return broken("the fan does not turn: something blocks it, or it is broken");
    }
    if status & STATUS_SPEED != 0 {
        return broken("the fan is too slow or too fast: dirt, or a supply other than 5 V");
    }
    Ok(())
}

/// The four masses; none where one is no number or less than nothing.
fn masses(words: &[u16; 8]) -> Option<Vec<Measured>> {
    let of = |(quantity, words): (&Quantity, &[u16])| {
        let mass = f32::from_bits(u32::from(words[0]) << 16 | u32::from(words[1]));
        (mass.is_finite() && mass >= 0.0).then(|| Measured::plain(quantity.name.clone(), mass.into()))
    };
    QUANTITIES.iter().zip(words.chunks_exact(2)).map(of).collect()
}
