//! Makes the pre-opening reports: looks at every venue from time to time, and files the report when its
//! time has come, and how the rooms stood once the venue is open. What was made stands in the ledger, so
//! a collector that was killed, or whose filing was not committed, makes it then, and never a second one.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use jiff::{ToSpan, civil::Date};
use serde_json::json;
use tokio::{runtime, sync::watch};
use wire::{Id, UnixMs};

use super::{
    compile::compile,
    duty,
    gather::Sources,
    plan::{Slot, slot},
    report::{AtOpening, Made, Report},
};
use crate::{
    Shared,
    config::Config,
    episode::Severity,
    ledger::{Error, NewMessage, RecordFilter, record_kind},
    step::Filing,
    venues::{Venue, Venues},
};

/// World time between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Real time between two looks, at least: a world that runs fast must not make this thread spin.
const LOOK_EVERY_MIN: Duration = Duration::from_millis(20);
/// After a start agents are given so long to be heard, in milliseconds.
const SETTLE_MS: i64 = 120_000;
/// A report that is made so much after its time is late, in milliseconds.
const LATE_MS: i64 = 180_000;
/// How the rooms stood at the opening is looked at so much later at most, in milliseconds.
const AT_OPENING_MS: i64 = 300_000;
/// What was filed is not filed again for so long: its commit may take a while. In milliseconds.
const FILED_MS: i64 = 60_000;
/// A venue without anything to do is looked at again after so long, in milliseconds.
const IDLE_MS: i64 = 600_000;
/// Business dates back that reports are looked for: what a collector that was down for longer missed is
/// seen from its silence.
const DAYS_BACK: i64 = 7;

/// What a job remembers between two looks; nothing that matters after a crash.
#[derive(Debug)]
pub struct Job {
    started: UnixMs,
    /// When each venue is looked at again.
    next: BTreeMap<Id, UnixMs>,
    venues: Option<Arc<Venues>>,
    /// What was filed when: venue, date, whether it was the look at the opening.
    filed: HashMap<(Id, String, bool), UnixMs>,
    /// Channels of the configuration that a report goes to where a venue names none.
    usual: Vec<String>,
}

/// Runs until `stop`.
///
/// # Errors
/// When the system gives no timer.
pub fn run(shared: &Shared, mut stop: watch::Receiver<bool>) -> Result<(), std::io::Error> {
    let timer = runtime::Builder::new_current_thread().enable_time().build()?;
    let mut job = Job::new(shared.clock.now(), usual(&shared.config));
    let look_every = shared.clock.real(LOOK_EVERY).max(LOOK_EVERY_MIN);
    loop {
        let over = timer.block_on(async { tokio::time::timeout(look_every, stop.wait_for(|s| *s)).await.is_ok() });
        if over {
            return Ok(());
        }
        let venues = shared.venues.get();
        match job.look(&Sources::of(shared, &venues), &venues, shared.clock.now()) {
            Ok(filings) => {
                for filing in filings {
                    if shared.filings.put(filing).is_err() {
                        tracing::warn!("too many filings wait; the report is made again");
                    }
                    shared.requests.wake();
                }
            }
            Err(error) => tracing::error!(%error, "readiness cannot be reported now; tried again"),
        }
    }
}

/// Where a report goes that nobody says anything of: every channel but those kept for worse news.
#[must_use]
pub fn usual(config: &Config) -> Vec<String> {
    let channels = &config.notify.channel;
    let quiet = |severity| channels.iter().filter(move |(_, c)| c.severity_min() >= severity).map(|(n, _)| n.clone());
    let usual: Vec<String> = quiet(Severity::P3).collect();
    if usual.is_empty() { channels.keys().cloned().collect() } else { usual }
}

impl Job {
    /// Begins at `now`.
    #[must_use]
    pub fn new(now: UnixMs, usual: Vec<String>) -> Self {
        Self { started: now, next: BTreeMap::new(), venues: None, filed: HashMap::new(), usual }
    }

    /// What is to be filed at `now`.
    ///
    /// # Errors
    /// Those of the ledger; what was not filed is with the next look.
    pub fn look(&mut self, sources: &Sources<'_>, venues: &Arc<Venues>, now: UnixMs) -> Result<Vec<Filing>, Error> {
        if !self.venues.as_ref().is_some_and(|of| Arc::ptr_eq(of, venues)) {
            (self.venues, self.next) = (Some(venues.clone()), BTreeMap::new());
        }
        self.filed.retain(|_, at| (0..FILED_MS).contains(&now.saturating_sub(*at)));
        let mut filings = Vec::new();
        for (id, venue) in &venues.venues {
            let is_time = self.next.get(id).is_none_or(|next| now >= *next || next - now > IDLE_MS);
            if venue.calendar.is_always_open() || !is_time {
                continue;
            }
            let next = self.venue(sources, id, venue, now, &mut filings)?;
            self.next.insert(id.clone(), next.clamp(now + 1, now + IDLE_MS));
        }
        Ok(filings)
    }

    /// Looks after one venue; says when to look again.
    fn venue(
        &mut self,
        sources: &Sources<'_>,
        id: &Id,
        venue: &Venue,
        now: UnixMs,
        filings: &mut Vec<Filing>,
    ) -> Result<UnixMs, Error> {
        let mut next = UnixMs::MAX;
        let Some(today) = venue.calendar.business_date(now) else { return Ok(next) };
        let (mut date, last) = (today.saturating_sub(DAYS_BACK.days()), today.saturating_add(1.day()));
        let stored = stored(sources, id, date)?;
        while date <= last {
            if let Some(slot) = slot(id, venue, date) {
                let known = stored.get(&date.to_string());
                let found = self.slot(sources, (id, venue), slot, known, now)?;
                filings.extend(found.0);
                next = next.min(found.1);
            }
            let Ok(tomorrow) = date.tomorrow() else { break };
            date = tomorrow;
        }
        Ok(next)
    }

    /// What is to be filed of one opening, and when to look again.
    fn slot(
        &mut self,
        sources: &Sources<'_>,
        (id, venue): (&Id, &Venue),
        slot: Slot,
        known: Option<&Report>,
        now: UnixMs,
    ) -> Result<(Option<Filing>, UnixMs), Error> {
        let is_open = now >= slot.opening;
        let key = (id.clone(), slot.date.to_string(), is_open);
        if let Some(at) = self.filed.get(&key) {
            return Ok((None, at + FILED_MS));
        }
        // Agents that come back after a start of the collector are heard first, if time allows.
        let due = slot.due.max((self.started + SETTLE_MS).min(slot.opening - 60_000));
        let filing = match known {
            Some(report) if report.at_opening.is_some() || report.opening_missed => return Ok((None, UnixMs::MAX)),
            Some(_) if !is_open => return Ok((None, slot.opening)),
            None if now < due => return Ok((None, due)),
            Some(report) => opened(sources, report.clone(), now)?,
            None if is_open => {
                if !was_there(sources, id, slot.due)? {
                    return Ok((None, UnixMs::MAX));
                }
                tracing::warn!(venue.id = %id, date = %slot.date, "no report was made before this opening");
                let report = compile(sources, (id, venue), slot, Made::Missed, now)?;
                opened(sources, report, now)?
            }
            None => {
                let made = if now > slot.due + LATE_MS { Made::Late } else { Made::InTime };
                let report = compile(sources, (id, venue), slot, made, now)?;
                tracing::info!(venue.id = %id, date = %slot.date, "the pre-opening report is made");
                let channels = duty::channels(venue, slot.opening, &self.usual);
                Filing {
                    messages: channels.into_iter().map(|channel| message(&report, channel, now)).collect(),
                    records: vec![report.record(now)],
                    ..Filing::default()
                }
            }
        };
        self.filed.insert(key, now);
        Ok((Some(filing), now + FILED_MS))
    }
}

/// The report with how the rooms stand now that the venue is open, if that was just now.
fn opened(sources: &Sources<'_>, mut report: Report, now: UnixMs) -> Result<Filing, Error> {
    if now - report.opening <= AT_OPENING_MS {
        // As things stand at the opening: a room that guests entered already was made ready.
        let rooms = sources.rooms(&report.venue, Some(report.opening), now)?;
        report.at_opening = Some(AtOpening { at: now, rooms });
    } else {
        report.opening_missed = true;
    }
    Ok(Filing { records: vec![report.record(now)], ..Filing::default() })
}

/// Whether the collector knew an agent of the venue before `at`: no report is missed of what was not there.
fn was_there(sources: &Sources<'_>, venue: &Id, at: UnixMs) -> Result<bool, Error> {
    Ok(sources.reader.devices()?.iter().any(|device| device.source.venue == *venue && device.first_at < at))
}

fn stored(sources: &Sources<'_>, venue: &Id, from: Date) -> Result<BTreeMap<String, Report>, Error> {
    let filter = RecordFilter {
        kind: record_kind::READINESS.into(),
        venue: Some(venue.clone()),
        from: Some(from.to_string()),
        to: None,
        limit: 0,
    };
    let records = sources.reader.records(&filter)?;
    Ok(records.iter().filter_map(|record| Some((record.key.clone(), Report::of(record)?))).collect())
}

fn message(report: &Report, channel: String, now: UnixMs) -> NewMessage {
    let key = format!("readiness:{}:{}", report.venue, report.date);
    let (venue, date) = (&report.venue, &report.date);
    let payload = json!({ "report": "readiness", "venue": venue, "date": date, "body": report });
    NewMessage { channel, key, ticket: None, severity: Severity::P3, due_at: now, payload }
}
