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
use crate::rounds::{Cursor, Effect, Event, Plans, Round, State, step, when::occurrences};

const MINUTE: i64 = 60_000;

/// What the ledger holds.
#[derive(Default)]
struct Books {
    rounds: BTreeMap<(Id, String), Round>,
    cursors: BTreeMap<Id, Cursor>,
}

impl Books {
    fn take(&mut self, effects: Vec<Effect>) -> usize {
        let mut missed = 0;
        for effect in effects {
            match effect {
                Effect::Stored(round) => drop(self.rounds.insert((round.venue.clone(), round.key.clone()), *round)),
                Effect::Cursor { venue, cursor } => drop(self.cursors.insert(venue, cursor)),
                Effect::Missed(_) => missed += 1,
                _ => {}
            }
        }
        missed
    }

    fn state(&self, plans: Arc<Plans>) -> State {
        let mut state = State::new(plans);
        state.restore(self.rounds.values().cloned(), self.cursors.clone());
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
        let text = file(zone, days, open, hours, closed);
        let plans = Arc::new(Plans::of(&venues(&text, &[])));
        let start = ms("2026-10-01T00:00:00Z");
        let mut now = start;
        let mut books = Books::default();
        let mut state = State::new(plans.clone());
        let (mut made, mut missed) = (Vec::new(), 0);
        for (minutes, chance) in steps {
            let known: BTreeSet<_> = books.rounds.keys().cloned().collect();
            let mut out = Vec::new();
            step(&mut state, &Event::Tick, now, &mut out);
            match chance {
                // Killed before the commit: the same tick again over what the ledger holds.
                0 => {
                    state = books.state(plans.clone());
                    continue;
                }
                1 => state = {
                    missed += books.take(out);
                    books.state(plans.clone())
                },
                // The files are read again and say the same.
                2 => {
                    missed += books.take(out);
                    state.set_plans(Arc::new(Plans::of(&venues(&text, &[]))));
                }
                _ => missed += books.take(out),
            }
            made.extend(books.rounds.keys().filter(|key| !known.contains(*key)).cloned());
            // Mostly seconds and minutes, at times hours or a day and a half of silence.
            now += if chance == 3 { minutes * 5 * MINUTE } else { minutes * MINUTE };
        }
        // Events in the future are not made yet: one last look at the end.
        let mut out = Vec::new();
        step(&mut state, &Event::Tick, now, &mut out);
        missed += books.take(out);
        let got: BTreeSet<_> = books.rounds.values().map(|r| (r.key.clone(), r.from, r.due)).collect();
        prop_assert_eq!(got, all_of(&plans, start, now));
        let unique: BTreeSet<_> = made.iter().collect();
        prop_assert_eq!(unique.len(), made.len());
        // Nobody answered: whatever is over is missed, the rest is open.
        for round in books.rounds.values() {
            let is_over = round.due <= now;
            prop_assert_eq!(round.stage == crate::rounds::Stage::Missed, is_over, "{}", &round.key);
        }
        let plans_missed: BTreeSet<_> = books.rounds.values().filter(|r| r.due <= now).map(|r| &r.plan).collect();
        prop_assert!(missed >= plans_missed.len());
    }
}
