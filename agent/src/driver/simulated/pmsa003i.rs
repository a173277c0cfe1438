//! A PMSA003I as its data manual describes it, seen from the bus.

use std::time::Duration;

use super::{Device, Moment};
use crate::driver::{
    air::pmsa003i::{Frame, sum},
    bus::BusError,
};

/// Until the first count, in which everything is 0.
const FIRST: Duration = Duration::from_secs(3);

/// One sensor.
pub struct Pmsa003i {
    since: Duration,
    error: u8,
}

impl Pmsa003i {
    /// A sensor whose supply came up at `now`.
    #[must_use]
    pub fn new(now: Duration) -> Self {
        Self { since: now, error: 0 }
    }

    /// What its error byte says from now on.
    pub fn complain(&mut self, error: u8) {
        self.error = error;
    }

    /// Masses by the factory's particles, then in the air, then counts in 0.1 l from 0.3 to 10 µm.
    fn frame(&self, at: &Moment<'_>) -> Frame {
        let fine = if at.now < self.since + FIRST { 0.0 } else { at.truth.pm2_5_ug_m3 };
        let masses = [0.93 * fine, fine, 1.08 * fine];
        let counts = [190.0 * fine, 55.0 * fine, 8.0 * fine, 0.8 * fine, 0.2 * fine, 0.1 * fine];
        let mut frame = [0; 32];
        frame[..4].copy_from_slice(&[0x42, 0x4D, 0x00, 0x1C]);
        for (place, value) in frame[4..28].chunks_exact_mut(2).zip(masses.into_iter().chain(masses).chain(counts)) {
            place.copy_from_slice(&(value.round().clamp(0.0, 65535.0) as u16).to_be_bytes());
        }
        (frame[28], frame[29]) = (0x97, self.error);
        let sum = sum(&frame);
        frame[30..].copy_from_slice(&sum.to_be_bytes());
        frame
    }
}

impl Device for Pmsa003i {
    /// It takes no command.
    fn write(&mut self, _bytes: &[u8], _at: &Moment<'_>) -> Result<(), BusError> {
        Ok(())
    }

    fn read(&mut self, bytes: &mut [u8], at: &Moment<'_>) -> Result<(), BusError> {
        for (byte, value) in bytes.iter_mut().zip(self.frame(at).into_iter().chain(std::iter::repeat(0xFF))) {
            *byte = value;
        }
        Ok(())
    }

    fn power_on(&mut self, now: Duration) {
        self.since = now;
    }

    /// The sum, the last byte of its frame.
    fn spoil(&self, bytes: &mut [u8]) {
        if let Some(last) = bytes.get_mut(31) {
            *last ^= 1;
        }
    }
}
