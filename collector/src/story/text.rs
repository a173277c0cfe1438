//! A story in words: a line each, with how much it is needed. Every number is one that the story holds. Pure.

use wire::UnixMs;

use super::{
    Story,
    changes::{Change, What},
    course::{Course, GAP},
    fit::{Line, Need, cut},
    past::{End, Past},
};
use crate::{
    texts::{self, fill, get},
    tickets::{
        Ticket,
        text::{self, Scene},
    },
};

/// Bytes of what a person wrote that a line about the past shows.
const WORDS_BYTES_MAX: usize = 180;

/// Everything that surrounds `ticket`.
#[must_use]
pub fn lines(story: &Story, ticket: &Ticket, scene: Scene<'_>) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Some(course) = &story.course {
        lines.push(Line::new(Need::Course, strip(course, story, ticket, scene)));
        lines.extend(last(course, story, ticket, scene).map(|words| Line::new(Need::Fact, words)));
    }
    lines.extend(took(ticket, scene).map(|words| Line::new(Need::Course, words)));
    if ticket.stage.is_ended() {
        return lines;
    }
    lines.extend(story.changes.iter().map(|c| Line::new(Need::Change, change(c, story, ticket, scene))));
    lines.extend(story.past.iter().map(|p| Line::new(Need::Past, past(p, ticket, scene))));
    lines
}

/// An instant: the time of day, with the date where it is another day than the story's.
pub(super) fn when(at: UnixMs, story: &Story, ticket: &Ticket, scene: Scene<'_>) -> String {
    let zone = scene.venues.zone(&ticket.venue);
    let local = |at: UnixMs| jiff::Timestamp::from_millisecond(at).ok().map(|t| t.to_zoned(zone.clone()));
    match (local(at), local(story.at)) {
        (Some(then), Some(now)) if then.date() == now.date() => {
            then.strftime(get(scene.language, "story.clock")).to_string()
        }
        _ => text::time(at, zone, scene.language),
    }
}

fn strip(course: &Course, story: &Story, ticket: &Ticket, scene: Scene<'_>) -> String {
    let language = scene.language;
    let point = texts::point(language, &course.point);
    let when = |at| when(at, story, ticket, scene);
    let (from, to) = (when(course.from), when(course.to - 1));
    let Some((low, high)) = course.extremes() else {
        return fill(language, "story.no_course", &[("point", &point), ("from", &from), ("to", &to)]);
    };
    let strip = course.strip();
    let gap = if strip.contains(GAP) { get(language, "story.gap") } else { "" };
    let cell = texts::duration(language, course.cell_ms());
    let mut blanks = vec![("strip", &*strip), ("from", &from), ("to", &to), ("cell", &cell), ("gap", gap)];
    if course.switch {
        let word = |on| texts::switch(language, &course.point, on).unwrap_or(if on { "1" } else { "0" });
        blanks.extend([("on", word(true)), ("off", word(false))]);
        return fill(language, "story.strip_switch", &blanks);
    }
    let value = |value| texts::value(Some(&course.point), value);
    let (low, high) = (value(low), value(high));
    blanks.extend([("low", &*low), ("high", &*high)]);
    fill(language, "story.strip", &blanks)
}

fn last(course: &Course, story: &Story, ticket: &Ticket, scene: Scene<'_>) -> Option<String> {
    let (at, value) = course.last?;
    let language = scene.language;
    let value = match texts::switch(language, &course.point, value >= 0.5) {
        Some(word) if course.switch => word.to_owned(),
        _ => texts::value(Some(&course.point), value),
    };
    let (point, time) = (texts::point(language, &course.point), when(at, story, ticket, scene));
    Some(fill(language, "story.last", &[("point", &point), ("value", &value), ("time", &time)]))
}

/// How long it took, of a ticket that ended because something was mended.
fn took(ticket: &Ticket, scene: Scene<'_>) -> Option<String> {
    let fixed_at = ticket.fixed_at.filter(|_| ticket.stage == crate::tickets::Stage::Closed)?;
    let duration = texts::duration(scene.language, fixed_at.saturating_sub(ticket.opened_at));
    Some(fill(scene.language, "story.took", &[("duration", &duration)]))
}

fn change(change: &Change, story: &Story, ticket: &Ticket, scene: Scene<'_>) -> String {
    let language = scene.language;
    let time = when(change.at, story, ticket, scene);
    let say = |key: &str, blanks: &[(&str, &str)]| {
        let blanks: Vec<_> = blanks.iter().copied().chain([("time", &*time)]).collect();
        fill(language, key, &blanks)
    };
    match &change.what {
        What::Switched { point, on } => {
            let state = texts::switch(language, point, *on).unwrap_or(if *on { "1" } else { "0" });
            say("story.switched", &[("point", &texts::point(language, point)), ("state", state)])
        }
        What::Moved { point, since, from, to } => {
            let value = |value| texts::value(Some(point), value);
            let since = when(*since, story, ticket, scene);
            let (name, from, to) = (texts::point(language, point), value(*from), value(*to));
            say("story.moved", &[("point", &name), ("from_time", &since), ("from", &from), ("to", &to)])
        }
        What::Fault { points, fault } => {
            let names: Vec<_> = points.iter().map(|point| texts::point(language, point)).collect();
            let points = names.join(get(language, "join.list"));
            say("story.fault", &[("points", &points), ("fault", &texts::fault(language, fault))])
        }
        What::Silent { agent, since } => {
            let since = when(*since, story, ticket, scene);
            say("story.silent", &[("agent", agent.as_str()), ("from_time", &since)])
        }
        What::Restarted { agent } => say("story.restarted", &[("agent", agent.as_str())]),
        What::Ticket(other) => say("story.ticket", &[("number", &other.number), ("what", &text::wrong(other, scene))]),
    }
}

fn past(past: &Past, ticket: &Ticket, scene: Scene<'_>) -> String {
    let language = scene.language;
    let time = text::time(past.opened_at, scene.venues.zone(&ticket.venue), language);
    let number = match past.room == ticket.room {
        true => past.number.clone(),
        false => {
            let room = scene.venues.room_name(&ticket.venue, &past.room, language);
            fill(language, "story.number_in_room", &[("room", &room), ("number", &past.number)])
        }
    };
    let say = |key: &str, blanks: &[(&str, &str)]| {
        let blanks: Vec<_> = blanks.iter().copied().chain([("time", &*time), ("number", &*number)]).collect();
        fill(language, key, &blanks)
    };
    let said = |words: &str| {
        let line: Vec<&str> = texts::own(language, words).split_whitespace().collect();
        cut(&line.join(" "), WORDS_BYTES_MAX)
    };
    match &past.end {
        End::Fixed { who, words, took_ms } => {
            let (duration, words) = (texts::duration(language, *took_ms), said(words));
            let key = if words.is_empty() { "story.fixed_silent" } else { "story.fixed" };
            say(key, &[("who", who), ("words", &words), ("duration", &duration)])
        }
        End::ByItself { took_ms } => say("story.by_itself", &[("duration", &texts::duration(language, *took_ms))]),
        End::FalseAlarm { who, words } => say("story.false_alarm", &[("who", who), ("words", &said(words))]),
    }
}
