//! Against simulated rooms of first order with noise: what is foretold is what then happens.

use super::*;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
const OPENING: UnixMs = 1_000 * DAY;

/// A room that rests at `rest` and is driven towards `set` from `lead_min` minutes before the opening.
#[derive(Clone, Copy)]
struct Plant {
    rest: f64,
    set: f64,
    tau_min: f64,
    lead_min: i64,
}

impl Plant {
    fn at(self, before_min: f64) -> f64 {
        let driven = self.lead_min as f64 - before_min;
        self.set + (self.rest - self.set) * (-driven.max(0.0) / self.tau_min).exp()
    }

    /// When it is in the band, in minutes before the opening.
    fn in_band(self, edge: f64) -> f64 {
        self.lead_min as f64 - self.tau_min * ((self.rest - self.set) / (edge - self.set)).ln()
    }

    fn readings(self, opening: UnixMs, from: i64, to: i64, random: &mut u64) -> Vec<(UnixMs, f64)> {
        let mut readings = Vec::new();
        let mut at = from;
        while at <= to {
            *random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let noise = (*random >> 33) as f64 / (1u64 << 31) as f64 - 0.5;
            readings.push((at, self.at((opening - at) as f64 / MINUTE_MS as f64) + noise * 0.15));
            at += MINUTE_MS / 2;
        }
        readings
    }
}

/// What is foretold `now_min` minutes before the opening, after `count` mornings of `past`, on a day of `plant`.
fn foretell(past: Plant, count: i64, plant: Plant, now_min: i64, seed: u64) -> Option<Forecast> {
    let mut random = seed;
    let mornings: Vec<Morning> = (1..=count)
        .map(|day| {
            let opening = OPENING - day * DAY;
            // No two mornings are alike: a degree warmer, some minutes later.
            let plant =
                Plant { rest: past.rest + (day % 3) as f64 * 0.4, lead_min: past.lead_min + day % 5 - 2, ..past };
            Morning { opening, readings: plant.readings(opening, opening - BEFORE_MS, opening + AFTER_MS, &mut random) }
        })
        .collect();
    let now = OPENING - now_min * MINUTE_MS;
    let recent = plant.readings(OPENING, now - RECENT_MS, now, &mut random);
    let value = recent.last().unwrap().1;
    let today = Today { now, opening: OPENING, value, low: Some(18.0), high: Some(22.0), recent: &recent };
    forecast(&today, &mornings)
}

const SUMMER: Plant = Plant { rest: 27.0, set: 20.0, tau_min: 22.0, lead_min: 60 };
const WINTER: Plant = Plant { rest: 12.0, set: 21.0, tau_min: 25.0, lead_min: 70 };

#[test]
fn a_room_that_goes_its_usual_way_is_foretold_to_some_minutes() {
    for seed in 1..=40 {
        for (plant, edge, now_min) in [(SUMMER, 22.0, 45), (SUMMER, 22.0, 38), (WINTER, 18.0, 50), (WINTER, 18.0, 60)] {
            let Some(Forecast::InTime { by, mornings }) = foretell(plant, 9, plant, now_min, seed) else {
                panic!("{:?}", foretell(plant, 9, plant, now_min, seed))
            };
            let really = OPENING - (plant.in_band(edge) * MINUTE_MS as f64) as i64;
            let wrong_min = (by - really).abs() / MINUTE_MS;
            assert!(wrong_min <= 8, "{wrong_min} minutes wrong, seed {seed}");
            assert!(mornings >= MORNINGS_MIN);
        }
    }
}

#[test]
fn a_room_that_nothing_drives_is_told_from_one_that_is_on_its_way() {
    for seed in 1..=40 {
        let off = Plant { lead_min: -1_000, ..SUMMER };
        let Some(Forecast::NotStarted { by, in_time, .. }) = foretell(SUMMER, 9, off, 30, seed) else {
            panic!("{:?}", foretell(SUMMER, 9, off, 30, seed))
        };
        // From 27 °C it takes 22 min · ln(7 / 2).
        let needs_min = (by - (OPENING - 30 * MINUTE_MS)) as f64 / MINUTE_MS as f64;
        assert!((needs_min - 27.6).abs() < 8.0, "{needs_min}");
        assert_eq!(in_time, by <= OPENING);
    }
}

#[test]
fn a_room_that_is_driven_later_every_day_is_not_called_broken_before_its_time() {
    // The air conditioning is started 25 minutes before the opening; nobody can expect it to move at 34.
    let late = Plant { lead_min: 28, tau_min: 8.0, ..SUMMER };
    for seed in 1..=40 {
        let found = foretell(late, 9, late, 34, seed);
        assert!(matches!(found, Some(Forecast::InTime { .. })), "{found:?}");
        // At 15 it should have begun.
        let found = foretell(late, 9, Plant { lead_min: -1_000, ..late }, 15, seed);
        assert!(matches!(found, Some(Forecast::NotStarted { .. })), "{found:?}");
    }
}

#[test]
fn a_room_that_started_too_late_is_too_late() {
    for seed in 1..=40 {
        let late = Plant { lead_min: 12, ..SUMMER };
        let found = foretell(SUMMER, 9, late, 5, seed);
        let Some(Forecast::TooLate { by, .. }) = found else { panic!("{found:?}") };
        assert!(by > OPENING);
    }
}

#[test]
fn without_enough_past_nothing_is_foretold_and_a_past_that_never_got_there_says_so() {
    for count in 0..3 {
        let found = foretell(SUMMER, count, SUMMER, 45, 1);
        assert!(matches!(found, Some(Forecast::NotEnough { .. })), "{found:?}");
    }
    let weak = Plant { set: 24.0, ..SUMMER };
    let found = foretell(weak, 9, weak, 30, 1);
    assert!(matches!(found, Some(Forecast::Never { mornings: 9 })), "{found:?}");
}

#[test]
fn in_the_band_nothing_is_foretold() {
    let good = Plant { rest: 20.0, ..SUMMER };
    assert_eq!(foretell(SUMMER, 9, good, 30, 1), None);
}
