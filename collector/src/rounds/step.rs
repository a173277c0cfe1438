//! The one function that decides on rounds: `step(state, event, now)` says what follows. The same
//! events in the same order always give the same effects; nothing here reads a clock.

use wire::{Id, UnixMs};

use super::{
    Answer, By, Cursor, Effect, Event, Flag, Item, Plan, Reading, Refusal, Round, Stage, State,
    evidence::{self, Worth},
    plans::VenuePlans,
    state::{KEEP_MS, LastTag},
    when::{Occurrence, dates_around, occurrences},
};

/// Rounds that began while the collector was down are made up for, back to this long ago: a day less
/// than the ledger brings back, so that none is made twice.
const CATCH_UP_MS: i64 = KEEP_MS - 86_400_000;
/// A venue is looked at at least this often, and how far is stored.
const LOOK_MS_MAX: i64 = 3_600_000;
/// Longest note that a person may write, so that a ticket has room for it in both its languages, and
/// longest name, in characters.
const WORDS_MAX: usize = 500;
const NAME_MAX: usize = 64;
/// Answers kept to one question.
const ANSWERS_MAX: usize = 20;

/// Lets `state` take in `event` at `now`, and says what follows.
pub fn step(state: &mut State, event: &Event, now: UnixMs, out: &mut Vec<Effect>) {
    match event {
        Event::Tick => tick(state, now, out),
        Event::Seen { venue, agent, room, asset, at, reading } => {
            seen(state, (venue, agent, room.as_ref(), asset), *at, reading, now, out);
        }
        Event::Person { who, round, check, passed, note } => {
            let answer =
                Answer { at: now, by: By::Person(who.trim().into()), passed: *passed, note: note.trim().into() };
            if let Err(refusal) = person(state, round, check.trim(), &answer, now, out) {
                out.push(Effect::Refused(refusal));
            }
        }
        Event::Opened { round, item, ticket } => opened(state, round, item.as_deref(), ticket, out),
        Event::Ended { venue, ticket } => {
            let Some(memory) = state.venues.get_mut(venue) else { return };
            let known = memory.cursor.failed.len();
            memory.cursor.failed.retain(|_, number| number != ticket);
            if memory.cursor.failed.len() != known {
                out.push(Effect::Cursor { venue: venue.clone(), cursor: memory.cursor.clone() });
            }
        }
    }
}

fn tick(state: &mut State, now: UnixMs, out: &mut Vec<Effect>) {
    let plans = state.plans.clone();
    let gone: Vec<Id> = state.venues.keys().filter(|venue| !plans.venues.contains_key(*venue)).cloned().collect();
    for venue in plans.venues.keys().chain(&gone) {
        let memory = state.venues.entry(venue.clone()).or_default();
        let before = memory.looked_at.unwrap_or(now).max(now.saturating_sub(CATCH_UP_MS));
        // A clock that was set back makes nothing twice.
        if memory.looked_at.is_some() && now < memory.next_at.max(before) {
            memory.looked_at = Some(now.max(before));
            continue;
        }
        let in_force = plans.venues.get(venue);
        withdraw(state, venue, in_force, out);
        if let Some(in_force) = in_force {
            begin(state, venue, in_force, before, now, out);
        }
        miss(state, venue, now, out);
        look_again(state, venue, in_force, now, out);
    }
}

/// Rounds whose plan was taken away, or that the hours in force have on another day, found once after
/// files of venues were read.
fn withdraw(state: &mut State, venue: &Id, of: Option<&VenuePlans>, out: &mut Vec<Effect>) {
    let memory = state.venues.entry(venue.clone()).or_default();
    if std::mem::replace(&mut memory.is_compared, true) {
        return;
    }
    let is_due = |round: &Round| {
        let of = of?;
        let plan = of.plans.iter().find(|plan| plan.id == round.plan)?;
        let date = round.date.parse().ok()?;
        occurrences(plan, &of.calendar, date).iter().any(|o| key(plan, o) == round.key).then_some(())
    };
    let is_gone = |round: &&Round| round.stage == Stage::Open && is_due(round).is_none();
    let keys: Vec<String> = state.rounds_of(venue).filter(is_gone).map(|r| r.key.clone()).collect();
    for key in keys {
        change(state, venue, &key, out, |round| round.stage = Stage::Withdrawn);
    }
}

/// `2026-11-23/weekly-fire`, `2026-11-23/fire-patrol/2`.
fn key(plan: &Plan, occurrence: &Occurrence) -> String {
    match occurrence.slot {
        0 => format!("{}/{}", occurrence.date, plan.id),
        slot => format!("{}/{}/{slot}", occurrence.date, plan.id),
    }
}

/// Rounds that begin, and those that began since `before` while nobody looked.
fn begin(state: &mut State, venue: &Id, of: &VenuePlans, before: UnixMs, now: UnixMs, out: &mut Vec<Effect>) {
    for date in dates_around(&of.calendar, before, now) {
        for plan in &of.plans {
            for occurrence in occurrences(plan, &of.calendar, date) {
                if occurrence.from > now || occurrence.due <= before {
                    continue;
                }
                let round = round(venue, plan, &occurrence, now);
                match state.rounds.get(&(venue.clone(), round.key.clone())) {
                    None => {
                        out.push(Effect::Stored(Box::new(round.clone())));
                        state.remember(round);
                    }
                    // Its plan is back in time.
                    Some(known) if known.stage == Stage::Withdrawn && known.due > now => {
                        change(state, venue, &round.key, out, |round| round.stage = Stage::Open);
                    }
                    Some(_) => {}
                }
            }
        }
    }
}

/// The round of an occurrence, without an answer.
fn round(venue: &Id, plan: &Plan, occurrence: &Occurrence, now: UnixMs) -> Round {
    let items = plan.checks.iter().flat_map(|check| {
        check.targets.iter().map(|target| Item {
            check: check.id.clone(),
            target: target.clone(),
            zh: check.zh.clone(),
            en: check.en.clone(),
            evidence: check.evidence,
            severity: check.severity,
            answers: Vec::new(),
        })
    });
    Round {
        venue: venue.clone(),
        key: key(plan, occurrence),
        plan: plan.id.clone(),
        date: occurrence.date.to_string(),
        moved_from: occurrence.moved_from.map(|date| date.to_string()),
        name_zh: plan.name_zh.clone(),
        name_en: plan.name_en.clone(),
        team: plan.team.clone(),
        severity: plan.severity,
        from: occurrence.from,
        due: occurrence.due,
        stage: Stage::Open,
        done_at: None,
        flags: if occurrence.due <= now { vec![Flag::NotWatched] } else { Vec::new() },
        ticket: None,
        items: items.collect(),
    }
}

/// Rounds whose time has passed. Of several of one plan at once, which a collector that was down finds,
/// the newest opens a ticket: what is over cannot be made any more.
fn miss(state: &mut State, venue: &Id, now: UnixMs, out: &mut Vec<Effect>) {
    let over = |round: &&Round| round.stage == Stage::Open && round.due <= now;
    let mut late: Vec<(Id, UnixMs, String)> =
        state.rounds_of(venue).filter(over).map(|r| (r.plan.clone(), r.due, r.key.clone())).collect();
    late.sort();
    for (n, (plan, _, key)) in late.iter().enumerate() {
        change(state, venue, key, out, |round| round.stage = Stage::Missed);
        let is_newest = late.get(n + 1).is_none_or(|(next, ..)| next != plan);
        if let Some(round) = state.rounds.get(&(venue.clone(), key.clone())).filter(|_| is_newest) {
            out.push(Effect::Missed(Box::new(round.clone())));
        }
    }
}

/// Forgets what is over, and finds out when something happens next.
fn look_again(state: &mut State, venue: &Id, of: Option<&VenuePlans>, now: UnixMs, out: &mut Vec<Effect>) {
    state.rounds.retain(|(v, _), round| v != venue || round.due > now.saturating_sub(KEEP_MS));
    let mut next_at = now.saturating_add(LOOK_MS_MAX);
    let ends = state.rounds_of(venue).filter(|r| r.stage == Stage::Open).map(|r| r.due).min();
    next_at = next_at.min(ends.unwrap_or(UnixMs::MAX));
    if let Some(of) = of {
        for date in dates_around(&of.calendar, now, next_at) {
            for occurrence in of.plans.iter().flat_map(|plan| occurrences(plan, &of.calendar, date)) {
                if occurrence.from > now {
                    next_at = next_at.min(occurrence.from);
                }
            }
        }
    }
    state.note_waiting(venue);
    let memory = state.venues.entry(venue.clone()).or_default();
    (memory.looked_at, memory.next_at) = (Some(now), next_at);
    if of.is_some() && now.saturating_sub(memory.cursor.at) >= LOOK_MS_MAX {
        memory.cursor.at = now;
        out.push(Effect::Cursor { venue: venue.clone(), cursor: memory.cursor.clone() });
    }
}

/// A reader sees something in its place.
fn seen(
    state: &mut State,
    (venue, agent, room, asset): (&Id, &Id, Option<&Id>, &Id),
    at: UnixMs,
    reading: &Reading,
    now: UnixMs,
    out: &mut Vec<Effect>,
) {
    let Some(memory) = state.venues.get(venue).filter(|memory| memory.waiting.contains(asset)) else { return };
    let last = memory.cursor.tags.get(asset).cloned();
    let waits = |round: &&Round| {
        round.stage.takes_answers()
            && (round.from..round.due).contains(&at)
            && round.items.iter().any(|item| evidence::is_answered_by(item, asset, room, reading))
    };
    let keys: Vec<String> = state.rounds_of(venue).filter(waits).map(|r| r.key.clone()).collect();
    if keys.is_empty() {
        return;
    }
    let (by, flag) = match evidence::weigh(reading, agent, asset, at, last.as_ref()) {
        Worth::Nothing => return,
        Worth::Answer(by) => (Some(by), None),
        Worth::Doubted(by, flag) => (Some(by), Some(flag)),
        Worth::Rejected(flag) => (None, Some(flag)),
    };
    for key in keys {
        let mut changed = false;
        if let Some(round) = state.rounds.get_mut(&(venue.clone(), key.clone())) {
            if let Some(flag) = flag.as_ref().filter(|flag| !round.flags.iter().any(|known| is_same(known, flag))) {
                round.flags.push(flag.clone());
                changed = true;
            }
            for item in &mut round.items {
                if let Some(by) = by.as_ref().filter(|_| evidence::is_answered_by(item, asset, room, reading)) {
                    item.answers.push(Answer { at, by: by.clone(), passed: true, note: String::new() });
                    changed = true;
                }
            }
        }
        if changed {
            settle(state, venue, &key, agent.as_str(), now, out);
        }
    }
    if let (Some(By::Tag { tag, count, .. }), Some(memory)) = (by, state.venues.get_mut(venue)) {
        memory.cursor.tags.insert(asset.clone(), LastTag { tag, count, at });
        out.push(Effect::Cursor { venue: venue.clone(), cursor: Cursor::clone(&memory.cursor) });
    }
    state.note_waiting(venue);
}

/// Whether two flags are about the same thing.
fn is_same(a: &Flag, b: &Flag) -> bool {
    match (a, b) {
        (Flag::CountBack { asset: a, .. }, Flag::CountBack { asset: b, .. })
        | (Flag::OtherTag { asset: a }, Flag::OtherTag { asset: b }) => a == b,
        _ => a == b,
    }
}

/// A person answers.
fn person(
    state: &mut State,
    name: &str,
    check: &str,
    answer: &Answer,
    now: UnixMs,
    out: &mut Vec<Effect>,
) -> Result<(), Refusal> {
    let By::Person(who) = &answer.by else { return Ok(()) };
    words(who, &answer.note, answer.passed)?;
    let unknown = || Refusal::Unknown { round: name.into() };
    let (venue, key) = split(name).ok_or_else(unknown)?;
    let round = state.rounds.get_mut(&(venue.clone(), key.clone())).ok_or_else(unknown)?;
    if !round.stage.takes_answers() {
        return Err(Refusal::Ended { stage: round.stage });
    }
    let asked = asked(round, check, answer.passed)?;
    if let Some(n) = asked.iter().find(|n| round.items[**n].answers.len() >= ANSWERS_MAX) {
        return Err(Refusal::TooOften { item: round.items[*n].name() });
    }
    let mut failed = Vec::new();
    for n in asked {
        let item = &mut round.items[n];
        let was_failed = item.answer().is_some_and(|answer| !answer.passed);
        item.answers.push(answer.clone());
        if !answer.passed && !was_failed {
            failed.push(item.clone());
        }
    }
    for item in failed {
        let known = state.venues.get(&venue).and_then(|m| m.cursor.failed.get(&of_plan(round, &item.name())).cloned());
        let (who, note) = (who.clone(), answer.note.clone());
        out.push(Effect::Failed { round: Box::new(round.clone()), item: Box::new(item), known, who, note });
    }
    settle(state, &venue, &key, who, now, out);
    state.note_waiting(&venue);
    if let Some(round) = state.rounds.get(&(venue, key)) {
        out.push(Effect::Taken { round: round.name(), stage: round.stage, left: round.left() });
    }
    Ok(())
}

/// Whether name and note are there and not too long.
fn words(who: &str, note: &str, passed: bool) -> Result<(), Refusal> {
    for (field, text, needed, most) in [("by", who, true, NAME_MAX), ("note", note, !passed, WORDS_MAX)] {
        if needed && text.is_empty() {
            return Err(Refusal::Empty { field: field.into() });
        }
        if text.chars().count() > most {
            return Err(Refusal::TooLong { field: field.into(), most });
        }
    }
    Ok(())
}

/// Which questions `check` means: one by its whole name, or all of a check. What is said of all of a
/// check goes to those without an answer, and only where there is none left to those that failed. What
/// is wrong must be said of one.
fn asked(round: &Round, check: &str, passed: bool) -> Result<Vec<usize>, Refusal> {
    let known = || round.items.iter().map(Item::name).collect::<Vec<_>>();
    let places = |is: &dyn Fn(&Item) -> bool| -> Vec<usize> {
        round.items.iter().enumerate().filter(|(_, item)| is(item)).map(|(n, _)| n).collect()
    };
    let mut meant = places(&|item| item.name() == check);
    if meant.is_empty() {
        meant = places(&|item| item.check.as_str() == check);
        let without: Vec<usize> = meant.iter().copied().filter(|n| round.items[*n].answers.is_empty()).collect();
        if meant.len() > 1 && !passed {
            let known = meant.iter().map(|n| round.items[*n].name()).collect();
            return Err(Refusal::NoCheck { check: check.into(), known });
        }
        let failed = |n: &usize| round.items[*n].answer().is_some_and(|answer| !answer.passed);
        meant = if without.is_empty() { meant.into_iter().filter(|n| failed(n)).collect() } else { without };
        if meant.is_empty() && round.items.iter().any(|item| item.check.as_str() == check) {
            // Everything of it was answered well already: saying so again changes nothing.
            return Ok(meant);
        }
    }
    if meant.is_empty() {
        return Err(Refusal::NoCheck { check: check.into(), known: known() });
    }
    let by_tag_only = |n: &&usize| round.items[**n].evidence == super::Evidence::Tag;
    match meant.iter().find(by_tag_only) {
        Some(n) if passed => Err(Refusal::TagOnly { check: round.items[*n].name() }),
        _ => Ok(meant),
    }
}

/// Stores a round after an answer; complete where nothing is left.
fn settle(state: &mut State, venue: &Id, key: &str, who: &str, now: UnixMs, out: &mut Vec<Effect>) {
    let Some(round) = state.rounds.get_mut(&(venue.clone(), key.to_owned())) else { return };
    if round.left() == 0 && round.stage.takes_answers() {
        let was_missed = round.stage == Stage::Missed;
        round.stage = if was_missed { Stage::DoneLate } else { Stage::Done };
        round.done_at = Some(now);
        round.flags.extend(evidence::too_fast(&round.items));
        if was_missed {
            out.push(Effect::Late { round: Box::new(round.clone()), who: who.to_owned() });
        }
    }
    out.push(Effect::Stored(Box::new(round.clone())));
}

fn change(state: &mut State, venue: &Id, key: &str, out: &mut Vec<Effect>, how: impl FnOnce(&mut Round)) {
    if let Some(round) = state.rounds.get_mut(&(venue.clone(), key.to_owned())) {
        how(round);
        out.push(Effect::Stored(Box::new(round.clone())));
    }
}

/// A ticket was opened for a round, or for one of its questions.
fn opened(state: &mut State, name: &str, item: Option<&str>, ticket: &str, out: &mut Vec<Effect>) {
    let Some(place) = split(name) else { return };
    let Some(round) = state.rounds.get_mut(&place) else { return };
    match item {
        None => {
            round.ticket = Some(ticket.to_owned());
            out.push(Effect::Stored(Box::new(round.clone())));
        }
        Some(item) => {
            let memory = state.venues.entry(place.0.clone()).or_default();
            memory.cursor.failed.insert(of_plan(round, item), ticket.to_owned());
            out.push(Effect::Cursor { venue: place.0, cursor: memory.cursor.clone() });
        }
    }
}

/// A question's name over all rounds of its plan.
fn of_plan(round: &Round, item: &str) -> String {
    format!("{}/{item}", round.plan)
}

/// `nanshan/2026-11-23/weekly-fire` is the venue and the key.
fn split(name: &str) -> Option<(Id, String)> {
    let (venue, key) = name.split_once('/')?;
    Some((Id::parse(venue).ok()?, key.to_owned()))
}
