//! What people do to tickets: each action is legal or refused, and only then carried out.

use wire::UnixMs;

use super::{
    Action, DATA, Effect, Hold, Plan, Proof, Refusal, Stage, State, Ticket, WorkWindow,
    change::{blank, close, hand_over, moved, prove, reopen, stored},
    life::{self, Next},
    limits, note,
    state::{Place, place_of},
};
use crate::episode::RoomState;

pub(super) fn person(
    state: &mut State,
    who: &str,
    number: &str,
    action: &Action,
    now: UnixMs,
    out: &mut Vec<Effect>,
) -> Result<(String, Stage), Refusal> {
    action.check_words()?;
    let id = state.number(number).ok_or(Refusal::Unknown)?;
    let other = match action {
        Action::Duplicate { of } => Some(other_of(state, id, of.trim())?),
        _ => None,
    };
    let open_elsewhere = state.open_at_same_place(id).and_then(|other| Some(state.tickets.get(&other)?.number.clone()));
    let has_open_episodes = state.has_open_episodes(id);
    let patience_ms = state.tickets.get(&id).map_or(0, |t| state.patience_ms(t));
    check_window(state, id, action, now)?;
    let plan = state.plan.clone();
    let ticket = state.tickets.get_mut(&id).ok_or(Refusal::Unknown)?;
    let from = ticket.stage;
    match life::next(from, action)? {
        Next::Stay => {
            aside(ticket, who, action);
            moved(ticket, now, who, Some(from), action.words(), None, out);
        }
        Next::Ask => {
            limits::resume(ticket, &*plan, now);
            say_fixed(ticket, now, who, action.words(), has_open_episodes.then_some(patience_ms), out);
        }
        Next::Again => {
            if let Some(number) = open_elsewhere {
                return Err(Refusal::OtherOpen { number });
            }
            ticket.duplicate_of = None;
            reopen(ticket, &*plan, now, who, action.words(), None, out);
            if let Some(place) = place_of(ticket) {
                state.by_place.insert(place, id);
            }
        }
        Next::Stage(to) => {
            apply(ticket, &*plan, who, action, to, now);
            moved(ticket, now, who, Some(from), action.words(), None, out);
        }
    }
    let answer = (ticket.number.clone(), ticket.stage);
    stored(ticket, out);
    if let Some(other) = other {
        let places: Vec<Place> = state.by_place.iter().filter(|(_, t)| **t == id).map(|(p, _)| p.clone()).collect();
        state.by_place.extend(places.into_iter().map(|place| (place, other)));
        hand_over(state, id, other, now, out);
    }
    Ok(answer)
}

/// Work that must wait for its window is refused, unless a reason is given.
fn check_window(state: &State, id: u64, action: &Action, now: UnixMs) -> Result<(), Refusal> {
    let (Action::Start { anyway: None } | Action::Resume, Some(ticket)) = (action, state.tickets.get(&id)) else {
        return Ok(());
    };
    let window = ticket.work_window;
    let occupied = state.rooms.get(&(ticket.venue.clone(), ticket.room.clone())) == Some(&RoomState::Occupied);
    match (window, state.plan.open_until(&ticket.venue, now)) {
        (WorkWindow::RoomEmpty, _) if occupied => Err(Refusal::Window { window, from: None }),
        (WorkWindow::Closed, Some(from)) => Err(Refusal::Window { window, from }),
        _ => Ok(()),
    }
}

/// What an action changes without moving the ticket.
fn aside(ticket: &mut Ticket, who: &str, action: &Action) {
    match action {
        Action::Window { window } => ticket.work_window = *window,
        Action::Watch if ticket.watchers.len() < WATCHERS_MAX && !ticket.watchers.iter().any(|name| name == who) => {
            ticket.watchers.push(who.into());
        }
        Action::Unwatch => ticket.watchers.retain(|name| name != who),
        _ => {}
    }
}

/// People who watch one ticket, at most.
const WATCHERS_MAX: usize = 50;

/// What an action changes beside the history.
fn apply(ticket: &mut Ticket, plan: &dyn Plan, who: &str, action: &Action, to: Stage, now: UnixMs) {
    ticket.stage = to;
    ticket.hold_reason = None;
    limits::resume(ticket, plan, now);
    match action {
        Action::Assign { to } => ticket.assignee = Some(to.trim().into()),
        Action::Acknowledge | Action::Start { .. } => {
            ticket.acknowledged_at.get_or_insert(now);
            ticket.assignee.get_or_insert_with(|| who.into());
        }
        Action::Hold { why, reason } => {
            ticket.acknowledged_at.get_or_insert(now);
            ticket.hold = Some(Hold { why: *why, since: now });
            ticket.hold_reason = Some(reason.trim().to_owned()).filter(|words| !words.is_empty());
        }
        Action::Duplicate { of } => ticket.duplicate_of = Some(of.trim().into()),
        _ => {}
    }
    if to == Stage::InProgress {
        // Also after a wait that began before anybody came.
        ticket.arrived_at.get_or_insert(now);
    }
    if to.is_ended() {
        ticket.closed_at = Some(now);
        if to != Stage::Closed {
            ticket.verify_at = None;
        }
    }
}

/// A person says that it is fixed. With `patience_ms` there are open episodes to ask after that time.
fn say_fixed(
    ticket: &mut Ticket,
    now: UnixMs,
    who: &str,
    words: &str,
    patience_ms: Option<i64>,
    out: &mut Vec<Effect>,
) {
    let from = ticket.stage;
    ticket.hold_reason = None;
    ticket.fixed_at = Some(now);
    ticket.fixed_by = Some(who.into());
    // Who mends it is on it, and was there.
    ticket.acknowledged_at.get_or_insert(now);
    ticket.arrived_at.get_or_insert(now);
    ticket.assignee.get_or_insert_with(|| who.into());
    if let Some(patience_ms) = patience_ms {
        ticket.proof = Proof::None;
        ticket.verify_at = Some(now.saturating_add(patience_ms));
        ticket.stage = Stage::Verifying;
        moved(ticket, now, who, Some(from), words, None, out);
        return;
    }
    ticket.stage = Stage::Fixed;
    moved(ticket, now, who, Some(from), words, None, out);
    if ticket.rule.is_some() && ticket.open_points.is_empty() {
        // Its episodes have ended: the rule has been quiet for `clear_for` already.
        prove(ticket);
        close(ticket, now, DATA, note::PROVED, None, out);
    } else {
        ticket.proof = Proof::Unverified;
    }
}

pub(super) fn open_by_hand(
    state: &mut State,
    who: &str,
    action: &Action,
    now: UnixMs,
    out: &mut Vec<Effect>,
) -> Result<(String, Stage), Refusal> {
    action.check_words()?;
    let Action::Open { venue, room, asset, severity, team, description, origin } = action else {
        return Err(Refusal::Unknown);
    };
    let mut ticket = blank(state, venue.clone(), room.clone(), (*severity, team.clone()), now);
    ticket.asset = asset.clone();
    ticket.origin = *origin;
    ticket.description = Some(description.trim().into());
    moved(&mut ticket, now, who, None, description.trim(), None, out);
    let answer = (ticket.number.clone(), ticket.stage);
    stored(&ticket, out);
    state.remember(ticket);
    Ok(answer)
}

/// The ticket that shall have the episodes of a duplicate.
fn other_of(state: &State, id: u64, of: &str) -> Result<u64, Refusal> {
    let other = state.number(of).ok_or_else(|| Refusal::NoOther { of: of.into() })?;
    if other == id || state.tickets.get(&other).is_none_or(|t| t.stage.is_ended()) {
        return Err(Refusal::OtherEnded { of: of.into() });
    }
    Ok(other)
}
