//! The history of a ticket as lines, one a transition. Everything that is derived (how long it took, whether
//! in time, what it changes of what is open) comes from the history up to that line, so that a line
//! written again, however late, says the same and overwrites itself.
//!
//! A *stretch* is the time from an opening, or a reopening, to an end. Each figure stands at one event of a
//! stretch only: means and counts need no filter.

use wire::UnixMs;

use super::{
    Facts, Line,
    names::{BY_HAND, NO_ASSET, TICKET, event, field, tag},
};
use crate::{
    config::Language,
    tickets::{
        DATA, Limit, Stage, Ticket, Transition, note,
        text::{Scene, title},
    },
};

/// What the history says of the present stretch.
#[derive(Debug, Default)]
struct Stretch {
    since: UnixMs,
    is_acknowledged: bool,
    has_arrived: bool,
    held_since: Option<UnixMs>,
    fixed_at: Option<UnixMs>,
    missed: Vec<Limit>,
}

/// What one transition means.
#[derive(Debug, Default)]
struct Meaning {
    event: &'static str,
    open_change: i8,
    proved: Option<bool>,
    acknowledge_ms: Option<i64>,
    arrive_ms: Option<i64>,
    repair_ms: Option<i64>,
    hold_ms: Option<i64>,
    acknowledge_ok: Option<bool>,
    fix_ok: Option<bool>,
}

/// Adds the lines of a ticket's history from line number `from` on; `history` is all of it up to now, in order.
pub fn transition_lines(out: &mut String, facts: &Facts, ticket: &Ticket, history: &[Transition], from: u32) {
    let mut stretch = Stretch::default();
    for moved in history {
        let meaning = stretch.take(ticket, moved);
        if moved.line >= from {
            line(out, facts, ticket, moved, &meaning);
        }
    }
}

/// Words of an open or ended ticket, in both languages.
pub(super) fn texts(line: &mut Line<'_>, facts: &Facts, ticket: &Ticket) {
    let scene = |language| Scene { language, packs: facts.packs(), venues: facts.venues() };
    line.text(field::TEXT_ZH, &title(ticket, scene(Language::ZhCn)));
    line.text(field::TEXT_EN, &title(ticket, scene(Language::En)));
}

/// The kind of an asset by its identifier: `song-box` of `song-box-12`. Not by the venue's file, where people
/// may change it, and a line written again would then stand beside itself.
#[must_use]
pub fn asset_kind(asset: &str) -> &str {
    match asset.rsplit_once('-') {
        Some((kind, number)) if !kind.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) => kind,
        _ => asset,
    }
}

#[expect(clippy::cast_precision_loss, reason = "years are far below 2^52 ms")]
fn seconds(ms: i64) -> f64 {
    ms as f64 / 1_000.0
}

/// Nanoseconds that keep apart what happens to several tickets, or several times to one, within a millisecond.
fn below(ticket: &Ticket, moved: &Transition) -> i64 {
    i64::try_from(ticket.id % 10_000).unwrap_or(0) * 100 + i64::from(moved.line % 100)
}

fn line(out: &mut String, facts: &Facts, ticket: &Ticket, moved: &Transition, meaning: &Meaning) {
    let mut line = Line::begin(out, TICKET);
    let kind = ticket.asset.as_ref().map_or(NO_ASSET, |asset| asset_kind(asset.as_str()));
    line.tag(tag::VENUE, ticket.venue.as_str()).tag(tag::ROOM, ticket.room.as_str());
    line.tag(tag::TEAM, ticket.team.as_str()).tag(tag::SEVERITY, &format!("{:?}", ticket.severity));
    line.tag(tag::RULE, ticket.rule.as_ref().map_or(BY_HAND, |rule| rule.as_str())).tag(tag::ASSET_KIND, kind);
    line.tag(tag::EVENT, meaning.event);
    line.text(field::NUMBER, &ticket.number);
    texts(&mut line, facts, ticket);
    if let Some(asset) = &ticket.asset {
        line.text(field::ASSET, asset.as_str());
    }
    line.text(field::SOURCE, ticket.origin.as_str());
    line.text(field::STATE, moved.to.as_str());
    let is = |event: &str| meaning.event == event;
    for (name, value) in [
        (field::OPENED, is(event::OPENED)),
        (field::ACKNOWLEDGED, meaning.acknowledge_ms.is_some()),
        (field::CLOSED, is(event::CLOSED)),
        (field::REOPENED, is(event::REOPENED)),
        (field::FALSE_ALARM, is(event::FALSE_ALARM)),
        (field::DUPLICATE, is(event::DUPLICATE)),
        (field::ESCALATED, is(event::ESCALATED)),
        (field::REFUSED, is(event::REFUSED)),
        (field::LIMIT_MISSED, is(event::LIMIT_MISSED)),
    ] {
        line.flag(name, value);
    }
    line.number(field::OPEN_CHANGE, f64::from(meaning.open_change));
    line.known_flag(field::PROVED, meaning.proved);
    line.known(field::ACKNOWLEDGE_SECONDS, meaning.acknowledge_ms.map(seconds));
    line.known(field::ARRIVE_SECONDS, meaning.arrive_ms.map(seconds));
    line.known(field::REPAIR_SECONDS, meaning.repair_ms.map(seconds));
    line.known(field::HOLD_SECONDS, meaning.hold_ms.map(seconds));
    line.known_flag(field::ACKNOWLEDGE_OK, meaning.acknowledge_ok);
    line.known_flag(field::FIX_OK, meaning.fix_ok);
    line.end(moved.at, below(ticket, moved));
}

/// The limit that a line of history says has run out.
fn missed(moved: &Transition) -> Option<Limit> {
    let words = [
        (note::LATE_ACKNOWLEDGE, Limit::Acknowledge),
        (note::LATE_ARRIVE, Limit::Arrive),
        (note::LATE_FIX, Limit::Fix),
    ];
    let by_data = moved.who == DATA;
    words.into_iter().find(|(word, _)| by_data && moved.note == *word).map(|(_, limit)| limit)
}

/// The name of what happened.
fn event_of(moved: &Transition) -> &'static str {
    let by_data = moved.who == DATA;
    let Some(from) = moved.from else { return event::OPENED };
    if by_data && moved.note.starts_with(note::ESCALATED) {
        return event::ESCALATED;
    }
    if missed(moved).is_some() {
        return event::LIMIT_MISSED;
    }
    let was_over = from.is_ended() || matches!(from, Stage::Fixed | Stage::Verifying);
    match (from, moved.to) {
        (Stage::Closed, Stage::Closed) if by_data && moved.note == note::PROVED => event::VERIFIED,
        (from, to) if from == to => event::NOTED,
        (_, Stage::New | Stage::Assigned) if was_over => event::REOPENED,
        (_, Stage::New | Stage::Assigned) => event::ASSIGNED,
        (_, Stage::Acknowledged) => event::ACKNOWLEDGED,
        (Stage::OnHold, Stage::InProgress) => event::RESUMED,
        (_, Stage::InProgress) if was_over => event::REFUSED,
        (_, Stage::InProgress) => event::ARRIVED,
        (_, Stage::OnHold) => event::HELD,
        (_, Stage::Fixed) if by_data && moved.note == note::UNVERIFIED => event::UNVERIFIED,
        (_, Stage::Fixed | Stage::Verifying) => event::FIXED,
        (_, Stage::Closed) => event::CLOSED,
        (_, Stage::FalseAlarm) => event::FALSE_ALARM,
        (_, Stage::Duplicate) => event::DUPLICATE,
    }
}

impl Stretch {
    fn take(&mut self, ticket: &Ticket, moved: &Transition) -> Meaning {
        let event = event_of(moved);
        let mut meaning = Meaning { event, ..Meaning::default() };
        let was_ended = moved.from.is_some_and(Stage::is_ended);
        meaning.open_change = match (moved.from.is_none() || was_ended, moved.to.is_ended()) {
            (true, false) => 1,
            (false, true) => -1,
            _ => 0,
        };
        if matches!(event, event::OPENED | event::REOPENED) {
            *self = Self { since: moved.at, ..Self::default() };
            return meaning;
        }
        if let Some(since) = self.held_since.filter(|_| moved.from == Some(Stage::OnHold) && moved.to != Stage::OnHold)
        {
            meaning.hold_ms = Some(moved.at.saturating_sub(since));
            self.held_since = None;
        }
        self.by_people(ticket, moved, event, &mut meaning);
        // Deadlines of a stretch that is over are forgotten: only its own history tells of them.
        let limits = ticket.clock_from.filter(|from| *from == self.since).map(|_| ticket.limits).unwrap_or_default();
        match event {
            event::HELD => self.held_since = Some(moved.at),
            event::FIXED => self.fixed_at = Some(moved.at),
            event::REFUSED => self.fixed_at = None,
            event::VERIFIED => meaning.proved = Some(true),
            event::CLOSED => {
                let fixed_at = self.fixed_at.unwrap_or(moved.at);
                meaning.repair_ms = Some(fixed_at.saturating_sub(self.since));
                meaning.proved = Some(moved.who == DATA && moved.note == note::PROVED);
                let in_time = limits.fix_by.is_none_or(|by| fixed_at <= by);
                meaning.fix_ok = (!self.missed.contains(&Limit::Fix)).then_some(in_time);
            }
            event::LIMIT_MISSED => self.late(moved, &mut meaning),
            _ => {}
        }
        meaning
    }

    /// Somebody is on it, or there, for the first time.
    fn by_people(&mut self, ticket: &Ticket, moved: &Transition, event: &str, meaning: &mut Meaning) {
        if moved.who == DATA {
            return;
        }
        let elapsed = moved.at.saturating_sub(self.since);
        let mends = matches!(event, event::ARRIVED | event::RESUMED | event::FIXED);
        if !self.is_acknowledged && (mends || matches!(event, event::ACKNOWLEDGED | event::HELD)) {
            self.is_acknowledged = true;
            meaning.acknowledge_ms = Some(elapsed);
            let by = ticket.limits.acknowledge_by.filter(|_| ticket.clock_from == Some(self.since));
            let in_time = by.is_none_or(|by| moved.at <= by);
            meaning.acknowledge_ok = (!self.missed.contains(&Limit::Acknowledge)).then_some(in_time);
        }
        if !self.has_arrived && mends {
            self.has_arrived = true;
            meaning.arrive_ms = Some(elapsed);
        }
    }

    fn late(&mut self, moved: &Transition, meaning: &mut Meaning) {
        let Some(limit) = missed(moved) else { return };
        self.missed.push(limit);
        match limit {
            Limit::Acknowledge => meaning.acknowledge_ok = Some(false),
            Limit::Fix => meaning.fix_ok = Some(false),
            Limit::Arrive => {}
        }
    }
}
