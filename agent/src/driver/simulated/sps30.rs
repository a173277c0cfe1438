//! An SPS30 as its data sheet describes it, seen from the bus.

use std::time::Duration;

use super::{Device, Moment, Truth};
use crate::driver::{air::sps30::ADDRESS, bus::BusError, sensirion};

/// A new measurement each second.
const PERIOD: Duration = Duration::from_secs(1);
const SERIAL: &[u8; 16] = b"F0A1B2C3D4E5F601";

/// One chip.
pub struct Sps30 {
    /// Since when it measures.
    running: Option<Duration>,
    /// How many periods of this run were read.
    read_periods: u128,
    asleep: bool,
    status: u32,
    cleaning_s: u32,
    busy_until: Duration,
    answer: Vec<u16>,
}

impl Sps30 {
    /// A chip after power-on: idle.
    #[must_use]
    pub fn new() -> Self {
        Self {
            running: None,
            read_periods: 0,
            asleep: false,
            status: 0,
            cleaning_s: 604_800,
            busy_until: Duration::ZERO,
            answer: Vec::new(),
        }
    }

    /// What its status register says from now on.
    pub fn complain(&mut self, status: u32) {
        self.status = status;
    }

    /// Sleeps until it is woken.
    pub fn sleep(&mut self) {
        (self.asleep, self.running) = (true, None);
    }

    /// Seconds between two cleanings.
    #[must_use]
    pub fn cleaning_s(&self) -> u32 {
        self.cleaning_s
    }

    fn periods(&self, at: &Moment<'_>) -> u128 {
        let period = at.takes(PERIOD);
        self.running.map_or(0, |since| at.now.saturating_sub(since).as_nanos() / period.as_nanos())
    }

    /// What is done after a command, and how long it takes; none where it is not acknowledged.
    fn obey(&mut self, command: u16, arguments: &[u16], at: &Moment<'_>) -> Option<u64> {
        let idle = self.running.is_none();
        self.answer.clear();
        match (command, arguments) {
            (0x0010, [0x0300]) if idle => (self.running, self.read_periods) = (Some(at.now), 0),
            (0x0104, []) => self.running = None,
            (0x0202, []) => self.answer.push(u16::from(self.periods(at) > self.read_periods)),
            (0x0300, []) if !idle => {
                self.read_periods = self.periods(at);
                self.answer.extend(values(at.truth));
            }
            (0x8004, []) => self.answer.extend(halves(self.cleaning_s)),
            (0x8004, [high, low]) => {
                self.cleaning_s = u32::from(*high) << 16 | u32::from(*low);
                return Some(20);
            }
            (0xD002, []) => self.answer.extend(words(b"00080000")),
            (0xD033, []) => self.answer.extend(words(SERIAL).chain([0; 8])),
            (0xD206, []) => self.answer.extend(halves(self.status)),
            (0x1103, []) => {}
            _ => return None,
        }
        Some(if matches!(command, 0x0010 | 0x0104) { 20 } else { 4 })
    }
}

impl Default for Sps30 {
    fn default() -> Self {
        Self::new()
    }
}

fn words(text: &[u8]) -> impl Iterator<Item = u16> {
    text.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
}

fn halves(word: u32) -> [u16; 2] {
    [(word >> 16) as u16, word as u16]
}

/// Ten floats: four masses, of which most is fine dust indoors, then counts and the typical size.
fn values(truth: &Truth) -> impl Iterator<Item = u16> {
    let fine = truth.pm2_5_ug_m3 as f32;
    let masses = [0.93 * fine, fine, 1.05 * fine, 1.08 * fine];
    let counts = [6.2 * fine, 7.1 * fine, 7.3 * fine, 7.35 * fine, 7.36 * fine, 0.55];
    masses.into_iter().chain(counts).flat_map(|value| halves(value.to_bits()))
}

impl Device for Sps30 {
    fn write(&mut self, bytes: &[u8], at: &Moment<'_>) -> Result<(), BusError> {
        if at.now < self.busy_until {
            return Err(BusError::nack());
        }
        // Asleep, its interface is off: the first call only wakes it.
        if std::mem::take(&mut self.asleep) {
            return Err(BusError::nack());
        }
        if bytes.is_empty() {
            return Ok(());
        }
        let &[high, low, ref rest @ ..] = bytes else { return Err(BusError::nack()) };
        let mut arguments = Vec::new();
        for word in rest.chunks(3) {
            let &[a, b, crc] = word else { return Err(BusError::nack()) };
            arguments.push(sensirion::unpack(ADDRESS, [a, b, crc]).map_err(|_| BusError::nack())?);
        }
        let takes = self.obey(u16::from_be_bytes([high, low]), &arguments, at).ok_or_else(BusError::nack)?;
        self.busy_until = at.now + Duration::from_millis(takes);
        Ok(())
    }

    fn read(&mut self, bytes: &mut [u8], at: &Moment<'_>) -> Result<(), BusError> {
        if at.now < self.busy_until || self.answer.is_empty() {
            return Err(BusError::nack());
        }
        let stream = self.answer.drain(..).flat_map(sensirion::pack);
        for (byte, value) in bytes.iter_mut().zip(stream.chain(std::iter::repeat(0xFF))) {
            *byte = value;
        }
        Ok(())
    }

    fn power_on(&mut self, _now: Duration) {
        *self = Self { cleaning_s: self.cleaning_s, ..Self::new() };
    }
}
