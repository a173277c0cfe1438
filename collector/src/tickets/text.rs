//! Explains a ticket to the person who must act: what, where, since when, value and limit, what was
//! done so far, and the next step. Every number is one that is stored; nothing is looked up.

use std::borrow::Cow;

use jiff::{Timestamp, tz::TimeZone};
use wire::{PointName, UnixMs};

use super::{DATA, Origin, Proof, Stage, Ticket, Transition, cause, figures, tell::News, until};
use crate::{
    config::Language,
    packs::{PackRule, Packs},
    rules::{Expect, Rule},
    texts::{self, fill, get},
    venues::Venues,
};

/// What explanations are made with.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// In which language.
    pub language: Language,
    /// Rules and their texts.
    pub packs: &'a Packs,
    /// Names and time zones of venues.
    pub venues: &'a Venues,
}

impl Scene<'_> {
    fn room(&self, ticket: &Ticket) -> Cow<'_, str> {
        self.venues.room_name(&ticket.venue, &ticket.room, self.language)
    }

    fn time(&self, ticket: &Ticket, at: UnixMs) -> String {
        time(at, self.venues.zone(&ticket.venue), self.language)
    }
}

/// A ticket in words.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Explained {
    /// Room and what is wrong, in one short line.
    pub title: String,
    /// The facts, a line each.
    pub lines: Vec<String>,
    /// What to do next.
    pub hint: Option<String>,
}

impl Explained {
    /// All of it as plain text.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        let mut out = self.title.clone();
        for line in &self.lines {
            out.push('\n');
            out.push_str(line);
        }
        if let Some(hint) = &self.hint {
            out.push('\n');
            out.push_str(&fill(language, "explain.next", &[("hint", hint)]));
        }
        out
    }
}

/// The one line that names a ticket.
#[must_use]
pub fn title(ticket: &Ticket, scene: Scene<'_>) -> String {
    fill(scene.language, "explain.title", &[("room", &scene.room(ticket)), ("what", &wrong(ticket, scene))])
}

/// What is wrong, without the room.
#[must_use]
pub fn wrong(ticket: &Ticket, scene: Scene<'_>) -> String {
    cause::what(ticket, scene).unwrap_or_else(|| match (rule(ticket, scene), &ticket.rule, &ticket.description) {
        (Some(rule), ..) => rule.words(scene.language).title.clone(),
        (None, Some(id), _) => id.to_string(),
        (None, None, Some(words)) => first_line(texts::own(scene.language, words)),
        (None, None, None) => get(scene.language, "explain.by_hand").into(),
    })
}

/// The ticket in words.
#[must_use]
pub fn explain(ticket: &Ticket, scene: Scene<'_>) -> Explained {
    let language = scene.language;
    let line = |key: &str, values: &[(&str, &str)]| fill(language, key, values);
    let venue = scene.venues.name(&ticket.venue, language);
    let mut lines = vec![line("explain.where", &[("venue", venue), ("room", &scene.room(ticket))])];
    if let Some(asset) = &ticket.asset {
        lines.push(line("explain.asset", &[("asset", &scene.venues.asset_name(&ticket.venue, asset, language))]));
    }
    lines.push(what(ticket, scene));
    if matches!(ticket.origin, Origin::Round | Origin::Complaint) {
        let origin = texts::origin(language, ticket.origin);
        lines.push(line("explain.origin", &[("origin", origin)]));
    }
    lines.push(since(ticket, scene));
    lines.extend(cause::symptoms(ticket, scene));
    if ticket.reopened_count > 0 {
        lines.push(line("explain.again", &[("n", &ticket.reopened_count.to_string())]));
    }
    let team = scene.venues.team_name(&ticket.venue, &ticket.team, language);
    lines.push(line("explain.who", &[("severity", texts::severity(language, ticket.severity)), ("team", &team)]));
    if ticket.stage != Stage::New || ticket.proof != Proof::None {
        let (stage, proof) = (texts::stage(language, ticket.stage), texts::proof(language, ticket.proof));
        lines.push(line("explain.stage", &[("stage", stage), ("proof", proof)]));
    }
    if let Some(name) = &ticket.assignee {
        lines.push(line("explain.assignee", &[("name", name)]));
    }
    lines.extend(until::lines(ticket, scene));
    let hint = rule(ticket, scene).map(|r| r.words(language).hint.clone());
    let hint = cause::hint(ticket, scene).map(str::to_owned).or(hint).filter(|_| !ticket.stage.is_ended());
    Explained { title: title(ticket, scene), lines, hint }
}

/// Why people are told, in one line, with the value where the readings refused a fix.
#[must_use]
pub fn news(news: News, ticket: &Ticket, moved: &Transition, scene: Scene<'_>) -> String {
    let language = scene.language;
    let key = match news {
        News::Opened => "news.opened",
        News::Reopened => "news.reopened",
        News::Assigned => {
            let name = ticket.assignee.as_deref().unwrap_or_default();
            return fill(language, "news.assigned", &[("name", name)]);
        }
        News::Recovered => "news.recovered",
        News::StillBad => "news.still_bad",
        News::Unverified => "news.unverified",
        News::Late => return until::late(moved, scene).into(),
        News::Escalated => return until::escalated(ticket, moved, scene),
        News::Closed => "news.closed",
    };
    match numbers(ticket, moved, scene) {
        Some(numbers) if news == News::StillBad => fill(language, "news.still_bad_now", &[("numbers", &numbers)]),
        None if news == News::StillBad && ticket.rule.is_some() => {
            fill(language, "news.still_bad_so", &[("what", &wrong(ticket, scene))])
        }
        _ => get(language, key).into(),
    }
}

/// The value of a line of history, and its limit where the data refused a fix; `None` where it is no number.
#[must_use]
pub fn numbers(ticket: &Ticket, moved: &Transition, scene: Scene<'_>) -> Option<String> {
    // A yes or no is no number to people.
    if rule(ticket, scene).is_some_and(|rule| matches!(rule.rule.expect, Expect::State { .. })) {
        return None;
    }
    let shown = |value: f64| figures::shown_of(ticket, moved.point.as_ref(), rule(ticket, scene), value);
    let value = shown(moved.value?);
    let Some(limit) = moved.limit else { return Some(value) };
    Some(fill(scene.language, "news.value_and_limit", &[("value", &value), ("limit", &shown(limit))]))
}

/// A line of history in words: what the readings did is translated, what a person wrote is not.
#[must_use]
pub fn note(moved: &Transition, language: Language) -> String {
    if let Some(words) = until::escalation_note(moved, language).or_else(|| cause::over(moved, language)) {
        return words;
    }
    let said = texts::own(language, &moved.note);
    let of_data = || texts::find(language, &format!("note.{said}")).filter(|_| moved.who == DATA);
    of_data().unwrap_or(said).to_owned()
}

/// An instant as people of the venue say it.
#[must_use]
pub fn time(at: UnixMs, zone: &TimeZone, language: Language) -> String {
    let Ok(instant) = Timestamp::from_millisecond(at) else { return at.to_string() };
    instant.to_zoned(zone.clone()).strftime(get(language, "explain.date")).to_string()
}

fn rule<'a>(ticket: &Ticket, scene: Scene<'a>) -> Option<&'a PackRule> {
    scene.packs.rule(ticket.rule.as_ref()?)
}

/// What is wrong, with the worst value and the limit it passed.
fn what(ticket: &Ticket, scene: Scene<'_>) -> String {
    let language = scene.language;
    if let Some(text) = &ticket.description {
        return fill(language, "explain.described", &[("text", texts::own(language, text))]);
    }
    let rule = rule(ticket, scene);
    if let Some(PackRule { rule: Rule { expect: Expect::Silent { agent, .. }, .. }, .. }) = rule {
        #[expect(clippy::cast_possible_truncation, reason = "a silence is far below 2^53 seconds")]
        let limit = texts::duration(language, (ticket.limit.unwrap_or(0.0) * 1_000.0) as i64);
        let name = ticket.agent.as_ref().map_or("?", |a| a.as_str());
        return if *agent {
            fill(language, "explain.silent_agent", &[("agent", name), ("limit", &limit)])
        } else {
            fill(language, "explain.silent_points", &[("points", &points(ticket, language)), ("limit", &limit)])
        };
    }
    let point =
        ticket.worst_point.as_ref().map_or_else(|| points(ticket, language), |p| texts::point(language, p).into());
    if let Some(line) = rule.and_then(|rule| figures::line(ticket, rule, &point, language)) {
        return line;
    }
    let (Some(value), Some(limit)) = (ticket.worst_value, ticket.limit) else {
        let what = rule.map_or_else(|| title(ticket, scene), |r| r.words(language).title.clone());
        return fill(language, "explain.state", &[("what", &what)]);
    };
    // Nothing is wrong any more: the worst is past.
    let key = match (value > limit, ticket.open_points.is_empty()) {
        (true, false) => "explain.above",
        (false, false) => "explain.below",
        (true, true) => "explain.was_above",
        (false, true) => "explain.was_below",
    };
    let (value, limit) = (figures::shown(ticket, rule, value), figures::shown(ticket, rule, limit));
    let values = [("point", &*point), ("value", &value), ("limit", &limit)];
    fill(language, key, &values)
}

fn since(ticket: &Ticket, scene: Scene<'_>) -> String {
    let language = scene.language;
    if ticket.rule.is_none() {
        return fill(language, "explain.opened", &[("time", &scene.time(ticket, ticket.opened_at))]);
    }
    let began = scene.time(ticket, ticket.began_at);
    let held_ms = ticket.opened_at.saturating_sub(ticket.began_at);
    // After a relapse the ticket is older than the violation.
    if held_ms < 1_000 {
        return fill(language, "explain.since", &[("time", &began)]);
    }
    fill(language, "explain.since_for", &[("time", &began), ("duration", &texts::duration(language, held_ms))])
}

/// The points whose episodes are open, or the worst where none is any more.
fn points(ticket: &Ticket, language: Language) -> String {
    let mut all: Vec<&PointName> = ticket.open_points.iter().collect();
    if all.is_empty() {
        all.extend(&ticket.worst_point);
    }
    let names: Vec<_> = all.into_iter().map(|p| texts::point(language, p)).collect();
    names.join(get(language, "join.list"))
}

/// The first line of what a person wrote, cut to what fits a title.
fn first_line(words: &str) -> String {
    /// Characters of a title: what chat robots show on a phone.
    const TITLE_MAX: usize = 40;
    let line = words.lines().next().unwrap_or_default().trim();
    if line.chars().count() <= TITLE_MAX {
        return line.into();
    }
    line.chars().take(TITLE_MAX - 1).chain(['…']).collect()
}
