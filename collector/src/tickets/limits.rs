//! Until when a ticket must be acknowledged, reached and mended. The clock of a limit stands while the
//! ticket waits for a reason that stops it; what was left then is added when it goes on.

use wire::UnixMs;

use super::{
    Ticket,
    plan::{ClockKind, Limits, Plan},
};

/// Instants by which something must have happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Deadlines {
    /// Somebody said: I am on it.
    pub acknowledge_by: Option<UnixMs>,
    /// Somebody is there.
    pub arrive_by: Option<UnixMs>,
    /// It is mended.
    pub fix_by: Option<UnixMs>,
}

/// One of the three.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// To acknowledge.
    Acknowledge,
    /// To arrive.
    Arrive,
    /// To mend.
    Fix,
}

/// Why a ticket waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldReason {
    /// Parts are on their way (待件).
    Parts,
    /// Somebody from outside must come (待外修).
    Vendor,
    /// It can only be done after closing (待停业).
    Closing,
    /// Somebody must allow it (待审批).
    Approval,
    /// Anything else.
    #[default]
    Other,
}

impl HoldReason {
    /// Every reason.
    pub const ALL: [Self; 5] = [Self::Parts, Self::Vendor, Self::Closing, Self::Approval, Self::Other];

    /// Whether the time stands meanwhile: only where nobody of the venue can do anything.
    #[must_use]
    pub fn stops(self) -> bool {
        matches!(self, Self::Parts | Self::Vendor | Self::Closing)
    }

    /// The reason as stored and on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Parts => "parts",
            Self::Vendor => "vendor",
            Self::Closing => "closing",
            Self::Approval => "approval",
            Self::Other => "other",
        }
    }
}

/// A wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Hold {
    /// Why.
    pub why: HoldReason,
    /// Since when.
    pub since: UnixMs,
}

/// Starts every clock of a ticket at `since`: when it is opened, or opened again.
pub(super) fn begin(ticket: &mut Ticket, plan: &dyn Plan, since: UnixMs) {
    let Limits { acknowledge_ms, arrive_ms, fix_ms, clock } = plan.limits(&ticket.venue, ticket.severity);
    let by = |ms: Option<i64>| ms.map(|ms| plan.add(&ticket.venue, clock, since, ms));
    let acknowledge_by = by(acknowledge_ms).filter(|_| ticket.acknowledged_at.is_none());
    ticket.limits = Deadlines { acknowledge_by, arrive_by: by(arrive_ms), fix_by: by(fix_ms) };
    (ticket.clock_from, ticket.escalated, ticket.hold) = (Some(since), 0, None);
    ticket.overrun.clear();
}

/// A wait is over, and nothing goes on for it: the ticket has ended, or is mended.
pub(super) fn end_wait(ticket: &mut Ticket, now: UnixMs) {
    ticket.hold_reason = None;
    if let Some(hold) = ticket.hold.take().filter(|hold| hold.why.stops()) {
        ticket.held_ms = ticket.held_ms.saturating_add(now.saturating_sub(hold.since));
    }
}

/// The ticket goes on after a wait: deadlines that were still ahead move.
pub(super) fn resume(ticket: &mut Ticket, plan: &dyn Plan, now: UnixMs) {
    let Some(hold) = ticket.hold.take() else { return };
    if !hold.why.stops() {
        return;
    }
    ticket.held_ms = ticket.held_ms.saturating_add(now.saturating_sub(hold.since));
    let clock: ClockKind = plan.limits(&ticket.venue, ticket.severity).clock;
    let venue = &ticket.venue;
    let moved = |by: Option<UnixMs>| match by {
        Some(by) if by > hold.since => Some(plan.add(venue, clock, now, plan.spent(venue, clock, hold.since, by))),
        other => other,
    };
    let Deadlines { acknowledge_by, arrive_by, fix_by } = ticket.limits;
    ticket.limits =
        Deadlines { acknowledge_by: moved(acknowledge_by), arrive_by: moved(arrive_by), fix_by: moved(fix_by) };
}

impl Ticket {
    /// Whether its clocks stand.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.hold.is_some_and(|hold| hold.why.stops())
    }

    /// Deadlines that are still to be kept, each with its limit.
    #[must_use]
    pub fn pending_limits(&self) -> Vec<(Limit, UnixMs)> {
        use super::Stage::{Fixed, Verifying};
        if self.stage.is_ended() || matches!(self.stage, Fixed | Verifying) || self.is_stopped() {
            return Vec::new();
        }
        let Deadlines { acknowledge_by, arrive_by, fix_by } = self.limits;
        let all = [
            (Limit::Acknowledge, acknowledge_by.filter(|_| self.acknowledged_at.is_none())),
            (Limit::Arrive, arrive_by.filter(|_| self.arrived_at.is_none())),
            (Limit::Fix, fix_by),
        ];
        all.into_iter().filter_map(|(limit, by)| Some((limit, by?))).collect()
    }
}
