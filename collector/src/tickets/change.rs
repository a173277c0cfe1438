//! The changes of which every step of a ticket's life is made. None happens without its line of
//! history, which [`moved`] writes; [`stored`] comes last.

use wire::{Id, UnixMs};

use super::{
    DATA, Deadlines, Effect, Origin, Plan, Proof, Stage, State, Symptom, Ticket, Transition, WorkWindow, limits, note,
    state::Place, ticket::SYMPTOMS_MAX,
};
use crate::episode::{EpisodeKey, Seen, Severity};

/// A ticket of a rule; its first episode follows.
pub(super) fn open(state: &mut State, place: Place, how: (Severity, Id), now: UnixMs) -> u64 {
    let window = state.facts.get(&place.rule).map_or(WorkWindow::Any, |facts| facts.work_window);
    let mut ticket = blank(state, place.venue, place.room, how, now);
    ticket.work_window = window;
    ticket.rule = Some(place.rule);
    ticket.asset = place.asset;
    let id = ticket.id;
    state.remember(ticket);
    id
}

pub(super) fn blank(state: &mut State, venue: Id, room: Id, (severity, team): (Severity, Id), now: UnixMs) -> Ticket {
    let day = state.plan.business_day(&venue, now);
    state.last_id += 1;
    let mut ticket = Ticket {
        id: state.last_id,
        number: state.numbers.next(&venue, day),
        venue,
        room,
        asset: None,
        rule: None,
        severity,
        team,
        stage: Stage::New,
        assignee: None,
        hold_reason: None,
        proof: Proof::None,
        began_at: now,
        opened_at: now,
        acknowledged_at: None,
        fixed_at: None,
        closed_at: None,
        reopened_count: 0,
        episode_count: 0,
        open_points: Vec::new(),
        worst_point: None,
        worst_value: None,
        limit: None,
        description: None,
        origin: Origin::Readings,
        moves: 0,
        fixed_by: None,
        verify_at: None,
        duplicate_of: None,
        worst_at: None,
        agent: None,
        cause: None,
        symptoms: Vec::new(),
        symptom_count: 0,
        limits: Deadlines::default(),
        overrun: Vec::new(),
        clock_from: None,
        escalated: 0,
        arrived_at: None,
        hold: None,
        held_ms: 0,
        watchers: Vec::new(),
        work_window: WorkWindow::Any,
    };
    limits::begin(&mut ticket, &*state.plan, now);
    ticket
}

pub(super) fn reopen(
    ticket: &mut Ticket,
    plan: &dyn Plan,
    now: UnixMs,
    who: &str,
    words: &str,
    value: Option<f64>,
    out: &mut Vec<Effect>,
) {
    let from = ticket.stage;
    unfix(ticket);
    ticket.stage = if ticket.assignee.is_some() { Stage::Assigned } else { Stage::New };
    ticket.closed_at = None;
    ticket.reopened_count += 1;
    // Another stretch: somebody must say again that he is on it.
    (ticket.acknowledged_at, ticket.arrived_at) = (None, None);
    limits::begin(ticket, plan, now);
    moved(ticket, now, who, Some(from), words, value, out);
}

pub(super) fn close(
    ticket: &mut Ticket,
    now: UnixMs,
    who: &str,
    words: &str,
    value: Option<f64>,
    out: &mut Vec<Effect>,
) {
    let from = ticket.stage;
    ticket.stage = Stage::Closed;
    ticket.closed_at = Some(now);
    moved(ticket, now, who, Some(from), words, value, out);
}

pub(super) fn prove(ticket: &mut Ticket) {
    ticket.proof = Proof::Proved;
    ticket.verify_at = None;
}

pub(super) fn unfix(ticket: &mut Ticket) {
    ticket.proof = Proof::None;
    ticket.verify_at = None;
    ticket.fixed_at = None;
    ticket.fixed_by = None;
}

pub(super) fn add_point(ticket: &mut Ticket, key: &EpisodeKey) {
    if let Some(point) = &key.subject.point
        && !ticket.open_points.contains(point)
    {
        ticket.open_points.push(point.clone());
    }
}

/// Notes that something only follows from a ticket's cause.
pub(super) fn add_symptom(ticket: &mut Ticket, key: &EpisodeKey) {
    if ticket.symptoms.iter().any(|symptom| symptom.is(key)) {
        return;
    }
    ticket.symptom_count += 1;
    if ticket.symptoms.len() < SYMPTOMS_MAX {
        ticket.symptoms.push(Symptom::of(key));
    }
}

/// Keeps the value that is further from its limit.
pub(super) fn take_worst(ticket: &mut Ticket, key: &EpisodeKey, seen: Seen) {
    let far = |value: Option<f64>, limit: Option<f64>| match (value, limit) {
        (Some(value), Some(limit)) => (value - limit).abs(),
        _ => 0.0,
    };
    if ticket.worst_value.is_none() || far(seen.value, seen.limit) > far(ticket.worst_value, ticket.limit) {
        ticket.worst_point.clone_from(&key.subject.point);
        ticket.worst_value = seen.value;
        ticket.worst_at = Some(seen.at);
        ticket.limit = seen.limit;
    }
}

pub(super) fn stored(ticket: &Ticket, out: &mut Vec<Effect>) {
    out.push(Effect::Stored(Box::new(ticket.clone())));
}

pub(super) fn moved(
    ticket: &mut Ticket,
    at: UnixMs,
    who: &str,
    from: Option<Stage>,
    words: &str,
    value: Option<f64>,
    out: &mut Vec<Effect>,
) {
    ticket.moves += 1;
    let (who, note) = (who.to_owned(), words.to_owned());
    out.push(Effect::Moved(Transition {
        ticket: ticket.id,
        at,
        who,
        from,
        to: ticket.stage,
        note,
        value,
        limit: None,
        point: None,
        line: ticket.moves,
    }));
}

/// The line that was just written says which point passed which limit.
pub(super) fn with_numbers(key: &EpisodeKey, seen: Seen, out: &mut [Effect]) {
    if let Some(Effect::Moved(line)) = out.last_mut() {
        (line.limit, line.point) = (seen.limit, key.subject.point.clone());
    }
}

/// Gives the open episodes of one ticket to another, which goes on with what is wrong.
pub(super) fn hand_over(state: &mut State, from: u64, to: u64, now: UnixMs, out: &mut Vec<Effect>) {
    let keys: Vec<EpisodeKey> =
        state.episodes.iter().filter(|(_, ticket)| **ticket == from).map(|(key, _)| key.clone()).collect();
    for key in &keys {
        state.episodes.insert(key.clone(), to);
        out.push(Effect::Carried { key: key.clone(), ticket: to });
    }
    if let Some(ticket) = state.tickets.get_mut(&from) {
        ticket.open_points.clear();
        stored(ticket, out);
    }
    let plan = state.plan.clone();
    let Some(ticket) = state.tickets.get_mut(&to).filter(|_| !keys.is_empty()) else { return };
    for key in &keys {
        if state.symptoms.contains(key) {
            add_symptom(ticket, key);
        } else {
            ticket.episode_count += 1;
            add_point(ticket, key);
        }
    }
    if ticket.stage == Stage::Fixed {
        // What it takes over is not fixed.
        reopen(ticket, &*plan, now, DATA, note::MERGED, None, out);
    } else {
        moved(ticket, now, DATA, Some(ticket.stage), note::MERGED, None, out);
    }
    stored(ticket, out);
}
