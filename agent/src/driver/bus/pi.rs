//! A Raspberry Pi's bus through the crate `rppal`, whose author retired it in July 2025: no other
//! file names it.

use std::time::Duration;

use embedded_hal::i2c::{ErrorType, I2c, Operation};
use rppal::gpio::{Gpio, InputPin, IoPin, Mode, OutputPin, Trigger};

use super::{BusError, EDGES_AT_ONCE_MAX, Lines, Output, Queues};
use crate::driver::{Edge, Edges, LineRequest, Pull};

/// SDA and SCL of I2C bus 1 on the 40-pin header, BCM numbers.
const BUS_1_PINS: (u8, u8) = (2, 3);
/// Half a clock at 100 kHz.
const HALF_CLOCK: Duration = Duration::from_micros(5);

/// I2C bus `number`.
pub(super) fn open_i2c(number: u8) -> Result<PiI2c, BusError> {
    let bus = rppal::i2c::I2c::with_bus(number).map_err(i2c_error)?;
    // In ms; a kernel that refuses keeps its own second.
    if let Err(error) = bus.set_timeout(u32::try_from(super::TRANSACTION_MAX.as_millis()).unwrap_or(u32::MAX)) {
        tracing::debug!(%error, "the kernel keeps its own time-out");
    }
    Ok(PiI2c(bus))
}

/// Gives nine clocks and a stop by hand while SDA is held low, then hands the pins back.
pub(super) fn recover_i2c(number: u8) -> Result<bool, BusError> {
    if number != 1 {
        return Ok(false);
    }
    let gpio = Gpio::new().map_err(gpio_error)?;
    let pin = |number: u8, mode: Mode| gpio.get(number).map(|pin| pin.into_io(mode)).map_err(gpio_error);
    // Both go back to what they were when they are dropped. A line is released by making it an
    // input, which the board's own 1.8 kΩ pull up, and pulled by making it an output that is low.
    let (mut sda, mut scl) = (pin(BUS_1_PINS.0, Mode::Input)?, pin(BUS_1_PINS.1, Mode::Input)?);
    let release = |line: &mut IoPin| {
        line.set_mode(Mode::Input);
        std::thread::sleep(HALF_CLOCK);
    };
    let pull = |line: &mut IoPin| {
        line.set_low();
        line.set_mode(Mode::Output);
        std::thread::sleep(HALF_CLOCK);
    };
    let was_held = sda.is_low();
    for _ in 0..9 {
        if sda.is_high() {
            break;
        }
        pull(&mut scl);
        release(&mut scl);
    }
    // A stop: SDA rises while SCL is high.
    pull(&mut sda);
    release(&mut sda);
    Ok(was_held && sda.is_high())
}

/// The I2C side.
pub(super) struct PiI2c(rppal::i2c::I2c);

impl ErrorType for PiI2c {
    type Error = BusError;
}

impl I2c for PiI2c {
    fn transaction(&mut self, address: u8, operations: &mut [Operation<'_>]) -> Result<(), BusError> {
        // The crate ends a write with a stop before it reads. `embedded-hal` promises a repeated start
        // there, and chips such as the VEML7700 forget the register without it. No driver of ours asks
        // for longer sequences.
        if let [Operation::Write(register), Operation::Read(bytes)] = operations {
            self.0.set_slave_address(u16::from(address)).map_err(i2c_error)?;
            return self.0.write_read(register, bytes).map_err(i2c_error);
        }
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
    edges: Queues,
}

impl PiLines {
    pub(super) fn open(lines: &[LineRequest]) -> Result<Self, BusError> {
        let gpio = Gpio::new().map_err(gpio_error)?;
        let mut pins = Vec::new();
        for line in lines {
            let number = u8::try_from(line.line).map_err(BusError::other)?;
            let pin = gpio.get(number).map_err(gpio_error)?;
            let mut pin = match line.pull {
                Pull::Up => pin.into_input_pullup(),
                Pull::Down => pin.into_input_pulldown(),
                Pull::Off => pin.into_input(),
            };
            pin.set_interrupt(Trigger::Both, None).map_err(gpio_error)?;
            pins.push(pin);
        }
        Ok(Self { gpio, pins, edges: Queues::new(lines.len()) })
    }
}

impl Lines for PiLines {
    fn is_high(&mut self, index: usize) -> Result<bool, BusError> {
        Ok(self.pins[index].is_high())
    }

    fn edges(&mut self, index: usize) -> Edges {
        self.edges.take(index)
    }

    fn wait(&mut self, patience: Duration) -> Result<(), BusError> {
        let pins: Vec<&InputPin> = self.pins.iter().collect();
        let mut patience = patience;
        for _ in 0..EDGES_AT_ONCE_MAX {
            let polled = self.gpio.poll_interrupts(&pins, false, Some(patience)).map_err(gpio_error)?;
            let Some((pin, event)) = polled else { break };
            if let Some(index) = pins.iter().position(|known| known.pin() == pin.pin()) {
                let edge = Edge { high: event.trigger == Trigger::RisingEdge, at: event.timestamp };
                self.edges.put(index, edge, event.seqno);
            }
            // Then what else is there already.
            patience = Duration::ZERO;
        }
        Ok(())
    }
}

/// A line that is driven; it becomes what it was once this is dropped.
pub(super) struct PiOutput(OutputPin);

impl PiOutput {
    pub(super) fn open(line: u32, high: bool) -> Result<Self, BusError> {
        let number = u8::try_from(line).map_err(BusError::other)?;
        let pin = Gpio::new().and_then(|gpio| gpio.get(number)).map_err(gpio_error)?;
        Ok(Self(if high { pin.into_output_high() } else { pin.into_output_low() }))
    }
}

impl Output for PiOutput {
    fn set(&mut self, high: bool) -> Result<(), BusError> {
        self.0.write(high.into());
        Ok(())
    }
}

fn gpio_error(error: rppal::gpio::Error) -> BusError {
    match error {
        rppal::gpio::Error::Io(error) => BusError::from_io(&error),
        rppal::gpio::Error::PermissionDenied(path) => BusError::not_permitted(format!("{path}: permission denied")),
        other => BusError::other(other),
    }
}
