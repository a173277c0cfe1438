//! What people do to tickets: each action is legal or refused, and only then carried out.

use wire::UnixMs;

use super::{
    Action, DATA, Effect, Proof, Refusal, Stage, State, Ticket,
    change::{blank, close, hand_over, moved, prove, reopen, stored},
    life::{self, Next},
    note,
    state::{Place, place_of},
};

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
    let ticket = state.tickets.get_mut(&id).ok_or(Refusal::Unknown)?;
    let from = ticket.stage;
    match life::next(from, action)? {
        Next::Stay => moved(ticket, now, who, Some(from), action.words(), None, out),
        Next::Ask => say_fixed(ticket, now, who, action.words(), has_open_episodes.then_some(patience_ms), out),
        Next::Again => {
            if let Some(number) = open_elsewhere {
                return Err(Refusal::OtherOpen { number });
            }
            ticket.duplicate_of = None;
            reopen(ticket, now, who, action.words(), None, out);
            if let Some(place) = place_of(ticket) {
                state.by_place.insert(place, id);
            }
        }
        Next::Stage(to) => {
            apply(ticket, who, action, to, now);
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

/// What an action changes beside the history.
fn apply(ticket: &mut Ticket, who: &str, action: &Action, to: Stage, now: UnixMs) {
    ticket.stage = to;
    ticket.hold_reason = None;
    match action {
        Action::Assign { to } => ticket.assignee = Some(to.trim().into()),
        Action::Acknowledge | Action::Start => {
            ticket.acknowledged_at.get_or_insert(now);
            ticket.assignee.get_or_insert_with(|| who.into());
        }
        Action::Hold { reason } => ticket.hold_reason = Some(reason.trim().into()),
        Action::Duplicate { of } => ticket.duplicate_of = Some(of.trim().into()),
        _ => {}
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
    let Action::Open { venue, room, asset, severity, team, description } = action else {
        return Err(Refusal::Unknown);
    };
    let mut ticket = blank(state, venue.clone(), room.clone(), (*severity, team.clone()), now);
    ticket.asset = asset.clone();
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
