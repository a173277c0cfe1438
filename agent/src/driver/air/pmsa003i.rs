//! Plantower PMSA003I: turns its frame of 32 bytes into µg/m³ of particles up to 1, 2.5 and 10 µm;
//! never believes a frame whose sum is off, nor the zeros of a fan that just started.
//!
//! Datasheet: "PMSA003I series data manual", V2.6, appendix I, the I2C protocol. The crate `pmsa003i`
//! is not used: it is one read and a sum, and it passes on what a sensor says that calls itself broken.

use std::time::Duration;

use embedded_hal::i2c::I2c;

use super::sps30::QUANTITIES;
use crate::driver::{Chip, Context, Error, Kind, Measured, Quantity, Sits, plain::Make, simulated};

/// Its only address.
pub const ADDRESS: u8 = 0x12;

/// PMSA003I.
pub static KIND: Kind = Kind {
    word: "pmsa003i",
    parts: ["Plantower PMSA003I"; 2],
    measures: ["particles", "颗粒物"],
    sits: Sits::I2c(&[ADDRESS]),
    period: None,
    period_min: None,
    read: |table| MAKE.read(table),
    at: Some(|seat| MAKE.at(seat)),
};

/// It has no keys of its own.
pub static MAKE: Make = Make {
    kind: &KIND,
    quantities: || {
        let [pm1, pm2_5, _, pm10] = QUANTITIES;
        vec![pm1, pm2_5, pm10]
    },
    start: |_| Box::new(Pmsa003i::new()),
    twin: || Box::new(simulated::pmsa003i::Pmsa003i::new(Duration::ZERO)),
};

/// A frame.
pub type Frame = [u8; 32];
/// "Start character 1 and 2", and the length of what follows: 13 words and the sum.
const BEGINS: [u8; 4] = [0x42, 0x4D, 0x00, 0x1C];
/// Where the masses "under atmospheric environment" are: data 4, 5 and 6.
const MASSES: [usize; 3] = [10, 12, 14];
/// Particles over 0.3 µm in 0.1 l of air: data 7.
const COUNT: usize = 16;
/// The error code: the low byte of data 13.
const ERROR: usize = 29;
/// "Stable data should be got at least 30 seconds" after the fan started.
const START_UP: Duration = Duration::from_secs(30);

/// One sensor.
#[derive(Debug, Default)]
pub struct Pmsa003i {
    /// Since when it answers.
    since: Option<Duration>,
    /// The version that it told.
    version: u8,
}

impl Pmsa003i {
    /// The sensor; no traffic yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn newest<B: I2c + ?Sized>(&mut self, bus: &mut B, now: Duration) -> Result<Vec<Measured>, Error> {
        let mut frame: Frame = [0; 32];
        bus.read(ADDRESS, &mut frame).map_err(|error| Error::from_bus(ADDRESS, &error))?;
        check(&frame)?;
        self.version = frame[28];
        if word(&frame, COUNT) == 0 {
            // There is no such air indoors: the fan starts, and so the supply was gone.
            self.since = Some(now);
        }
        if now < *self.since.get_or_insert(now) + START_UP {
            return Err(Error::WarmingUp);
        }
        let [pm1, pm2_5, _, pm10] = QUANTITIES;
        let of = |(quantity, at): (Quantity, usize)| Measured::plain(quantity.name, word(&frame, at).into());
        Ok([pm1, pm2_5, pm10].into_iter().zip(MASSES).map(of).collect())
    }
}

impl Chip for Pmsa003i {
    fn read<B: I2c + ?Sized>(&mut self, bus: &mut B, context: &mut Context<'_>) -> Result<Vec<Measured>, Error> {
        let outcome = self.newest(bus, context.now);
        if matches!(outcome, Err(Error::NoAnswer { .. } | Error::Bus { .. } | Error::WrongDevice { .. })) {
            // Whoever answers next may be another one, or the same whose fan starts again.
            self.since = None;
        }
        outcome
    }

    fn identity(&self) -> Option<String> {
        self.since.map(|_| format!("PMSA003I version {:#04x}", self.version))
    }
}

fn word(frame: &Frame, at: usize) -> u16 {
    u16::from_be_bytes([frame[at], frame[at + 1]])
}

/// Fails where a frame is no frame, damaged, or says that the sensor is.
pub fn check(frame: &Frame) -> Result<(), Error> {
    if !frame.starts_with(&BEGINS) {
        let found = format!("its frame begins with {:02x?}", &frame[..4]);
        return Err(Error::WrongDevice { address: ADDRESS, expected: "PMSA003I", found });
    }
    if sum(frame) != word(frame, 30) {
        return Err(Error::Checksum { address: ADDRESS });
    }
    match frame[ERROR] {
        0 => Ok(()),
        code => {
            let text = format!("the sensor says that it is broken: error {code:#04x}");
            Err(Error::Other { fault: wire::Fault::BadResponse, text })
        }
    }
}

/// "Check code = start character 1 + … + data 13 low 8 bits".
#[must_use]
pub fn sum(frame: &Frame) -> u16 {
    frame[..30].iter().map(|byte| u16::from(*byte)).sum()
}
