//! Every text that a person reads, in zh-CN and en, from one place: `texts/*.toml`. A table there
//! is a group, a line in it `key = { zh = "…", en = "…" }`, and `group.key` names it here. Pages,
//! messages and the command line all ask [`get`] and [`fill`]; nothing here decides anything.
//!
//! Texts of rules are not here: they stand beside the rule in its pack.

use std::{borrow::Cow, collections::HashMap, sync::LazyLock};

use jiff::tz::TimeZone;
use wire::{Fault, Id, PointName};

pub use crate::config::Language;
use crate::{
    episode::{RoomState, Severity, VENUE_ROOM},
    tickets::{Origin, Proof, Refusal, Stage, WorkWindow},
};

/// The files; one a place where texts are read.
const FILES: [(&str, &str); 13] = [
    ("names.toml", include_str!("texts/names.toml")),
    ("tickets.toml", include_str!("texts/tickets.toml")),
    ("figures.toml", include_str!("texts/figures.toml")),
    ("config.toml", include_str!("texts/config.toml")),
    ("venues.toml", include_str!("texts/venues.toml")),
    ("rounds.toml", include_str!("texts/rounds.toml")),
    ("register.toml", include_str!("texts/register.toml")),
    ("story.toml", include_str!("texts/story.toml")),
    ("silence.toml", include_str!("texts/silence.toml")),
    ("readiness.toml", include_str!("texts/readiness.toml")),
    ("cli.toml", include_str!("texts/cli.toml")),
    ("backtest.toml", include_str!("texts/backtest.toml")),
    ("web.toml", include_str!("texts/web.toml")),
];

/// One text.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    zh: String,
    en: String,
}

static TABLE: LazyLock<HashMap<String, Text>> = LazyLock::new(|| {
    let mut table = HashMap::new();
    for (name, text) in FILES {
        let groups: HashMap<String, HashMap<String, Text>> =
            toml::from_str(text).unwrap_or_else(|e| panic!("built-in texts of {name} are valid: {e}"));
        for (group, texts) in groups {
            for (key, text) in texts {
                let known = table.insert(format!("{group}.{key}"), text);
                assert!(known.is_none(), "built-in texts have each key once");
            }
        }
    }
    table
});

/// The text named `group.key`. A name that does not exist is a mistake in the program: tests find
/// it, and in life the reader sees `…`.
#[must_use]
pub fn get(language: Language, key: &str) -> &'static str {
    find(language, key).unwrap_or_else(|| {
        debug_assert!(false, "no text is named `{key}`");
        "…"
    })
}

/// The text named `group.key`, if there is one.
#[must_use]
pub fn find(language: Language, key: &str) -> Option<&'static str> {
    let text = TABLE.get(key)?;
    Some(match language {
        Language::ZhCn => &text.zh,
        Language::En => &text.en,
    })
}

/// The text with each `{name}` replaced by its value.
#[must_use]
pub fn fill(language: Language, key: &str, values: &[(&str, &str)]) -> String {
    let mut rest = get(language, key);
    let mut out = String::with_capacity(rest.len());
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, behind)) = after.split_once('}') else { break };
        out.push_str(values.iter().find(|(n, _)| *n == name).map_or("…", |(_, v)| v));
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// Stands between the Chinese and the English of what the program wrote into a ticket before it knew
/// who reads it: a line's end, and a sign that is not seen where both are shown.
const BETWEEN: &str = "\n\u{2063}";

/// One text of both languages, for [`own`].
#[must_use]
pub fn both(zh: &str, en: &str) -> String {
    if zh == en { zh.to_owned() } else { format!("{zh}{BETWEEN}{en}") }
}

/// The half of `text` that is for the reader, where [`both`] made it; else all of it.
#[must_use]
pub fn own(language: Language, text: &str) -> &str {
    match (text.split_once(BETWEEN), language) {
        (Some((zh, _)), Language::ZhCn) => zh,
        (Some((_, en)), Language::En) => en,
        (None, _) => text,
    }
}

/// A stage in words.
#[must_use]
pub fn stage(language: Language, stage: Stage) -> &'static str {
    get(language, &format!("stage.{}", stage.as_str()))
}

/// A severity in words.
#[must_use]
pub fn severity(language: Language, severity: Severity) -> &'static str {
    get(language, &format!("severity.{severity:?}"))
}

/// What the data says of a fix, in words.
#[must_use]
pub fn proof(language: Language, proof: Proof) -> &'static str {
    get(
        language,
        match proof {
            Proof::None => "proof.none",
            Proof::Proved => "proof.proved",
            Proof::Unverified => "proof.unverified",
        },
    )
}

/// A team in words; a team of the user's own is its identifier.
#[must_use]
pub fn team(language: Language, team: &Id) -> Cow<'static, str> {
    named(language, "team", team.as_str())
}

/// An asset in words; a number behind it stays: `amplifier-2` is `2 号功放`.
#[must_use]
pub fn asset(language: Language, asset: &Id) -> Cow<'static, str> {
    let name = asset.as_str();
    if let Some(text) = find(language, &format!("asset.{name}")) {
        return text.into();
    }
    let kind = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '-');
    match find(language, &format!("asset.{kind}")) {
        Some(text) if !kind.is_empty() => {
            let n = name[kind.len()..].trim_start_matches('-');
            fill(language, "join.numbered", &[("asset", text), ("n", n)]).into()
        }
        _ => placed(language, name).unwrap_or_else(|| name.to_owned()).into(),
    }
}

/// An asset that is named by what it is and where: `extinguisher-k01`.
fn placed(language: Language, name: &str) -> Option<String> {
    let ends = name.rmatch_indices('-').map(|(at, _)| at);
    ends.filter_map(|at| {
        let kind = find(language, &format!("asset.{}", &name[..at]))?;
        Some(fill(language, "join.placed", &[("asset", kind), ("place", &name[at + 1..].to_uppercase())]))
    })
    .next()
}

/// Why a point has no value, in words.
#[must_use]
pub fn fault(language: Language, fault: &Fault) -> Cow<'static, str> {
    named(language, "fault", fault.as_str())
}

/// How a ticket became known.
#[must_use]
pub fn origin(language: Language, origin: Origin) -> &'static str {
    get(
        language,
        match origin {
            Origin::Readings => "origin.readings",
            Origin::Person => "origin.person",
            Origin::Round => "origin.round",
            Origin::Complaint => "origin.complaint",
        },
    )
}

/// How a room stands.
#[must_use]
pub fn room_state(language: Language, state: RoomState) -> &'static str {
    get(
        language,
        match state {
            RoomState::Prepared => "standing.prepared",
            RoomState::Occupied => "standing.occupied",
            RoomState::Empty => "standing.empty",
            RoomState::Locked => "standing.locked",
        },
    )
}

/// A room as people say it: `k01` is `K01`, and what concerns a venue as a whole has a name of its own.
#[must_use]
pub fn room(language: Language, room: &Id) -> String {
    if room.as_str() == VENUE_ROOM {
        return get(language, "room_name.venue").into();
    }
    room.as_str().to_uppercase()
}

/// A point in words. `amplifier_power_on` has no name of its own and gets one from its asset and
/// the quantity behind it; what nobody named is its identifier.
#[must_use]
pub fn point(language: Language, point: &PointName) -> Cow<'static, str> {
    let name = point.as_str();
    if let Some(text) = find(language, &format!("point.{name}")) {
        return text.into();
    }
    for (at, _) in name.match_indices('_') {
        let Some(quantity) = find(language, &format!("point.{}", &name[at + 1..])) else { continue };
        let owner = Id::parse(&name[..at].replace('_', "-"))
            .map_or_else(|_| name[..at].into(), |id| asset(language, &id).into_owned());
        return fill(language, "join.owner", &[("owner", &owner), ("quantity", quantity)]).into();
    }
    name.to_owned().into()
}

/// What a 0/1 point says: `amplifier_power_on` 1 is `有电`; `None` where nobody gave it words.
#[must_use]
pub fn switch(language: Language, point: &PointName, on: bool) -> Option<&'static str> {
    let (name, end) = (point.as_str(), if on { "_1" } else { "_0" });
    let starts = std::iter::once(0).chain(name.match_indices('_').map(|(at, _)| at + 1));
    starts.map(|at| format!("switch.{}{end}", &name[at..])).find_map(|key| find(language, &key))
}

/// Whether a point has words for 0 and 1.
#[must_use]
pub fn is_switch(point: &PointName) -> bool {
    switch(Language::ZhCn, point, true).is_some()
}

/// Unit of a point, from the end of its name; empty where it is a plain number or a state.
#[must_use]
pub fn unit(point: &PointName) -> &'static str {
    const UNITS: [(&str, &str); 21] = [
        ("_celsius", "°C"),
        ("_percent", "%"),
        ("_ppm", "ppm"),
        ("_lux", "lx"),
        ("_ampere", "A"),
        ("_volt", "V"),
        ("_watt", "W"),
        ("_decibel", "dB"),
        ("_dba", "dB(A)"),
        ("_db", "dB(A)"),
        ("_dbm", "dBm"),
        ("_ug_m3", "µg/m³"),
        ("_mbit_s", "Mbit/s"),
        ("_hpa", "hPa"),
        ("_minutes_remaining", "min"),
        ("_hectopascal", "hPa"),
        ("_ms", "ms"),
        ("_seconds", "s"),
        ("_hours", "h"),
        ("_bytes", "B"),
        ("_hertz", "Hz"),
    ];
    UNITS.into_iter().find(|(end, _)| point.as_str().ends_with(end)).map_or("", |(_, unit)| unit)
}

/// A value with the unit of its point: `23.5 °C`. At most two decimals, none that say nothing.
#[must_use]
pub fn value(point: Option<&PointName>, value: f64) -> String {
    let number = format!("{value:.2}");
    let number = number.trim_end_matches('0').trim_end_matches('.');
    let number = if number == "-0" { "0" } else { number };
    match point.map(unit) {
        None | Some("") => number.to_owned(),
        Some(unit) => format!("{number} {unit}"),
    }
}

/// A length of time in its largest whole unit, at least a second: `15 分钟`, `2 h 5 min`.
#[must_use]
pub fn duration(language: Language, ms: i64) -> String {
    let seconds = (ms.max(0) + 500) / 1_000;
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    let word = |key: &str, n: i64| fill(language, key, &[("n", &n.to_string())]);
    let parts = match (days, hours, minutes) {
        (0, 0, 0) => vec![word("time.seconds", seconds)],
        (0, 0, m) => vec![word("time.minutes", m)],
        (0, h, 0) => vec![word("time.hours", h)],
        (0, h, m) => vec![word("time.hours", h), word("time.minutes", m)],
        (d, 0, _) => vec![word("time.days", d)],
        (d, h, _) => vec![word("time.days", d), word("time.hours", h)],
    };
    parts.join(" ")
}

/// A refusal in words, with what to do instead. `zone` is that of the venue, for what may be done later.
#[must_use]
pub fn refusal(language: Language, refusal: &Refusal, zone: &TimeZone) -> String {
    let action = |word: &str| named(language, "action", word);
    match refusal {
        Refusal::Unknown => get(language, "refusal.unknown").into(),
        Refusal::Stage { stage: at, action: word } => {
            fill(language, "refusal.stage", &[("stage", stage(language, *at)), ("action", &action(word))])
        }
        Refusal::Verifying => get(language, "refusal.verifying").into(),
        Refusal::NotFixed { stage: at } => fill(language, "refusal.not_fixed", &[("stage", stage(language, *at))]),
        Refusal::Empty { field } => fill(language, "refusal.empty", &[("field", field)]),
        Refusal::TooLong { field, most } => {
            fill(language, "refusal.too_long", &[("field", field), ("most", &most.to_string())])
        }
        Refusal::NoOther { of } => fill(language, "refusal.no_other", &[("of", of)]),
        Refusal::OtherEnded { of } => fill(language, "refusal.other_ended", &[("of", of)]),
        Refusal::Window { window: WorkWindow::Closed, from: Some(from) } => {
            let time = crate::tickets::text::time(*from, zone, language);
            fill(language, "refusal.window_closed", &[("time", &time)])
        }
        Refusal::Window { window: WorkWindow::Closed, from: None } => get(language, "refusal.window_closes").into(),
        Refusal::Window { .. } => get(language, "refusal.window_room").into(),
        Refusal::OtherOpen { number } => fill(language, "refusal.other_open", &[("number", number)]),
    }
}

fn named(language: Language, group: &str, name: &str) -> Cow<'static, str> {
    find(language, &format!("{group}.{name}")).map_or_else(|| name.to_owned().into(), Cow::Borrowed)
}

#[cfg(test)]
mod tests;
