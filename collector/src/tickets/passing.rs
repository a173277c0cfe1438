//! What time does to open tickets: limits run out, and the next in the chain is told. Each happens once
//! for each stretch of a ticket, at its own instant, also when the collector was down at it.

use wire::UnixMs;

use super::{
    DATA, Effect, Stage, State, Ticket,
    change::{moved, stored},
    limits::Limit,
    note,
    plan::{Moment, Plan, Rung},
};

/// When the next rung of the ticket's chain is due; `None` where it need not be taken.
fn rung_due(ticket: &Ticket, plan: &dyn Plan, rung: &Rung) -> Option<UnixMs> {
    let limits = plan.limits(&ticket.venue, ticket.severity);
    let from = ticket.clock_from?;
    match rung.moment {
        Moment::After(ms) => {
            let waits = ticket.acknowledged_at.is_none() && matches!(ticket.stage, Stage::New | Stage::Assigned);
            waits.then(|| plan.add(&ticket.venue, limits.clock, from, ms))
        }
        Moment::BeforeLimit(ms) => {
            let (_, fix_by) = ticket.pending_limits().into_iter().find(|(limit, _)| *limit == Limit::Fix)?;
            let left = plan.spent(&ticket.venue, limits.clock, from, fix_by).saturating_sub(ms);
            Some(plan.add(&ticket.venue, limits.clock, from, left.max(0)))
        }
    }
}

/// The first rung that was not taken and may be, with its place in the chain and its instant.
fn next_rung(ticket: &Ticket, plan: &dyn Plan) -> Option<(usize, Rung, UnixMs)> {
    if ticket.stage.is_ended() || ticket.is_stopped() {
        return None;
    }
    let rungs = plan.rungs(&ticket.venue, ticket.severity);
    let open = rungs.into_iter().enumerate().filter(|(place, _)| ticket.escalated & 1 << place == 0);
    open.filter_map(|(place, rung)| Some((place, rung.clone(), rung_due(ticket, plan, &rung)?)))
        .min_by_key(|(place, _, at)| (*at, *place))
}

impl State {
    /// When time next does something to a ticket.
    fn wake_at(&self, ticket: &Ticket) -> Option<UnixMs> {
        let pending = ticket.pending_limits().into_iter().filter(|(limit, _)| !ticket.overrun.contains(limit));
        let limit = pending.map(|(_, by)| by).min();
        let rung = next_rung(ticket, &*self.plan).map(|(_, _, at)| at);
        limit.into_iter().chain(rung).min()
    }

    /// Notes when time next does something to a ticket that has changed.
    pub(super) fn schedule(&mut self, id: u64) {
        match self.tickets.get(&id).and_then(|ticket| self.wake_at(ticket)) {
            Some(at) => drop(self.wake.insert(id, at)),
            None => drop(self.wake.remove(&id)),
        }
    }

    /// Notes it for all: after a restart, and when venues have changed.
    pub(super) fn schedule_all(&mut self) {
        let ids: Vec<u64> = self.tickets.keys().copied().collect();
        self.wake.clear();
        ids.into_iter().for_each(|id| self.schedule(id));
    }
}

/// Limits that have run out and rungs that are due.
pub(super) fn pass(state: &mut State, now: UnixMs, out: &mut Vec<Effect>) {
    let mut due: Vec<u64> = state.wake.iter().filter(|(_, at)| **at <= now).map(|(id, _)| *id).collect();
    due.sort_unstable();
    for id in due {
        let plan = state.plan.clone();
        let Some(ticket) = state.tickets.get_mut(&id) else { continue };
        overrun(ticket, now, out);
        while let Some((place, rung, at)) = next_rung(ticket, &*plan).filter(|(_, _, at)| *at <= now) {
            ticket.escalated |= 1 << place;
            let team = rung.team.clone().unwrap_or_else(|| ticket.team.clone());
            moved(ticket, at, DATA, Some(ticket.stage), &format!("{}:{}", note::ESCALATED, team), None, out);
            out.push(Effect::Escalated { ticket: id, team, channels: rung.channels, line: ticket.moves });
        }
        stored(ticket, out);
    }
}

/// Tells each limit that has run out once.
fn overrun(ticket: &mut Ticket, now: UnixMs, out: &mut Vec<Effect>) {
    for (limit, by) in ticket.pending_limits() {
        if by > now || ticket.overrun.contains(&limit) {
            continue;
        }
        ticket.overrun.push(limit);
        let word = match limit {
            Limit::Acknowledge => note::LATE_ACKNOWLEDGE,
            Limit::Arrive => note::LATE_ARRIVE,
            Limit::Fix => note::LATE_FIX,
        };
        moved(ticket, by, DATA, Some(ticket.stage), word, None, out);
    }
}
