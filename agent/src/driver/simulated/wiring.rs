//! How the chips of a room are wired: addresses, multiplexers with their open channels, and what a
//! fault does to bytes on their way. Knows no chip by its kind.

use std::{collections::BTreeMap, time::Duration};

use embedded_hal::i2c::Operation;

use super::{
    Device, FaultKind, Moment, Target, Truth,
    fault::{flip_bit, foreign_read, foreign_write},
};
use crate::driver::{Mux, bus::BusError};

/// Where a chip sits.
type Spot = (Option<Mux>, u8);
/// What is broken.
type Faults = BTreeMap<Target, FaultKind>;

/// A chip in its place.
struct Slot {
    device: Box<dyn Device>,
    /// What a frozen sensing element sees for ever.
    frozen: Option<Truth>,
}

/// Everything on a room's I2C bus.
#[derive(Default)]
pub(super) struct Wiring {
    chips: BTreeMap<Spot, Slot>,
    /// Control registers of multiplexers, a bit for each open channel.
    muxes: BTreeMap<u8, u8>,
}

fn spot(target: Target) -> Option<Spot> {
    match target {
        Target::Chip(address) => Some((None, address)),
        Target::Behind(mux, address) => Some((Some(mux), address)),
        Target::Bus | Target::Line(_) => None,
    }
}

impl Wiring {
    pub(super) fn fit(&mut self, mux: Option<Mux>, address: u8, device: Box<dyn Device>) {
        if let Some(mux) = mux {
            self.muxes.entry(mux.address).or_default();
        }
        self.chips.insert((mux, address), Slot { device, frozen: None });
    }

    pub(super) fn has(&self, mux: Option<Mux>, address: u8) -> bool {
        self.chips.contains_key(&(mux, address))
    }

    pub(super) fn device(&mut self, mux: Option<Mux>, address: u8) -> Option<&mut dyn Device> {
        self.chips.get_mut(&(mux, address)).map(|slot| &mut *slot.device)
    }

    /// Freezes a sensing element, or lets it live again.
    pub(super) fn freeze(&mut self, target: Target, truth: Option<Truth>) {
        if let Some(slot) = spot(target).and_then(|spot| self.chips.get_mut(&spot)) {
            slot.frozen = truth;
        }
    }

    /// Gives a chip its supply anew.
    pub(super) fn power_on(&mut self, target: Target, now: Duration) {
        if let Some(slot) = spot(target).and_then(|spot| self.chips.get_mut(&spot)) {
            slot.frozen = None;
            slot.device.power_on(now);
        }
        if let Target::Chip(address) = target
            && let Some(register) = self.muxes.get_mut(&address)
        {
            *register = 0;
        }
    }

    /// Whether the channel passes traffic now.
    pub(super) fn is_open(&self, mux: Mux) -> bool {
        self.muxes.get(&mux.address).is_some_and(|mask| mask >> mux.channel & 1 == 1)
    }

    /// Passes a transaction to whoever answers `address` now.
    pub(super) fn transaction(
        &mut self,
        address: u8,
        operations: &mut [Operation<'_>],
        faults: &Faults,
        now: Duration,
        truth: &Truth,
    ) -> Result<(), BusError> {
        if self.muxes.contains_key(&address) {
            return self.steer(address, operations, faults);
        }
        let open: Vec<Mux> = self.chips.keys().filter_map(|(mux, _)| *mux).filter(|mux| self.is_open(*mux)).collect();
        let mut visible: Vec<(Target, &mut Slot)> = self
            .chips
            .iter_mut()
            .filter(|((mux, at), _)| *at == address && mux.is_none_or(|mux| open.contains(&mux)))
            .map(|((mux, at), slot)| (mux.map_or(Target::Chip(*at), |mux| Target::Behind(mux, *at)), slot))
            .filter(|(target, _)| faults.get(target) != Some(&FaultKind::Absent))
            .collect();
        if visible.is_empty() {
            return Err(BusError::nack());
        }
        for operation in operations {
            match operation {
                Operation::Write(bytes) => {
                    for (target, slot) in &mut visible {
                        write(slot, bytes, faults.get(target).copied(), now, truth)?;
                    }
                }
                Operation::Read(bytes) => {
                    // Whoever pulls the line low wins: several answers read as their AND.
                    let mut heard = vec![0xFF; bytes.len()];
                    for (target, slot) in &mut visible {
                        let mut own = vec![0xFF; bytes.len()];
                        read(slot, &mut own, faults.get(target).copied(), now, truth)?;
                        heard.iter_mut().zip(&own).for_each(|(all, one)| *all &= one);
                    }
                    bytes.copy_from_slice(&heard);
                }
            }
        }
        Ok(())
    }

    /// A multiplexer's one register.
    fn steer(&mut self, address: u8, operations: &mut [Operation<'_>], faults: &Faults) -> Result<(), BusError> {
        let fault = faults.get(&Target::Chip(address));
        if fault == Some(&FaultKind::Absent) {
            return Err(BusError::nack());
        }
        let register = self.muxes.entry(address).or_default();
        for operation in operations {
            match operation {
                Operation::Write(bytes) => {
                    if let (Some(last), None) = (bytes.last(), fault) {
                        *register = *last;
                    }
                }
                Operation::Read(bytes) if fault == Some(&FaultKind::WrongDevice) => foreign_read(bytes),
                Operation::Read(bytes) => bytes.fill(*register),
            }
        }
        Ok(())
    }
}

/// A data line that nothing moves: held low it looks like an acknowledgement by everybody and reads
/// as zeros, high like nobody at all.
pub(super) fn flat(level: u8, operations: &mut [Operation<'_>]) -> Result<(), BusError> {
    if level != 0 {
        return Err(BusError::nack());
    }
    for operation in operations {
        if let Operation::Read(bytes) = operation {
            bytes.fill(0);
        }
    }
    Ok(())
}

fn write(
    slot: &mut Slot,
    bytes: &[u8],
    fault: Option<FaultKind>,
    now: Duration,
    truth: &Truth,
) -> Result<(), BusError> {
    if fault == Some(FaultKind::WrongDevice) {
        foreign_write(bytes);
        return Ok(());
    }
    let truth = slot.frozen.unwrap_or(*truth);
    slot.device.write(bytes, &Moment { now, truth: &truth, slow: fault == Some(FaultKind::Slow) })
}

fn read(
    slot: &mut Slot,
    bytes: &mut [u8],
    fault: Option<FaultKind>,
    now: Duration,
    truth: &Truth,
) -> Result<(), BusError> {
    match fault {
        Some(FaultKind::WrongDevice) => {
            foreign_read(bytes);
            return Ok(());
        }
        Some(FaultKind::Flat(level)) => {
            bytes.fill(level);
            return Ok(());
        }
        _ => {}
    }
    let truth = slot.frozen.unwrap_or(*truth);
    slot.device.read(bytes, &Moment { now, truth: &truth, slow: fault == Some(FaultKind::Slow) })?;
    match fault {
        Some(FaultKind::BadCrc) => slot.device.spoil(bytes),
        Some(FaultKind::FlipBit(number)) => flip_bit(bytes, number),
        _ => {}
    }
    Ok(())
}
