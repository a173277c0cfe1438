//! The thread of a bus: reads the chips it is asked for, looks at those that must not be left alone
//! between two readings, retries once where that helps, and frees and opens the bus anew after it
//! failed.

use std::{
    sync::{Arc, mpsc},
    time::Duration,
};

use wire::Fault;

use super::{
    keep,
    worker::{Ask, Command, Heard, Shared},
};
use crate::driver::{
    AnyChip, Context, Error, Measured, Mux, Place, Reader,
    bus::{self, AnyI2c, WorldDelay, mux},
};

/// Between a failed reading and its one retry, so that a disturbance on the wire has passed.
const RETRY_AFTER: Duration = Duration::from_millis(20);
/// A bus that fails again and again is not clocked by hand more often than this.
const RECOVER_AFTER: Duration = Duration::from_secs(10);

/// Serves the bus with index `bus` until nobody asks any more.
pub(super) fn read_chips(shared: &Shared, bus: usize, stations: &[usize], asked: &mpsc::Receiver<Ask>) {
    let mut thread = BusThread::new(shared, bus, stations);
    loop {
        let patience = shared.clock.real(thread.next_look());
        let heard = match asked.recv_timeout(patience) {
            Ok(ask) => thread.serve(ask),
            Err(mpsc::RecvTimeoutError::Timeout) => true,
            Err(mpsc::RecvTimeoutError::Disconnected) => return,
        };
        if !heard || !thread.look_around() {
            return;
        }
    }
}

/// A chip with what its driver remembers.
struct Seated {
    station: usize,
    mux: Option<Mux>,
    chip: Box<dyn AnyChip>,
    /// When it must be looked at next.
    look_at: Option<Duration>,
}

/// The bus, while it is open, and who sits on it.
struct BusThread<'a> {
    shared: &'a Shared,
    bus: usize,
    open: Option<AnyI2c>,
    delay: WorldDelay,
    chips: Vec<Seated>,
    saved_at: Duration,
    recovered_at: Option<Duration>,
}

impl<'a> BusThread<'a> {
    fn new(shared: &'a Shared, bus: usize, stations: &[usize]) -> Self {
        let now = shared.clock.boottime();
        let start = |&station: &usize| {
            let sensor = &shared.plan.stations[station].sensor;
            let (Reader::Chip(mut chip), Place::Chip(seat)) = (sensor.driver.start(), sensor.driver.place()) else {
                return None;
            };
            if let Some(kept) = shared.keeper.load(&sensor.name) {
                chip.restore(&kept);
            }
            let look_at = chip.look_every().map(|_| now);
            Some(Seated { station, mux: seat.mux, chip, look_at })
        };
        Self {
            shared,
            bus,
            open: None,
            delay: WorldDelay(Arc::clone(&shared.clock)),
            chips: stations.iter().filter_map(start).collect(),
            saved_at: now,
            recovered_at: None,
        }
    }

    /// How long until a chip must be looked at.
    fn next_look(&self) -> Duration {
        let now = self.shared.clock.boottime();
        let soonest = self.chips.iter().filter_map(|seated| seated.look_at).min();
        soonest.map_or(keep::INTERVAL, |at| at.saturating_sub(now))
    }

    /// False once nobody listens any more.
    fn serve(&mut self, ask: Ask) -> bool {
        match ask {
            Ask::Station(station) => {
                let Some(index) = self.index(station) else { return true };
                let (outcome, retried) = self.read_twice(index);
                let (at, identity) = (self.shared.clock.boottime(), self.chips[index].chip.identity());
                let heard = Heard::Answer { station, at, outcome, identity, retried };
                self.save_sometimes(at);
                self.shared.heard.blocking_send(heard).is_ok()
            }
            Ask::Scan(addresses) => {
                let addresses = self.scan(addresses);
                self.shared.heard.blocking_send(Heard::Scan { bus: self.bus, addresses }).is_ok()
            }
            Ask::Command(command) => {
                self.obey(command);
                true
            }
            Ask::Save(done) => {
                self.save();
                // Whoever asked may be gone.
                let _ = done.send(());
                true
            }
        }
    }

    fn index(&self, station: usize) -> Option<usize> {
        self.chips.iter().position(|seated| seated.station == station)
    }

    /// Looks at every chip whose time has come. False once nobody listens any more.
    fn look_around(&mut self) -> bool {
        for index in 0..self.chips.len() {
            let now = self.shared.clock.boottime();
            let seated = &mut self.chips[index];
            if seated.look_at.is_none_or(|at| now < at) {
                continue;
            }
            seated.look_at = seated.chip.look_every().map(|every| now + every);
            let looked = self.with(index, |chip, bus, context| chip.look(bus, context));
            // A look that fails says nothing: the next reading will.
            if !matches!(looked, Ok(true)) {
                continue;
            }
            let (outcome, _) = self.read_twice(index);
            let (station, at) = (self.chips[index].station, self.shared.clock.boottime());
            if self.shared.heard.blocking_send(Heard::Change { station, at, outcome }).is_err() {
                return false;
            }
        }
        true
    }

    /// A reading, and whether it took a second attempt.
    fn read_twice(&mut self, index: usize) -> (Result<Vec<Measured>, Error>, bool) {
        let outcome = self.with(index, |chip, bus, context| chip.read(bus, context));
        if !outcome.as_ref().is_err_and(Error::retry_helps) || self.open.is_none() {
            return (outcome, false);
        }
        std::thread::sleep(self.shared.clock.real(RETRY_AFTER));
        (self.with(index, |chip, bus, context| chip.read(bus, context)), true)
    }

    /// Lets `act` handle a chip on the open bus, behind its open channel.
    fn with<T>(
        &mut self,
        index: usize,
        act: impl FnOnce(&mut dyn AnyChip, &mut bus::BusOf<'_>, &mut Context<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let Self { shared, bus, open, delay, chips, .. } = self;
        let i2c = opened(shared, *bus, open)?;
        let seated = &mut chips[index];
        let mut context = Context { delay, now: shared.clock.boottime(), air: &shared.air };
        let outcome = match seated.mux {
            None => act(&mut *seated.chip, &mut **i2c, &mut context),
            Some(channel) => mux::open(&mut **i2c, channel).and_then(|()| {
                let outcome = act(&mut *seated.chip, &mut **i2c, &mut context);
                // Left open, it would let what hangs behind it hold up the whole bus.
                mux::close(&mut **i2c, channel).and(outcome)
            }),
        };
        // Not every chip has a checksum to tell zeros from silence by.
        let outcome = match outcome {
            Ok(_) if bus::is_shorted(&mut **i2c) => Err(Error::Other {
                fault: Fault::BusFailed,
                text: "the data line is held low: an address that nobody has acknowledges".to_owned(),
            }),
            other => other,
        };
        if matches!(&outcome, Err(error) if error.fault() == Fault::BusFailed) {
            self.recover();
        }
        outcome
    }

    /// A new file handle, and before it nine clocks where the backend can.
    fn recover(&mut self) {
        self.open = None;
        let now = self.shared.clock.boottime();
        if self.recovered_at.is_some_and(|at| now < at + RECOVER_AFTER) {
            return;
        }
        self.recovered_at = Some(now);
        let bus = &self.shared.buses[self.bus];
        match bus::recover_i2c(bus, &self.shared.rooms[self.bus]) {
            Ok(true) => tracing::warn!(bus = %bus.name, "a chip held the data line; nine clocks freed it"),
            Ok(false) => {}
            Err(error) => tracing::debug!(bus = %bus.name, %error, "the lines cannot be clocked by hand"),
        }
    }

    /// Those of `addresses` at which somebody acknowledges a write of nothing.
    fn scan(&mut self, addresses: &[u8]) -> Vec<u8> {
        let Ok(i2c) = opened(self.shared, self.bus, &mut self.open) else { return Vec::new() };
        addresses.iter().copied().filter(|address| i2c.write(*address, &[]).is_ok()).collect()
    }

    fn obey(&mut self, command: Command) {
        let Some(index) = self.index(command.station) else { return command.refuse() };
        let Command { name, args, reply, .. } = command;
        let outcome = self.with(index, |chip, bus, context| Ok(chip.command(bus, context, &name, &args)));
        let outcome = match outcome {
            Ok(Some(outcome)) => outcome,
            Ok(None) => Err(format!("this sensor knows no command `{name}`")),
            Err(error) => Err(error.to_string()),
        };
        // Whoever asked may be gone.
        let _ = reply.send(outcome);
    }

    fn save_sometimes(&mut self, now: Duration) {
        if now >= self.saved_at + keep::INTERVAL {
            self.saved_at = now;
            self.save();
        }
    }

    fn save(&self) {
        for seated in &self.chips {
            if let Some(text) = seated.chip.keep() {
                self.shared.keeper.save(&self.shared.plan.stations[seated.station].sensor.name, &text);
            }
        }
    }
}

/// The bus, opened where it is not.
fn opened<'o>(shared: &Shared, bus: usize, open: &'o mut Option<AnyI2c>) -> Result<&'o mut AnyI2c, Error> {
    match open {
        Some(i2c) => Ok(i2c),
        None => match bus::open_i2c(&shared.buses[bus], &shared.rooms[bus]) {
            Ok(i2c) => Ok(open.insert(i2c)),
            Err(error) => Err(Error::Other { fault: error.fault, text: error.text }),
        },
    }
}
