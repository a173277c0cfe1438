//! Finds whether a room can be opened, from what its agents last said, the rules' limits and the open
//! tickets. Pure: the present, the circumstances at opening and the forecast are arguments.
//!
//! A room is **not ready** when a point is known to be outside of what a rule of severity P1 to P3 will
//! ask of it at opening, or an open ticket of P1 to P3 says that something does not work. It is
//! **unknown** when a point that such a rule asks for is not read (a fault, or nothing for longer than
//! [`STALE_MS`], three of its periods and the rule's own gap), an agent is silent, or the room has no agent.
//! Only a room without either is **ready**. A locked room is listed apart. P4 is worth a remark.
//!
//! What a ticket of a band or a state says is asked of the present value instead: the ticket of a room that
//! was too warm at closing time is still open in the morning, and says nothing of the morning.

use wire::{Fault, Id, PointName, UnixMs};

use super::{
    room::{Reason, Room, Verdict, What},
    warm_up::Forecast,
};
use crate::{
    episode::Severity,
    rules::{Circumstances, Expect, GAP_MS, Rule},
    tickets::Stage,
};

/// A point without a period is stale when nothing was heard of it for so long, in milliseconds.
pub const STALE_MS: i64 = 180_000;
/// A point with a period is stale when it missed so many of them.
const PERIODS_MISSED: i64 = 3;
/// An agent that was not heard for so long was taken away, in milliseconds: 31 days.
pub const FORGOTTEN_MS: i64 = 31 * 86_400_000;
/// Points by which an agent speaks of itself: they keep no room closed.
const OWN: [&str; 4] = ["spool_", "uplink_", "sampler_", "computer_"];

/// What is the same for all rooms of a venue.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The rules in force.
    pub rules: &'a [Rule],
    /// The present.
    pub now: UnixMs,
    /// How things will stand at the instant that is asked about.
    pub then: Circumstances<'a>,
}

/// What is known of a room.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RoomFacts {
    /// Somebody locked it.
    pub is_locked: bool,
    /// Its agents.
    pub agents: Vec<AgentFacts>,
    /// Its open tickets.
    pub tickets: Vec<OpenTicket>,
}

/// What is known of an agent.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentFacts {
    /// Which.
    pub agent: Id,
    /// It was stopped on purpose.
    pub is_stopped: bool,
    /// The broker lost it.
    pub is_lost: bool,
    /// When its newest sample was read.
    pub sample_at: Option<UnixMs>,
    /// Points that it is to read, and what it last said of each.
    pub points: Vec<PointFacts>,
}

/// What is known of a point.
#[derive(Debug, Clone, PartialEq)]
pub struct PointFacts {
    /// Which.
    pub name: PointName,
    /// The asset it belongs to.
    pub asset: Option<Id>,
    /// The last value.
    pub value: Option<f64>,
    /// Why there is none now.
    pub fault: Option<Fault>,
    /// When it was last heard of; `None` where it never was.
    pub at: Option<UnixMs>,
    /// How often it is read, in milliseconds.
    pub period_ms: Option<i64>,
}

/// What is known of an open ticket.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenTicket {
    /// Its number.
    pub number: String,
    /// The rule that opened it; `None` where a person or a round did.
    pub rule: Option<Id>,
    /// The asset it is about.
    pub asset: Option<Id>,
    /// How bad.
    pub severity: Severity,
    /// Where it stands.
    pub stage: Stage,
    /// Points that it is about.
    pub points: Vec<PointName>,
    /// Its title, in both languages.
    pub title: String,
}

/// Where a number that is out of its band is going; `None` where nobody can ask, or it does not matter.
pub type Ask<'a> = dyn FnMut(&Id, &PointName, f64, Option<f64>, Option<f64>) -> Option<Forecast> + 'a;

/// The answer for one room.
pub fn assess(id: &Id, facts: &RoomFacts, question: &Question<'_>, forecast: &mut Ask<'_>) -> Room {
    let mut room = Room { room: id.clone(), verdict: Verdict::Locked, reasons: Vec::new(), remarks: Vec::new() };
    if facts.is_locked {
        return room;
    }
    let known = |agent: &&AgentFacts| agent.sample_at.is_some_and(|at| question.now.saturating_sub(at) < FORGOTTEN_MS);
    for agent in facts.agents.iter().filter(known) {
        judge_agent(id, agent, question, forecast, &mut room);
    }
    if !facts.agents.iter().any(|agent| known(&agent)) {
        room.reasons.push(Reason { what: What::NoAgent, severity: Severity::P3, rule: None, ticket: None });
    }
    for ticket in &facts.tickets {
        judge_ticket(ticket, question, &mut room);
    }
    room.reasons.sort_by_key(|reason| (!reason.what.is_wrong(), reason.severity));
    room.remarks.sort_by_key(|reason| reason.severity);
    room.verdict = match room.reasons.first() {
        Some(reason) if reason.what.is_wrong() => Verdict::NotReady,
        Some(_) => Verdict::Unknown,
        None => Verdict::Ready,
    };
    room
}

fn judge_agent(id: &Id, agent: &AgentFacts, question: &Question<'_>, forecast: &mut Ask<'_>, room: &mut Room) {
    let age_ms = agent.sample_at.map_or(i64::MAX, |at| question.now.saturating_sub(at));
    // One that is slow by nature is heard as often as its quickest point.
    let quickest = agent.points.iter().filter_map(|point| point.period_ms).min().unwrap_or(0);
    let patience_ms = STALE_MS.max(quickest.saturating_mul(PERIODS_MISSED));
    if agent.is_stopped || agent.is_lost || age_ms > patience_ms {
        let (since, stopped) = (agent.sample_at, agent.is_stopped);
        let what = What::AgentSilent { agent: agent.agent.clone(), since, stopped };
        room.reasons.push(Reason { what, severity: Severity::P2, rule: None, ticket: None });
        return;
    }
    for point in agent.points.iter().filter(|point| !is_own(&point.name)) {
        judge_point(id, &agent.agent, point, question, forecast, room);
    }
}

fn is_own(point: &PointName) -> bool {
    OWN.iter().any(|own| point.as_str().starts_with(own))
}

/// The worst that any rule finds of a point: one reason at most.
fn judge_point(
    id: &Id,
    agent: &Id,
    point: &PointFacts,
    question: &Question<'_>,
    forecast: &mut Ask<'_>,
    room: &mut Room,
) {
    let asks = |rule: &&Rule| {
        matches!(rule.expect, Expect::Band { .. } | Expect::State { .. } | Expect::Share { .. })
            && rule.covers_room(id)
            && rule.covers_point(&point.name)
            && rule.matters(&question.then)
    };
    let mut rules: Vec<&Rule> = question.rules.iter().filter(asks).collect();
    rules.sort_by_key(|rule| rule.severity);
    let Some(first) = rules.first() else { return };
    let age_ms = point.at.map_or(i64::MAX, |at| question.now.saturating_sub(at));
    let patience_ms = point.period_ms.unwrap_or(0).saturating_mul(PERIODS_MISSED).max(STALE_MS);
    let own_gap_ms = rules.iter().map(|rule| rule.gap_ms).filter(|gap| *gap > GAP_MS).max().unwrap_or(0);
    let value = point.value.filter(|_| point.fault.is_none() && age_ms <= patience_ms.max(own_gap_ms));
    let Some(value) = value else {
        let fault = point.fault.as_ref().map(|fault| fault.as_str().to_owned());
        let what = What::NoValue { agent: agent.clone(), point: point.name.clone(), fault, since: point.at };
        put(Reason { what, severity: first.severity, rule: Some(first.id.clone()), ticket: None }, room);
        return;
    };
    let found = rules.into_iter().find_map(|rule| {
        let what = wrong(rule, agent, point, value)?;
        Some(Reason { what, severity: rule.severity, rule: Some(rule.id.clone()), ticket: None })
    });
    let Some(mut reason) = found else { return };
    if let What::OutOfBand { low, high, forecast: expected, .. } = &mut reason.what {
        *expected = forecast(agent, &point.name, value, *low, *high);
        if matches!(expected, Some(Forecast::InTime { .. })) {
            room.remarks.push(reason);
            return;
        }
    }
    put(reason, room);
}

/// What a rule finds wrong with a value. A share of a window is asked of its ticket, not of one value.
fn wrong(rule: &Rule, agent: &Id, point: &PointFacts, value: f64) -> Option<What> {
    let (agent, name) = (agent.clone(), point.name.clone());
    match rule.expect {
        Expect::Band { low, high, .. } => {
            let is_out = low.is_some_and(|low| value < low) || high.is_some_and(|high| value > high);
            is_out.then_some(What::OutOfBand { agent, point: name, value, low, high, forecast: None })
        }
        Expect::State { good } => {
            let on = value >= 0.5;
            (on != good).then(|| What::WrongState { agent, point: name, asset: point.asset.clone(), on })
        }
        _ => None,
    }
}

/// P4 keeps no room closed.
fn put(reason: Reason, room: &mut Room) {
    let list = if reason.severity == Severity::P4 { &mut room.remarks } else { &mut room.reasons };
    list.push(reason);
}

fn judge_ticket(ticket: &OpenTicket, question: &Question<'_>, room: &mut Room) {
    let about = |reason: &&mut Reason| {
        let asset = match &reason.what {
            What::WrongState { asset, .. } => asset.as_ref(),
            _ => None,
        };
        reason.ticket.is_none()
            && ticket.rule.is_some()
            && reason.rule == ticket.rule
            && asset.is_none_or(|asset| ticket.asset.as_ref().is_none_or(|of| of == asset))
    };
    if let Some(reason) = room.reasons.iter_mut().chain(&mut room.remarks).find(about) {
        reason.ticket = Some(ticket.number.clone());
        return;
    }
    let rule = question.rules.iter().find(|rule| Some(&rule.id) == ticket.rule.as_ref());
    let is_own = !ticket.points.is_empty() && ticket.points.iter().all(is_own);
    let waits = matches!(ticket.stage, Stage::Fixed | Stage::Verifying);
    let title = ticket.title.clone();
    // `None` keeps no room closed.
    let says = match rule.map(|rule| &rule.expect) {
        // Fire, gas, an extinguisher that came back: a person must look, whatever the sensor says now.
        _ if ticket.severity == Severity::P1 && !is_own => Some(What::Ticket { title }),
        // The present value was asked above, and the register says what is due.
        Some(Expect::Band { .. } | Expect::State { .. } | Expect::Due { .. }) => return,
        Some(Expect::Silent { .. }) => return silent(ticket, room),
        _ if is_own || waits || ticket.severity == Severity::P4 => None,
        Some(Expect::Stuck { .. } | Expect::Disagree { .. }) => Some(What::Doubt { title }),
        Some(Expect::Rate { .. } | Expect::Share { .. }) | None => Some(What::Ticket { title }),
    };
    let list = if says.is_some() { &mut room.reasons } else { &mut room.remarks };
    let what = says.unwrap_or_else(|| What::Ticket { title: ticket.title.clone() });
    let (rule, number) = (ticket.rule.clone(), Some(ticket.number.clone()));
    list.push(Reason { what, severity: ticket.severity, rule, ticket: number });
}

/// A silence is found anew from what was heard; its ticket only lends its number.
fn silent(ticket: &OpenTicket, room: &mut Room) {
    let silence = |what: &What| matches!(what, What::AgentSilent { .. } | What::NoValue { .. });
    if let Some(reason) = room.reasons.iter_mut().find(|reason| reason.ticket.is_none() && silence(&reason.what)) {
        reason.ticket = Some(ticket.number.clone());
    }
}

#[cfg(test)]
mod tests;
