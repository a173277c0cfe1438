//! A Raspberry Pi's bus through the crate `rppal`, whose author retired it in July 2025: no other
//! file names it.

use std::time::Duration;

use embedded_hal::i2c::{ErrorType, I2c, Operation};
use rppal::gpio::{Gpio, InputPin, Trigger};

use super::{BusError, Lines};
use crate::config::sensor::{Contact, Pull};

/// I2C bus `number`.
pub(super) fn open_i2c(number: u8) -> Result<PiI2c, BusError> {
    rppal::i2c::I2c::with_bus(number).map(PiI2c).map_err(i2c_error)
}

/// The I2C side.
pub(super) struct PiI2c(rppal::i2c::I2c);

impl ErrorType for PiI2c {
    type Error = BusError;
}

impl I2c for PiI2c {
    fn transaction(&mut self, address: u8, operations: &mut [Operation<'_>]) -> Result<(), BusError> {
        I2c::transaction(&mut self.0, address, operations).map_err(i2c_error)
    }
}

fn i2c_error(error: rppal::i2c::Error) -> BusError {
    match error {
        rppal::i2c::Error::Io(error) => BusError::from_io(&error),
        other => BusError::other(other),
    }
}

/// The lines of `contacts`.
pub(super) struct PiLines {
    gpio: Gpio,
    pins: Vec<InputPin>,
}

impl PiLines {
    pub(super) fn open(contacts: &[Contact]) -> Result<Self, BusError> {
        let gpio = Gpio::new().map_err(gpio_error)?;
        let mut pins = Vec::new();
        for contact in contacts {
            let number = u8::try_from(contact.line).map_err(BusError::other)?;
            let pin = gpio.get(number).map_err(gpio_error)?;
            let mut pin = match contact.pull {
                Pull::Up => pin.into_input_pullup(),
                Pull::Down => pin.into_input_pulldown(),
                Pull::Off => pin.into_input(),
            };
            pin.set_interrupt(Trigger::Both, None).map_err(gpio_error)?;
            pins.push(pin);
        }
        Ok(Self { gpio, pins })
    }
}

impl Lines for PiLines {
    fn is_high(&mut self, index: usize) -> Result<bool, BusError> {
        Ok(self.pins[index].is_high())
    }

    fn wait(&mut self, patience: Duration) -> Result<(), BusError> {
        let pins: Vec<&InputPin> = self.pins.iter().collect();
        self.gpio.poll_interrupts(&pins, false, Some(patience)).map(drop).map_err(gpio_error)
    }
}

fn gpio_error(error: rppal::gpio::Error) -> BusError {
    match error {
        rppal::gpio::Error::Io(error) => BusError::from_io(&error),
        rppal::gpio::Error::PermissionDenied(path) => BusError::not_permitted(format!("{path}: permission denied")),
        other => BusError::other(other),
    }
}
