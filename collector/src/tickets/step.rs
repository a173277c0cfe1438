//! `step`: one event in, tickets as they now are and what happened to them out. The same list of
//! events always gives the same list of effects, in the same order; nothing here reads a clock.

use wire::UnixMs;

use super::{
    Action, Effect, Event, State,
    by_data::{began, ended, looked, worse},
    by_person::{open_by_hand, person},
    passing::pass,
};

/// Takes one event at `now`, and appends to `out` what follows.
pub fn step(state: &mut State, event: &Event, now: UnixMs, out: &mut Vec<Effect>) {
    let begun = out.len();
    match event {
        Event::Began { key, home, seen } => began(state, key, home, *seen, now, out),
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
        Event::Tick => {
            pass(state, now, out);
            state.forget_ended(now);
        }
    }
    for effect in &out[begun..] {
        if let Effect::Stored(ticket) = effect {
            state.schedule(ticket.id);
        }
    }
}
