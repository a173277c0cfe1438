//! Judges a value: turns what a chip gave into a rounded number or a fault. Pure.

use wire::Fault;

use crate::driver::{Measured, Quantity};

/// What is remembered of one point.
#[derive(Debug, Clone, Default)]
pub(crate) struct Judge {
    last_raw: Option<u64>,
    /// How many times in a row the very same bits came.
    repeats: u32,
}

impl Judge {
    /// The value to send, rounded to the sensor's precision, or why there is none.
    pub(crate) fn judge(&mut self, quantity: &Quantity, measured: &Measured, stuck_after: u32) -> Result<f64, Fault> {
        self.count(measured.raw);
        let value = measured.value.clone()?;
        if !value.is_finite() || value < quantity.low || value > quantity.high {
            return Err(Fault::OutOfRange);
        }
        // 0 is the bottom of a scale, where even a live sensor rests.
        if quantity.moves && self.repeats >= stuck_after && self.last_raw != Some(0) {
            return Err(Fault::Stuck);
        }
        let scale = 10f64.powi(quantity.precision.into());
        Ok((value * scale).round() / scale)
    }

    /// Forgets the past, as after the sensor gave no answer.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }

    fn count(&mut self, raw: Option<u64>) {
        match raw {
            Some(_) if raw == self.last_raw => self.repeats = self.repeats.saturating_add(1),
            Some(_) => {
                self.last_raw = raw;
                self.repeats = 1;
            }
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CELSIUS: Quantity = Quantity::moving("temperature_celsius", "Cel", -40.0, 125.0, 2);

    #[test]
    fn a_value_is_rounded_to_the_sensors_precision() {
        let measured = Measured::new(CELSIUS.name, 20.456_7, 1);
        assert_eq!(Judge::default().judge(&CELSIUS, &measured, 3), Ok(20.46));
    }

    #[test]
    fn what_the_sensor_cannot_mean_is_out_of_range() {
        for value in [-40.01, 125.01, f64::NAN, f64::INFINITY] {
            let measured = Measured::new(CELSIUS.name, value, 1);
            assert_eq!(Judge::default().judge(&CELSIUS, &measured, 3), Err(Fault::OutOfRange), "{value}");
        }
    }

    #[test]
    fn bits_that_stand_still_are_stuck_until_they_move() {
        let mut judge = Judge::default();
        let mut see = |raw: u64| judge.judge(&CELSIUS, &Measured::new(CELSIUS.name, 20.0, raw), 3);
        assert_eq!(see(7), Ok(20.0));
        assert_eq!(see(7), Ok(20.0));
        assert_eq!(see(7), Err(Fault::Stuck));
        assert_eq!(see(8), Ok(20.0));
    }

    #[test]
    fn a_value_given_again_between_two_measurements_is_not_stuck() {
        let mut judge = Judge::default();
        let again = Measured::plain(CELSIUS.name, 20.0);
        for _ in 0..10 {
            assert_eq!(judge.judge(&CELSIUS, &again, 3), Ok(20.0));
        }
    }

    #[test]
    fn a_quantity_that_may_rest_is_never_stuck() {
        let mut judge = Judge::default();
        let resting = Quantity { moves: false, ..CELSIUS };
        for _ in 0..10 {
            assert_eq!(judge.judge(&resting, &Measured::new(CELSIUS.name, 1.0, 1), 3), Ok(1.0));
        }
    }
}
