//! Mistakes planted in rules: random orders that do not find them would prove nothing.

use std::sync::Arc;

use super::{
    orders::{case, definition, run},
    random::Random,
    *,
};

type Plant = fn(&mut Rule, &mut Place);

/// Small mistakes that the comparison must catch, each with what it is.
const PLANTS: [(&str, Plant); 17] = [
    ("finds a stuck number a second late", |r, _| {
        if let Expect::Stuck { after_ms, .. } = &mut r.expect {
            *after_ms += SECOND;
        }
    }),
    ("takes a small move for none", |r, _| {
        if let Expect::Stuck { within, .. } = &mut r.expect {
            *within += 0.25;
        }
    }),
    ("measures speed over a longer time", |r, _| {
        if let Expect::Rate { per_ms, .. } = &mut r.expect {
            *per_ms += SECOND;
        }
    }),
    ("does not see a fall", |r, _| {
        if let Expect::Rate { fall, .. } = &mut r.expect {
            *fall = None;
        }
    }),
    ("counts a share in a longer window", |r, _| {
        if let Expect::Share { window_ms, .. } = &mut r.expect {
            *window_ms += 10 * SECOND;
        }
    }),
    ("forgives a little more than the share", |r, _| {
        if let Expect::Share { share, .. } = &mut r.expect {
            *share += 0.05;
        }
    }),
    ("does not see what is too low", |r, _| {
        if let Expect::Share { low, .. } = &mut r.expect {
            *low = None;
        }
    }),
    ("comes on the day itself", |r, _| {
        if let Expect::Due { within_days } = &mut r.expect {
            *within_days += 0.25;
        }
    }),
    ("suspects too late", |r, _| {
        if let Expect::Disagree { apart, .. } = &mut r.expect {
            *apart += 0.25;
        }
    }),
    ("asks one sibling only", |r, _| {
        if let Expect::Disagree { with, .. } = &mut r.expect {
            *with = vec!["c_celsius".into()];
        }
    }),
    ("does not see a gap", |r, _| r.gap_ms = i64::MAX),
    ("matters at all hours", |r, _| (r.when.open, r.when.closed, r.when.before_opening_ms) = (false, false, None)),
    ("begins too early before opening", |r, _| {
        r.when.before_opening_ms = r.when.before_opening_ms.map(|ms| ms + 10 * SECOND);
    }),
    ("matters in every season", |r, _| r.when.seasons.clear()),
    ("matters in every state of the room", |r, _| r.when.states.clear()),
    ("matters in every kind of venue", |r, _| r.kinds.clear()),
    ("knows no hours", |_, place| place.hours = Arc::default()),
];

#[test]
fn the_comparison_catches_planted_mistakes_of_every_kind_and_schedule() {
    for (name, plant) in PLANTS {
        let caught = (0..20_000).any(|seed| {
            let case = case(&mut Random(seed));
            let mut wrong = case.clone();
            wrong.rules.iter_mut().for_each(|rule| plant(rule, &mut wrong.place));
            let (said, keeps) = run(&wrong);
            case.rules.iter().any(|rule| {
                let mut said = said.get(&rule.id).cloned().unwrap_or_default();
                said.sort();
                said != definition(&case, rule, keeps.get(&rule.id).map_or(&[], Vec::as_slice)).0
            })
        });
        assert!(caught, "a rule that {name} was not caught");
    }
}
