//! An SGP40 or SGP41 as its data sheet describes it, seen from the bus.

use std::time::Duration;

use super::{Device, Moment};
use crate::driver::{
    air::sgp4x::{ADDRESS, Model},
    bus::BusError,
    sensirion,
};

const SERIAL: [u16; 3] = [0x0000, 0x0123, 0xABCD];
/// Typical times, from the tables of commands of both data sheets.
const SELF_TEST: Duration = Duration::from_millis(250);
const SGP40_MEASURE: Duration = Duration::from_millis(25);
const SGP41_MEASURE: Duration = Duration::from_millis(45);
const COMMAND: Duration = Duration::from_micros(500);

/// One chip.
pub struct Sgp4x {
    model: Model,
    /// The answer, and when it can be read.
    answer: Vec<u16>,
    busy_until: Duration,
    /// Since when the NOx pixel is conditioned.
    conditioning: Option<Duration>,
    /// The longest that it ever was.
    conditioned: Duration,
    broken: bool,
}

impl Sgp4x {
    /// A chip that was asked nothing yet.
    #[must_use]
    pub fn new(model: Model) -> Self {
        Self {
            model,
            answer: Vec::new(),
            busy_until: Duration::ZERO,
            conditioning: None,
            conditioned: Duration::ZERO,
            broken: false,
        }
    }

    /// Its hotplate breaks: the self-test fails.
    pub fn break_hotplate(&mut self) {
        self.broken = true;
    }

    /// The longest that its NOx pixel was conditioned without a pause; more than 10 s damages it.
    #[must_use]
    pub fn conditioned(&self) -> Duration {
        self.conditioned
    }

    /// Metal oxide conducts the better the more there is to burn, by the logarithm; moist air too, as
    /// far as the chip was told another humidity.
    fn voc_raw(&self, at: &Moment<'_>, told_humidity: u16) -> u16 {
        let told_percent = f64::from(told_humidity) * 100.0 / 65535.0;
        let moist = 10.0 * (at.truth.humidity_percent - told_percent);
        (31_500.0 - 1800.0 * (1.0 + at.truth.voc_ppb / 100.0).ln() - moist).round() as u16
    }

    /// Clean air; its unrest is that of the hotplate.
    fn nox_raw(at: &Moment<'_>) -> u16 {
        (16_000.0 + 100.0 * (at.truth.temperature_celsius * 50.0).fract()).round() as u16
    }

    fn self_test(&self) -> u16 {
        match (self.model, self.broken) {
            (_, false) => 0xD400,
            (Model::Sgp40, true) => 0x4B00,
            (Model::Sgp41, true) => 0xD401,
        }
    }
}

impl Device for Sgp4x {
    fn write(&mut self, bytes: &[u8], at: &Moment<'_>) -> Result<(), BusError> {
        let now = at.now;
        if now < self.busy_until {
            return Err(BusError::nack());
        }
        if bytes.is_empty() {
            return Ok(());
        }
        let &[high, low, ref arguments @ ..] = bytes else { return Err(BusError::nack()) };
        let mut words = Vec::new();
        for word in arguments.chunks(3) {
            let &[a, b, crc] = word else { return Err(BusError::nack()) };
            words.push(sensirion::unpack(ADDRESS, [a, b, crc]).map_err(|_| BusError::nack())?);
        }
        if let Some(since) = self.conditioning.take() {
            self.conditioned = self.conditioned.max(now.saturating_sub(since));
            if high == 0x26 && low == 0x12 {
                self.conditioning = Some(since);
            }
        }
        let (answer, takes) = match (u16::from_be_bytes([high, low]), &words[..], self.model) {
            (0x3682, [], _) => (SERIAL.to_vec(), COMMAND),
            (0x202F, [], Model::Sgp40) => (vec![0x3220], COMMAND),
            (0x202F, [], Model::Sgp41) => (vec![0x3240], COMMAND),
            (0x3615, [], _) => (Vec::new(), COMMAND),
            (0x280E, [], _) => (vec![self.self_test()], SELF_TEST),
            (0x260F, [humidity, _], Model::Sgp40) => (vec![self.voc_raw(at, *humidity)], SGP40_MEASURE),
            (0x2612, [humidity, _], Model::Sgp41) => {
                self.conditioning.get_or_insert(now);
                (vec![self.voc_raw(at, *humidity)], SGP41_MEASURE)
            }
            (0x2619, [humidity, _], Model::Sgp41) => {
                (vec![self.voc_raw(at, *humidity), Self::nox_raw(at)], SGP41_MEASURE)
            }
            _ => return Err(BusError::nack()),
        };
        self.answer = answer;
        self.busy_until = now + at.takes(takes);
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
        *self = Self { broken: self.broken, ..Self::new(self.model) };
    }
}
