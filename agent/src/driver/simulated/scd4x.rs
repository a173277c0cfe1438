//! An SCD4x as its data sheet describes it, seen from the bus.

use std::time::Duration;

use super::{Device, Moment};
use crate::driver::{bus::BusError, sensirion};

/// Between two periodic measurements, 3.6.1.
const PERIOD: Duration = Duration::from_secs(5);
/// Other commands take 1 ms, 3.5.
const COMMAND: Duration = Duration::from_millis(1);
/// `stop_periodic_measurement` takes 500 ms, in which nothing is acknowledged.
const STOP: Duration = Duration::from_millis(500);
/// `perform_forced_recalibration`, 3.7.1, and how long the chip must have measured before.
const RECALIBRATION: Duration = Duration::from_millis(400);
const STEADY: Duration = Duration::from_secs(180);
const SERIAL: [u16; 3] = [0xF896, 0x31A1, 0x07B3];

/// One chip.
pub struct Scd4x {
    /// Since when it measures.
    running: Option<Duration>,
    /// How many periods of this run were read.
    read_periods: u128,
    busy_until: Duration,
    answer: Vec<u16>,
    self_calibration: u16,
    pressure_hpa: u16,
    /// How long the last run was.
    ran: Duration,
    /// What the last recalibration added.
    correction_ppm: f64,
}

impl Scd4x {
    /// A chip whose supply came up at `now`.
    #[must_use]
    pub fn new(now: Duration) -> Self {
        Self {
            running: None,
            read_periods: 0,
            // 1 s from power-on until it answers, table 5.
            busy_until: now + Duration::from_secs(1),
            answer: Vec::new(),
            self_calibration: 1,
            pressure_hpa: 1013,
            ran: Duration::ZERO,
            correction_ppm: 0.0,
        }
    }

    /// A chip that was powered long ago.
    #[must_use]
    pub fn settled() -> Self {
        Self { busy_until: Duration::ZERO, ..Self::new(Duration::ZERO) }
    }

    fn periods(&self, at: &Moment<'_>) -> u128 {
        let period = at.takes(PERIOD);
        self.running.map_or(0, |since| at.now.saturating_sub(since).as_nanos() / period.as_nanos())
    }

    fn ready(&self, at: &Moment<'_>) -> bool {
        self.periods(at) > self.read_periods
    }

    /// Its infrared cell counts molecules: told a wrong pressure, it reads wrong by the ratio.
    fn unadjusted_ppm(&self, at: &Moment<'_>) -> f64 {
        at.truth.co2_ppm * at.truth.pressure_hpa / f64::from(self.pressure_hpa)
    }

    /// What it was told of the air's pressure.
    #[must_use]
    pub fn pressure_hpa(&self) -> u16 {
        self.pressure_hpa
    }

    fn recalibrate(&mut self, ppm: u16, at: &Moment<'_>) {
        if self.ran < STEADY {
            self.answer.push(u16::MAX);
            return;
        }
        let step = (f64::from(ppm) - self.unadjusted_ppm(at) - self.correction_ppm).round();
        self.correction_ppm += step;
        self.answer.push((f64::from(0x8000) + step) as u16);
    }

    fn measurement(&mut self, at: &Moment<'_>) {
        self.read_periods = self.periods(at);
        let seen = at.truth;
        let ticks = |share: f64| (share * 65535.0).round().clamp(0.0, 65535.0) as u16;
        let co2 = self.unadjusted_ppm(at) + self.correction_ppm;
        // The chip's own heat raises its temperature by some kelvins and dries it.
        let celsius = seen.temperature_celsius + 2.5;
        let humidity = seen.humidity_percent * 0.86;
        self.answer.extend([
            co2.round().clamp(0.0, 40_000.0) as u16,
            ticks((celsius + 45.0) / 175.0),
            ticks(humidity / 100.0),
        ]);
    }
}

impl Device for Scd4x {
    fn write(&mut self, bytes: &[u8], at: &Moment<'_>) -> Result<(), BusError> {
        let now = at.now;
        if now < self.busy_until {
            return Err(BusError::nack());
        }
        if bytes.is_empty() {
            return Ok(());
        }
        let &[high, low, ref argument @ ..] = bytes else { return Err(BusError::nack()) };
        let argument = match *argument {
            [] => None,
            [a, b, crc] => Some(sensirion::unpack(super::SCD4X, [a, b, crc]).map_err(|_| BusError::nack())?),
            _ => return Err(BusError::nack()),
        };
        let idle = self.running.is_none();
        let command = u16::from_be_bytes([high, low]);
        let answer = std::mem::take(&mut self.answer);
        let mut busy = COMMAND;
        match (command, argument) {
            (0x21B1, None) if idle => (self.running, self.read_periods) = (Some(now), 0),
            (0x3F86, None) => {
                self.ran = self.running.take().map_or(Duration::ZERO, |since| now.saturating_sub(since));
                busy = STOP;
            }
            (0x362F, Some(ppm)) if idle => {
                self.recalibrate(ppm, at);
                busy = RECALIBRATION;
            }
            (0xE4B8, None) => self.answer.push(if self.ready(at) { 0x8006 } else { 0x8000 }),
            (0xEC05, None) if self.ready(at) => self.measurement(at),
            (0x3682, None) if idle => self.answer.extend(SERIAL),
            (0x2416, Some(on)) if idle => self.self_calibration = on,
            (0x2313, None) if idle => self.answer.push(self.self_calibration),
            (0xE000, Some(hpa)) => self.pressure_hpa = hpa,
            // Not in this state, not known, or nothing to read: not acknowledged, and nothing changes.
            _ => {
                self.answer = answer;
                return Err(BusError::nack());
            }
        }
        self.busy_until = now + busy;
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

    fn power_on(&mut self, now: Duration) {
        *self = Self::new(now);
    }
}
