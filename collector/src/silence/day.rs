//! The account of one agent's business day as a document of the ledger: each hour of each point, hours
//! alike written once, points alike written together, so that a day on which all went well is a
//! list of names. Reads back what it wrote; decides nothing.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use wire::{PointName, Source, UnixMs};

use super::account::{Account, Reason};

/// An hour in milliseconds.
pub const HOUR_MS: i64 = 3_600_000;
/// No day has more hours: 24, one more for a change of clocks, one begun, and a change of the cut-off.
pub const HOURS_MAX: usize = 50;
/// The shape that this program writes.
const VERSION: u64 = 1;

/// The account of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// Its first instant.
    pub from: UnixMs,
    /// The first instant after it.
    pub to: UnixMs,
    /// Accounted for up to here; hours that end later are not over yet.
    pub upto: UnixMs,
    /// The revision of the agent's note that it was judged by.
    pub revision: u64,
    /// The revision of the room's note.
    pub room_revision: u64,
    /// When the newest sample was read that it was judged by.
    pub heard: UnixMs,
    /// Hours of each point in order; what does not count is an empty account.
    pub points: BTreeMap<PointName, Vec<Account>>,
}

impl Day {
    /// Nothing accounted yet.
    #[must_use]
    pub fn new(from: UnixMs, to: UnixMs) -> Self {
        Self { from, to, upto: from, revision: 0, room_revision: 0, heard: UnixMs::MIN, points: BTreeMap::new() }
    }

    /// How many hours it has, a begun one included.
    #[must_use]
    pub fn hours(&self) -> usize {
        let hours = (self.to - self.from).max(0).div_euclid(HOUR_MS) + i64::from((self.to - self.from) % HOUR_MS > 0);
        usize::try_from(hours).unwrap_or(0).min(HOURS_MAX)
    }

    /// From when to when its hour `index` goes.
    #[must_use]
    pub fn hour(&self, index: usize) -> (UnixMs, UnixMs) {
        let from = self.from.saturating_add(HOUR_MS.saturating_mul(index as i64));
        (from, from.saturating_add(HOUR_MS).min(self.to))
    }

    /// Puts the accounts of an hour in the place of those it had.
    pub fn put(&mut self, index: usize, accounts: BTreeMap<PointName, Account>) {
        for (name, hours) in &mut self.points {
            if let Some(hour) = hours.get_mut(index).filter(|_| !accounts.contains_key(name)) {
                *hour = Account::default();
            }
        }
        for (name, account) in accounts {
            let hours = self.points.entry(name).or_default();
            if hours.len() <= index {
                hours.resize(index + 1, Account::default());
            }
            hours[index] = account;
        }
    }

    /// Points that count in one of the hours before `index`.
    pub fn counted_before(&self, index: usize) -> impl Iterator<Item = &PointName> {
        let counts = move |hours: &&Vec<Account>| hours.iter().take(index).any(|hour| hour.counted_ms() > 0);
        self.points.iter().filter(move |(_, hours)| counts(hours)).map(|(name, _)| name)
    }

    /// Points that count in the hour `index`.
    #[must_use]
    pub fn counted_in(&self, index: usize) -> BTreeSet<PointName> {
        let counts = |hours: &Vec<Account>| hours.get(index).is_some_and(|hour| hour.counted_ms() > 0);
        self.points.iter().filter(|(_, hours)| counts(hours)).map(|(name, _)| name.clone()).collect()
    }

    /// As a document.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut order: Vec<(String, Vec<&str>, Value)> = Vec::new();
        for (name, hours) in &self.points {
            let hours = Value::Array(runs(hours));
            let text = hours.to_string();
            match order.iter_mut().find(|(known, ..)| *known == text) {
                Some((_, names, _)) => names.push(name.as_str()),
                None => order.push((text, vec![name.as_str()], hours)),
            }
        }
        let accounts: Vec<Value> =
            order.into_iter().map(|(_, names, hours)| json!({ "points": names, "hours": hours })).collect();
        json!({
            "version": VERSION, "from": self.from, "to": self.to, "upto": self.upto,
            "revision": self.revision, "room_revision": self.room_revision, "heard": self.heard,
            "accounts": accounts,
        })
    }

    /// What [`Day::to_json`] wrote; `None` for anything else.
    #[must_use]
    pub fn from_json(body: &Value) -> Option<Self> {
        if body.get("version")?.as_u64()? != VERSION {
            return None;
        }
        let number = |key: &str| body.get(key)?.as_i64();
        let mut points = BTreeMap::new();
        for group in body.get("accounts")?.as_array()? {
            let hours = hours_of(group.get("hours")?.as_array()?)?;
            for name in group.get("points")?.as_array()? {
                points.insert(PointName::parse(name.as_str()?).ok()?, hours.clone());
            }
        }
        Some(Self {
            from: number("from")?,
            to: number("to")?,
            upto: number("upto")?,
            revision: body.get("revision")?.as_u64()?,
            room_revision: body.get("room_revision")?.as_u64()?,
            heard: number("heard")?,
            points,
        })
    }
}

/// Hours alike as `[how many, measured, backfilled, planned off, {reason: lost}]`, zeros at the end left out.
fn runs(hours: &[Account]) -> Vec<Value> {
    let written = |run: &[Account]| {
        let hour = &run[0];
        let mut parts = vec![json!(run.len()), json!(hour.measured_ms), json!(hour.backfilled_ms)];
        parts.push(json!(hour.planned_off_ms));
        let lost: Map<String, Value> = hour.lost.iter().map(|(r, ms)| (r.as_str().to_owned(), json!(ms))).collect();
        if !lost.is_empty() {
            parts.push(Value::Object(lost));
        }
        while parts.len() > 1 && parts.last() == Some(&json!(0)) {
            parts.pop();
        }
        Value::Array(parts)
    };
    hours.chunk_by(|a, b| a == b).map(written).collect()
}

fn hours_of(runs: &[Value]) -> Option<Vec<Account>> {
    let mut hours = Vec::new();
    for run in runs {
        let run = run.as_array()?;
        let part = |i: usize| run.get(i).map_or(Some(0), Value::as_i64);
        let mut hour =
            Account { measured_ms: part(1)?, backfilled_ms: part(2)?, planned_off_ms: part(3)?, ..Account::default() };
        for (word, ms) in run.get(4).and_then(Value::as_object).into_iter().flatten() {
            hour.lose(Reason::from_word(word), ms.as_i64()?);
        }
        let count = usize::try_from(run.first()?.as_u64()?).ok()?;
        if hours.len() + count > HOURS_MAX {
            return None;
        }
        hours.resize(hours.len() + count, hour);
    }
    Some(hours)
}

/// Key of the document of a day: `k01/pi-1/2026-11-23`.
#[must_use]
pub fn key(source: &Source, date: &str) -> String {
    format!("{}/{}/{date}", source.room, source.agent)
}

/// The business date that a key ends with.
#[must_use]
pub fn date_of(key: &str) -> &str {
    key.rsplit_once('/').map_or(key, |(_, date)| date)
}
