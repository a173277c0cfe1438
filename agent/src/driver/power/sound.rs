//! Sound level of a room by any microphone that ALSA knows: turns what `arecord` hears into one number a
//! reading, the A-weighted mean level since the last one (LAeq). Sound itself is never kept, written
//! or logged: each sample lives in a pipe and in three filters, and what is left is a sum of squares.
//!
//! By the program `arecord` of alsa-utils and not by its C library, which would break the static build.

use std::{process::Command, sync::Arc, time::Duration};

use wire::Fault;

use super::{capture::Capture, weighting::level_db};
use crate::{
    config::{Expected, Problem, Table},
    driver::{Error, Kind, Measured, Place, Probe, Quantity, Reader, Sits},
};

/// A microphone of this computer.
pub static KIND: Kind = Kind {
    word: "sound",
    parts: ["any ALSA microphone: I2S ICS-43434, USB", "任何 ALSA 麦克风：I2S ICS-43434、USB"],
    measures: ["sound level, LAeq", "声级（LAeq）"],
    sits: Sits::Computer,
    period: None,
    period_min: None,
    read: |table| Some(Arc::new(Settings::read(table)?)),
    at: None,
};

/// What a `[[sensor]]` of this kind says.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The name of an ALSA device.
    pub device: String,
    /// Samples a second.
    pub rate: u32,
    /// The level at which the microphone gives a full-scale sine.
    pub offset_db: f64,
}

/// Rates at which the weighting keeps class 2.
const RATES: [u32; 3] = [44_100, 48_000, 96_000];

impl Settings {
    fn read(table: &Table<'_>) -> Option<Self> {
        let device = table.text("device").unwrap_or_else(|| "default".to_owned());
        let rate = table.whole("rate", 44_100, 96_000).and_then(|rate| u32::try_from(rate).ok()).unwrap_or(48_000);
        let offset_db = table.number("offset_db", 60.0, 180.0).unwrap_or(120.0);
        if !RATES.contains(&rate) {
            let expected = Expected::OneOf(&["44100", "48000", "96000"]);
            table.note("rate", Problem::Wrong { expected, found: rate.to_string() });
            return None;
        }
        Some(Self { device, rate, offset_db })
    }
}

impl crate::driver::Settings for Settings {
    fn kind(&self) -> &'static Kind {
        &KIND
    }
    fn place(&self) -> Place {
        Place::Here
    }
    fn print(&self, table: &mut toml::Table) {
        table.insert("device".into(), self.device.clone().into());
        table.insert("rate".into(), i64::from(self.rate).into());
        table.insert("offset_db".into(), self.offset_db.into());
    }
    fn quantities(&self) -> Vec<Quantity> {
        vec![SOUND]
    }
    fn patience(&self) -> Duration {
        PATIENCE
    }
    fn start(&self) -> Reader {
        Reader::Alone(Box::new(Sound::new(self.clone(), "arecord")))
    }
}

/// From the noise of the best microphones to pain.
pub const SOUND: Quantity = Quantity::resting("sound_db", "dB", 10.0, 150.0, 1);

/// A reading is of so much sound at least.
const SECONDS_MIN: u64 = 1;
/// So long it may take to come: opening a device, and a second of sound.
const TIMEOUT: Duration = Duration::from_secs(5);
/// And ending an `arecord` that hangs.
const PATIENCE: Duration = Duration::from_secs(8);
/// One sample in so many at full scale, and the microphone is overdriven.
const CLIPPED_ONE_IN: u64 = 1000;

/// One microphone.
pub struct Sound {
    settings: Settings,
    program: String,
    capture: Option<Capture>,
}

impl Sound {
    /// Starts nothing yet. `program` is `arecord`, but in tests.
    #[must_use]
    pub fn new(settings: Settings, program: impl Into<String>) -> Self {
        Self { settings, program: program.into(), capture: None }
    }

    fn start(&self) -> Result<Capture, Error> {
        let rate = self.settings.rate.to_string();
        let mut command = Command::new(&self.program);
        command.args(["-D", &self.settings.device, "-t", "raw", "-f", "S16_LE", "-c", "1", "-r", &rate]);
        Capture::start(command, self.settings.rate).map_err(|error| {
            let hint = "hint: install Debian's package alsa-utils";
            let text = format!("cannot start `{}`: {error}; {hint}", self.program);
            Error::Other { fault: Fault::NotPermitted, text }
        })
    }

    fn level(&mut self) -> Result<f64, Error> {
        if self.capture.is_none() {
            self.capture = Some(self.start()?);
        }
        let capture = self.capture.as_ref().expect("it was started");
        let device = &self.settings.device;
        let other = |fault, text| Err(Error::Other { fault, text });
        let samples_min = SECONDS_MIN * u64::from(self.settings.rate);
        let heard = capture.wait(samples_min, TIMEOUT);
        let complaint = capture.complaint();
        if complaint.contains("rate is not accurate") {
            return other(Fault::BadResponse, format!("`{device}` cannot do {} Hz", self.settings.rate));
        }
        if heard.ended {
            return other(Fault::NoResponse, format!("`{device}` gives no sound: {complaint}"));
        }
        if heard.samples < samples_min {
            return other(Fault::NoResponse, format!("`{device}` gave no sound for {} s", TIMEOUT.as_secs()));
        }
        if heard.least == heard.most {
            return other(Fault::Stuck, format!("`{device}` repeats one sample: muted, or nothing is wired"));
        }
        if heard.clipped > heard.samples / CLIPPED_ONE_IN {
            return other(Fault::OutOfRange, format!("`{device}` is overdriven"));
        }
        Ok(level_db(heard.square_sum / heard.samples as f64, self.settings.offset_db))
    }
}

impl Probe for Sound {
    fn read(&mut self) -> Result<Vec<Measured>, Error> {
        let level = self.level();
        if level.is_err() {
            // Whatever it was, the next reading begins anew.
            self.capture = None;
        }
        Ok(vec![Measured::plain(SOUND.name, level?)])
    }
}
