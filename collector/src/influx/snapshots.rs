//! The present and the hours that are over as lines, gathered while the writer goes round: venues, open
//! tickets and devices every five minutes, extinguishers every six hours and when one changed, the collector
//! itself every minute, and each device's hour once it is over and again when late data came.
//!
//! Snapshots are of a moment: while the database takes nothing none is made, and nobody makes them up afterwards
//! (tickets, readiness and silence, which count, are written from the ledger). Hours are made of what the
//! collector keeps itself; a stored position says from which hour on they are written again after a restart.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use wire::{Id, Source, UnixMs};

use crate::{
    Shared,
    ledger::{
        Error, RecordFilter, TicketFilter,
        export::{Committed, Exporter, cursor},
        record_kind,
    },
    measures::{
        Facts,
        hour::{HOUR_MS, hour_line},
        names::field,
        snapshot::{self, OWN_SLOT_MS, REGISTER_SLOT_MS, SLOT_MS, View},
    },
    readiness::gather::{Sources, opening_ahead},
    register::{self, Extinguisher},
    rounds::{Stage, record},
};

/// An hour is written so long after it ended: what was on its way has come.
const SETTLE_MS: i64 = 120_000;
/// Hours of devices that are written in one look: 30,000 devices take a quarter of an hour.
const HOURS_A_LOOK: usize = 64;
/// Hours of devices that wait at most; more of a backlog is left to the next restart's look back.
const HOURS_MAX: usize = 1_000_000;
/// Hours that a restart looks back at most.
const BACK_HOURS_MAX: i64 = 48;
/// Samples of an hour of one device: fifty a second.
const SAMPLES_MAX: usize = 180_000;

/// What was last written of the present, and hours that are to be written.
#[derive(Default)]
pub struct Snapshots {
    slot: Option<UnixMs>,
    own_slot: Option<UnixMs>,
    register_slot: Option<UnixMs>,
    /// How each extinguisher stood, to notice a change.
    stood: HashMap<(Id, Id), (register::Standing, Option<bool>)>,
    /// Devices by the hour that is to be written.
    hours: BTreeSet<(UnixMs, Source)>,
    /// Whether hours from before the start are among them.
    has_looked_back: bool,
}

impl Snapshots {
    /// Notes the hours of samples that are being written.
    pub fn note(&mut self, commits: &[Committed]) {
        let mut last: Option<(UnixMs, &Source)> = None;
        for (source, sample) in commits.iter().flat_map(|commit| &commit.samples) {
            let hour = crate::measures::hour_of(sample.at);
            if last != Some((hour, source)) && self.hours.len() < HOURS_MAX {
                self.hours.insert((hour, source.clone()));
            }
            last = Some((hour, source));
        }
    }

    /// Lines of the present that are due.
    ///
    /// # Errors
    /// Those of the ledger; what is due is with the next look.
    pub fn present(&mut self, shared: &Shared, facts: &Facts) -> Result<String, Error> {
        let (now, mut out) = (shared.clock.now(), String::new());
        let own_slot = snapshot::slot_of(now, OWN_SLOT_MS);
        if self.own_slot != Some(own_slot) {
            snapshot::own_line(&mut out, &own(shared)?, now);
            self.own_slot = Some(own_slot);
        }
        let slot = snapshot::slot_of(now, SLOT_MS);
        if self.slot != Some(slot) {
            self.venues(shared, facts, now, &mut out)?;
            self.slot = Some(slot);
        }
        Ok(out)
    }

    fn venues(&mut self, shared: &Shared, facts: &Facts, now: UnixMs, out: &mut String) -> Result<(), Error> {
        let venues = facts.venues();
        let sources = Sources::of(shared, venues);
        let mut rooms = BTreeMap::new();
        for venue in sources.venues() {
            let opening = opening_ahead(venues.calendar(&venue), now);
            rooms.insert(venue.clone(), sources.rooms(&venue, opening, now)?);
        }
        let tickets = shared.reader.tickets(&TicketFilter { open: true, ..TicketFilter::default() })?;
        let rounds = rounds(shared, facts, now)?;
        let live = shared.live.read().expect("no holder of this lock can panic");
        let extinguishers = register::job::of_all(venues, &live, now);
        let view = View { live: Some(&live), tickets: &tickets, rooms, extinguishers: &extinguishers, rounds };
        snapshot::venue_lines(out, facts, &view, now);
        snapshot::open_ticket_lines(out, facts, &view, now);
        snapshot::agent_lines(out, &view, now);
        drop(live);
        self.extinguishers(&extinguishers, now, out);
        Ok(())
    }

    fn extinguishers(&mut self, all: &[Extinguisher], now: UnixMs, out: &mut String) {
        let slot = snapshot::slot_of(now, REGISTER_SLOT_MS);
        let is_new_slot = self.register_slot != Some(slot);
        let mut changed = Vec::new();
        for e in all {
            let stands = (e.standing(), e.seen.as_ref().and_then(|seen| seen.present).map(|(_, is)| is));
            let before = self.stood.insert((e.venue.clone(), e.asset.clone()), stands);
            if before.is_some_and(|before| before != stands) {
                changed.push(e);
            }
        }
        if is_new_slot {
            snapshot::extinguisher_lines(out, all, slot);
            self.register_slot = Some(slot);
        }
        snapshot::extinguisher_lines(out, changed, now);
    }

    /// Lines of hours that are over, at most [`HOURS_A_LOOK`] of them; call [`Snapshots::done`] once they are written.
    ///
    /// # Errors
    /// Those of the ledger.
    pub fn hours(
        &mut self,
        shared: &Shared,
        facts: &Facts,
        exporter: &mut dyn Exporter,
    ) -> Result<(String, Vec<(UnixMs, Source)>), Error> {
        let now = shared.clock.now();
        if !self.has_looked_back {
            self.look_back(shared, exporter, now)?;
        }
        let over = |(hour, _): &&(UnixMs, Source)| now >= hour.saturating_add(HOUR_MS + SETTLE_MS);
        let due: Vec<_> = self.hours.iter().filter(over).take(HOURS_A_LOOK).cloned().collect();
        let mut out = String::new();
        for (hour, source) in &due {
            let samples = shared.readings.samples(source, *hour, hour.saturating_add(HOUR_MS), SAMPLES_MAX)?;
            hour_line(&mut out, facts, source, *hour, &samples);
        }
        Ok((out, due))
    }

    /// Hours of devices are written. The position is the oldest that is not.
    ///
    /// # Errors
    /// Those of the ledger.
    pub fn done(&mut self, due: &[(UnixMs, Source)], exporter: &mut dyn Exporter) -> Result<(), Error> {
        for hour in due {
            self.hours.remove(hour);
        }
        match self.hours.first() {
            Some((oldest, _)) if !due.is_empty() => exporter.advance(cursor::HOURS, oldest / HOUR_MS),
            _ => Ok(()),
        }
    }

    /// After a start every hour from the stored position on is written once more.
    fn look_back(&mut self, shared: &Shared, exporter: &mut dyn Exporter, now: UnixMs) -> Result<(), Error> {
        let last = crate::measures::hour_of(now) / HOUR_MS;
        let stored = exporter.position(cursor::HOURS)?;
        let first = stored.max(last - BACK_HOURS_MAX);
        for device in shared.reader.devices()? {
            self.hours.extend((first..=last).map(|hour| (hour * HOUR_MS, device.source.clone())));
        }
        self.has_looked_back = true;
        Ok(())
    }
}

/// Rounds that can be made now and are not complete, and rounds of the business day that were missed.
fn rounds(shared: &Shared, facts: &Facts, now: UnixMs) -> Result<BTreeMap<Id, (usize, usize)>, Error> {
    let mut all = BTreeMap::new();
    for venue in facts.venues().venues.keys() {
        let Some(date) = facts.venues().calendar(venue).business_date(now) else { continue };
        // The longest lasts half a month; keys begin with dates.
        let from = date.checked_sub(jiff::ToSpan::days(40)).unwrap_or(date).to_string();
        let kind = record_kind::ROUND.to_owned();
        let filter = RecordFilter { kind, venue: Some(venue.clone()), from: Some(from), ..RecordFilter::default() };
        let found = all.entry(venue.clone()).or_insert((0, 0));
        for round in shared.reader.records(&filter)?.iter().filter_map(record::round) {
            found.0 += usize::from(round.stage == Stage::Open && round.from <= now);
            found.1 +=
                usize::from(matches!(round.stage, Stage::Missed | Stage::DoneLate) && round.date == date.to_string());
        }
    }
    Ok(all)
}

/// The collector's own figures.
#[expect(clippy::cast_precision_loss, reason = "counts and bytes are far below 2^52")]
fn own(shared: &Shared) -> Result<Vec<(&'static str, f64)>, Error> {
    let (m, size) = (&shared.metrics, shared.reader.size()?);
    let figures = [
        (field::WAITING_MESSAGES, &m.waiting_messages),
        (field::SAMPLES, &m.samples_total),
        (field::READINGS, &m.readings_total),
        (field::DUPLICATES, &m.duplicates_total),
        (field::QUARANTINED, &m.quarantined_total),
        (field::COMMIT_FAILURES, &m.commit_failures_total),
        (field::NOTIFY_FAILURES, &m.notify_failures_total),
        (field::BLOBS_WAITING, &m.blobs_waiting),
        (field::BROKER_CONNECTED, &m.broker_connected),
        (field::WRITER_LAG_SECONDS, &m.influx_lag_seconds),
        (field::WRITER_QUARANTINED, &m.influx_refused_lines_total),
    ];
    let mut all: Vec<_> = figures.into_iter().map(|(name, figure)| (name, figure.get() as f64)).collect();
    all.push((field::COMMIT_AGE_MS, m.commit_age_microseconds.get() as f64 / 1_000.0));
    all.push((field::OUTBOX_WAITING, size.outbox as f64));
    all.push((field::LEDGER_BYTES, size.file_bytes as f64));
    all.push((field::TROUBLES, shared.health.troubles().len() as f64));
    Ok(all)
}
