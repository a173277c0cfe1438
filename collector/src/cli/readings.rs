//! `readings`: prints the past of a point, or says which venues, rooms and points there are where
//! the question does not name them. Looks into the ledger beside a collector that may be running.

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use clap::{Args, ValueEnum};
use jiff::{Timestamp, tz::TimeZone};
use wire::{Id, PointName, Source, UnixMs};

use super::{
    ConfigArgument, Failure, LanguageArgument,
    stretch::{Written, instant, length},
    table,
};
use crate::{
    config::Language,
    ledger::{Reader, sqlite::Sqlite},
    readings::{self, Mark, Query, Readings, Series},
    texts::{self, fill, get},
    tickets::text,
    venues,
    world::{Clock, SystemClock},
};

/// Lines of a table that nobody asked to be longer: a screen.
const TABLE_MARKS: usize = 40;
/// The most marks that are printed; more readings than that are asked for in stretches.
const MARKS_MAX: usize = 1_000_000;

/// Arguments of `readings`.
#[derive(Debug, Args)]
pub struct ReadingsArgument {
    #[command(flatten)]
    config: ConfigArgument,
    #[command(flatten)]
    language: LanguageArgument,
    /// The ledger itself, instead of the one that the configuration names.
    #[arg(long, value_name = "FILE")]
    ledger: Option<PathBuf>,
    /// The venue; not needed where only one has the room.
    #[arg(long)]
    venue: Option<Id>,
    /// The room; without it, rooms are listed.
    #[arg(long)]
    room: Option<Id>,
    /// Only this agent of the room.
    #[arg(long)]
    agent: Option<Id>,
    /// The point; without it, points of the room are listed.
    #[arg(long)]
    point: Option<PointName>,
    /// How far back from now: 90m, 24h, 7d.
    #[arg(long, default_value = "24h", value_name = "LENGTH", value_parser = length)]
    since: i64,
    /// From this time on, in the venue's zone, instead of --since.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    from: Option<Written>,
    /// Up to this time; by default up to the newest reading.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    to: Option<Written>,
    /// At most about this many lines, readings put together by mean, least and greatest; 0 for
    /// every reading. By default 40 in a table, else every reading.
    #[arg(long, value_name = "N")]
    points: Option<usize>,
    /// How to print.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Table,
    /// For spreadsheets.
    Csv,
    /// For programs.
    Json,
}

/// Runs the command.
pub fn run(argument: &ReadingsArgument) -> Result<ExitCode, Failure> {
    let config = argument.config.load()?;
    let language = argument.language.or(config.language);
    let path = argument.ledger.clone().unwrap_or_else(|| config.ledger.path.clone());
    let store = Sqlite::beside(&path).map_err(|e| {
        let said = fill(language, "cli_error.no_ledger", &[("path", &path.display().to_string())]);
        Failure::Other(e.into(), said)
    })?;
    let devices = store.devices().map_err(|e| Failure::other("list the agents", e))?;
    let fits = |s: &Source| {
        argument.venue.as_ref().is_none_or(|venue| *venue == s.venue)
            && argument.room.as_ref().is_none_or(|room| *room == s.room)
            && argument.agent.as_ref().is_none_or(|agent| *agent == s.agent)
    };
    let sources: Vec<Source> = devices.into_iter().map(|d| d.source).filter(fits).collect();
    let Some(first) = sources.first() else {
        return Err(Failure::said(get(language, "cli_readings.no_source")));
    };
    let one_room = sources.iter().all(|s| (&s.venue, &s.room) == (&first.venue, &first.room));
    if argument.room.is_none() || !one_room {
        print!("{}", rooms(&sources, language));
        println!("{}", get(language, "cli_readings.name_room"));
        return Ok(ExitCode::SUCCESS);
    }
    let venues = venues::current::read(&config)?;
    let zone = venues.zone(&first.venue);
    let now = SystemClock.now();
    let from = argument.from.map_or(now.saturating_sub(argument.since), |written| written.at(zone));
    let newest = store.watermarks().map_err(|e| Failure::other("find the newest sample", e))?;
    let newest = newest.iter().filter(|w| fits(&w.source)).map(|w| w.sample_at).max().unwrap_or(now);
    // A world whose clock runs ahead of this computer's is not cut off.
    let to = argument.to.map_or(newest.max(now).saturating_add(1), |written| written.at(zone));
    let past = readings::over(Arc::new(store));
    let desk = Desk { argument, language, zone, room: first.clone(), from, to, past: &*past };
    match &argument.point {
        None => desk.points(),
        Some(point) => desk.print(point),
    }
}

fn rooms(sources: &[Source], language: Language) -> String {
    let head = ["venue", "room", "agent"].map(|key| get(language, &format!("cli_readings.{key}")).to_owned());
    let row = |s: &Source| vec![s.venue.to_string(), s.room.to_string(), s.agent.to_string()];
    table::lay_out(&[head.to_vec()].into_iter().chain(sources.iter().map(row)).collect::<Vec<_>>())
}

struct Desk<'a> {
    argument: &'a ReadingsArgument,
    language: Language,
    zone: &'a TimeZone,
    room: Source,
    from: UnixMs,
    to: UnixMs,
    past: &'a dyn Readings,
}

impl Desk<'_> {
    fn word(&self, key: &str) -> String {
        get(self.language, &format!("cli_readings.{key}")).to_owned()
    }

    fn known_points(&self) -> Result<Vec<PointName>, Failure> {
        let known = self.past.points(&self.room.venue, &self.room.room, self.from);
        known.map_err(|e| Failure::other("list the points", e))
    }

    fn points(&self) -> Result<ExitCode, Failure> {
        let mut rows = vec![vec![self.word("point"), self.word("name"), self.word("last"), self.word("at")]];
        for point in self.known_points()? {
            let last = self.series(&point, MARKS_MAX)?.marks.pop();
            rows.push(vec![
                point.to_string(),
                texts::point(self.language, &point).into_owned(),
                last.map_or_else(|| "-".into(), |mark| texts::value(Some(&point), mark.mean)),
                last.map_or_else(|| "-".into(), |mark| text::time(mark.at, self.zone, self.language)),
            ]);
        }
        if rows.len() == 1 {
            return Err(Failure::said(self.word("no_points")));
        }
        print!("{}", table::lay_out(&rows));
        println!("{}", self.word("name_point"));
        Ok(ExitCode::SUCCESS)
    }

    fn series(&self, point: &PointName, marks_max: usize) -> Result<Series, Failure> {
        let query = Query {
            venue: self.room.venue.clone(),
            room: self.room.room.clone(),
            agent: self.argument.agent.clone(),
            point: point.clone(),
            from: self.from,
            to: self.to,
            marks_max,
        };
        self.past.series(&query).map_err(|e| Failure::other("read the readings", e))
    }

    fn print(&self, point: &PointName) -> Result<ExitCode, Failure> {
        let usual = if self.argument.format == Format::Table { TABLE_MARKS } else { 0 };
        let marks_max = match self.argument.points.unwrap_or(usual) {
            0 => MARKS_MAX,
            some => some.min(MARKS_MAX),
        };
        let series = self.series(point, marks_max)?;
        if series.marks.is_empty() && series.faults.is_empty() && self.argument.format == Format::Table {
            let known = self.known_points()?.contains(point);
            let key = if known { "cli_readings.nothing" } else { "cli_readings.no_point" };
            return Err(Failure::said(fill(self.language, key, &[("point", point.as_str())])));
        }
        match self.argument.format {
            Format::Table => print!("{}", self.table(point, &series)),
            Format::Csv => print!("{}", self.csv(&series)),
            Format::Json => println!("{}", self.json(point, &series)),
        }
        Ok(ExitCode::SUCCESS)
    }

    fn table(&self, point: &PointName, series: &Series) -> String {
        let single = series.step_ms == 0;
        let head: &[&str] =
            if single { &["time", "value", "note"] } else { &["time", "mean", "min", "max", "count", "note"] };
        let mut rows = vec![head.iter().map(|key| self.word(key)).collect()];
        for mark in &series.marks {
            let value = |v: f64| texts::value(Some(point), v);
            let mut row = vec![self.time(mark.at, single), value(mark.mean)];
            if !single {
                row.extend([value(mark.min), value(mark.max), mark.count.to_string()]);
            }
            row.push(self.note(mark));
            rows.push(row);
        }
        let name = texts::point(self.language, point);
        let room = texts::room(self.language, &self.room.room);
        let mut out =
            fill(self.language, "cli_readings.title", &[("room", &room), ("name", &name), ("point", point.as_str())]);
        if !single {
            let step = texts::duration(self.language, series.step_ms);
            out += &fill(self.language, "cli_readings.step", &[("step", &step)]);
        }
        out.push('\n');
        out += &table::lay_out(&rows);
        for span in &series.faults {
            let count = span.count.to_string();
            let times = [("from", self.time(span.from, true)), ("to", self.time(span.to, true))];
            let fault = texts::fault(self.language, &span.fault);
            let values = [("from", &*times[0].1), ("to", &*times[1].1), ("fault", &*fault), ("count", &*count)];
            out += &fill(self.language, "cli_readings.fault", &values);
            out.push('\n');
        }
        out
    }

    fn note(&self, mark: &Mark) -> String {
        let notes = [(mark.after_gap, "after_gap"), (mark.uncertain, "uncertain")];
        let said: Vec<String> = notes.into_iter().filter(|(is, _)| *is).map(|(_, key)| self.word(key)).collect();
        said.join(get(self.language, "join.list"))
    }

    /// The venue's time; with seconds where marks are single readings.
    fn time(&self, at: UnixMs, seconds: bool) -> String {
        let Ok(instant) = Timestamp::from_millisecond(at) else { return at.to_string() };
        let format = if seconds { "%Y-%m-%d %H:%M:%S" } else { "%Y-%m-%d %H:%M" };
        instant.to_zoned(self.zone.clone()).strftime(format).to_string()
    }

    /// RFC 3339 with the venue's offset.
    fn exact_time(&self, at: UnixMs) -> String {
        let Ok(instant) = Timestamp::from_millisecond(at) else { return at.to_string() };
        instant.to_zoned(self.zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string()
    }

    fn csv(&self, series: &Series) -> String {
        let mut out = String::from("time,mean,min,max,count,after_gap,uncertain\n");
        for m in &series.marks {
            let flags = (u8::from(m.after_gap), u8::from(m.uncertain));
            let time = self.exact_time(m.at);
            out += &format!("{time},{},{},{},{},{},{}\n", m.mean, m.min, m.max, m.count, flags.0, flags.1);
        }
        out
    }

    fn json(&self, point: &PointName, series: &Series) -> String {
        let mark = |m: &Mark| {
            serde_json::json!({
                "at": m.at, "time": self.exact_time(m.at), "mean": m.mean, "min": m.min, "max": m.max,
                "count": m.count, "after_gap": m.after_gap, "uncertain": m.uncertain,
            })
        };
        let fault = |f: &readings::FaultSpan| serde_json::json!({ "from": f.from, "to": f.to, "fault": f.fault.as_str(), "count": f.count });
        let all = serde_json::json!({
            "venue": self.room.venue, "room": self.room.room, "point": point, "step_ms": series.step_ms,
            "marks": series.marks.iter().map(mark).collect::<Vec<_>>(),
            "faults": series.faults.iter().map(fault).collect::<Vec<_>>(),
        });
        serde_json::to_string_pretty(&all).expect("readings print as JSON")
    }
}
