//! All venues of a file or a folder of files, checked: turns [`super::file`] into venues whose names
//! lead somewhere and whose hours are a [`Calendar`]. One mistake refuses the whole set. Reads files
//! when asked, never a clock.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use jiff::{
    civil::{Time, Weekday},
    tz::TimeZone,
};
use wire::Id;

use super::{
    calendar::Calendar,
    error::Error,
    file,
    holidays::Holidays,
    hours,
    hours::{Kind, Week, Weekdays},
    read,
};

/// One venue, checked.
#[derive(Debug, Clone)]
pub struct Venue {
    /// The file it stands in.
    pub path: PathBuf,
    /// As it stands in the file: names, rooms, assets, teams.
    pub file: file::Venue,
    /// When it is open.
    pub calendar: Calendar,
}

/// All venues in force.
#[derive(Debug, Clone)]
pub struct Venues {
    /// By identifier.
    pub venues: BTreeMap<Id, Venue>,
    /// The holiday lists.
    pub holidays: Holidays,
    /// Of every venue that stands in no file: always open, in the usual zone.
    stranger: Calendar,
}

/// Where a value stands, for messages.
#[derive(Clone, Copy)]
struct Place<'a> {
    path: &'a Path,
    venue: &'a Id,
}

impl Place<'_> {
    fn error(self, key: &str, problem: &'static str, value: impl Into<String>) -> Error {
        let key = format!("venue.{}.{key}", self.venue);
        Error { path: self.path.into(), key, problem, value: value.into() }
    }
}

impl Venues {
    /// No venue stands in a file. A zone that does not exist, which the configuration refuses, is UTC.
    #[must_use]
    pub fn none(zone: &str) -> Self {
        let stranger = Calendar::always(TimeZone::get(zone).unwrap_or(TimeZone::UTC));
        Self { venues: BTreeMap::new(), holidays: Holidays::default(), stranger }
    }

    /// Reads the venues of `path`, a file or a folder of `.toml` files, and the holiday lists, the
    /// `.json` files of the folder `holidays`. Venues that name no zone have `zone`.
    pub fn load(path: &Path, holidays: Option<&Path>, zone: &str) -> Result<Self, Error> {
        let mut lists = Holidays::default();
        if let Some(folder) = holidays {
            for (path, text) in read::texts(folder, "json")? {
                lists.add(&text).map_err(|value| Error { path, key: String::new(), problem: "holiday", value })?;
            }
        }
        let files = read::texts(path, "toml")?;
        if files.is_empty() {
            return Err(Error { path: path.into(), key: String::new(), problem: "empty", value: String::new() });
        }
        Self::of(&files, lists, zone)
    }

    /// Checks the texts of some files.
    pub fn of(files: &[(PathBuf, String)], holidays: Holidays, zone: &str) -> Result<Self, Error> {
        let mut set = Self { holidays, ..Self::none(zone) };
        let mut stands_in: BTreeMap<Id, &Path> = BTreeMap::new();
        for (path, text) in files {
            let file: file::File = toml::from_str(text).map_err(|e| Error {
                path: path.clone(),
                key: String::new(),
                problem: "toml",
                value: e.to_string().trim_end().to_owned(),
            })?;
            for (id, venue) in file.venue {
                let place = Place { path, venue: &id };
                if let Some(other) = stands_in.get(&id) {
                    return Err(place.error("*", "twice", other.display().to_string()));
                }
                let venue = checked(place, venue, &set.holidays, zone)?;
                stands_in.insert(id.clone(), path);
                set.venues.insert(id, venue);
            }
        }
        Ok(set)
    }

    /// Whether each channel that a team or an escalation names is one of `known`.
    pub fn check_channels(&self, known: impl Fn(&str) -> bool) -> Result<(), Error> {
        for (id, venue) in &self.venues {
            let place = Place { path: &venue.path, venue: id };
            let teams = venue.file.team.iter().map(|(team, t)| (format!("team.{team}.channels"), &t.channels));
            let steps = venue.file.escalation.iter().flat_map(|(severity, steps)| {
                let key = move |n| format!("escalation.{severity}[{}].channels", n + 1);
                steps.iter().enumerate().map(move |(n, step)| (key(n), &step.channels))
            });
            let report = std::iter::once(("report_to".to_owned(), &venue.file.report_to));
            for (key, channels) in report.chain(teams).chain(steps) {
                if let Some(stranger) = channels.iter().find(|channel| !known(channel.as_str())) {
                    return Err(place.error(&key, "no_channel", stranger.to_string()));
                }
            }
        }
        Ok(())
    }

    /// A venue that stands in a file.
    #[must_use]
    pub fn venue(&self, id: &Id) -> Option<&Venue> {
        self.venues.get(id)
    }

    /// When `venue` is open; one that stands in no file always is.
    #[must_use]
    pub fn calendar(&self, venue: &Id) -> &Calendar {
        self.venues.get(venue).map_or(&self.stranger, |v| &v.calendar)
    }

    /// Which assets depend on which: venue, asset, those that it needs.
    #[must_use]
    pub fn dependencies(&self) -> Vec<(Id, Id, Vec<Id>)> {
        let of_venue = |(id, venue): (&Id, &Venue)| {
            let needy = venue.file.asset.iter().filter(|(_, asset)| !asset.depends_on.is_empty());
            needy.map(|(asset, a)| (id.clone(), asset.clone(), a.depends_on.clone())).collect::<Vec<_>>()
        };
        self.venues.iter().flat_map(of_venue).collect()
    }

    /// The time zone of `venue`.
    #[must_use]
    pub fn zone(&self, venue: &Id) -> &TimeZone {
        &self.calendar(venue).zone
    }
}

fn checked(place: Place, file: file::Venue, holidays: &Holidays, zone: &str) -> Result<Venue, Error> {
    let zone = file.zone.as_deref().unwrap_or(zone);
    let zone = TimeZone::get(zone).map_err(|_| place.error("zone", "zone", zone))?;
    let cut_off = match &file.business_day_begins {
        Some(text) => time(text).ok_or_else(|| place.error("business_day_begins", "time", text))?,
        None => Time::constant(6, 0, 0, 0),
    };
    let make_up_as = match file.make_up_day_as.as_deref().unwrap_or("mon") {
        "own" => None,
        text => Some(weekday(text).ok_or_else(|| place.error("make_up_day_as", "weekday", text))?),
    };
    let entries = file.hours.iter().enumerate().map(|(n, h)| hours_of(place, &format!("hours[{}]", n + 1), h));
    let hours = entries.collect::<Result<Vec<_>, _>>()?;
    super::references::check(&file).map_err(|(key, problem, value)| place.error(&key, problem, value))?;
    let week = Week { hours, holidays: holidays.days.clone(), make_up_as };
    Ok(Venue { path: place.path.into(), file, calendar: Calendar { zone, week, cut_off } })
}

fn hours_of(place: Place, key: &str, text: &file::Hours) -> Result<hours::Hours, Error> {
    let wrong = |name: &str, problem, value: &str| place.error(&format!("{key}.{name}"), problem, value);
    let kind = match text.kind.as_deref().unwrap_or("normal") {
        "normal" => Kind::Normal,
        "holiday" => Kind::Holiday,
        "closed" => Kind::Closed,
        other => return Err(wrong("kind", "kind", other)),
    };
    let days = weekdays(&text.days).map_err(|value| wrong("days", "weekday", value))?;
    let times = match (&text.open, &text.close, kind) {
        (None, None, Kind::Normal) => return Err(wrong("open", "no_times", "")),
        (None, None, _) => None,
        (_, _, Kind::Closed) => return Err(wrong("open", "closed_times", "")),
        (Some(open), Some(close), _) => {
            let open_at = time(open).ok_or_else(|| wrong("open", "time", open))?;
            let closing = if close == "24:00" { "00:00" } else { close };
            Some((open_at, time(closing).ok_or_else(|| wrong("close", "time", close))?))
        }
        _ => return Err(wrong("open", "half", "")),
    };
    let date = |name: &str, text: &Option<String>| match text {
        Some(text) => text.parse().map(Some).map_err(|_| wrong(name, "date", text)),
        None => Ok(None),
    };
    let (from, to) = (date("from", &text.from)?, date("to", &text.to)?);
    if from.zip(to).is_some_and(|(from, to)| to < from) {
        return Err(wrong("to", "backwards", text.to.as_deref().unwrap_or("")));
    }
    Ok(hours::Hours { kind, days, times, from, to })
}

/// `09:30`.
pub(crate) fn time(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let number = |t: &str| (t.len() == 2 && t.bytes().all(|b| b.is_ascii_digit())).then(|| t.parse::<i8>().ok())?;
    Time::new(number(hour)?, number(minute)?, 0, 0).ok()
}

fn weekday(text: &str) -> Option<Weekday> {
    let at = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].iter().position(|name| *name == text)?;
    Weekday::from_monday_zero_offset(i8::try_from(at).ok()?).ok()
}

/// Days and ranges of days; a range may go over Sunday. None means all; the text that is no day else.
pub(crate) fn weekdays(texts: &[String]) -> Result<Weekdays, &str> {
    if texts.is_empty() {
        return Ok(Weekdays::ALL);
    }
    let mut days = Weekdays::NONE;
    for text in texts {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let (Some(mut day), Some(last)) = (weekday(first), weekday(last)) else { return Err(text) };
        days = days.with(day);
        while day != last {
            day = day.next();
            days = days.with(day);
        }
    }
    Ok(days)
}
