//! A TCA9548A or PCA9548 multiplexer: opens the channel behind which a chip sits, and closes it after
//! use, so that what hangs behind one channel holds up only those who sit there.
//!
//! Datasheet: <https://www.ti.com/lit/ds/symlink/tca9548a.pdf>, 8.6.2: one control register, a bit
//! for each channel, which reads back as it was written. No crate is used for one byte.

use embedded_hal::i2c::I2c;

use crate::driver::{Error, Mux};

/// Opens `mux`'s channel and no other of the same multiplexer.
pub fn open<B: I2c + ?Sized>(bus: &mut B, mux: Mux) -> Result<(), Error> {
    let mask = 1 << mux.channel;
    let mut back = [0];
    let failed = |error: B::Error| Error::from_bus(mux.address, &error);
    bus.write(mux.address, &[mask]).map_err(failed)?;
    bus.read(mux.address, &mut back).map_err(failed)?;
    if back[0] == mask {
        return Ok(());
    }
    let found = format!("wrote {mask:#04x} to its register and read {:#04x}", back[0]);
    Err(Error::WrongDevice { address: mux.address, expected: "TCA9548A or PCA9548", found })
}

/// Closes all its channels.
pub fn close<B: I2c + ?Sized>(bus: &mut B, mux: Mux) -> Result<(), Error> {
    bus.write(mux.address, &[0]).map_err(|error| Error::from_bus(mux.address, &error))
}
