//! Electricity and sound: is the equipment powered, does it play, and how loud?

pub mod ads1115;
mod capture;
pub mod ct;
pub mod ina219;
pub mod ina226;
pub mod levels;
pub mod rms;
pub mod shunt;
pub mod sound;
pub mod sound_adc;
pub mod weighting;

use wire::Fault;

use super::{Error, Measured};

/// What it means that a chip had no new conversion `missed` times in a row.
fn missed(missed: u32, most: u32) -> Error {
    if missed < most {
        return Error::WarmingUp;
    }
    Error::Other { fault: Fault::Stuck, text: "the chip converts no more".to_owned() }
}

/// Voltage, current and power; the last two only where they were not `beyond` what can be measured.
fn unless_beyond([volt, ampere, watt]: [Measured; 3], beyond: bool) -> [Measured; 3] {
    if !beyond {
        return [volt, ampere, watt];
    }
    [volt, Measured::fault(ampere.quantity, Fault::OutOfRange), Measured::fault(watt.quantity, Fault::OutOfRange)]
}
