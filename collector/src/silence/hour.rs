//! Divides a stretch of time, an hour usually, among the four shares for every point of an agent: pure, from
//! the samples of that time, the [`Note`] of the agent and the locks of its room. The order in which
//! a millisecond is judged stands in [`super`].

use std::collections::{BTreeMap, BTreeSet};

use wire::{Fault, PointName, Sample, UnixMs};

use super::{
    account::{Account, Reason},
    note::{Note, Stretch, Told},
    spans::{Span, cut, length, minus, union},
};

/// Where neither `about` nor the words themselves tell a period, in milliseconds.
const PERIOD_MS_USUAL: i64 = 60_000;
/// No period is longer, in milliseconds: a day. What says so would let one value stand for ever.
pub const PERIOD_MS_MAX: i64 = 86_400_000;
/// A look back of at least this much before a stretch finds words that stand into it, where no period
/// asks for more, in milliseconds.
const LOOK_BACK_MS_MIN: i64 = 900_000;

/// What an agent's time is judged by.
pub struct Evidence<'a> {
    /// Its samples in order of time, those of [`look_back_ms`] before the stretch included.
    pub samples: &'a [Sample],
    /// What its samples do not tell.
    pub note: &'a Note,
    /// When its room was locked.
    pub locked: &'a [Stretch],
    /// The period of a point in milliseconds, where its agent says one.
    pub period_ms: &'a dyn Fn(&PointName) -> Option<i64>,
    /// Points that were heard of before the stretch.
    pub known: &'a BTreeSet<PointName>,
    /// When the business day began: a point taken out before it counts no more.
    pub day_from: UnixMs,
}

/// How long a word of a point with this period stands.
fn stands_ms(period_ms: i64) -> i64 {
    period_ms.clamp(1, PERIOD_MS_MAX) * 3 / 2
}

/// How long before a stretch a word can have been said that stands into it.
#[must_use]
pub fn look_back_ms(periods_ms: impl IntoIterator<Item = i64>) -> i64 {
    periods_ms.into_iter().map(stands_ms).fold(LOOK_BACK_MS_MIN, i64::max)
}

enum Word<'a> {
    Value { late: bool },
    Fault(&'a Fault),
}

type Words<'a> = BTreeMap<&'a PointName, Vec<(UnixMs, Word<'a>)>>;

/// Divides [`from`, `to`). Points of which nothing is known yet are not in the answer.
#[must_use]
pub fn divide(evidence: &Evidence<'_>, from: UnixMs, to: UnixMs) -> BTreeMap<PointName, Account> {
    let words = words(evidence, to);
    let ends: BTreeMap<&PointName, i64> = words
        .iter()
        .map(|(name, words)| {
            let period = (evidence.period_ms)(name).unwrap_or_else(|| median_gap(words));
            (*name, stands_ms(period))
        })
        .collect();
    let mut heard = Vec::new();
    for (name, words) in &words {
        heard.extend(standing(words, ends[name]).filter_map(|(span, _)| cut(span, (from, to))));
    }
    let heard = union(heard);
    let mut points: BTreeSet<&PointName> = words.keys().copied().collect();
    points.extend(evidence.known);
    points.extend(evidence.note.points.keys());
    let off = planned(evidence);
    let mut out = BTreeMap::new();
    for name in points {
        let spoken: &[_] = words.get(name).map_or(&[], Vec::as_slice);
        let Some(since) = counts_since(evidence, name, spoken, from, to) else { continue };
        let mut account = Account::default();
        let mut stood = Vec::new();
        for (span, word) in standing(spoken, ends.get(name).copied().unwrap_or_default()) {
            let Some(span) = cut(span, (since, to)) else { continue };
            let ms = span.1 - span.0;
            stood.push(span);
            match word {
                Word::Value { late: false } => account.measured_ms += ms,
                Word::Value { late: true } => account.backfilled_ms += ms,
                Word::Fault(fault) => account.lose(Reason::Fault((*fault).clone()), ms),
            }
        }
        silent(evidence, name, minus(&[(since, to)], &union(stood)), &off, &heard, &mut account);
        out.insert(name.clone(), account);
    }
    out
}

/// Words of each point in order, those of one instant as they came: the last of them counts.
fn words<'a>(evidence: &Evidence<'a>, to: UnixMs) -> Words<'a> {
    let mut words: Words<'a> = BTreeMap::new();
    for sample in evidence.samples.iter().filter(|sample| sample.at < to) {
        let late = evidence.note.is_late(sample.at);
        for (name, _) in &sample.points {
            words.entry(name).or_default().push((sample.at, Word::Value { late }));
        }
        for (name, fault) in &sample.faults {
            words.entry(name).or_default().push((sample.at, Word::Fault(fault)));
        }
    }
    words
}

/// Each word with the time for which it stands.
fn standing<'a, 'w>(words: &'w [(UnixMs, Word<'a>)], stands_ms: i64) -> impl Iterator<Item = (Span, &'w Word<'a>)> {
    words.iter().enumerate().map(move |(i, (at, word))| {
        let end = at.saturating_add(stands_ms);
        ((*at, words.get(i + 1).map_or(end, |next| end.min(next.0))), word)
    })
}

/// The median gap between words.
fn median_gap(words: &[(UnixMs, Word<'_>)]) -> i64 {
    let mut gaps: Vec<i64> = words.windows(2).map(|pair| pair[1].0 - pair[0].0).filter(|gap| *gap > 0).collect();
    gaps.sort_unstable();
    gaps.get(gaps.len() / 2).copied().unwrap_or(PERIOD_MS_USUAL)
}

/// From when on the point counts; `None` where it does not count before `to`.
fn counts_since(
    evidence: &Evidence<'_>,
    name: &PointName,
    words: &[(UnixMs, Word<'_>)],
    from: UnixMs,
    to: UnixMs,
) -> Option<UnixMs> {
    let told = evidence.note.points.get(name);
    let out = |told: &Told| told.out.iter().any(|s| s.from < evidence.day_from && s.span().1 >= to);
    if words.is_empty() && told.is_some_and(out) {
        return None;
    }
    let first = words.first().map(|(at, _)| *at);
    let known = evidence.known.contains(name).then_some(from);
    let since = [known, first, told.map(|told| told.since)].into_iter().flatten().min()?.max(from);
    let since = since.max(evidence.note.since);
    (since < to).then_some(since)
}

/// When nothing was to be expected of the whole agent.
fn planned(evidence: &Evidence<'_>) -> Vec<Span> {
    evidence.note.stopped.iter().chain(evidence.locked).map(Stretch::span).collect()
}

/// Why the point said nothing in `left`.
fn silent(
    evidence: &Evidence<'_>,
    name: &PointName,
    left: Vec<Span>,
    off: &[Span],
    heard: &[Span],
    account: &mut Account,
) {
    let mut off = off.to_vec();
    off.extend(evidence.note.points.get(name).into_iter().flat_map(|told| &told.out).map(Stretch::span));
    let (mut left, off_ms) = take(&left, &union(off));
    account.planned_off_ms += off_ms;
    // Where several runs tell of one stretch, the one with most numbers names it.
    let mut runs: Vec<_> = evidence.note.lost.iter().collect();
    runs.sort_by_key(|run| std::cmp::Reverse(run.numbers));
    for run in runs {
        let (rest, ms) = take(&left, &[run.stretch.span()]);
        account.lose(run.reason.into(), ms);
        left = rest;
    }
    let (left, ms) = take(&left, heard);
    account.lose(Reason::NotReported, ms);
    account.lose(Reason::AgentAway, length(&left));
}

/// What remains of `left` without `away`, and how long what went is.
fn take(left: &[Span], away: &[Span]) -> (Vec<Span>, i64) {
    let rest = minus(left, away);
    let taken = length(left) - length(&rest);
    (rest, taken)
}
