//! `step`: one event in, tickets as they now are and what happened to them out. The same list of
//! events always gives the same list of effects, in the same order; nothing here reads a clock.

use wire::{Id, UnixMs};

use super::{
    Action, DATA, Effect, Event, Look, Proof, Refusal, Stage, State, Ticket, Transition,
    life::{self, Next},
    note,
    state::Place,
};
use crate::episode::{EpisodeKey, Seen, Severity};

/// Takes one event at `now`, and appends to `out` what follows.
pub fn step(state: &mut State, event: &Event, now: UnixMs, out: &mut Vec<Effect>) {
    match event {
        Event::Began { key, asset, severity, team, seen } => {
            began(state, key, asset.as_ref(), (*severity, team), *seen, now, out);
        }
        Event::Worse { key, seen } => worse(state, key, *seen, out),
        Event::Ended { key, seen } => ended(state, key, *seen, now, out),
        Event::Person { who, ticket, action } => {
            let answer = match action {
                Action::Open { .. } => open_by_hand(state, who, action, now, out),
                _ => person(state, who, ticket, action, now, out),
            };
            out.push(match answer {
                Ok((ticket, stage)) => Effect::Done { ticket, stage },
                Err(reason) => Effect::Refused { ticket: ticket.clone(), reason },
            });
        }
        Event::Looked { ticket, looks } => looked(state, *ticket, looks, now, out),
        Event::Tick => state.forget_ended(now),
    }
}

fn began(
    state: &mut State,
    key: &EpisodeKey,
    asset: Option<&Id>,
    (severity, team): (Severity, &Id),
    seen: Seen,
    now: UnixMs,
    out: &mut Vec<Effect>,
) {
    let source = &key.subject.source;
    let place =
        Place { rule: key.rule.clone(), venue: source.venue.clone(), room: source.room.clone(), asset: asset.cloned() };
    let known = state.by_place.get(&place).copied().filter(|id| {
        state.tickets.get(id).is_some_and(|t| {
            !t.stage.is_ended() || t.closed_at.is_some_and(|at| now.saturating_sub(at) <= state.settings.relapse_ms)
        })
    });
    let id = known.unwrap_or_else(|| open(state, place, (severity, team.clone()), now));
    state.episodes.insert(key.clone(), id);
    let ticket = state.tickets.get_mut(&id).expect("known tickets and the one just opened are there");
    ticket.episode_count += 1;
    add_point(ticket, key);
    if known.is_none() || ticket.stage.is_ended() || ticket.stage == Stage::Fixed {
        // A new stretch: its own worst value, from its own beginning.
        ticket.began_at = key.began_at;
        ticket.worst_value = None;
        ticket.limit = seen.limit;
    }
    take_worst(ticket, key, seen);
    if known.is_none() {
        ticket.agent = Some(source.agent.clone());
        moved(ticket, now, DATA, None, note::OPENED, seen.value, out);
    } else if ticket.stage.is_ended() || ticket.stage == Stage::Fixed {
        reopen(ticket, now, DATA, note::RELAPSED, seen.value, out);
    }
    stored(ticket, out);
}

fn worse(state: &mut State, key: &EpisodeKey, seen: Seen, out: &mut Vec<Effect>) {
    if let Some(ticket) = state.episodes.get(key).and_then(|id| state.tickets.get_mut(id)) {
        take_worst(ticket, key, seen);
        stored(ticket, out);
    }
}

fn ended(state: &mut State, key: &EpisodeKey, seen: Seen, now: UnixMs, out: &mut Vec<Effect>) {
    let Some(id) = state.episodes.remove(key) else { return };
    let others: Vec<EpisodeKey> =
        state.episodes.iter().filter(|(_, ticket)| **ticket == id).map(|(key, _)| key.clone()).collect();
    let Some(ticket) = state.tickets.get_mut(&id) else { return };
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
fn looked(state: &mut State, id: u64, looks: &[(EpisodeKey, Look)], now: UnixMs, out: &mut Vec<Effect>) {
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
    let Some(ticket) = state.tickets.get_mut(&id) else { return };
    if ticket.verify_at.is_none_or(|at| now < at) {
        return;
    }
    match (ticket.stage, bad) {
        (Stage::Verifying | Stage::Fixed, Some((key, seen))) => {
            take_worst(ticket, key, seen);
            unfix(ticket);
            let from = ticket.stage;
            ticket.stage = Stage::InProgress;
            moved(ticket, now, DATA, Some(from), note::STILL_BAD, seen.value, out);
        }
        (Stage::Closed, Some((key, seen))) => {
            take_worst(ticket, key, seen);
            reopen(ticket, now, DATA, note::STILL_BAD, seen.value, out);
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

fn person(
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
    let open_elsewhere = matches!(action, Action::Reopen { .. }).then(|| open_at_same_place(state, id)).flatten();
    let has_open_episodes = state.episodes.values().any(|ticket| *ticket == id);
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
            if let Some(place) = super::state::place_of(ticket) {
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
        merge(state, id, other, now, out);
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

fn open_by_hand(
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

/// A ticket of a rule; its first episode follows.
fn open(state: &mut State, place: Place, how: (Severity, Id), now: UnixMs) -> u64 {
    let mut ticket = blank(state, place.venue, place.room, how, now);
    ticket.rule = Some(place.rule);
    ticket.asset = place.asset;
    let id = ticket.id;
    state.remember(ticket);
    id
}

fn blank(state: &mut State, venue: Id, room: Id, (severity, team): (Severity, Id), now: UnixMs) -> Ticket {
    let day = (state.day_of)(&venue, now);
    state.last_id += 1;
    Ticket {
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
        moves: 0,
        fixed_by: None,
        verify_at: None,
        duplicate_of: None,
        worst_at: None,
        agent: None,
    }
}

fn reopen(ticket: &mut Ticket, now: UnixMs, who: &str, words: &str, value: Option<f64>, out: &mut Vec<Effect>) {
    let from = ticket.stage;
    unfix(ticket);
    ticket.stage = if ticket.assignee.is_some() { Stage::Assigned } else { Stage::New };
    ticket.closed_at = None;
    ticket.reopened_count += 1;
    moved(ticket, now, who, Some(from), words, value, out);
}

fn close(ticket: &mut Ticket, now: UnixMs, who: &str, words: &str, value: Option<f64>, out: &mut Vec<Effect>) {
    let from = ticket.stage;
    ticket.stage = Stage::Closed;
    ticket.closed_at = Some(now);
    moved(ticket, now, who, Some(from), words, value, out);
}

fn prove(ticket: &mut Ticket) {
    ticket.proof = Proof::Proved;
    ticket.verify_at = None;
    ticket.hold_reason = None;
}

fn unfix(ticket: &mut Ticket) {
    ticket.proof = Proof::None;
    ticket.verify_at = None;
    ticket.fixed_at = None;
    ticket.fixed_by = None;
}

/// The ticket that shall have the episodes of a duplicate.
fn other_of(state: &State, id: u64, of: &str) -> Result<u64, Refusal> {
    let other = state.number(of).ok_or_else(|| Refusal::NoOther { of: of.into() })?;
    let ends_in_duplicate = state.tickets.get(&other).is_none_or(|t| t.stage == Stage::Duplicate);
    if other == id || ends_in_duplicate { Err(Refusal::OtherIsDuplicate { of: of.into() }) } else { Ok(other) }
}

/// The number of another open ticket for the same place.
fn open_at_same_place(state: &State, id: u64) -> Option<String> {
    let place = super::state::place_of(state.tickets.get(&id)?)?;
    let other = state.tickets.get(state.by_place.get(&place)?)?;
    let same = other.id != id && super::state::place_of(other).as_ref() == Some(&place);
    (same && !other.stage.is_ended()).then(|| other.number.clone())
}

/// Gives what a duplicate stood for to the ticket that has it.
fn merge(state: &mut State, id: u64, other: u64, now: UnixMs, out: &mut Vec<Effect>) {
    let places: Vec<Place> = state.by_place.iter().filter(|(_, t)| **t == id).map(|(p, _)| p.clone()).collect();
    state.by_place.extend(places.into_iter().map(|place| (place, other)));
    let moved_keys: Vec<EpisodeKey> =
        state.episodes.iter().filter(|(_, ticket)| **ticket == id).map(|(key, _)| key.clone()).collect();
    for key in &moved_keys {
        state.episodes.insert(key.clone(), other);
    }
    if let Some(duplicate) = state.tickets.get_mut(&id) {
        duplicate.open_points.clear();
        stored(duplicate, out);
    }
    let Some(ticket) = state.tickets.get_mut(&other) else { return };
    for key in &moved_keys {
        ticket.episode_count += 1;
        add_point(ticket, key);
    }
    if !moved_keys.is_empty() {
        moved(ticket, now, DATA, Some(ticket.stage), note::MERGED, None, out);
        stored(ticket, out);
    }
}

fn add_point(ticket: &mut Ticket, key: &EpisodeKey) {
    if let Some(point) = &key.subject.point
        && !ticket.open_points.contains(point)
    {
        ticket.open_points.push(point.clone());
    }
}

/// Keeps the value that is further from its limit.
fn take_worst(ticket: &mut Ticket, key: &EpisodeKey, seen: Seen) {
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

fn stored(ticket: &Ticket, out: &mut Vec<Effect>) {
    out.push(Effect::Stored(Box::new(ticket.clone())));
}

fn moved(
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
        line: ticket.moves,
    }));
}
