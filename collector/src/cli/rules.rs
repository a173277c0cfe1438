//! `rules`: which rules are in force, what each expects, why, and what to do when it is not so.

mod backtest;
mod test;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{ConfigArgument, Failure, LanguageArgument, table};
use wire::PointName;

use crate::{
    config::Language,
    packs::{PackRule, Packs},
    rules::{Expect, Rule, When},
    texts::{self, fill, get},
    web::view::switch_words,
};

/// Arguments of `rules`.
#[derive(Debug, Args)]
pub struct RulesArgument {
    #[command(flatten)]
    config: ConfigArgument,
    #[command(flatten)]
    language: LanguageArgument,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists the rules in force.
    List,
    /// Shows one rule with its texts and the source of its numbers.
    Show {
        /// For example air-temperature.
        rule: String,
    },
    /// Plays a series of readings from a file to one rule, and says what would follow.
    Test(test::TestArgument),
    /// Plays the stored past again under changed rules, and says what would have been different.
    Backtest(backtest::BacktestArgument),
}

/// Runs the command.
pub fn run(argument: &RulesArgument) -> Result<ExitCode, Failure> {
    let config = argument.config.load()?;
    let language = argument.language.or(config.language);
    let packs = Packs::load(&config.rules).map_err(|e| Failure::other("load the rules", e))?;
    match &argument.command {
        Command::Test(argument) => return test::run(argument, &config, language),
        Command::Backtest(argument) => return backtest::run(argument, &config, language),
        Command::List => print!("{}", list(&packs, language)),
        Command::Show { rule } => {
            let Some(found) = packs.all().iter().chain(packs.off()).find(|r| r.rule.id.as_str() == rule) else {
                return Err(Failure::said(fill(language, "cli_error.no_rule", &[("rule", rule)])));
            };
            print!("{}", show(found, language));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn list(packs: &Packs, language: Language) -> String {
    let head = ["cli.id", "cli.severity", "cli.team", "cli.expected", "cli.for", "cli.title"]
        .map(|k| get(language, k).to_owned());
    let row = |r: &PackRule| {
        vec![
            r.rule.id.to_string(),
            format!("{:?}", r.rule.severity),
            texts::team(language, &r.rule.team).into_owned(),
            expected(&r.rule, language),
            texts::duration(language, r.rule.for_ms),
            r.words(language).title.clone(),
        ]
    };
    let off = |r: &PackRule| {
        let mut cells = row(r);
        cells[0] += get(language, "cli.off");
        cells
    };
    let rows = packs.all().iter().map(row).chain(packs.off().iter().map(off));
    table::lay_out(&[head.to_vec()].into_iter().chain(rows).collect::<Vec<_>>())
}

fn show(r: &PackRule, language: Language) -> String {
    let words = r.words(language);
    let rooms = if r.rule.rooms.is_empty() { get(language, "cli.all").into() } else { r.rule.rooms.join(" ") };
    let rows = [
        ("cli.id", r.rule.id.to_string()),
        ("cli.title", words.title.clone()),
        ("cli.meaning", words.meaning.clone()),
        ("cli.hint", words.hint.clone()),
        ("cli.kind", get(language, kind(&r.rule.expect)).into()),
        ("cli.points", r.rule.points.join(" ")),
        ("cli.rooms", rooms),
        ("cli.expected", expected(&r.rule, language)),
        ("cli.for", texts::duration(language, r.rule.for_ms)),
        ("cli.clear_for", texts::duration(language, r.rule.clear_for_ms)),
        ("cli.gap", texts::duration(language, r.rule.gap_ms)),
        ("cli.when", when(&r.rule.when, language)),
        ("cli.kinds", r.rule.kinds.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")),
        ("cli.severity", texts::severity(language, r.rule.severity).into()),
        ("cli.team", texts::team(language, &r.rule.team).into_owned()),
        ("cli.source", r.source.clone()),
        ("cli.verified", get(language, if r.verified { "cli.yes" } else { "cli.no" }).into()),
        ("cli.pack", r.pack.clone()),
    ];
    let widest = rows.iter().map(|(key, _)| table::width(get(language, key))).max().unwrap_or(0);
    let line = |(key, value): &(&str, String)| {
        let name = get(language, key);
        format!("{name}{}  {value}\n", " ".repeat(widest - table::width(name)))
    };
    rows.iter().filter(|(_, value)| !value.is_empty()).map(line).collect()
}

/// When a rule matters, in words.
fn when(when: &When, language: Language) -> String {
    let say = |key: &str, blanks: &[(&str, &str)]| fill(language, key, blanks);
    let mut hours = Vec::new();
    if let Some(ms) = when.before_opening_ms {
        hours.push(say("expect.when_before", &[("length", &texts::duration(language, ms))]));
    }
    hours.extend(when.open.then(|| say("expect.when_open", &[])));
    hours.extend(when.closed.then(|| say("expect.when_closed", &[])));
    let day = |day: u16| format!("{:02}-{:02}", day / 100, day % 100);
    let season =
        |(first, last): &(u16, u16)| say("expect.when_season", &[("first", &day(*first)), ("last", &day(*last))]);
    let seasons = when.seasons.iter().map(season).collect();
    let states = when.states.iter().map(|state| texts::room_state(language, *state).to_owned()).collect();
    // One of each that is given must hold.
    let groups: Vec<String> = [hours, seasons, states]
        .into_iter()
        .filter(|group: &Vec<String>| !group.is_empty())
        .map(|group| group.join(get(language, "expect.when_or")))
        .collect();
    if groups.is_empty() { say("expect.when_always", &[]) } else { groups.join(get(language, "expect.when_and")) }
}

fn kind(expect: &Expect) -> &'static str {
    match expect {
        Expect::Band { .. } => "kind.band",
        Expect::State { .. } => "kind.state",
        Expect::Silent { .. } => "kind.silent",
        Expect::Stuck { .. } => "kind.stuck",
        Expect::Rate { .. } => "kind.rate",
        Expect::Share { .. } => "kind.share",
        Expect::Due { .. } => "kind.due",
        Expect::Disagree { .. } => "kind.disagree",
    }
}

/// What a rule expects, in words.
fn expected(rule: &Rule, language: Language) -> String {
    let plain = |n: f64| texts::value(None, n);
    let unit = unit_of(rule);
    let number = |n: f64| texts::value(unit.as_ref(), n);
    let limits = |low: Option<f64>, high: Option<f64>| match (low, high) {
        (Some(low), Some(high)) => fill(language, "expect.between", &[("low", &number(low)), ("high", &number(high))]),
        (Some(low), None) => fill(language, "expect.at_least", &[("low", &number(low))]),
        (None, Some(high)) => fill(language, "expect.at_most", &[("high", &number(high))]),
        (None, None) => String::new(),
    };
    match &rule.expect {
        Expect::Band { low, high, low_return, high_return } => {
            let back = limits(*low_return, *high_return);
            let back = if back.is_empty() { back } else { fill(language, "expect.returns", &[("limits", &back)]) };
            limits(*low, *high) + &back
        }
        Expect::State { good } => rule.points.first().map_or(String::new(), |pattern| state(pattern, *good, language)),
        Expect::Silent { after_ms, agent } => {
            let key = if *agent { "expect.agent_heard" } else { "expect.heard" };
            fill(language, key, &[("after", &texts::duration(language, *after_ms))])
        }
        Expect::Stuck { after_ms, within } => {
            let blanks = [("after", &*texts::duration(language, *after_ms)), ("within", &number(*within))];
            fill(language, if *within > 0.0 { "expect.moves_by" } else { "expect.moves" }, &blanks)
        }
        Expect::Rate { rise, fall, per_ms } => {
            let per = texts::duration(language, *per_ms);
            let part = |key, limit: &Option<f64>| {
                limit.map(|limit| fill(language, key, &[("limit", &number(limit)), ("per", &per)]))
            };
            let parts: Vec<_> =
                [part("expect.rises", rise), part("expect.falls", fall)].into_iter().flatten().collect();
            parts.join(get(language, "join.list"))
        }
        Expect::Share { low, high, share, window_ms } => {
            let blanks = [
                ("limits", &*limits(*low, *high)),
                ("share", &plain((1.0 - share) * 100.0)),
                ("window", &texts::duration(language, *window_ms)),
            ];
            fill(language, "expect.share", &blanks)
        }
        Expect::Due { within_days } => fill(language, "expect.due", &[("days", &plain(*within_days))]),
        Expect::Disagree { with, apart } => {
            fill(language, "expect.agrees", &[("with", &with.join(" ")), ("apart", &number(*apart))])
        }
    }
}

/// A point that has the unit of all points of the rule, where they have one.
fn unit_of(rule: &Rule) -> Option<PointName> {
    let names = rule.points.iter().map(|pattern| PointName::parse(&pattern.replace('*', "x")).ok());
    let names: Vec<PointName> = names.collect::<Option<_>>()?;
    let first = names.first()?.clone();
    names.iter().all(|name| texts::unit(name) == texts::unit(&first)).then_some(first)
}

/// What points of a pattern are called, without what the pattern leaves open, and what they should say.
fn state(pattern: &str, good: bool, language: Language) -> String {
    let name = pattern.replace('*', "").replace("__", "_");
    let Ok(point) = PointName::parse(name.trim_matches('_')) else { return pattern.to_owned() };
    let value = switch_words(language, &point, if good { 1.0 } else { 0.0 });
    fill(language, "expect.state", &[("what", &texts::point(language, &point)), ("value", &value)])
}
