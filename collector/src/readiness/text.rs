//! Readiness in words, zh-CN and en: why a room is not ready, what is to be done, and the pre-opening report
//! as a message that fits into what chat services take. Decides nothing, looks nothing up.

use std::borrow::Cow;

use jiff::{Timestamp, tz::TimeZone};
use wire::{Fault, Id, UnixMs};

use super::{
    room::{Reason, Room, Verdict, What, count},
    warm_up::Forecast,
};
use crate::{
    config::Language,
    packs::Packs,
    texts::{self, fill, get},
    venues::Venues,
};

/// What words are made with.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// In which language.
    pub language: Language,
    /// Words of rules.
    pub packs: &'a Packs,
    /// Names and zones.
    pub venues: &'a Venues,
    /// Of which venue.
    pub venue: &'a Id,
}

impl Scene<'_> {
    /// A text.
    #[must_use]
    pub fn t(&self, key: &str) -> &'static str {
        get(self.language, &format!("readiness.{key}"))
    }

    /// A text with its blanks filled.
    #[must_use]
    pub fn fill(&self, key: &str, values: &[(&str, &str)]) -> String {
        fill(self.language, &format!("readiness.{key}"), values)
    }

    /// What people call a room.
    #[must_use]
    pub fn room(&self, room: &Id) -> Cow<'_, str> {
        self.venues.room_name(self.venue, room, self.language)
    }

    /// As a clock on the venue's wall shows it.
    #[must_use]
    pub fn clock(&self, at: UnixMs) -> String {
        local(at, self.venues.zone(self.venue), "%H:%M")
    }

    /// Time of day, with the day where that is not today.
    #[must_use]
    pub fn moment(&self, at: UnixMs, now: UnixMs) -> String {
        let day = |at| local(at, self.venues.zone(self.venue), "%m-%d");
        if day(at) == day(now) { self.clock(at) } else { format!("{} {}", day(at), self.clock(at)) }
    }
}

/// An instant by a format of strftime.
#[must_use]
pub fn local(at: UnixMs, zone: &TimeZone, format: &str) -> String {
    let Ok(instant) = Timestamp::from_millisecond(at) else { return at.to_string() };
    instant.to_zoned(zone.clone()).strftime(format).to_string()
}

/// A verdict.
#[must_use]
pub fn verdict(verdict: Verdict, language: Language) -> &'static str {
    get(language, &format!("verdict.{}", verdict.as_str()))
}

/// How many rooms are how.
#[must_use]
pub fn counts(rooms: &[Room], scene: Scene<'_>) -> String {
    let n = |verdict| count(rooms, verdict).to_string();
    let blanks =
        [("ready", &*n(Verdict::Ready)), ("not_ready", &*n(Verdict::NotReady)), ("unknown", &*n(Verdict::Unknown))];
    let counts = scene.fill("count", &blanks);
    match count(rooms, Verdict::Locked) {
        0 => counts,
        locked => scene.fill("count_locked", &[("count", &counts), ("locked", &locked.to_string())]),
    }
}

/// Why, with the ticket about it; `now` is when that was found.
#[must_use]
pub fn reason(reason: &Reason, now: UnixMs, scene: Scene<'_>) -> String {
    let why = what(reason, now, scene);
    match &reason.ticket {
        Some(number) => scene.fill("ticket", &[("why", &why), ("number", number)]),
        None => why,
    }
}

/// What is worth knowing of a room and keeps it from nothing.
#[must_use]
pub fn remark(remark: &Reason, now: UnixMs, scene: Scene<'_>) -> String {
    match (&remark.what, &remark.ticket) {
        (What::Ticket { .. }, Some(number)) => {
            scene.fill("remark_ticket", &[("why", &what(remark, now, scene)), ("number", number)])
        }
        _ => reason(remark, now, scene),
    }
}

/// All that is to be said of a room: why not, the worst first, then what else is worth knowing.
#[must_use]
pub fn all(room: &Room, now: UnixMs, scene: Scene<'_>) -> Vec<String> {
    let reasons = room.reasons.iter().map(|r| reason(r, now, scene));
    reasons.chain(room.remarks.iter().map(|r| remark(r, now, scene))).collect()
}

fn what(reason: &Reason, now: UnixMs, scene: Scene<'_>) -> String {
    let language = scene.language;
    match &reason.what {
        What::OutOfBand { point, value, low, high, forecast, .. } => {
            let end = |value: f64| texts::value(Some(point), value);
            let band = match (low, high) {
                (Some(low), Some(high)) => {
                    scene.fill("band", &[("low", &texts::value(None, *low)), ("high", &end(*high))])
                }
                (Some(low), None) => scene.fill("at_least", &[("low", &end(*low))]),
                (None, Some(high)) => scene.fill("at_most", &[("high", &end(*high))]),
                (None, None) => String::new(),
            };
            let value = end(rounded(*value, *low, *high));
            let blanks = [("point", &*texts::point(language, point)), ("value", &value), ("band", &band)];
            let why = scene.fill("out_of_band", &blanks);
            match forecast {
                Some(forecast) => {
                    scene.fill("with_forecast", &[("why", &why), ("forecast", &expected(*forecast, scene))])
                }
                None => why,
            }
        }
        What::WrongState { point, .. } => {
            let rule = reason.rule.as_ref().and_then(|id| scene.packs.rule(id));
            rule.map_or_else(|| texts::point(language, point).into_owned(), |r| r.words(language).title.clone())
        }
        What::Ticket { title } | What::Doubt { title } => texts::own(language, title).to_owned(),
        What::NoValue { point, fault, since, .. } => {
            let point = texts::point(language, point);
            match (fault, since) {
                (Some(fault), _) => {
                    let fault = texts::fault(language, &Fault::from_wire(fault));
                    scene.fill("no_value", &[("point", &point), ("fault", &fault)])
                }
                (None, Some(at)) => {
                    scene.fill("no_value_since", &[("point", &point), ("time", &scene.moment(*at, now))])
                }
                (None, None) => scene.fill("no_value_ever", &[("point", &point)]),
            }
        }
        What::AgentSilent { agent, stopped: true, .. } => scene.fill("agent_stopped", &[("agent", agent.as_str())]),
        What::AgentSilent { agent, since: Some(at), .. } => {
            scene.fill("agent_silent", &[("agent", agent.as_str()), ("time", &scene.moment(*at, now))])
        }
        What::AgentSilent { agent, since: None, .. } => scene.fill("agent_never", &[("agent", agent.as_str())]),
        What::NoAgent => scene.t("no_agent").into(),
    }
}

/// One decimal, unless that would move the value into its band.
fn rounded(value: f64, low: Option<f64>, high: Option<f64>) -> f64 {
    let short = (value * 10.0).round() / 10.0;
    let is_in = low.is_none_or(|low| short >= low) && high.is_none_or(|high| short <= high);
    if is_in { value } else { short }
}

fn expected(forecast: Forecast, scene: Scene<'_>) -> String {
    let say = |key: &str, by: UnixMs, n: usize| scene.fill(key, &[("time", &scene.clock(by)), ("n", &n.to_string())]);
    match forecast {
        Forecast::InTime { by, mornings } => say("in_time", by, mornings),
        Forecast::TooLate { by, mornings } => say("too_late", by, mornings),
        Forecast::NotStarted { by, mornings, in_time: true } => say("not_started_in_time", by, mornings),
        Forecast::NotStarted { by, mornings, in_time: false } => say("not_started", by, mornings),
        Forecast::Never { mornings } => say("never", 0, mornings),
        Forecast::NotEnough { .. } => scene.t("not_enough").into(),
    }
}

/// The one thing to do about a room: what its worst reason asks for.
#[must_use]
pub fn action(room: &Room, scene: Scene<'_>) -> Option<String> {
    let reason = room.reasons.first()?;
    let rule = reason.rule.as_ref().and_then(|id| scene.packs.rule(id));
    let hint = rule.map(|rule| rule.words(scene.language).hint.as_str());
    Some(match &reason.what {
        What::OutOfBand { forecast: Some(Forecast::NotStarted { .. }), .. } => {
            scene.fill("do_start", &[("hint", hint.unwrap_or_default())]).trim_end().to_owned()
        }
        What::OutOfBand { .. } | What::WrongState { .. } => hint.unwrap_or(scene.t("do_own")).to_owned(),
        What::Ticket { .. } => match (hint, &reason.ticket) {
            (Some(hint), _) => hint.to_owned(),
            (None, Some(number)) => scene.fill("do_ticket", &[("number", number)]),
            (None, None) => scene.t("do_own").into(),
        },
        What::Doubt { .. } => scene.t("do_doubt").into(),
        What::NoValue { .. } => scene.t("do_sensor").into(),
        What::AgentSilent { stopped: true, .. } => scene.t("do_stopped").into(),
        What::AgentSilent { .. } => scene.t("do_agent").into(),
        What::NoAgent => scene.t("do_no_agent").into(),
    })
}
