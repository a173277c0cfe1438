//! `rules backtest`: plays the stored past again under the rules in force and under changed ones, and says in
//! a table and a picture what would have been different. Looks into the ledger beside a collector that may be
//! running; changes nothing.

use std::{io::IsTerminal as _, path::PathBuf, process::ExitCode, sync::Arc, time::Instant};

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use wire::{Id, UnixMs};

use crate::{
    Config,
    backtest::{
        Comparison, Outcome, Past, change,
        compare::{self, Figures},
        picture, replay,
    },
    cli::{
        Failure,
        stretch::{Written, instant, length},
        table,
    },
    config::{self, Language},
    episode::Severity,
    ledger::{Reader as _, sqlite::Sqlite},
    packs::Packs,
    readings,
    texts::{self, fill, get},
    tickets::{
        Ticket,
        tell::Route,
        text::{self, Scene},
    },
    venues::{self, Venues},
};

/// What happened before counts as known: rules and tickets get so long to find their state.
const WARM_UP_MS: i64 = 24 * 3_600_000;
/// Tickets that are named below the table.
const NAMED_MAX: usize = 12;

/// Arguments of `rules backtest`.
#[derive(Debug, Args)]
pub struct BacktestArgument {
    /// A changed number, as often as wanted: air-temperature.high=24, agent-silent.after=5m
    #[arg(long, value_name = "RULE.KEY=VALUE")]
    set: Vec<String>,
    /// Packs of your own that are added to the rules in force.
    #[arg(long, value_name = "FILE")]
    rules: Vec<PathBuf>,
    /// Optional rules to switch on.
    #[arg(long, value_name = "RULE")]
    enable: Vec<String>,
    /// Only this venue.
    #[arg(long)]
    venue: Option<Id>,
    /// How far back from the newest sample: 90m, 24h, 30d.
    #[arg(long, default_value = "30d", value_name = "LENGTH", value_parser = length)]
    since: i64,
    /// From this time on, instead of --since.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    from: Option<Written>,
    /// Up to this time.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    to: Option<Written>,
    /// The ledger itself, instead of the one that the configuration names.
    #[arg(long, value_name = "FILE")]
    ledger: Option<PathBuf>,
    /// Draws the tickets of both sets over time, as SVG.
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
    /// For programs.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(argument: &BacktestArgument, config: &Config, language: Language) -> Result<ExitCode, Failure> {
    let in_force = Packs::load(&config.rules).map_err(Failure::Packs)?;
    let changed = changed(argument, config)?;
    let path = argument.ledger.clone().unwrap_or_else(|| config.ledger.path.clone());
    let store = Sqlite::beside(&path).map_err(|e| {
        let said = fill(language, "cli_error.no_ledger", &[("path", &path.display().to_string())]);
        Failure::Other(e.into(), said)
    })?;
    let venues = Arc::new(venues::current::read(config)?);
    let past_readings = readings::over(Arc::new(store.clone()));
    let (past, range) = past(argument, config, (&store, &*past_readings), &venues, language)?;

    let began = Instant::now();
    let before = play(&past, &in_force, get(language, "backtest.playing_before"))?;
    let after = match &changed {
        Some(packs) => play(&past, packs, get(language, "backtest.playing_after"))?,
        None => before.clone(),
    };
    let comparison = Comparison::of(&before, &after, range, &venues);
    let packs = changed.as_ref().unwrap_or(&in_force);
    let desk = Desk { language, venues: &venues, packs, past: &past, changed: changed.is_some() };
    if let Some(path) = &argument.picture {
        let svg = desk.picture(&comparison, [&before, &after]);
        std::fs::write(path, svg).map_err(|e| Failure::other(&format!("write `{}`", path.display()), e))?;
    }
    if argument.json {
        let text = serde_json::to_string_pretty(&comparison).map_err(|e| Failure::other("print", e))?;
        println!("{text}");
        return Ok(ExitCode::SUCCESS);
    }
    desk.print(&comparison, (&before, &after), began.elapsed().as_secs_f64());
    if let Some(path) = &argument.picture {
        println!("{}", fill(language, "backtest.picture", &[("path", &path.display().to_string())]));
    }
    Ok(ExitCode::SUCCESS)
}

/// The changed rules; `None` where nothing is changed.
fn changed(argument: &BacktestArgument, config: &Config) -> Result<Option<Packs>, Failure> {
    if argument.set.is_empty() && argument.rules.is_empty() && argument.enable.is_empty() {
        return Ok(None);
    }
    let mut rules: config::Rules = config.rules.clone();
    rules.files.extend(argument.rules.iter().cloned());
    rules.enable.extend(argument.enable.iter().cloned());
    change::packs(&rules, &argument.set).map(Some).map_err(|e| Failure::other("change the rules", e))
}

fn past<'a>(
    argument: &BacktestArgument,
    config: &Config,
    (store, readings): (&'a Sqlite, &'a dyn readings::Readings),
    venues: &Arc<Venues>,
    language: Language,
) -> Result<(Past<'a>, (UnixMs, UnixMs)), Failure> {
    let mut devices = store.devices().map_err(|e| Failure::other("list the agents", e))?;
    devices.retain(|device| argument.venue.as_ref().is_none_or(|venue| *venue == device.source.venue));
    let marks = store.watermarks().map_err(|e| Failure::other("find the newest sample", e))?;
    let newest = marks.iter().filter(|mark| devices.iter().any(|d| d.source == mark.source)).map(|mark| mark.sample_at);
    let Some(newest) = newest.max().filter(|at| *at != UnixMs::MIN) else {
        return Err(Failure::said(get(language, "backtest.no_data")));
    };
    let first = devices.first().map(|device| device.source.venue.clone());
    let zone = first.as_ref().map_or(jiff::tz::TimeZone::UTC, |venue| venues.zone(venue).clone());
    let to = argument.to.map_or(newest.saturating_add(1), |written| written.at(&zone));
    // Nothing is older than the collector itself.
    let oldest = devices.iter().map(|device| device.first_at).min().unwrap_or(newest);
    let from = argument.from.map_or(to.saturating_sub(argument.since), |written| written.at(&zone)).max(oldest);
    if from >= to {
        return Err(Failure::said(get(language, "backtest.no_data")));
    }
    let routes = config.notify.channel.iter().map(|(name, channel)| Route {
        channel: name.clone(),
        teams: channel.teams().to_vec(),
        severity_min: channel.severity_min(),
    });
    let mut routes: Vec<Route> = routes.collect();
    if routes.is_empty() {
        // Messages are counted as if somebody were told.
        routes.push(Route { channel: "everybody".into(), teams: Vec::new(), severity_min: Severity::P4 });
    }
    let past = Past {
        reader: store,
        readings,
        sources: devices.iter().map(|device| device.source.clone()).collect(),
        devices,
        venues: venues.clone(),
        routes,
        live_horizon_ms: config.ingest.live_horizon_seconds as i64 * 1_000,
        from: from.saturating_sub(WARM_UP_MS),
        to,
    };
    Ok((past, (from, to)))
}

fn play(past: &Past<'_>, packs: &Packs, words: &'static str) -> Result<Outcome, Failure> {
    /// Steps of the bar.
    const LENGTH: u64 = 1_000;
    let bar = ProgressBar::new(LENGTH).with_message(words);
    if !std::io::stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {percent:>3} % {eta}") {
        bar.set_style(style);
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of 1000")]
    let outcome = replay(past, packs, |share| bar.set_position((share * LENGTH as f64) as u64));
    bar.finish_and_clear();
    outcome.map_err(|e| Failure::other("play the past again", e))
}

struct Desk<'a> {
    language: Language,
    venues: &'a Venues,
    packs: &'a Packs,
    past: &'a Past<'a>,
    changed: bool,
}

impl Desk<'_> {
    fn zone(&self) -> jiff::tz::TimeZone {
        self.past.sources.first().map_or(jiff::tz::TimeZone::UTC, |source| self.venues.zone(&source.venue).clone())
    }

    fn time(&self, at: UnixMs) -> String {
        text::time(at, &self.zone(), self.language)
    }

    fn title(&self, rule: &Id) -> String {
        self.packs.rule(rule).map_or_else(|| rule.to_string(), |r| r.words(self.language).title.clone())
    }

    fn print(&self, comparison: &Comparison, (before, after): (&Outcome, &Outcome), seconds: f64) {
        let language = self.language;
        let mut rooms: Vec<_> = self.past.sources.iter().map(|source| (&source.venue, &source.room)).collect();
        rooms.sort();
        rooms.dedup();
        let (from, to) = (self.time(comparison.from), self.time(comparison.to));
        let blanks = [("from", &*from), ("to", &*to), ("rooms", &*rooms.len().to_string())];
        let samples = comparison.samples.to_string();
        println!("{}", fill(language, "backtest.head", &[&blanks[..], &[("samples", &samples)]].concat()));
        println!("{}", fill(language, "backtest.took", &[("seconds", &format!("{seconds:.1}"))]));
        if !self.changed {
            println!("{}", get(language, "backtest.no_change"));
        }
        if comparison.rules.is_empty() {
            println!("{}", get(language, "backtest.nothing"));
            return;
        }
        println!("\n{}{}", self.table(comparison), get(language, "backtest.wakes"));
        let range = (comparison.from, comparison.to);
        for (key, here, there) in [("backtest.gone", before, after), ("backtest.new", after, before)] {
            let only = only_in(here, there, range);
            if !only.is_empty() {
                println!("\n{}", get(language, key));
                only.iter().take(NAMED_MAX).for_each(|ticket| println!("{}", self.ticket(ticket)));
                if only.len() > NAMED_MAX {
                    let rest = (only.len() - NAMED_MAX).to_string();
                    println!("{}", fill(language, "backtest.more", &[("n", &rest)]));
                }
            }
        }
    }

    fn table(&self, comparison: &Comparison) -> String {
        let word = |key: &str| get(self.language, &format!("backtest.{key}")).to_owned();
        let head = ["rule", "tickets", "reopened", "messages", "wake_ups", "minutes"].map(word).to_vec();
        let row = |name: String, before: &Figures, after: &Figures| {
            let count = |figure: fn(&Figures) -> u32| self.both(figure(before).to_string(), figure(after).to_string());
            #[expect(clippy::cast_possible_truncation, reason = "minutes of a stretch of time")]
            let length = |figures: &Figures| texts::duration(self.language, (figures.minutes * 60_000.0) as i64);
            let (tickets, reopened) = (count(|f| f.tickets), count(|f| f.reopened));
            let (messages, wake_ups) = (count(|f| f.messages), count(|f| f.wake_ups));
            vec![name, tickets, reopened, messages, wake_ups, self.both(length(before), length(after))]
        };
        let rows = comparison.rules.iter().map(|r| row(self.title(&r.rule), &r.before, &r.after));
        let sum = row(word("all"), &comparison.before, &comparison.after);
        table::lay_out(&[head].into_iter().chain(rows).chain([sum]).collect::<Vec<_>>())
    }

    /// One number where both are the same.
    fn both(&self, before: String, after: String) -> String {
        if before == after {
            return before;
        }
        fill(self.language, "backtest.change", &[("before", &before), ("after", &after)])
    }

    fn ticket(&self, ticket: &Ticket) -> String {
        let scene = Scene { language: self.language, packs: self.packs, venues: self.venues };
        let room = self.venues.room_name(&ticket.venue, &ticket.room, self.language);
        let blanks =
            [("time", &*self.time(ticket.opened_at)), ("room", &*room), ("what", &*text::wrong(ticket, scene))];
        fill(self.language, "backtest.ticket", &blanks)
    }

    fn picture(&self, comparison: &Comparison, outcomes: [&Outcome; 2]) -> String {
        let (from, to) = (self.time(comparison.from), self.time(comparison.to));
        let words = picture::Words {
            title: fill(self.language, "backtest.title", &[("from", &from), ("to", &to)]),
            before: get(self.language, "backtest.before").into(),
            after: get(self.language, "backtest.after").into(),
            rule: &|rule| self.title(rule),
        };
        picture::draw(comparison, outcomes, &self.zone(), &words)
    }
}

/// Tickets of `here` that have no fellow in `there`: one of the same rule and room that overlaps in time.
fn only_in<'a>(here: &'a Outcome, there: &Outcome, range: (UnixMs, UnixMs)) -> Vec<&'a Ticket> {
    let all: Vec<(&Id, &Ticket)> = compare::tickets_in(there, range).collect();
    let end = |ticket: &Ticket| ticket.closed_at.unwrap_or(range.1);
    let has_fellow = |rule: &Id, ticket: &Ticket| {
        all.iter().any(|(other_rule, other)| {
            *other_rule == rule
                && (&other.venue, &other.room, &other.asset) == (&ticket.venue, &ticket.room, &ticket.asset)
                && other.opened_at <= end(ticket)
                && ticket.opened_at <= end(other)
        })
    };
    compare::tickets_in(here, range).filter(|(rule, ticket)| !has_fellow(rule, ticket)).map(|(_, t)| t).collect()
}
