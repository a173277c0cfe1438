//! A made-up device: its topic, and samples with numbers that follow each other.

use wire::{Channel, Id, Source, Topic, UnixMs};

use crate::Rng;

/// Eight readings whose names are long enough to make a body of some 500 bytes, about the size that
/// the limits of the broker were measured with. The first three are what rules watch.
const POINTS: [&str; 8] = [
    "temperature_celsius",
    "humidity_percent",
    "co2_ppm",
    "front_left_power_amplifier_mains_supply_mean_current_ampere",
    "front_right_power_amplifier_mains_supply_mean_current_ampere",
    "front_left_power_amplifier_output_stage_temperature_celsius",
    "front_right_power_amplifier_output_stage_temperature_celsius",
    "ceiling_projector_lamp_housing_exhaust_air_temperature_celsius",
];

/// How many readings a sample of [`Device::body`] carries.
pub const READINGS_A_SAMPLE: u64 = POINTS.len() as u64;

/// One device.
#[derive(Debug, Clone)]
pub struct Device {
    /// Who it is.
    pub source: Source,
    /// Its topic for samples.
    pub topic: String,
    /// Its spool.
    pub spool: Id,
    /// The number of its next sample.
    pub seq: u64,
    rng: Rng,
}

impl Device {
    /// The device `number` of `venue`; each run has new spools, so that ledgers are not confused.
    ///
    /// # Panics
    /// When `venue` is no identifier.
    #[must_use]
    pub fn new(venue: &str, number: usize) -> Self {
        let id = |text: String| Id::parse(&text).expect("made of letters and digits");
        let source =
            Source { venue: id(venue.to_owned()), room: id(format!("r{number}")), agent: id(format!("pi-{number}")) };
        let mut rng = Rng::new(number as u64);
        let salt = getrandom::u64().expect("the system gives random numbers");
        rng.next_u64();
        Self {
            topic: Topic::new(&source, Channel::Samples).to_string(),
            spool: id(format!("s{:x}", salt >> 16)),
            source,
            seq: 1,
            rng,
        }
    }

    /// Its next sample of eight readings in their bands, read at `at`.
    pub fn body(&mut self, at: UnixMs) -> String {
        let mut values = [0.0; POINTS.len()];
        for value in &mut values {
            *value = self.rng.unit();
        }
        let scale =
            [(20.0, 1.0), (45.0, 5.0), (600.0, 100.0), (2.0, 0.2), (2.0, 0.2), (40.0, 2.0), (40.0, 2.0), (50.0, 3.0)];
        let mut points = String::with_capacity(600);
        for (index, name) in POINTS.iter().enumerate() {
            let (base, width) = scale[index];
            let value = ((base + values[index] * width) * 100.0).round() / 100.0;
            points.push_str(&format!(",\"{name}\":{value}"));
        }
        self.with_points(at, &points)
    }

    /// Its next sample with these points, written as `,"name":value`.
    pub fn with_points(&mut self, at: UnixMs, points: &str) -> String {
        let body = format!(
            "{{\"at\":{at},\"seq\":{},\"spool\":\"{}\",\"boot\":\"7c1e04aa\",\"clock\":1{points}}}",
            self.seq, self.spool
        );
        self.seq += 1;
        body
    }
}
