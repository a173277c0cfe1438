//! What reads a sensor: a chip on an I2C bus, a device on a 1-Wire bus, or a probe with a thread of
//! its own. Drivers implement these traits; the sampler's threads call them.

use std::time::Duration;

use embedded_hal::{delay::DelayNs, i2c::I2c};
use serde_json::{Map, Value};

use super::{
    Air, Error, Measured,
    bus::{BusError, OneWire},
};

/// What a driver may use beside its bus.
pub struct Context<'a> {
    /// Waits, in the world's time.
    pub delay: &'a mut dyn DelayNs,
    /// CLOCK_BOOTTIME.
    pub now: Duration,
    /// What other sensors of the room said lately.
    pub air: &'a Air,
}

/// A chip on an I2C bus.
pub trait Chip: Send + 'static {
    /// Reads it once, after making sure that it is what it should be.
    fn read<B: I2c + ?Sized>(&mut self, bus: &mut B, context: &mut Context<'_>) -> Result<Vec<Measured>, Error>;

    /// What it is, once it said so or proved it.
    fn identity(&self) -> Option<String> {
        None
    }

    /// How often it must be looked at between two readings.
    fn look_every(&self) -> Option<Duration> {
        None
    }

    /// Looks at it; true if something changed that must be read and told at once.
    fn look<B: I2c + ?Sized>(&mut self, _bus: &mut B, _context: &mut Context<'_>) -> Result<bool, Error> {
        Ok(false)
    }

    /// Obeys a command: what came of it, or why not. None where it knows no such command.
    fn command<B: I2c + ?Sized>(
        &mut self,
        _bus: &mut B,
        _context: &mut Context<'_>,
        _name: &str,
        _args: &Map<String, Value>,
    ) -> Option<Result<Map<String, Value>, String>> {
        None
    }

    /// What it must not forget over a restart of the agent.
    fn keep(&self) -> Option<String> {
        None
    }

    /// Gets back what [`Chip::keep`] gave, maybe long ago.
    fn restore(&mut self, _kept: &str) {}
}

/// The bus that a chip sees in life.
pub type BusOf<'a> = dyn I2c<Error = BusError> + 'a;

/// A [`Chip`] of any kind.
pub trait AnyChip: Send {
    /// As [`Chip::read`].
    fn read(&mut self, bus: &mut BusOf<'_>, context: &mut Context<'_>) -> Result<Vec<Measured>, Error>;
    /// As [`Chip::identity`].
    fn identity(&self) -> Option<String>;
    /// As [`Chip::look_every`].
    fn look_every(&self) -> Option<Duration>;
    /// As [`Chip::look`].
    fn look(&mut self, bus: &mut BusOf<'_>, context: &mut Context<'_>) -> Result<bool, Error>;
    /// As [`Chip::command`].
    fn command(
        &mut self,
        bus: &mut BusOf<'_>,
        context: &mut Context<'_>,
        name: &str,
        args: &Map<String, Value>,
    ) -> Option<Result<Map<String, Value>, String>>;
    /// As [`Chip::keep`].
    fn keep(&self) -> Option<String>;
    /// As [`Chip::restore`].
    fn restore(&mut self, kept: &str);
}

impl<T: Chip> AnyChip for T {
    fn read(&mut self, bus: &mut BusOf<'_>, context: &mut Context<'_>) -> Result<Vec<Measured>, Error> {
        Chip::read(self, bus, context)
    }
    fn identity(&self) -> Option<String> {
        Chip::identity(self)
    }
    fn look_every(&self) -> Option<Duration> {
        Chip::look_every(self)
    }
    fn look(&mut self, bus: &mut BusOf<'_>, context: &mut Context<'_>) -> Result<bool, Error> {
        Chip::look(self, bus, context)
    }
    fn command(
        &mut self,
        bus: &mut BusOf<'_>,
        context: &mut Context<'_>,
        name: &str,
        args: &Map<String, Value>,
    ) -> Option<Result<Map<String, Value>, String>> {
        Chip::command(self, bus, context, name, args)
    }
    fn keep(&self) -> Option<String> {
        Chip::keep(self)
    }
    fn restore(&mut self, kept: &str) {
        Chip::restore(self, kept);
    }
}

/// A device on a 1-Wire bus.
pub trait OneWireDevice: Send {
    /// Reads it once.
    fn read(&mut self, bus: &mut dyn OneWire) -> Result<Vec<Measured>, Error>;
}

/// What needs no bus and may take its time: a thread of its own reads it.
pub trait Probe: Send {
    /// Reads it once.
    fn read(&mut self) -> Result<Vec<Measured>, Error>;

    /// What answers, once it said so.
    fn identity(&self) -> Option<String> {
        None
    }

    /// What it must not forget over a restart of the agent.
    fn keep(&self) -> Option<String> {
        None
    }

    /// Gets back what [`Probe::keep`] gave, maybe long ago.
    fn restore(&mut self, _kept: &str) {}
}
