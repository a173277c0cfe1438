//! Never two rounds for one plan and date, and none skipped: random days, hours, holidays, zones,
//! restarts that lose what was not committed, and files read again, against a walk minute by minute
//! that knows nothing of how the stage sleeps.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::{ToSpan, civil::date};
use proptest::prelude::*;
use wire::{Id, UnixMs};

use super::{id, ms, venues};
use crate::rounds::{Cursor, Effect, Event, Plans, Round, Stage, State, step, when::occurrences};

const MINUTE: i64 = 60_000;

/// What the ledger holds.
#[derive(Default)]
struct Books {
    rounds: BTreeMap<(Id, String), Round>,
    cursors: BTreeMap<Id, Cursor>,
    missed: usize,
}

/// A mistake planted into the restart, which the search below must find.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Mistake {
    None,
    /// How far the stage had looked is not stored.
    ForgetsHowFar,
    /// Rounds are not brought back.
    LosesRounds,
}

impl Books {
    fn take(&mut self, effects: Vec<Effect>) -> Result<(), String> {
        for effect in effects {
            match effect {
                Effect::Stored(round) => {
                    let place = (round.venue.clone(), round.key.clone());
                    // Nobody answers here and no plan goes away: what is stored as open was just made.
                    if round.stage == Stage::Open && self.rounds.contains_key(&place) {
                        return Err(format!("{} is made twice", round.key));
                    }
                    self.rounds.insert(place, *round);
                }
                Effect::Cursor { venue, cursor } => drop(self.cursors.insert(venue, cursor)),
                Effect::Missed(_) => self.missed += 1,
                _ => {}
            }
        }
        Ok(())
    }

    fn state(&self, plans: Arc<Plans>, mistake: Mistake) -> State {
        let mut state = State::new(plans);
        let rounds = if mistake == Mistake::LosesRounds { Vec::new() } else { self.rounds.values().cloned().collect() };
        let cursors = if mistake == Mistake::ForgetsHowFar { BTreeMap::new() } else { self.cursors.clone() };
        state.restore(rounds, cursors);
        state
    }
}

/// A venue with one round of each kind.
fn file(zone: &str, days: &str, open: u8, hours: u8, closed: (i8, i8)) -> String {
    let close = (u32::from(open) + u32::from(hours)) % 24;
    let check = "[[venue.v.round.check]]\nid = \"c\"\nzh = \"查\"\nen = \"look\"\n";
    let round = |id: &str, more: &str| format!("[[venue.v.round]]\nid = \"{id}\"\n{more}\n{check}");
    let (first, last) = (closed.0.min(closed.1), closed.0.max(closed.1));
    format!(
        "[venue.v]\nzone = \"{zone}\"\n[[venue.v.hours]]\ndays = [\"{days}\"]\nopen = \"{open:02}:00\"\nclose = \"{close:02}:00\"\n\
         [[venue.v.hours]]\nkind = \"closed\"\nfrom = \"2026-10-{first:02}\"\nto = \"2026-10-{last:02}\"\n{}{}{}{}{}",
        round("weekly", "kind = \"weekly\"\ndays = [\"mon\"]"),
        round("half", "kind = \"half-monthly\""),
        round("daily", "kind = \"daily\"\nbegin = \"10:00\"\ndue = \"02:30\""),
        round("patrol", "kind = \"interval\"\nevery = \"2h\""),
        round("after", "kind = \"after-close\"\nwithin = \"90m\""),
    )
}

/// Every round that can be made for at least a moment between `from` and `to`, by asking of every date.
fn all_of(plans: &Plans, from: UnixMs, to: UnixMs) -> BTreeSet<(String, UnixMs, UnixMs)> {
    let of = &plans.venues[&id("v")];
    let mut all = BTreeSet::new();
    for n in 0..60 {
        let date = date(2026, 9, 15).saturating_add(n.days());
        for plan in &of.plans {
            for o in occurrences(plan, &of.calendar, date).into_iter().filter(|o| o.from <= to && o.due > from) {
                let slot = if o.slot == 0 { String::new() } else { format!("/{}", o.slot) };
                all.insert((format!("{date}/{}{slot}", plan.id), o.from, o.due));
            }
        }
    }
    all
}

/// Runs a stage over `steps`, each so many minutes after the last, with restarts and files read again as
/// their second number says, and compares what it made with what can be made.
fn run(text: &str, steps: &[(i64, u8)], mistake: Mistake) -> Result<(), String> {
    let plans = Arc::new(Plans::of(&venues(text, &[])));
    let start = ms("2026-10-01T00:00:00Z");
    let mut now = start;
    let mut books = Books::default();
    let mut state = State::new(plans.clone());
    for (minutes, chance) in steps {
        let mut out = Vec::new();
        step(&mut state, &Event::Tick, now, &mut out);
        // Killed before the commit, the same tick comes again over what the ledger holds.
        if *chance == 0 {
            state = books.state(plans.clone(), mistake);
            continue;
        }
        books.take(out)?;
        match chance {
            1 => state = books.state(plans.clone(), mistake),
            // The files are read again and say the same.
            2 => state.set_plans(Arc::new(Plans::of(&venues(text, &[])))),
            _ => {}
        }
        // Mostly minutes and hours, at times a day and a half of silence.
        now += if *chance == 3 { minutes * 5 * MINUTE } else { minutes * MINUTE };
    }
    let mut out = Vec::new();
    step(&mut state, &Event::Tick, now, &mut out);
    books.take(out)?;
    let got: BTreeSet<_> = books.rounds.values().map(|r| (r.key.clone(), r.from, r.due)).collect();
    let wanted = all_of(&plans, start, now);
    if got != wanted {
        return Err(format!("skipped or too much: {:?}", got.symmetric_difference(&wanted).next()));
    }
    // Nobody answered: whatever is over is missed, the rest is open, and each plan told of it.
    if let Some(round) = books.rounds.values().find(|r| (r.stage == Stage::Missed) != (r.due <= now)) {
        return Err(format!("{} is {:?}", round.key, round.stage));
    }
    let over: BTreeSet<_> = books.rounds.values().filter(|r| r.due <= now).map(|r| &r.plan).collect();
    if books.missed < over.len() { Err(format!("{} tickets of {over:?}", books.missed)) } else { Ok(()) }
}

#[test]
fn a_stage_that_skips_or_repeats_rounds_is_caught() {
    let text = file("Europe/Berlin", "mon-sun", 12, 9, (20, 21));
    // A restart every fifth step, and long silences before some of them.
    let steps: Vec<_> = (0..60).map(|n| (180 + n % 7, [4, 4, 3, 1, 4][n as usize % 5])).collect();
    assert_eq!(run(&text, &steps, Mistake::None), Ok(()));
    for mistake in [Mistake::ForgetsHowFar, Mistake::LosesRounds] {
        let late = steps.iter().map(|(minutes, chance)| (*minutes, if *chance == 3 { 1 } else { *chance }));
        // The silence comes while it is down: after the restart that forgot.
        let down: Vec<_> =
            late.map(|(minutes, chance)| (if chance == 1 { minutes * 5 } else { minutes }, chance)).collect();
        assert!(run(&text, &down, mistake).is_err(), "{mistake:?} is not seen");
        assert_eq!(run(&text, &down, Mistake::None), Ok(()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn no_round_is_made_twice_and_none_is_skipped(
        zone in prop::sample::select(vec!["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
        days in prop::sample::select(vec!["mon-sun", "mon-fri", "tue-sun", "sat-sun"]),
        open in 7_u8..20,
        hours in 3_u8..10,
        closed in (1_i8..28, 1_i8..28),
        steps in prop::collection::vec((1_i64..400, 0_u8..20), 50..200),
    ) {
        let ran = run(&file(zone, days, open, hours, closed), &steps, Mistake::None);
        prop_assert!(ran.is_ok(), "{:?}", ran);
    }
}
