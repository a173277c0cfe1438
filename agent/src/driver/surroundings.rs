//! The room's air as its sensors said it lately, for chips that must know it: pressure for a CO2
//! sensor, warmth and humidity for a gas sensor. Never guesses: what is old is not known.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// A value older than this says nothing about now.
const AGE_MAX: Duration = Duration::from_secs(300);

/// Names of the points that are remembered.
const NAMES: [&str; 3] = ["temperature_celsius", "humidity_percent", "air_pressure_hpa"];

/// What the room's own sensors said lately.
#[derive(Debug, Default)]
pub struct Air(Mutex<[Option<(f64, Duration)>; 3]>);

impl Air {
    /// Takes note of a point's value at `now`; of points of other names nothing.
    pub fn note(&self, point: &str, value: f64, now: Duration) {
        if let Some(index) = NAMES.iter().position(|name| *name == point) {
            self.0.lock().unwrap_or_else(PoisonError::into_inner)[index] = Some((value, now));
        }
    }

    /// In °C.
    #[must_use]
    pub fn temperature_celsius(&self, now: Duration) -> Option<f64> {
        self.get(0, now)
    }

    /// Relative, in %.
    #[must_use]
    pub fn humidity_percent(&self, now: Duration) -> Option<f64> {
        self.get(1, now)
    }

    /// In hPa, at the place itself and not at sea level.
    #[must_use]
    pub fn air_pressure_hpa(&self, now: Duration) -> Option<f64> {
        self.get(2, now)
    }

    fn get(&self, index: usize, now: Duration) -> Option<f64> {
        let values = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        values[index].filter(|(_, at)| now.saturating_sub(*at) <= AGE_MAX).map(|(value, _)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_old_is_not_known() {
        let air = Air::default();
        air.note("air_pressure_hpa", 1013.2, Duration::from_secs(10));
        air.note("fridge_temperature_celsius", 4.0, Duration::from_secs(10));
        assert_eq!(air.air_pressure_hpa(Duration::from_secs(310)), Some(1013.2));
        assert_eq!(air.air_pressure_hpa(Duration::from_secs(311)), None);
        assert_eq!(air.temperature_celsius(Duration::from_secs(10)), None);
    }
}
