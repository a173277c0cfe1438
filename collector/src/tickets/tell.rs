//! Picks who is told of what happened to a ticket, and under which key. Pure: the routes are plain
//! data, and the words are made elsewhere.

use wire::{Id, UnixMs};

use super::{DATA, Plan, Stage, Ticket, Transition, note, plan::EVERY_CHANNEL};
use crate::episode::Severity;

/// A channel and what it wants to hear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Its name in the configuration.
    pub channel: String,
    /// Only these teams; empty for all.
    pub teams: Vec<String>,
    /// Only what is at least this bad.
    pub severity_min: Severity,
}

/// Why people are told. Few and fixed: receivers switch on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum News {
    /// A ticket was opened.
    Opened,
    /// It came back, or somebody opened it again.
    Reopened,
    /// It was given to somebody.
    Assigned,
    /// Readings are good again; a person shall look and close it.
    Recovered,
    /// It was said to be fixed, and the readings say it is not.
    StillBad,
    /// It was said to be fixed, and no data can say so.
    Unverified,
    /// Something did not happen in time.
    Late,
    /// Nobody acknowledged it: the next in the chain is asked.
    Escalated,
    /// It ended.
    Closed,
}

/// A message to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telling {
    /// To this channel.
    pub channel: String,
    /// The same for every try; no two messages of a channel share one.
    pub key: String,
    /// Why.
    pub news: News,
    /// Not before.
    pub due_at: UnixMs,
}

/// What news a line of history is, if any. What a person did himself in between is no news.
#[must_use]
pub fn news_of(ticket: &Ticket, moved: &Transition) -> Option<News> {
    let by_data = moved.who == DATA;
    Some(match (moved.from, moved.to) {
        (None, _) => News::Opened,
        (Some(from), to) if from == to => {
            let late = [note::LATE_ACKNOWLEDGE, note::LATE_ARRIVE, note::LATE_FIX].contains(&moved.note.as_str());
            return (by_data && late).then_some(News::Late);
        }
        (Some(_), Stage::Closed | Stage::FalseAlarm | Stage::Duplicate) => News::Closed,
        (Some(from), _) if by_data && moved.note == note::STILL_BAD && !from.is_ended() => News::StillBad,
        (
            Some(Stage::Closed | Stage::FalseAlarm | Stage::Duplicate | Stage::Fixed | Stage::Verifying),
            Stage::New | Stage::Assigned,
        ) => News::Reopened,
        (Some(_), Stage::Assigned) => News::Assigned,
        // P3 and P4 close in the same breath, which is the news.
        (Some(_), Stage::Fixed) if by_data && moved.note == note::RECOVERED => {
            return (ticket.severity < Severity::P3).then_some(News::Recovered);
        }
        (Some(_), Stage::Fixed) if by_data => News::Unverified,
        _ => return None,
    })
}

/// Who is told of `moved`, which happened to `ticket`: the channels of its team and of the teams of those
/// who watch it, and channels that no team has. Where that is nobody, every channel that is for its team: what
/// nobody hears of helps nobody.
#[must_use]
pub fn tell(ticket: &Ticket, moved: &Transition, routes: &[Route], plan: &dyn Plan) -> Vec<Telling> {
    let Some(news) = news_of(ticket, moved) else { return Vec::new() };
    let mut own = plan.channels_of(&ticket.venue, &ticket.team);
    for team in ticket.watchers.iter().flat_map(|name| plan.teams_of(&ticket.venue, name)) {
        own.extend(plan.channels_of(&ticket.venue, &team));
    }
    let grave = |route: &Route| ticket.severity <= route.severity_min;
    let team = |route: &Route| route.teams.is_empty() || route.teams.iter().any(|team| team == ticket.team.as_str());
    let fits = |route: &Route| {
        grave(route) && if plan.is_given(&route.channel) { own.contains(&route.channel) } else { team(route) }
    };
    if routes.iter().any(fits) {
        return tellings(ticket, moved, news, routes, plan, fits);
    }
    tellings(ticket, moved, news, routes, plan, |route| grave(route) && team(route))
}

/// Who is told that the next in the chain is asked: the channels of the rung, else those of its team, else
/// those that no team has; every channel where that is nobody, or the rung says so.
#[must_use]
pub fn escalate(
    ticket: &Ticket,
    moved: &Transition,
    (team, channels): (&Id, &[String]),
    routes: &[Route],
    plan: &dyn Plan,
) -> Vec<Telling> {
    let own = plan.channels_of(&ticket.venue, team);
    let named = if channels.is_empty() { &own[..] } else { channels };
    let wants = |route: &Route| match named {
        [] => !plan.is_given(&route.channel),
        [every] if every == EVERY_CHANNEL => true,
        named => named.contains(&route.channel),
    };
    let nobody = !routes.iter().any(wants);
    tellings(ticket, moved, News::Escalated, routes, plan, |route| nobody || wants(route))
}

/// A message for every route that wants one; in quiet hours it waits for their end, P1 never.
fn tellings(
    ticket: &Ticket,
    moved: &Transition,
    news: News,
    routes: &[Route],
    plan: &dyn Plan,
    wants: impl Fn(&Route) -> bool,
) -> Vec<Telling> {
    let quiet = match ticket.severity {
        Severity::P1 => None,
        severity => plan.quiet_until(&ticket.venue, severity, moved.at),
    };
    let telling = |route: &Route| Telling {
        channel: route.channel.clone(),
        key: format!("{}:{}", ticket.number, moved.line),
        news,
        due_at: quiet.unwrap_or(moved.at),
    };
    routes.iter().filter(|route| wants(route)).map(telling).collect()
}
