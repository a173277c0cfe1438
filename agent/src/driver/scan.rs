//! Asks a bus who is there: turns addresses that acknowledge into the kinds of chips that prove to be
//! what they are. Touches only addresses at which chips of the table can sit.

use std::{sync::Arc, time::Duration};

use super::{
    Air, AnyChip, Context, Error, MUX_ADDRESSES, Mux, Reader, Seat, Settings,
    bus::{self, AnyI2c, BusError, WorldDelay, mux},
    simulated::Room,
    table,
};
use crate::{config::Bus, world::Clock};

/// How often a chip that warms up is asked again for proof, and how long it is waited between.
const ATTEMPTS: u32 = 3;
const ASK_AGAIN: Duration = Duration::from_millis(300);

/// Somebody who answers.
#[derive(Debug)]
pub struct Found {
    /// Where.
    pub seat: Seat,
    /// What it proved to be, as a `[[sensor]]` with defaults, and what it calls itself.
    pub proven: Option<(Arc<dyn Settings>, String)>,
}

/// Everybody on a bus.
#[derive(Debug, Default)]
pub struct Scan {
    /// Chips, in the order of their addresses, those behind multiplexers after the others.
    pub chips: Vec<Found>,
    /// Multiplexers.
    pub muxes: Vec<u8>,
    /// Devices of the 1-Wire bus, where there is one.
    pub one_wire: Vec<String>,
}

/// Asks around on `bus`.
pub fn scan(bus: &Bus, room: &Arc<Room>, clock: &Arc<dyn Clock>) -> Result<Scan, BusError> {
    let mut i2c = bus::open_i2c(bus, room)?;
    let mut asker = Asker { bus, i2c: &mut i2c, clock, air: Air::default() };
    let mut scan = Scan::default();
    let answering: Vec<u8> = table::addresses().iter().copied().filter(|address| asker.answers(*address)).collect();
    for &address in &answering {
        let first = Mux { address, channel: 0 };
        if MUX_ADDRESSES.contains(&address) && mux::open(&mut **asker.i2c, first).is_ok() {
            // What a closed multiplexer does not answer cannot hide behind it.
            let _ = mux::close(&mut **asker.i2c, first);
            scan.muxes.push(address);
        } else {
            scan.chips.push(asker.prove(None, address));
        }
    }
    for &address in &scan.muxes {
        for channel in 0..8 {
            let mux = Mux { address, channel };
            if mux::open(&mut **asker.i2c, mux).is_err() {
                continue;
            }
            let behind = table::addresses().iter().copied().filter(|address| !answering.contains(address));
            let behind: Vec<u8> = behind.filter(|address| asker.answers(*address)).collect();
            scan.chips.extend(behind.into_iter().map(|address| asker.prove(Some(mux), address)));
            let _ = mux::close(&mut **asker.i2c, mux);
        }
    }
    // A computer without one is no failure of the scan.
    scan.one_wire = bus::open_one_wire(bus, room).devices().unwrap_or_default();
    Ok(scan)
}

struct Asker<'a> {
    bus: &'a Bus,
    i2c: &'a mut AnyI2c,
    clock: &'a Arc<dyn Clock>,
    air: Air,
}

impl Asker<'_> {
    /// Whether anybody acknowledges a write of nothing.
    fn answers(&mut self, address: u8) -> bool {
        self.i2c.write(address, &[]).is_ok()
    }

    /// Lets each kind that can sit there try for itself.
    fn prove(&mut self, mux: Option<Mux>, address: u8) -> Found {
        let seat = Seat { bus: self.bus.name.clone(), mux, address };
        for kind in table::at(address) {
            let Some(at) = kind.at else { continue };
            let settings = at(seat.clone());
            let Reader::Chip(mut chip) = settings.start() else { continue };
            if let Some(identity) = self.identity(&mut *chip) {
                return Found { seat, proven: Some((settings, identity)) };
            }
        }
        Found { seat, proven: None }
    }

    fn identity(&mut self, chip: &mut dyn AnyChip) -> Option<String> {
        let mut delay = WorldDelay(Arc::clone(self.clock));
        for _ in 0..ATTEMPTS {
            let mut context = Context { delay: &mut delay, now: self.clock.boottime(), air: &self.air };
            match chip.read(&mut **self.i2c, &mut context) {
                Ok(_) | Err(Error::WarmingUp) if chip.identity().is_some() => return chip.identity(),
                Ok(_) | Err(Error::WarmingUp) => std::thread::sleep(self.clock.real(ASK_AGAIN)),
                Err(_) => return None,
            }
        }
        None
    }
}
