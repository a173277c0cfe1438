//! `rules test`: what a rule makes of a series in a file: when it begins and ends to be violated, and which
//! tickets follow. Needs no ledger.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use jiff::tz::TimeZone;
use wire::{Id, Source, UnixMs};

use crate::{
    Config,
    backtest::{Outcome, series},
    cli::{Failure, stretch},
    config::Language,
    ledger::Commit,
    packs::{PackRule, Packs},
    run::deciders_of,
    step::{Again, Came},
    texts::{self, fill, get},
    tickets::text::{self, Scene},
    venues,
};

/// Time goes on for so long after the last row, so that silence is found too.
const AFTER_MS: i64 = 10 * 60_000;
const TICK_MS: i64 = 1_000;

/// Arguments of `rules test`.
#[derive(Debug, Args)]
pub struct TestArgument {
    /// The rule, for example air-temperature.
    rule: String,
    /// The series: CSV with a column `time` and one for each point.
    #[arg(long, value_name = "FILE")]
    series: PathBuf,
    /// The venue whose hours and kind count; by default the first of the configuration.
    #[arg(long)]
    venue: Option<Id>,
    /// The room, where the rule is only for some.
    #[arg(long, default_value = "k01")]
    room: Id,
}

/// Plays the series to the one rule.
pub fn run(argument: &TestArgument, config: &Config, language: Language) -> Result<ExitCode, Failure> {
    let packs = Packs::load(&config.rules).map_err(Failure::Packs)?;
    let known = packs.all().iter().chain(packs.off()).find(|r| r.rule.id.as_str() == argument.rule);
    let Some(rule) = known.cloned() else {
        return Err(Failure::said(fill(language, "cli_error.no_rule", &[("rule", &argument.rule)])));
    };
    let venues = std::sync::Arc::new(venues::current::read(config)?);
    let first = venues.venues.keys().next().cloned();
    let venue = argument.venue.clone().or(first).unwrap_or_else(|| argument.room.clone());
    let file = argument.series.display().to_string();
    let text = std::fs::read_to_string(&argument.series).map_err(|e| Failure::other(&format!("read `{file}`"), e))?;
    let instant = |text: &str, zone: &TimeZone| stretch::instant(text).ok().map(|written| written.at(zone));
    let zone = venues.zone(&venue).clone();
    let samples = series::read(&file, &text, &zone, &instant).map_err(|e| Failure::said(e.text(language)))?;

    let only = Packs::only(rule.clone());
    let deciders = deciders_of(&only, &venues, i64::MAX / 4, Vec::new());
    let mut again = Again::new(deciders, Vec::new(), &venues);
    let agent = Id::parse("series").map_err(|e| Failure::other("name the series", e))?;
    let source = Source { venue, room: argument.room.clone(), agent };
    let (from, to) = (samples[0].at, samples[samples.len() - 1].at);
    let (mut found, mut outcome) = (Vec::new(), Outcome::default());
    let mut ticked = from;
    let mut pass = |again: &mut Again, upto: UnixMs, found: &mut Vec<Commit>| {
        while ticked + TICK_MS <= upto {
            ticked += TICK_MS;
            found.push(again.step([], true, ticked));
        }
    };
    for sample in &samples {
        pass(&mut again, sample.at, &mut found);
        found.push(again.step([Came::Sample(source.clone(), sample.clone())], false, sample.at));
    }
    pass(&mut again, to + AFTER_MS, &mut found);

    let time = |at| text::time(at, &zone, language);
    let blanks = [("count", &*samples.len().to_string()), ("from", &*time(from)), ("to", &*time(to))];
    println!("{}", fill(language, "backtest.series_summary", &blanks));
    let scene = Scene { language, packs: &only, venues: &venues };
    let mut lines = lines(&found, scene, &time);
    found.into_iter().for_each(|commit| outcome.take(commit));
    lines.sort();
    lines.iter().for_each(|(_, line)| println!("{line}"));
    if lines.is_empty() {
        println!("{}", nothing(&rule, &samples, language));
    }
    Ok(ExitCode::SUCCESS)
}

/// What followed, with its instant.
fn lines(commits: &[Commit], scene: Scene<'_>, time: &dyn Fn(UnixMs) -> String) -> Vec<(UnixMs, String)> {
    let language = scene.language;
    let mut lines = Vec::new();
    for row in commits.iter().flat_map(|commit| &commit.episodes) {
        let point = row.key.subject.point.as_ref().map_or_else(String::new, |p| texts::point(language, p).into_owned());
        let value = row.seen.value.map(|v| format!(" {}", texts::value(row.key.subject.point.as_ref(), v)));
        let late = if row.late { get(language, "backtest.late") } else { "" };
        let value = value.filter(|_| row.ended_at.is_none()).unwrap_or_default();
        let point = format!("{point}{value}{late}");
        let (at, key) = match row.ended_at {
            Some(at) => (at, "backtest.ended"),
            None => (row.key.began_at, "backtest.began"),
        };
        let line = (at, fill(language, key, &[("time", &time(at)), ("point", &point)]));
        // A worse value writes the same episode again.
        lines.retain(|(other, text): &(UnixMs, String)| {
            row.ended_at.is_some() || *other != at || !text.contains(&*time(at))
        });
        lines.push(line);
    }
    for commit in commits {
        for moved in commit.history.iter().filter(|moved| moved.from.is_none()) {
            let Some(ticket) = commit.tickets.iter().find(|ticket| ticket.id == moved.ticket) else { continue };
            let what = text::explain(ticket, scene);
            let words: Vec<&str> = what.lines.iter().skip(1).take(2).map(String::as_str).collect();
            let what = format!("{}\n    {}", what.title, words.join("\n    "));
            lines.push((moved.at, fill(language, "backtest.opened", &[("time", &time(moved.at)), ("what", &what)])));
        }
    }
    lines
}

/// Why nothing followed.
fn nothing(rule: &PackRule, samples: &[wire::Sample], language: Language) -> String {
    let title = &rule.words(language).title;
    let mut columns: Vec<&wire::PointName> =
        samples.iter().flat_map(|s| s.points.iter().map(|(name, _)| name)).collect();
    columns.sort();
    columns.dedup();
    let mut text = fill(language, "backtest.quiet", &[("rule", title)]);
    if !columns.iter().any(|point| rule.rule.covers_point(point)) {
        let names: Vec<&str> = columns.iter().map(|point| point.as_str()).collect();
        let blanks =
            [("rule", title.as_str()), ("points", &*rule.rule.points.join(" ")), ("columns", &*names.join(" "))];
        text += &format!("\n{}", fill(language, "backtest.covers_none", &blanks));
    } else {
        let when = super::when(&rule.rule.when, language);
        text += &format!("\n{}", fill(language, "backtest.not_matters", &[("when", &when)]));
    }
    text
}
