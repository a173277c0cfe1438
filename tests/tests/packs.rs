//! Every rule that is shipped can speak: its patterns fit points that the agent really makes, it
//! fires on a series that is bad by its own limits, and stays quiet on a good one.
#![allow(clippy::unwrap_used)]

mod packs {
    pub mod house;
    pub mod series;
    pub mod shipped;
}

use collector::{
    config::Rules,
    packs::Packs,
    rules::{Rule, pattern},
    texts::{self, Language},
};
use packs::{
    house,
    series::{self, Life},
    shipped::{self, Shipped},
};
use wire::{Id, PointName};

/// Plain numbers: indexes, counts, states of more than two kinds, and days, whose names say so.
const WITHOUT_UNIT: [&str; 5] = ["_index", "_count", "_error", "_state", "_days"];

/// The rule as the collector reads it.
fn judged(rule: &Shipped) -> Rule {
    let config = Rules { packs: vec![rule.pack.clone()], ..Rules::default() };
    let packs = Packs::load(&config).unwrap();
    let found = packs.rule(&Id::parse(&rule.id).unwrap());
    found.unwrap_or_else(|| panic!("`{}` is in no file that the pack `{}` is made of", rule.id, rule.pack)).rule.clone()
}

#[test]
fn every_pattern_of_every_rule_fits_a_point_that_there_can_be() {
    let points = house::points();
    let mut dead = Vec::new();
    for rule in shipped::all() {
        for wanted in [rule.list("points"), rule.list("with")].concat() {
            if !points.iter().any(|point| pattern::fits(wanted, point)) {
                dead.push(format!("`{}`: `{wanted}` fits no point", rule.id));
            }
        }
    }
    assert!(dead.is_empty(), "{}", dead.join("\n"));
}

#[test]
fn every_rule_fires_on_a_bad_series_and_is_quiet_on_a_good_one() {
    let points = house::points();
    for rule in shipped::all() {
        let fits = |key: &str| -> Vec<&str> {
            let wanted = rule.list(key);
            points.iter().filter(|p| wanted.iter().any(|w| pattern::fits(w, p))).map(String::as_str).collect()
        };
        // A rule that watches the agent has no point: any will do.
        let watches_agent = rule.list("points").is_empty();
        let point = if watches_agent { "temperature_celsius" } else { fits("points")[0] };
        let beside: Vec<&str> = fits("with").into_iter().filter(|p| *p != point).collect();
        let series = series::of(&rule, &beside);
        let (id, long) = (&rule.id, 2 * series.patience + 30 * series.period);
        let quiet = series.patience + rule.seconds("clear_for") + rule.seconds("window") + 30 * series.period;
        for bad in &series.bad {
            let mut life = Life::new(judged(&rule), point);
            life.lives(2 * long, &series, &series.good);
            assert_eq!(life.told(), (0, 0), "`{id}` complains of a good series of `{point}`");
            if series.patience > 60 {
                life.lives(series.patience / 2, &series, bad);
                life.lives(quiet, &series, &series.good);
                assert_eq!(life.told(), (0, 0), "`{id}` has no patience with `{point}`");
            }
            life.lives(long, &series, bad);
            assert_eq!(life.told(), (1, 0), "`{id}` says nothing of a bad series of `{point}`");
            life.lives(2 * quiet, &series, &series.good);
            assert_eq!(life.told(), (0, 1), "`{id}` does not see that `{point}` is well again");
        }
    }
}

#[test]
fn a_ticket_of_a_shipped_rule_names_its_point_and_its_unit() {
    let points = house::points();
    let mut nameless = Vec::new();
    for rule in shipped::all() {
        for point in points.iter().filter(|p| rule.list("points").iter().any(|wanted| pattern::fits(wanted, p))) {
            let name = PointName::parse(point).unwrap();
            for language in [Language::ZhCn, Language::En] {
                let said = texts::point(language, &name);
                if said.contains('_') || (language == Language::ZhCn && said == point.as_str()) {
                    nameless.push(format!("`{}`: `{point}` is `{said}` to people", rule.id));
                }
            }
            let number = rule.text("kind") != "state" && rule.text("kind") != "silent";
            if number && texts::unit(&name).is_empty() && !WITHOUT_UNIT.iter().any(|end| point.ends_with(end)) {
                nameless.push(format!("`{}`: `{point}` has no unit", rule.id));
            }
        }
    }
    assert!(nameless.is_empty(), "{}", nameless.join("\n"));
}
