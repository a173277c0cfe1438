//! An ADS1115 as its data sheet describes it, seen from the bus: a pointer and four registers, with a
//! current transformer, an envelope microphone or nothing at its inputs.

use std::{f64::consts::TAU, time::Duration};

use super::{Device, Moment};
use crate::driver::bus::BusError;

/// What hangs at all of its inputs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Wired {
    /// The mains branch of the room's amplifier: pins 0 and 2 swing about a bias that pins 1 and 3 hold.
    Transformer {
        /// Amperes for a volt.
        amperes_per_volt: f64,
        /// In volts.
        bias_volt: f64,
    },
    /// A sound level board whose output follows the room's level.
    Sound {
        /// Decibels for a volt.
        db_per_volt: f64,
        /// At 0 V.
        db_at_zero: f64,
    },
    /// Nothing: inputs float.
    Nothing,
}

/// Conversions a second, a little off as every chip is.
const RATE: f64 = 871.0;
/// What 50 Hz loses by the average over a conversion.
const AVERAGED: f64 = 0.9945;
/// Where an open input drifts to.
const FLOATS_VOLT: f64 = 0.57;

/// One chip.
pub struct Ads1115 {
    wired: Wired,
    pointer: u8,
    config: u16,
    limits: [u16; 2],
    /// When the configuration was written.
    since: Duration,
    /// The conversion that was read last, by its number, for a world whose time stands still.
    last: (Duration, u64),
}

impl Ads1115 {
    /// A chip that was powered long ago.
    #[must_use]
    pub fn new(wired: Wired) -> Self {
        let (since, last) = (Duration::ZERO, (Duration::ZERO, 0));
        Self { wired, pointer: 0, config: 0x8583, limits: [0x8000, 0x7FFF], since, last }
    }

    /// Hangs something else at its inputs.
    pub fn wire(&mut self, wired: Wired) {
        self.wired = wired;
    }

    /// How many conversions were finished since the configuration was written.
    fn finished(&self, at: &Moment<'_>) -> u64 {
        let slow = at.takes(Duration::from_secs(1)).as_secs_f64();
        (at.now.saturating_sub(self.since).as_secs_f64() * RATE / slow) as u64
    }

    fn is_single(&self) -> bool {
        self.config & 0x0100 != 0
    }

    /// The voltage of pin `pin` during conversion `number`.
    fn pin(&self, pin: u16, number: u64, at: &Moment<'_>) -> f64 {
        let second = (self.since.as_nanos() % 1_000_000_000) as f64 * 1e-9 + number as f64 / RATE;
        match self.wired {
            Wired::Transformer { bias_volt, .. } if pin % 2 == 1 => bias_volt,
            Wired::Transformer { amperes_per_volt, bias_volt } => {
                let peak = at.truth.mains_ampere / amperes_per_volt * 2f64.sqrt() * AVERAGED;
                bias_volt + peak * (TAU * 50.02 * second).sin()
            }
            Wired::Sound { db_per_volt, db_at_zero } => (at.truth.sound_db - db_at_zero) / db_per_volt,
            Wired::Nothing => FLOATS_VOLT + 0.03 * (TAU * 50.0 * second + f64::from(pin)).sin(),
        }
    }

    fn conversion(&mut self, at: &Moment<'_>) -> u16 {
        let finished = self.finished(at);
        if self.config == 0x8583 || finished == 0 {
            return 0;
        }
        let mut number = if self.is_single() { 1 } else { finished };
        if !self.is_single() && self.last.0 == at.now {
            number = self.last.1 + 1;
        }
        self.last = (at.now, number);
        let volt = match self.config >> 12 & 0b111 {
            0 => self.pin(0, number, at) - self.pin(1, number, at),
            mux @ 1..=3 => self.pin(mux - 1, number, at) - self.pin(3, number, at),
            mux => self.pin(mux - 4, number, at),
        };
        let full = [6.144, 4.096, 2.048, 1.024, 0.512, 0.256, 0.256, 0.256][usize::from(self.config >> 9 & 0b111)];
        let noise = 1.6 * ((number as f64 * 0.618_034).fract() - 0.5);
        let counts = (volt / full * 32_768.0 + noise).round().clamp(-32_768.0, 32_767.0);
        (counts as i16).cast_unsigned()
    }
}

impl Device for Ads1115 {
    fn write(&mut self, bytes: &[u8], at: &Moment<'_>) -> Result<(), BusError> {
        let Some((&pointer, data)) = bytes.split_first() else { return Ok(()) };
        self.pointer = pointer & 0b11;
        let &[high, low, ..] = data else { return Ok(()) };
        let word = u16::from_be_bytes([high, low]);
        match self.pointer {
            1 => {
                self.config = word & 0x7FFF;
                (self.since, self.last) = (at.now, (Duration::MAX, 0));
            }
            2 | 3 => self.limits[usize::from(self.pointer - 2)] = word,
            _ => {}
        }
        Ok(())
    }

    fn read(&mut self, bytes: &mut [u8], at: &Moment<'_>) -> Result<(), BusError> {
        let word = match self.pointer {
            0 => self.conversion(at),
            // The highest bit: no conversion is going on.
            1 if self.is_single() && self.finished(at) > 0 => self.config | 0x8000,
            1 => self.config,
            pointer => self.limits[usize::from(pointer - 2)],
        };
        for (byte, value) in bytes.iter_mut().zip(word.to_be_bytes().into_iter().cycle()) {
            *byte = value;
        }
        Ok(())
    }

    fn power_on(&mut self, now: Duration) {
        *self = Self { since: now, ..Self::new(self.wired) };
    }

    /// It has no checksum.
    fn spoil(&self, _bytes: &mut [u8]) {}
}
