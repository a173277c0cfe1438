//! The thread of one probe, or of the computer: what needs no bus.

use std::sync::mpsc;

use super::{
    keep,
    worker::{Ask, Heard, Shared},
};
use crate::driver::{Probe, Reader};

/// Serves one station until nobody asks any more.
pub(super) fn read_alone(shared: &Shared, station: usize, asked: &mpsc::Receiver<Ask>) {
    let sensor = &shared.plan.stations[station].sensor;
    let Reader::Alone(mut probe) = sensor.driver.start() else { return };
    if let Some(kept) = shared.keeper.load(&sensor.name) {
        probe.restore(&kept);
    }
    let mut saved = shared.clock.boottime();
    while let Ok(ask) = asked.recv() {
        match ask {
            Ask::Station(_) => {
                let outcome = probe.read();
                let (at, identity) = (shared.clock.boottime(), probe.identity());
                if shared.heard.blocking_send(Heard::Answer { station, at, outcome, identity, retried: false }).is_err()
                {
                    break;
                }
                if at >= saved + keep::INTERVAL {
                    saved = at;
                    save(shared, station, &*probe);
                }
            }
            Ask::Save(done) => {
                save(shared, station, &*probe);
                let _ = done.send(());
            }
            Ask::Scan(_) => {}
            Ask::Command(command) => command.refuse(),
        }
    }
}

fn save(shared: &Shared, station: usize, probe: &dyn Probe) {
    if let Some(text) = probe.keep() {
        shared.keeper.save(&shared.plan.stations[station].sensor.name, &text);
    }
}
