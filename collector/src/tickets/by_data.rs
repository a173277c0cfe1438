//! What the readings do to tickets: episodes begin, worsen and end, and a fix is proved or refused.

use wire::UnixMs;

use super::{
    DATA, Effect, Look, Plan, Proof, Stage, State, Ticket,
    change::{
        add_point, add_symptom, close, hand_over, moved, open, prove, reopen, stored, take_worst, unfix, with_numbers,
    },
    limits::end_wait,
    note,
    state::Place,
};
use crate::episode::{EpisodeKey, Home, Seen, Severity};

pub(super) fn began(state: &mut State, key: &EpisodeKey, home: &Home, seen: Seen, now: UnixMs, out: &mut Vec<Effect>) {
    let source = &key.subject.source;
    let (rule, room, asset) = (home.rule.clone(), home.room.clone(), home.asset.clone());
    let place = Place { rule, venue: source.venue.clone(), room, asset };
    let known = known_ticket(state, &place, now);
    let before = state.episodes.get(key).copied();
    if before.is_some_and(|before| Some(before) == known || !may_leave(state, before)) {
        return;
    }
    let id = known.unwrap_or_else(|| open(state, place, (home.severity, home.team.clone()), now));
    state.episodes.insert(key.clone(), id);
    if home.symptom {
        state.symptoms.insert(key.clone());
    } else {
        state.symptoms.remove(key);
    }
    let plan = state.plan.clone();
    let Some(ticket) = state.tickets.get_mut(&id) else { return };
    if home.cause.is_some() {
        ticket.cause.clone_from(&home.cause);
    }
    if home.symptom {
        add_symptom(ticket, key);
    } else {
        take_on(ticket, &*plan, key, seen, known.is_none(), now, out);
    }
    stored(ticket, out);
    if let Some(before) = before {
        out.push(Effect::Carried { key: key.clone(), ticket: id });
        let number = state.tickets.get(&id).map(|t| t.number.clone()).unwrap_or_default();
        left(state, before, &number, now, out);
    }
}

/// The ticket that goes on at a place: an open one, or one that ended lately.
fn known_ticket(state: &State, place: &Place, now: UnixMs) -> Option<u64> {
    state.by_place.get(place).copied().filter(|id| {
        state.tickets.get(id).is_some_and(|t| {
            let lately = t.closed_at.is_some_and(|at| now.saturating_sub(at) <= state.settings.relapse_ms);
            // One that was closed while something was still wrong is never over.
            // A place's ticket may be that of a duplicate's master, whose own place has another by now.
            let free = || state.open_at_same_place(*id).is_none();
            !t.stage.is_ended() || (lately || state.has_open_episodes(*id)) && free()
        })
    })
}

/// A ticket is about an episode from now on.
fn take_on(
    ticket: &mut Ticket,
    plan: &dyn Plan,
    key: &EpisodeKey,
    seen: Seen,
    is_new: bool,
    now: UnixMs,
    out: &mut Vec<Effect>,
) {
    ticket.episode_count += 1;
    add_point(ticket, key);
    let again = ticket.stage.is_ended() || ticket.stage == Stage::Fixed;
    if is_new || again {
        // A new stretch: its own worst value, from its own beginning.
        ticket.began_at = key.began_at;
        ticket.worst_value = None;
        ticket.limit = seen.limit;
    }
    take_worst(ticket, key, seen);
    if is_new {
        ticket.agent = Some(key.subject.source.agent.clone());
        moved(ticket, now, DATA, None, note::OPENED, seen.value, out);
    } else if again {
        reopen(ticket, plan, now, DATA, note::RELAPSED, seen.value, out);
    }
}

/// Whether an episode may go from its ticket to another: it may leave the ticket of a cause that is
/// over, and one that nobody works at. What somebody acknowledged stays his.
fn may_leave(state: &State, ticket: u64) -> bool {
    state.tickets.get(&ticket).is_none_or(|t| t.cause.is_some() || t.acknowledged_at.is_none() && !t.stage.is_ended())
}

/// An episode left a ticket for that of its cause, `number`.
fn left(state: &mut State, id: u64, number: &str, now: UnixMs, out: &mut Vec<Effect>) {
    let own = state.own_episodes(id);
    let carries = state.episodes.values().any(|ticket| *ticket == id);
    let Some(ticket) = state.tickets.get_mut(&id) else { return };
    ticket.open_points.clear();
    for key in &own {
        add_point(ticket, key);
    }
    if own.is_empty() && !ticket.stage.is_ended() {
        if ticket.cause.is_some() {
            all_good(ticket, now, None, out);
        } else if !carries {
            let from = ticket.stage;
            end_wait(ticket, now);
            ticket.stage = Stage::Duplicate;
            ticket.duplicate_of = Some(number.into());
            ticket.closed_at = Some(now);
            moved(ticket, now, DATA, Some(from), note::FOLLOWS, None, out);
        }
    }
    stored(ticket, out);
}

pub(super) fn worse(state: &mut State, key: &EpisodeKey, seen: Seen, out: &mut Vec<Effect>) {
    if let Some(ticket) = state.episodes.get(key).and_then(|id| state.tickets.get_mut(id)) {
        take_worst(ticket, key, seen);
        stored(ticket, out);
    }
}

pub(super) fn ended(state: &mut State, key: &EpisodeKey, seen: Seen, now: UnixMs, out: &mut Vec<Effect>) {
    let Some(id) = state.episodes.remove(key) else { return };
    let symptom = state.symptoms.remove(key);
    let others = state.own_episodes(id);
    let Some(ticket) = state.tickets.get_mut(&id) else { return };
    if symptom {
        if let Some(listed) = ticket.symptoms.iter_mut().find(|listed| listed.is(key) && listed.ended_at.is_none()) {
            listed.ended_at = Some(seen.at);
        }
        let point = key.subject.point.as_ref().map_or("", |point| point.as_str());
        let note = format!("{}:{}/{point}", note::SYMPTOM_OVER, key.subject.source.room);
        moved(ticket, now, DATA, Some(ticket.stage), &note, seen.value, out);
        stored(ticket, out);
        return;
    }
    ticket.open_points.clear();
    for other in &others {
        add_point(ticket, other);
    }
    if others.is_empty() {
        all_good(ticket, now, seen.value, out);
    }
    stored(ticket, out);
}

/// The data says that everything a ticket stands for is good again.
fn all_good(ticket: &mut Ticket, now: UnixMs, value: Option<f64>, out: &mut Vec<Effect>) {
    let by_person = ticket.fixed_by.as_deref().is_some_and(|who| who != DATA);
    match ticket.stage {
        Stage::FalseAlarm | Stage::Duplicate => {}
        Stage::Closed => {
            if ticket.proof == Proof::Unverified {
                prove(ticket);
                moved(ticket, now, DATA, Some(Stage::Closed), note::PROVED, value, out);
            }
        }
        Stage::Verifying | Stage::Fixed if by_person => {
            prove(ticket);
            close(ticket, now, DATA, note::PROVED, value, out);
        }
        _ => {
            prove(ticket);
            end_wait(ticket, now);
            ticket.fixed_at = Some(now);
            ticket.fixed_by = Some(DATA.into());
            let from = ticket.stage;
            ticket.stage = Stage::Fixed;
            moved(ticket, now, DATA, Some(from), note::RECOVERED, value, out);
            if ticket.severity >= Severity::P3 {
                close(ticket, now, DATA, note::PROVED, value, out);
            }
        }
    }
}

/// The data answered how a fix stands whose episodes have not ended.
pub(super) fn looked(state: &mut State, id: u64, looks: &[(EpisodeKey, Look)], now: UnixMs, out: &mut Vec<Effect>) {
    let still_open = |key: &EpisodeKey| state.episodes.get(key) == Some(&id);
    let mut bad: Option<(&EpisodeKey, Seen)> = None;
    let mut clearing = false;
    for (key, look) in looks.iter().filter(|(key, _)| still_open(key)) {
        match look {
            Look::Bad(seen) => bad = bad.or(Some((key, *seen))),
            Look::Clearing(_) => clearing = true,
            Look::NoData => {}
        }
    }
    let other = state.open_at_same_place(id);
    let plan = state.plan.clone();
    let Some(ticket) = state.tickets.get_mut(&id) else { return };
    if ticket.verify_at.is_none_or(|at| now < at) {
        return;
    }
    if let (Stage::Closed, Some(_), Some(other)) = (ticket.stage, bad, other) {
        // The place has another ticket by now: it goes on with what is still wrong.
        ticket.verify_at = None;
        hand_over(state, id, other, now, out);
        return;
    }
    match (ticket.stage, bad) {
        (Stage::Verifying | Stage::Fixed, Some((key, seen))) => {
            take_worst(ticket, key, seen);
            unfix(ticket);
            let from = ticket.stage;
            ticket.stage = Stage::InProgress;
            moved(ticket, now, DATA, Some(from), note::STILL_BAD, seen.value, out);
            with_numbers(key, seen, out);
        }
        (Stage::Closed, Some((key, seen))) => {
            take_worst(ticket, key, seen);
            reopen(ticket, &*plan, now, DATA, note::STILL_BAD, seen.value, out);
            with_numbers(key, seen, out);
        }
        (Stage::Verifying, None) if !clearing => {
            ticket.proof = Proof::Unverified;
            ticket.stage = Stage::Fixed;
            moved(ticket, now, DATA, Some(Stage::Verifying), note::UNVERIFIED, None, out);
        }
        _ => return,
    }
    stored(ticket, out);
}
