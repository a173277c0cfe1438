//! A sound level board at an ADS1115: turns the voltage of its envelope into decibels by two points that
//! somebody measured; never takes a voltage outside of what the board can give for a level.

use std::sync::Arc;

use embedded_hal::i2c::I2c;
use wire::Fault;

use super::{
    ads1115::{ADDRESSES, Ads1115, INPUTS, Input, Range},
    sound::SOUND,
};
use crate::{
    config::{Expected, Problem, Table},
    driver::{Chip, Context, Error, Kind, Measured, Place, Quantity, Reader, Seat, Sits, simulated},
};

/// An ADS1115 with a sound level board.
pub static KIND: Kind = Kind {
    word: "sound-adc",
    parts: ["TI ADS1115 with a sound level board"; 2],
    measures: ["sound level", "声级"],
    sits: Sits::I2c(ADDRESSES),
    period: None,
    period_min: None,
    read: |table| Some(Arc::new(Settings::read(table)?)),
    // Nobody can guess what hangs at an ADC.
    at: None,
};

/// A voltage and the level that it stands for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibrated {
    /// Volts.
    pub volt: f64,
    /// Decibels.
    pub db: f64,
}

/// What a `[[sensor]]` of this kind says.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Where it sits.
    pub seat: Seat,
    /// The pin of the board.
    pub input: Input,
    /// The quietest that the board tells.
    pub low: Calibrated,
    /// The loudest.
    pub high: Calibrated,
    /// The voltage follows the amplitude, not its logarithm.
    pub amplitude: bool,
}

/// Pins as a file names them, and what the voltage follows.
const PINS: &[&str] = &["0", "1", "2", "3"];
const FOLLOWS: &[&str] = &["db", "amplitude"];
/// How many keys stand before the pins in [`INPUTS`].
const PAIRS: usize = INPUTS.len() - PINS.len();

impl Settings {
    fn read(table: &Table<'_>) -> Option<Self> {
        let seat = Seat::read(table, ADDRESSES);
        let pin = table.word("input", PINS, &[0, 1, 2, 3]).unwrap_or(0);
        // DFRobot SEN0232: 0.6 to 2.6 V for 30 to 130 dB(A).
        let volt = |key, otherwise| table.number(key, 0.001, 4.0).unwrap_or(otherwise);
        let db = |key, otherwise| table.number(key, 10.0, 150.0).unwrap_or(otherwise);
        let low = Calibrated { volt: volt("volt_low", 0.6), db: db("db_low", 30.0) };
        let high = Calibrated { volt: volt("volt_high", 2.6), db: db("db_high", 130.0) };
        let amplitude = table.word("follows", FOLLOWS, &[false, true]).unwrap_or(false);
        let mut ordered = true;
        for (key, low, high, most) in [("volt_high", low.volt, high.volt, 4.0), ("db_high", low.db, high.db, 150.0)] {
            if high <= low {
                let expected = Expected::Number { low, high: most };
                table.note(key, Problem::Wrong { expected, found: high.to_string() });
                ordered = false;
            }
        }
        let settings = Self { seat: seat?, input: Input::new(PAIRS + pin)?, low, high, amplitude };
        ordered.then_some(settings)
    }

    /// What a voltage means; none where the board cannot give it.
    #[must_use]
    pub fn level_db(&self, volt: f64) -> Option<f64> {
        let margin = (self.high.volt - self.low.volt) * MARGIN;
        if !(self.low.volt - margin..=self.high.volt + margin).contains(&volt) {
            return None;
        }
        let at = |volt: f64| if self.amplitude { volt.log10() } else { volt };
        let share = (at(volt) - at(self.low.volt)) / (at(self.high.volt) - at(self.low.volt));
        Some(self.low.db + share * (self.high.db - self.low.db)).filter(|level| level.is_finite())
    }
}

impl crate::driver::Settings for Settings {
    fn kind(&self) -> &'static Kind {
        &KIND
    }
    fn place(&self) -> Place {
        Place::Chip(self.seat.clone())
    }
    fn print(&self, table: &mut toml::Table) {
        table.insert("input".into(), self.input.word().into());
        table.insert("follows".into(), FOLLOWS[usize::from(self.amplitude)].into());
        for (key, number) in [
            ("volt_low", self.low.volt),
            ("db_low", self.low.db),
            ("volt_high", self.high.volt),
            ("db_high", self.high.db),
        ] {
            table.insert(key.into(), number.into());
        }
    }
    fn quantities(&self) -> Vec<Quantity> {
        vec![SOUND]
    }
    fn start(&self) -> Reader {
        Reader::Chip(Box::new(SoundAdc::new(self.clone())))
    }
    fn simulate(&self) -> Option<Box<dyn simulated::Device>> {
        let db_per_volt = (self.high.db - self.low.db) / (self.high.volt - self.low.volt);
        let db_at_zero = self.low.db - self.low.volt * db_per_volt;
        let wired = simulated::ads1115::Wired::Sound { db_per_volt, db_at_zero };
        Some(Box::new(simulated::ads1115::Ads1115::new(wired)))
    }
}

/// Beyond its two points a board may be by this share of its span. Open, a pin drifts to some 0.57 V.
const MARGIN: f64 = 0.01;
/// Looks at the envelope in a reading, some 16 ms apart: 0.4 s, longer than its time constant.
const LOOKS: usize = 25;
const LOOK_EVERY_MS: u32 = 12;

/// One board.
#[derive(Debug)]
pub struct SoundAdc {
    settings: Settings,
    chip: Ads1115,
}

impl SoundAdc {
    /// No traffic yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let chip = Ads1115::new(settings.seat.address);
        Self { settings, chip }
    }
}

impl Chip for SoundAdc {
    fn read<B: I2c + ?Sized>(&mut self, bus: &mut B, context: &mut Context<'_>) -> Result<Vec<Measured>, Error> {
        self.chip.prove(bus)?;
        let mut energy = 0.0;
        for look in 0..LOOKS {
            if look > 0 {
                context.delay.delay_ms(LOOK_EVERY_MS);
            }
            let volt = self.chip.once(bus, context.delay, (self.settings.input, Range::Volt4))?;
            let Some(level) = self.settings.level_db(volt) else {
                let text = format!("the board gives {volt:.2} V, which it cannot: unplugged, or another board");
                return Err(Error::Other { fault: Fault::OutOfRange, text });
            };
            energy += 10f64.powf(level / 10.0);
        }
        Ok(vec![Measured::plain(SOUND.name, 10.0 * (energy / LOOKS as f64).log10())])
    }

    fn identity(&self) -> Option<String> {
        self.chip.is_proven().then(|| "ADS1115".to_owned())
    }
}
