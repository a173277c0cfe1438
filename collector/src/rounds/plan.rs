//! What rounds a venue makes: turns the built-in ones of its kind and those of its file into checked
//! plans. A round in the file that is named like a built-in one changes what it says and leaves the
//! rest. Reads no file and no clock.

use std::sync::LazyLock;

use jiff::civil::Time;
use serde::Deserialize;
use wire::Id;

use crate::{
    episode::Severity,
    packs::length,
    venues::{
        file,
        hours::Weekdays,
        set::{time, weekdays},
    },
};

/// The shortest interval: more signatures an hour than that nobody gives.
const EVERY_MS_MIN: i64 = 15 * 60_000;
/// The longest time after closing, and the longest interval.
const LENGTH_MS_MAX: i64 = 12 * 3_600_000;
/// Checks of one round, at most.
const CHECKS_MAX: usize = 64;
/// Who makes rounds where nobody says.
const TEAM: &str = "fire";

/// When a round is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// On these weekdays.
    Weekly(Weekdays, Span),
    /// On these days of the month.
    HalfMonthly(Vec<i8>, Span),
    /// On every open day.
    Daily(Span),
    /// Again and again in opening hours, this many milliseconds apart.
    Interval(i64),
    /// Within this many milliseconds after the last closing of a day.
    AfterClose(i64),
}

/// Wall times between which a round is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Not before; the begin of the business day where absent.
    pub begin: Option<Time>,
    /// Complete by; `None` is midnight at the end of the date.
    pub due: Option<Time>,
}

/// What counts as an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// Only a reader at the bracket.
    Tag,
    /// Only a person.
    Person,
    /// Whichever comes first.
    Either,
}

/// One question of a round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Its identifier in the round.
    pub id: Id,
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
    /// What it is asked of.
    pub targets: Vec<Target>,
    /// What counts.
    pub evidence: Evidence,
    /// How bad a failure is.
    pub severity: Severity,
}

/// What a question is asked of.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// An asset, and the room where it stands.
    Asset(Id, Option<Id>),
    /// A room.
    Room(Id),
    /// The venue as a whole.
    Venue,
}

/// A scheduled inspection of one venue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Its identifier.
    pub id: Id,
    /// Name in Chinese.
    pub name_zh: String,
    /// Name in English.
    pub name_en: String,
    /// When it is due.
    pub when: When,
    /// Who makes it.
    pub team: Id,
    /// How bad it is to miss it.
    pub severity: Severity,
    /// What is looked at.
    pub checks: Vec<Check>,
}

/// What is wrong: key, name of the text, value.
pub type Wrong = (String, &'static str, String);

/// A built-in round.
#[derive(Debug, Deserialize)]
struct Template {
    #[serde(rename = "for")]
    kinds: Vec<Id>,
    #[serde(default)]
    optional: bool,
    #[serde(flatten)]
    round: file::Round,
}

#[derive(Deserialize)]
struct Templates {
    round: Vec<Template>,
}

static TEMPLATES: LazyLock<Vec<Template>> = LazyLock::new(|| {
    let read: Templates =
        toml::from_str(include_str!("templates.toml")).unwrap_or_else(|e| panic!("built-in rounds are valid: {e}"));
    read.round
});

/// The rounds of `venue`: built-in ones of its kind first, then its own.
///
/// # Errors
/// The first mistake, with its key below the venue.
pub fn plans(venue: &file::Venue) -> Result<Vec<Plan>, Wrong> {
    let kind = venue.kind.as_ref();
    let mut plans = Vec::new();
    for (n, own) in venue.round.iter().enumerate() {
        if venue.round.iter().take(n).any(|other| other.id == own.id) {
            return Err((format!("round[{}].id", n + 1), "round_twice", own.id.clone()));
        }
    }
    let with = |template: &Template| -> Option<(usize, &file::Round)> {
        venue.round.iter().enumerate().find(|(_, own)| own.id == template.round.id)
    };
    for template in TEMPLATES.iter() {
        let own = with(template);
        let usual = !template.optional && kind.is_some_and(|kind| template.kinds.contains(kind));
        let on = own.and_then(|(_, own)| own.on).unwrap_or(usual || own.is_some_and(|(_, own)| own.on.is_none()));
        if on {
            let (place, round) = match own {
                Some((n, own)) => (format!("round[{}]", n + 1), over(&template.round, own)),
                None => (format!("round.{}", template.round.id), template.round.clone()),
            };
            plans.push(plan(&place, &round, venue, own.is_some_and(|(_, own)| own.team.is_some()))?);
        }
    }
    for (n, own) in venue.round.iter().enumerate() {
        let built_in = TEMPLATES.iter().any(|template| template.round.id == own.id);
        if !built_in && own.on != Some(false) {
            plans.push(plan(&format!("round[{}]", n + 1), own, venue, true)?);
        }
    }
    Ok(plans)
}

/// A built-in round with what the venue says of it.
fn over(template: &file::Round, own: &file::Round) -> file::Round {
    fn list<T: Clone>(own: &[T], usual: &[T]) -> Vec<T> {
        if own.is_empty() { usual.to_vec() } else { own.to_vec() }
    }
    let text = |own: &Option<String>, usual: &Option<String>| own.clone().or_else(|| usual.clone());
    // Another kind of time takes none of the times of the old one.
    let same_kind = own.kind.is_none() || own.kind == template.kind;
    let times = |own: &Option<String>, usual: &Option<String>| text(own, if same_kind { usual } else { &None });
    file::Round {
        id: own.id.clone(),
        on: own.on,
        name_zh: text(&own.name_zh, &template.name_zh),
        name_en: text(&own.name_en, &template.name_en),
        kind: text(&own.kind, &template.kind),
        days: list(&own.days, if same_kind { &template.days } else { &[] }),
        dates: list(&own.dates, if same_kind { &template.dates } else { &[] }),
        begin: times(&own.begin, &template.begin),
        due: times(&own.due, &template.due),
        every: times(&own.every, &template.every),
        within: times(&own.within, &template.within),
        team: own.team.clone().or_else(|| template.team.clone()),
        severity: text(&own.severity, &template.severity),
        check: list(&own.check, &template.check),
    }
}

fn plan(place: &str, round: &file::Round, venue: &file::Venue, is_own_team: bool) -> Result<Plan, Wrong> {
    let key = |name: &str| format!("{place}.{name}");
    let id = Id::parse(&round.id).map_err(|_| (key("id"), "round_id", round.id.clone()))?;
    let team = match &round.team {
        // A built-in round names a team that a venue need not have.
        Some(team) if is_own_team && !venue.team.contains_key(team) && team.as_str() != TEAM => {
            return Err((key("team"), "no_team", team.to_string()));
        }
        Some(team) => team.clone(),
        None => Id::parse(TEAM).expect("a valid identifier"),
    };
    let severity = match &round.severity {
        Some(text) => severity(text).ok_or_else(|| (key("severity"), "severity", text.clone()))?,
        None => Severity::P3,
    };
    if round.check.is_empty() || round.check.len() > CHECKS_MAX {
        return Err((key("check"), "round_checks", round.check.len().to_string()));
    }
    let mut checks: Vec<Check> = Vec::new();
    for (n, text) in round.check.iter().enumerate() {
        let check = check(&format!("{place}.check[{}]", n + 1), text, venue, severity)?;
        if checks.iter().any(|other| other.id == check.id) {
            return Err((format!("{place}.check[{}].id", n + 1), "round_twice", text.id.clone()));
        }
        checks.push(check);
    }
    let name = |own: &Option<String>, other: &Option<String>| {
        own.clone().or_else(|| other.clone()).unwrap_or_else(|| round.id.clone())
    };
    Ok(Plan {
        id,
        name_zh: name(&round.name_zh, &round.name_en),
        name_en: name(&round.name_en, &round.name_zh),
        when: when(place, round)?,
        team,
        severity,
        checks,
    })
}

fn when(place: &str, round: &file::Round) -> Result<When, Wrong> {
    let key = |name: &str| format!("{place}.{name}");
    let wall = |name: &str, text: &str| time(text).ok_or_else(|| (key(name), "time", text.to_owned()));
    let span = || -> Result<Span, Wrong> {
        let begin = round.begin.as_deref().map(|text| wall("begin", text)).transpose()?;
        let due = match round.due.as_deref() {
            None | Some("24:00") => None,
            Some(text) => Some(wall("due", text)?),
        };
        Ok(Span { begin, due })
    };
    let length = |name: &str, text: &Option<String>, usual: &str, least: i64| {
        let text = text.as_deref().unwrap_or(usual);
        let ms = length::parse(text).filter(|ms| (least..=LENGTH_MS_MAX).contains(ms));
        ms.ok_or_else(|| (key(name), "round_length", text.to_owned()))
    };
    Ok(match round.kind.as_deref() {
        Some("weekly") => {
            if round.days.is_empty() {
                return Err((key("days"), "round_days", String::new()));
            }
            let days = weekdays(&round.days).map_err(|day| (key("days"), "weekday", day.to_owned()))?;
            When::Weekly(days, span()?)
        }
        Some("half-monthly") => {
            let dates = if round.dates.is_empty() { vec![1, 16] } else { round.dates.clone() };
            // Every month has 28 days.
            if let Some(date) = dates.iter().find(|date| !(1..=28).contains(*date)) {
                return Err((key("dates"), "round_dates", date.to_string()));
            }
            When::HalfMonthly(dates, span()?)
        }
        Some("daily") => When::Daily(span()?),
        Some("interval") => When::Interval(length("every", &round.every, "2h", EVERY_MS_MIN)?),
        Some("after-close") => When::AfterClose(length("within", &round.within, "1h", 1)?),
        other => return Err((key("kind"), "round_kind", other.unwrap_or("").to_owned())),
    })
}

fn check(place: &str, text: &file::Check, venue: &file::Venue, usual: Severity) -> Result<Check, Wrong> {
    let key = |name: &str| format!("{place}.{name}");
    let id = Id::parse(&text.id).map_err(|_| (key("id"), "round_id", text.id.clone()))?;
    for (name, words) in [("zh", &text.zh), ("en", &text.en)] {
        if words.trim().is_empty() {
            return Err((key(name), "round_words", String::new()));
        }
    }
    let evidence = match text.evidence.as_deref().unwrap_or("person") {
        "tag" => Evidence::Tag,
        "person" => Evidence::Person,
        "either" => Evidence::Either,
        other => return Err((key("evidence"), "round_evidence", other.to_owned())),
    };
    let severity = match &text.severity {
        Some(text) => severity(text).ok_or_else(|| (key("severity"), "severity", text.clone()))?,
        None => usual,
    };
    let stranger = text.assets.iter().find(|asset| !venue.asset.contains_key(*asset));
    if let Some(stranger) = stranger {
        return Err((key("assets"), "no_asset", stranger.to_string()));
    }
    if let Some(stranger) = text.rooms.iter().find(|room| !venue.room.contains_key(*room)) {
        return Err((key("rooms"), "no_room", stranger.to_string()));
    }
    Ok(Check { id, zh: text.zh.clone(), en: text.en.clone(), targets: targets(text, venue), evidence, severity })
}

/// What a check is asked of, by floor, room and name as a person walks; once for the venue where it
/// names nothing, or nothing of what it names is listed: somebody looks all the same.
fn targets(text: &file::Check, venue: &file::Venue) -> Vec<Target> {
    let mut all: Vec<Target> = Vec::new();
    for (id, asset) in &venue.asset {
        let asked = text.assets.contains(id) || asset.kind.as_ref().is_some_and(|kind| text.kinds.contains(kind));
        if asked {
            all.push(Target::Asset(id.clone(), asset.room.clone()));
        }
    }
    for (id, room) in &venue.room {
        let asked = text.rooms.contains(id) || room.kind.as_ref().is_some_and(|kind| text.room_kinds.contains(kind));
        if asked {
            all.push(Target::Room(id.clone()));
        }
    }
    let floor = |room: &Id| venue.room.get(room).and_then(|room| room.floor.clone());
    all.sort_by_cached_key(|target| match target {
        Target::Asset(id, room) => (room.as_ref().and_then(floor), room.clone(), Some(id.clone())),
        Target::Room(room) => (floor(room), Some(room.clone()), None),
        Target::Venue => (None, None, None),
    });
    if all.is_empty() {
        all.push(Target::Venue);
    }
    all
}

fn severity(text: &str) -> Option<Severity> {
    Some(match text {
        "P1" => Severity::P1,
        "P2" => Severity::P2,
        "P3" => Severity::P3,
        "P4" => Severity::P4,
        _ => return None,
    })
}
