//! Every rule that is shipped can speak: its patterns fit points that the agent really makes, it
//! fires on a series that is bad by its own limits while it matters, and stays quiet otherwise.
#![allow(clippy::unwrap_used)]

mod packs {
    pub mod house;
    pub mod series;
    pub mod shipped;
    pub mod times;
}

use collector::{
    config::Rules,
    packs::Packs,
    rules::{Rule, pattern},
    texts::{self, Language},
    web::view::switch_words,
};
use packs::{
    house,
    series::{self, Life},
    shipped::{self, Shipped},
    times,
};
use wire::{Id, PointName};

/// Plain numbers: indexes, counts, states of more than two kinds, and days, whose names say so.
const WITHOUT_UNIT: [&str; 5] = ["_index", "_count", "_error", "_state", "_days"];

/// The rule as the collector reads it.
fn judged(rule: &Shipped) -> Rule {
    let enable = if rule.keys.contains_key("optional") { vec![rule.id.clone()] } else { Vec::new() };
    let config = Rules { packs: vec![rule.pack.clone()], enable, ..Rules::default() };
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
fn every_rule_fires_on_a_bad_series_in_its_time_and_is_quiet_otherwise() {
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
        let (right, wrong) = times::of(&rule);
        for bad in &series.bad {
            for time in &wrong {
                let mut life = Life::new(judged(&rule), point, time);
                life.lives(long, &series, &series.good);
                life.lives(2 * long, &series, bad);
                assert_eq!(life.told(), (0, 0), "`{id}` judges `{point}` when it does not matter");
            }
            let mut life = Life::new(judged(&rule), point, &right);
            life.lives(2 * long, &series, &series.good);
            assert_eq!(life.told(), (0, 0), "`{id}` complains of a good series of `{point}`");
            life.lives(series.short, &series, bad);
            life.lives(quiet, &series, &series.good);
            assert_eq!(life.told(), (0, 0), "`{id}` has no patience with `{point}`");
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
            for value in [0.0, 1.0] {
                let said = switch_words(Language::ZhCn, &name, value);
                if rule.text("kind") == "state" && said == value.to_string() {
                    nameless.push(format!("`{}`: nobody says what `{point}` {value} means", rule.id));
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
/// Agents to copy from, and the packs of their venues.
const EXAMPLES: [(&str, &str); 5] = [
    ("ktv", include_str!("../../agent/examples/karaoke-room.toml")),
    ("telecom-hall", include_str!("../../agent/examples/telecom-hall.toml")),
    ("bank", include_str!("../../agent/examples/bank-branch.toml")),
    ("restaurant", include_str!("../../agent/examples/restaurant-kitchen.toml")),
    ("shop", include_str!("../../agent/examples/shop-floor.toml")),
];

/// Yes or no, and nothing to complain of by itself: `playing` and `dead` say more than `powered`, a lamp
/// is on with its projector, and advertising may be silent.
const IDLE_TALK: [&str; 3] = ["amplifier_powered", "_lamp_on", "hall_screen_mute_"];

/// A door of a room in use opens and closes all evening.
const ROOM_DOOR: &str = "door_open";

#[test]
fn whatever_an_example_can_say_no_to_is_watched_by_the_pack_of_its_venue() {
    let rules = shipped::all();
    let mut unwatched = Vec::new();
    for (pack, text) in EXAMPLES {
        let config = agent::config::parse(text, pack, []).unwrap_or_else(|e| panic!("{pack}: {e}"));
        let about = agent::sampler::about(&config).unwrap();
        let flags = about.points.iter().filter(|(_, about)| (about.low, about.high) == (Some(0.0), Some(1.0)));
        for (point, _) in flags {
            let name = point.as_str();
            let of_venue = rules.iter().filter(|rule| rule.pack == "base" || rule.pack == pack);
            let watched = of_venue.flat_map(|rule| rule.list("points")).any(|wanted| pattern::fits(wanted, name));
            if !watched && name != ROOM_DOOR && !IDLE_TALK.iter().any(|idle| name.contains(idle)) {
                unwatched.push(format!("`{pack}`: nobody watches `{name}`"));
            }
        }
    }
    assert!(unwatched.is_empty(), "{}", unwatched.join("\n"));
}
