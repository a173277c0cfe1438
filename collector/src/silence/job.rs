//! The thread that accounts for silence: every few minutes it brings the accounts of every agent up
//! to date and files them. It keeps nothing of its own: what is done stands in the accounts, so one that
//! was killed, or whose filing was not committed, goes on from there. It rests between agents, and
//! one agent's hour is all that it holds in memory.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use jiff::{ToSpan, civil::Date};
use tokio::{runtime, sync::watch};
use wire::{About, PointName, Source, UnixMs};

use super::{day::Day, judge::Agent, note::BACK_MS, record};
use crate::{
    Shared,
    health::Part,
    ledger::{Error, Record},
    step::Filing,
    venues::Calendar,
};

/// How far back hours are judged again, and for how long an agent that says nothing counts.
pub const BACK_DAYS: i64 = BACK_MS / DAY_MS;
const DAY_MS: i64 = 86_400_000;
/// World time between two rounds.
pub const EVERY: Duration = Duration::from_secs(600);
/// World time from the live horizon to an account: commits that take long are in by then.
const SETTLE_MS: i64 = 60_000;
/// Real time between two agents, for commits and charts to go first.
const REST: Duration = Duration::from_millis(2);
/// Accounts that are filed together: one commit for many agents, of some hundred KiB.
const FILED_MAX: usize = 256;
/// Samples of an hour of one agent that are looked at: fifty a second.
const SAMPLES_MAX: usize = 180_000;

/// Rounds until `stop` says so.
///
/// # Errors
/// When the system gives no timer.
pub fn run(shared: &Shared, mut stop: watch::Receiver<bool>) -> Result<(), std::io::Error> {
    let timer = runtime::Builder::new_current_thread().enable_time().build()?;
    // `true` once it is over.
    let mut rest =
        |time| timer.block_on(async { tokio::time::timeout(time, stop.wait_for(|over| *over)).await.is_ok() });
    while !rest(shared.clock.real(EVERY)) {
        match round(shared, &mut || !rest(REST)) {
            Ok(done) => tracing::debug!(accounts = done, "silence is accounted for"),
            Err(error) => tracing::error!(%error, "silence cannot be accounted for now; tried again"),
        }
    }
    Ok(())
}

/// One round over every agent; `pace` rests between two, and says `false` to end. Gives the number of
/// accounts that were filed.
///
/// # Errors
/// Those of the ledger.
pub fn round(shared: &Shared, pace: &mut dyn FnMut() -> bool) -> Result<usize, Error> {
    // While commits fail, nobody knows what came in time.
    if shared.health.troubles().iter().any(|(part, _)| *part == Part::Ledger) {
        return Ok(0);
    }
    let now = shared.clock.now();
    let mut heard: HashMap<Source, UnixMs> = HashMap::new();
    for mark in shared.reader.watermarks()? {
        let newest = heard.entry(mark.source).or_insert(UnixMs::MIN);
        *newest = mark.sample_at.max(*newest);
    }
    let (mut waiting, mut done) = (Vec::new(), 0);
    for device in shared.reader.devices()? {
        let fresh = heard.get(&device.source).is_some_and(|at| *at >= now.saturating_sub(BACK_MS));
        if fresh {
            waiting.extend(agent(shared, &device.source, device.about.as_ref(), now)?);
        }
        if waiting.len() >= FILED_MAX {
            done += file(shared, &mut waiting);
        }
        if fresh && !pace() {
            break;
        }
    }
    Ok(done + file(shared, &mut waiting))
}

/// Files what waits; what does not fit is judged again in the next round.
fn file(shared: &Shared, waiting: &mut Vec<Record>) -> usize {
    let records = std::mem::take(waiting);
    let count = records.len();
    if count == 0 {
        return 0;
    }
    match shared.filings.put(Filing { records, ..Filing::default() }) {
        Ok(()) => count,
        Err(_) => {
            tracing::warn!(accounts = count, "too many filings wait; silence is accounted for in the next round");
            0
        }
    }
}

/// The accounts of one agent that are to be written.
fn agent(shared: &Shared, source: &Source, about: Option<&About>, now: UnixMs) -> Result<Vec<Record>, Error> {
    // The notes first: what they do not know yet is judged with the next round.
    let (Some(note), room) = record::notes_of(&*shared.reader, source)? else { return Ok(Vec::new()) };
    let horizon_ms = shared.config.ingest.live_horizon_seconds as i64 * 1_000;
    let upto = now.saturating_sub(horizon_ms + SETTLE_MS);
    let periods_ms = about.map(periods_ms).unwrap_or_default();
    let judge = Agent { note: &note, room: &room, periods_ms: &periods_ms };
    let venues = shared.venues.get();
    let calendar = venues.calendar(&source.venue);
    let oldest = now.saturating_sub(back_ms(shared.config.readings.retention_days));
    let newest = record::newest_day(&*shared.reader, source)?;
    let first = match &newest {
        Some(newest) => judge.first_news(newest).unwrap_or(newest.from.max(newest.upto - 1)),
        None => note.since,
    };
    let Some(mut date) = calendar.business_date(first.max(oldest)) else { return Ok(Vec::new()) };
    let Some(last) = calendar.business_date(upto) else { return Ok(Vec::new()) };
    let eve = date.yesterday().unwrap_or(date);
    let mut stored: BTreeMap<String, Day> =
        record::days_of(&*shared.reader, source, &eve.to_string(), LAST_DATE)?.into_iter().collect();
    let eve = stored.remove(&eve.to_string()).filter(|_| eve < date);
    let (mut days, mut before_ends) = (Vec::new(), eve.as_ref().map(|eve| eve.to));
    while date <= last {
        let name = date.to_string();
        let Some(day) = stored.remove(&name).or_else(|| blank(calendar, date, before_ends)) else { break };
        before_ends = Some(day.to);
        days.push((name, day));
        let Ok(next) = date.checked_add(1.day()) else { break };
        date = next;
    }
    let judged = judge.walk(eve, days, upto, &mut |from, to| {
        let samples = shared.readings.samples(source, from, to, SAMPLES_MAX)?;
        if samples.len() == SAMPLES_MAX {
            tracing::warn!(agent.id = %source, from, "an agent says too much: the rest of its hour is not accounted for");
        }
        Ok::<_, Error>(samples)
    })?;
    let worth_storing = judged.iter().filter(|(_, day)| !day.points.is_empty());
    Ok(worth_storing.map(|(date, day)| record::of_day(source, date, day, now)).collect())
}

/// How far back hours are judged again where samples are kept for so many days: never hours whose samples
/// are forgotten already, which would then be lost. Two days less, since days are judged whole.
fn back_ms(retention_days: u32) -> i64 {
    (i64::from(retention_days) - 2).max(0).saturating_mul(DAY_MS).min(BACK_MS)
}

/// Sorts after every date.
const LAST_DATE: &str = "9999-12-31";

/// A day of which nothing is accounted for. Where the day before ends later than this one begins (the
/// venue's hours were changed), it begins there: nothing is counted twice.
fn blank(calendar: &Calendar, date: Date, before_ends: Option<UnixMs>) -> Option<Day> {
    let begin = |date: Date| calendar.first_at(date.to_datetime(calendar.cut_off));
    let from = begin(date)?;
    let from = before_ends.map_or(from, |ends| from.max(ends));
    Some(Day::new(from, begin(date.tomorrow().ok()?)?.max(from)))
}

fn periods_ms(about: &About) -> BTreeMap<PointName, i64> {
    let known = about.points.iter().filter_map(|(name, point)| Some((name.clone(), point.period_seconds?)));
    // Saturates where an agent says nonsense; the hour then takes its own limit.
    known.filter(|(_, seconds)| *seconds > 0.0).map(|(name, seconds)| (name, (seconds * 1_000.0) as i64)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_whose_samples_are_forgotten_are_not_judged_again() {
        assert_eq!(back_ms(400), BACK_MS);
        assert_eq!(back_ms(10), 8 * DAY_MS);
        assert_eq!(back_ms(1), 0);
    }

    #[test]
    fn a_day_never_begins_before_the_one_before_it_ends() {
        let calendar = Calendar::always(jiff::tz::TimeZone::get("Asia/Shanghai").expect("a known zone"));
        let day = |ends| blank(&calendar, jiff::civil::date(2026, 11, 23), ends).expect("a day that there is");
        let usual = day(None);
        assert_eq!((usual.from, usual.hours()), (1_795_384_800_000, 24), "06:00 in Shanghai");
        // The cut-off was moved: what the day before has already is not in this one.
        assert_eq!(day(Some(usual.from + 5_400_000)).hours(), 23);
        assert_eq!(day(Some(usual.to + 1)).hours(), 0);
        let spring = Calendar::always(jiff::tz::TimeZone::get("Europe/Berlin").expect("a known zone"));
        let short = blank(&spring, jiff::civil::date(2026, 3, 28), None).expect("a day that there is");
        assert_eq!(short.hours(), 23, "the night in which clocks go forward");
    }
}
