//! The life of a round: what proves it, what fails it, what is missed, what is flagged.

use super::{Desk, id, ms, plans};
use crate::rounds::{By, Effect, Event, Flag, Reading, Refusal, Stage, State};

const HALL: &str = r#"
[venue.v]
kind = "telecom-hall"
[[venue.v.hours]]
open = "09:00"
close = "18:00"
[venue.v.room.lobby]
[venue.v.asset.extinguisher-1]
kind = "extinguisher"
room = "lobby"
[venue.v.asset.extinguisher-2]
kind = "extinguisher"
room = "lobby"
"#;
const ROUND: &str = "v/2026-11-23/weekly-fire";

fn seen(asset: &str, at: &str, reading: Reading) -> Event {
    Event::Seen { venue: id("v"), agent: id("pi-1"), room: None, asset: id(asset), at: ms(at), reading }
}

fn tag(count: Option<u64>) -> Reading {
    Reading::Tag { tag: 77, is_valid: Some(true), count }
}

fn stage_of(effects: &[Effect]) -> Option<(Stage, usize)> {
    effects.iter().find_map(|e| match e {
        Effect::Taken { stage, left, .. } => Some((*stage, *left)),
        _ => None,
    })
}

fn refused(effects: &[Effect]) -> &Refusal {
    effects
        .iter()
        .find_map(|e| match e {
            Effect::Refused(refusal) => Some(refusal),
            _ => None,
        })
        .unwrap()
}

/// Every question but those of `in-place`, by walking; one a minute.
fn walk(desk: &mut Desk, day: &str, round: &str) {
    for (minute, check) in
        ["condition/extinguisher-1", "condition/extinguisher-2", "hydrants", "exits"].into_iter().enumerate()
    {
        desk.says(&format!("{day}T10:{minute:02}:00+08:00"), "李雷", round, check, None);
    }
}

#[test]
fn a_round_is_proven_by_tags_and_by_names_and_then_complete() {
    let mut desk = Desk::new(HALL);
    desk.tick("2026-11-23T05:59:59+08:00");
    assert_eq!(desk.state.rounds().count(), 0);
    desk.tick("2026-11-23T06:00:00+08:00");
    assert_eq!((desk.round(ROUND).stage, desk.round(ROUND).left()), (Stage::Open, 6));
    let at = "2026-11-23T09:00:00+08:00";
    desk.at(ms(at), &seen("extinguisher-1", at, tag(None)));
    desk.at(ms(at), &seen("extinguisher-2", at, Reading::Contact));
    let by: Vec<_> = desk.round(ROUND).items.iter().filter_map(|i| Some((i.name(), i.answer()?.by.clone()))).collect();
    assert_eq!(
        by,
        [
            ("in-place/extinguisher-1".into(), By::Tag { agent: id("pi-1"), tag: 77, count: None }),
            ("in-place/extinguisher-2".into(), By::Contact { agent: id("pi-1") }),
        ]
    );
    walk(&mut desk, "2026-11-23", ROUND);
    let round = desk.round(ROUND);
    assert_eq!((round.stage, round.left(), round.flags.len()), (Stage::Done, 0, 0));
    assert_eq!(round.done_at, Some(ms("2026-11-23T10:03:00+08:00")));
    let after = desk.tick("2026-11-24T00:00:01+08:00");
    assert!(!after.iter().any(|e| matches!(e, Effect::Missed(_))), "what is complete is not missed");
}

#[test]
fn what_a_reader_cannot_prove_stays_open() {
    let mut desk = Desk::new(HALL);
    desk.tick("2026-11-23T07:00:00+08:00");
    let (inside, before) = ("2026-11-23T08:00:00+08:00", "2026-11-23T05:00:00+08:00");
    // Read before the round began; forged; another asset; another venue.
    desk.at(ms(inside), &seen("extinguisher-1", before, tag(None)));
    desk.at(ms(inside), &seen("extinguisher-1", inside, Reading::Tag { tag: 77, is_valid: Some(false), count: None }));
    desk.at(ms(inside), &seen("extinguisher-9", inside, tag(None)));
    assert_eq!(desk.round(ROUND).left(), 6);
    // A backlog that comes later still counts for when it was read.
    desk.at(ms("2026-11-23T20:00:00+08:00"), &seen("extinguisher-1", inside, tag(None)));
    assert_eq!(desk.round(ROUND).items[0].answer().unwrap().at, ms(inside));
    assert!(desk.state.waits_for_readers(&id("v")));
    desk.at(ms("2026-11-23T20:00:00+08:00"), &seen("extinguisher-2", inside, tag(None)));
    assert!(!desk.state.waits_for_readers(&id("v")), "nothing is left for readers");
}

#[test]
fn a_missed_round_opens_one_ticket_and_made_late_it_says_so() {
    let mut desk = Desk::new(HALL);
    desk.tick("2026-11-23T07:00:00+08:00");
    assert!(!desk.tick("2026-11-23T23:59:59+08:00").iter().any(|e| matches!(e, Effect::Missed(_))));
    let missed = desk.tick("2026-11-24T00:00:00+08:00");
    assert_eq!(missed.iter().filter(|e| matches!(e, Effect::Missed(_))).count(), 1);
    let name = ROUND.to_owned();
    desk.at(ms("2026-11-24T00:00:00+08:00"), &Event::Opened { round: name, item: None, ticket: "v-1".into() });
    assert!(!desk.tick("2026-11-24T08:00:00+08:00").iter().any(|e| matches!(e, Effect::Missed(_))));
    for (minute, check) in ["in-place", "condition", "hydrants"].into_iter().enumerate() {
        desk.says(&format!("2026-11-24T09:0{minute}:00+08:00"), "韩梅梅", ROUND, check, None);
    }
    let last = desk.says("2026-11-24T09:05:00+08:00", "韩梅梅", ROUND, "exits", None);
    assert_eq!(stage_of(&last), Some((Stage::DoneLate, 0)));
    let late = last.iter().find_map(|e| match e {
        Effect::Late { round, who } => Some((round.ticket.clone(), who.clone())),
        _ => None,
    });
    assert_eq!(late, Some((Some("v-1".into()), "韩梅梅".into())));
    let again = desk.says("2026-11-24T09:06:00+08:00", "韩梅梅", ROUND, "exits", None);
    assert_eq!(*refused(&again), Refusal::Ended { stage: Stage::DoneLate });
}

#[test]
fn what_is_wrong_opens_a_ticket_once_and_says_which_one_it_is_in() {
    let mut desk = Desk::new(HALL);
    desk.tick("2026-11-23T07:00:00+08:00");
    let at = "2026-11-23T10:00:00+08:00";
    let failed = |effects: &[Effect]| -> Vec<(String, Option<String>, String)> {
        let of = |e: &Effect| match e {
            Effect::Failed { item, known, note, .. } => Some((item.name(), known.clone(), note.clone())),
            _ => None,
        };
        effects.iter().filter_map(of).collect()
    };
    let first = desk.says(at, "李雷", ROUND, "condition/extinguisher-1", Some("指针在红区"));
    assert_eq!(failed(&first), [("condition/extinguisher-1".into(), None, "指针在红区".into())]);
    let item = Some("condition/extinguisher-1".to_owned());
    desk.at(ms(at), &Event::Opened { round: ROUND.into(), item, ticket: "v-7".into() });
    assert!(failed(&desk.says(at, "李雷", ROUND, "condition/extinguisher-1", Some("还是红的"))).is_empty());
    assert_eq!((desk.round(ROUND).left(), desk.round(ROUND).failed()), (5, 1));
    // Said of the whole check, what has failed stays failed.
    desk.says("2026-11-23T10:01:00+08:00", "李雷", ROUND, "condition", None);
    assert_eq!((desk.round(ROUND).left(), desk.round(ROUND).failed()), (4, 1));
    desk.says("2026-11-23T10:02:00+08:00", "李雷", ROUND, "condition/extinguisher-1", None);
    assert_eq!(desk.round(ROUND).failed(), 0);
    // A week later it fails again while its ticket is still open, and again after that has ended.
    desk.tick("2026-11-30T07:00:00+08:00");
    let next = "v/2026-11-30/weekly-fire";
    let again = desk.says("2026-11-30T10:00:00+08:00", "李雷", next, "condition/extinguisher-1", Some("红"));
    assert_eq!(failed(&again)[0].1, Some("v-7".into()));
    desk.says("2026-11-30T10:01:00+08:00", "李雷", next, "condition/extinguisher-1", None);
    desk.at(ms("2026-11-30T10:02:00+08:00"), &Event::Ended { venue: id("v"), ticket: "v-7".into() });
    let anew = desk.says("2026-11-30T10:03:00+08:00", "李雷", next, "condition/extinguisher-1", Some("红"));
    assert_eq!(failed(&anew)[0].1, None);
}

#[test]
fn answers_that_make_no_sense_are_refused_with_the_reason() {
    let mut desk = Desk::new(&HALL.replace("telecom-hall", "shop"));
    desk.tick("2026-11-23T07:00:00+08:00");
    let at = "2026-11-23T10:00:00+08:00";
    let mut refusal = |who: &str, round: &str, check: &str, wrong: Option<&str>| {
        refused(&desk.says(at, who, round, check, wrong)).clone()
    };
    assert_eq!(refusal(" ", ROUND, "exits", None), Refusal::Empty { field: "by".into() });
    assert_eq!(refusal("李雷", ROUND, "exits", Some(" ")), Refusal::Empty { field: "note".into() });
    let long = "长".repeat(501);
    assert_eq!(refusal("李雷", ROUND, "exits", Some(&long)), Refusal::TooLong { field: "note".into(), most: 500 });
    let unknown = "v/2026-11-16/weekly-fire";
    assert_eq!(refusal("李雷", unknown, "exits", None), Refusal::Unknown { round: unknown.into() });
    assert_eq!(refusal("李雷", "x", "exits", None), Refusal::Unknown { round: "x".into() });
    assert!(matches!(refusal("李雷", ROUND, "roof", None), Refusal::NoCheck { known, .. } if known.len() == 6));
    // What is wrong must be said of one of them.
    assert!(
        matches!(refusal("李雷", ROUND, "condition", Some("红")), Refusal::NoCheck { known, .. } if known.len() == 2)
    );
}

#[test]
fn a_question_for_the_reader_alone_is_not_answered_by_a_person() {
    let text = format!(
        "{HALL}[[venue.v.round]]\nid = \"weekly-fire\"\n[[venue.v.round.check]]\nid = \"in-place\"\nzh = \"在位\"\nen = \"in place\"\nkinds = [\"extinguisher\"]\nevidence = \"tag\"\n"
    );
    let mut desk = Desk::new(&text);
    desk.tick("2026-11-23T07:00:00+08:00");
    let at = "2026-11-23T08:00:00+08:00";
    assert_eq!(desk.round(ROUND).left(), 2, "the venue's own checks replace the built-in ones");
    assert!(matches!(refused(&desk.says(at, "李雷", ROUND, "in-place", None)), Refusal::TagOnly { .. }));
    desk.at(ms(at), &seen("extinguisher-1", at, Reading::Contact));
    assert_eq!(desk.round(ROUND).left(), 2, "a contact does not know what hangs there");
    desk.says(at, "李雷", ROUND, "in-place/extinguisher-1", Some("没了"));
    assert_eq!((desk.round(ROUND).left(), desk.round(ROUND).failed()), (1, 1), "a person may say that it is gone");
}

#[test]
fn answers_faster_than_walking_are_flagged_for_review() {
    let mut desk = Desk::new(HALL);
    desk.tick("2026-11-23T07:00:00+08:00");
    for (second, check) in ["in-place", "condition", "hydrants", "exits"].into_iter().enumerate() {
        desk.says(&format!("2026-11-23T10:00:0{}+08:00", second * 2), "李雷", ROUND, check, None);
    }
    let round = desk.round(ROUND);
    assert_eq!(
        (round.stage, &*round.flags),
        (Stage::Done, &[Flag::TooFast { by: "李雷".into(), items: 6, ms: 6_000 }][..])
    );
}

#[test]
fn a_tag_read_less_often_than_before_is_a_copy_and_proves_nothing() {
    let mut desk = Desk::new(HALL);
    desk.tick("2026-11-23T07:00:00+08:00");
    let monday = "2026-11-23T08:00:00+08:00";
    desk.at(ms(monday), &seen("extinguisher-1", monday, tag(Some(500))));
    desk.at(ms(monday), &seen("extinguisher-2", monday, tag(Some(90))));
    desk.tick("2026-11-30T07:00:00+08:00");
    let next = "v/2026-11-30/weekly-fire";
    let at = "2026-11-30T08:00:00+08:00";
    desk.at(ms(at), &seen("extinguisher-1", at, tag(Some(12))));
    desk.at(ms(at), &seen("extinguisher-1", at, tag(Some(12))));
    let flags = [Flag::CountBack { asset: id("extinguisher-1"), was: 500, is: 12 }];
    assert_eq!((desk.round(next).left(), &*desk.round(next).flags), (6, &flags[..]));
    desk.at(ms(at), &seen("extinguisher-1", at, tag(Some(500))));
    assert_eq!(desk.round(next).left(), 6, "a counter that stood still for a week is no proof");
    desk.at(ms(at), &seen("extinguisher-1", at, tag(Some(700))));
    desk.at(ms(at), &seen("extinguisher-2", at, Reading::Tag { tag: 78, is_valid: None, count: None }));
    assert_eq!(desk.round(next).left(), 4);
    assert_eq!(desk.round(next).flags.last(), Some(&Flag::OtherTag { asset: id("extinguisher-2") }));
}

#[test]
fn rounds_that_a_stopped_collector_slept_through_are_missed_with_one_ticket_a_plan() {
    let text = HALL.replace("telecom-hall", "restaurant");
    let mut desk = Desk::new(&text);
    desk.tick("2026-11-23T07:00:00+08:00");
    let (rounds, cursors): (Vec<_>, Vec<_>) = (
        desk.state.rounds().cloned().collect(),
        desk.effects
            .iter()
            .filter_map(|e| match e {
                Effect::Cursor { venue, cursor } => Some((venue.clone(), cursor.clone())),
                _ => None,
            })
            .collect(),
    );
    let mut desk = Desk { state: State::new(plans(&text)), effects: Vec::new() };
    desk.state.restore(rounds, cursors);
    let woke = desk.tick("2026-11-26T12:00:00+08:00");
    let missed: Vec<_> = woke
        .iter()
        .filter_map(|e| match e {
            Effect::Missed(round) => Some(round.key.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(missed, ["2026-11-25/after-close", "2026-11-23/weekly-fire"]);
    let all: Vec<_> = desk.state.rounds().map(|r| (r.key.as_str(), r.stage, r.flags.len())).collect();
    assert_eq!(
        all,
        [
            ("2026-11-23/after-close", Stage::Missed, 1),
            ("2026-11-23/weekly-fire", Stage::Missed, 0),
            ("2026-11-24/after-close", Stage::Missed, 1),
            ("2026-11-25/after-close", Stage::Missed, 1),
        ]
    );
}

#[test]
fn a_plan_taken_away_withdraws_its_round_and_given_back_in_time_it_goes_on() {
    let mut desk = Desk::new(HALL);
    desk.tick("2026-11-23T07:00:00+08:00");
    desk.says("2026-11-23T08:00:00+08:00", "李雷", ROUND, "exits", None);
    let without = format!("{HALL}[[venue.v.round]]\nid = \"weekly-fire\"\non = false\n");
    desk.state.set_plans(plans(&without));
    desk.tick("2026-11-23T08:00:01+08:00");
    assert_eq!(desk.round(ROUND).stage, Stage::Withdrawn);
    desk.state.set_plans(plans(HALL));
    desk.tick("2026-11-23T08:00:02+08:00");
    assert_eq!((desk.round(ROUND).stage, desk.round(ROUND).left()), (Stage::Open, 5));
    // A file without any venue ends what it had.
    desk.state.set_plans(plans(""));
    desk.tick("2026-11-23T08:00:03+08:00");
    assert_eq!(desk.round(ROUND).stage, Stage::Withdrawn);
    assert!(!desk.tick("2026-11-24T00:00:01+08:00").iter().any(|e| matches!(e, Effect::Missed(_))));
}

#[test]
fn a_monday_that_turns_out_to_be_closed_is_not_missed_and_moves() {
    let mut desk = Desk::new(HALL);
    desk.tick("2026-11-23T07:00:00+08:00");
    assert_eq!(desk.round(ROUND).stage, Stage::Open);
    let closed = "[[venue.v.hours]]\nkind = \"closed\"\nfrom = \"2026-11-23\"\nto = \"2026-11-23\"\n";
    desk.state.set_plans(plans(&format!("{HALL}{closed}")));
    desk.tick("2026-11-23T10:00:00+08:00");
    assert_eq!(desk.round(ROUND).stage, Stage::Withdrawn);
    let night = desk.tick("2026-11-24T06:00:00+08:00");
    assert!(!night.iter().any(|e| matches!(e, Effect::Missed(_))));
    let moved = desk.round("v/2026-11-24/weekly-fire");
    assert_eq!((moved.stage, moved.moved_from.as_deref()), (Stage::Open, Some("2026-11-23")));
}

#[test]
fn longer_hours_in_the_middle_of_a_day_make_no_round_of_it_twice() {
    let text = format!("{HALL}[[venue.v.round]]\nid = \"fire-patrol\"\n");
    let mut desk = Desk::new(&text);
    desk.tick("2026-11-23T09:00:00+08:00");
    desk.says("2026-11-23T09:30:00+08:00", "李雷", "v/2026-11-23/fire-patrol/1", "exits", None);
    desk.state.set_plans(plans(&text.replace("18:00", "22:00")));
    for hour in 10..=22 {
        desk.tick(&format!("2026-11-23T{hour}:00:00+08:00"));
    }
    let patrols: Vec<_> =
        desk.state.rounds().filter(|r| r.plan == id("fire-patrol")).map(|r| (r.from, r.left())).collect();
    let two_hours = 2 * 3_600_000;
    let from = ms("2026-11-23T09:00:00+08:00");
    let expected: Vec<_> = (0..6).map(|n| (from + n * two_hours, if n == 0 { 2 } else { 3 })).collect();
    assert_eq!(patrols, expected);
}

#[test]
fn brackets_are_known_by_what_agents_say_of_their_points() {
    use crate::rounds::Readers;
    let source = wire::Source { venue: id("v"), room: id("lobby"), agent: id("pi-1") };
    let name = |text: &str| wire::PointName::parse(text).unwrap();
    let point = |asset: &str| wire::PointAbout { asset: Some(id(asset)), ..wire::PointAbout::default() };
    let points = [
        ("extinguisher_1_present", "extinguisher-1"),
        ("extinguisher_1_tag_id", "extinguisher-1"),
        ("extinguisher_2_in_place", "extinguisher-2"),
        ("amplifier_power_on", "amplifier"),
    ];
    let points = points.into_iter().map(|(point_name, asset)| (name(point_name), point(asset))).collect();
    let about = wire::About { model: String::new(), version: String::new(), sensors: Vec::new(), points };
    let mut readers = Readers::default();
    let sample = |values: &[(&str, f64)]| values.iter().map(|(n, v)| (name(n), *v)).collect::<Vec<_>>();
    let both =
        sample(&[("extinguisher_1_present", 1.0), ("extinguisher_1_tag_id", 5.0), ("extinguisher_2_in_place", 1.0)]);
    assert!(readers.readings(&source, &both).is_empty(), "before it said what they are");
    readers.learn(&source, &about);
    let tag = Reading::Tag { tag: 5, is_valid: None, count: None };
    let all = [(id("extinguisher-1"), None, tag), (id("extinguisher-2"), None, Reading::Contact)];
    assert_eq!(readers.readings(&source, &both), all);
    // An agent of another room calls its own extinguisher the same: from now on the room matters.
    readers.learn(&wire::Source { room: id("k01"), ..source.clone() }, &about);
    assert!(readers.readings(&source, &both).iter().all(|(_, room, _)| *room == Some(id("lobby"))));
    let gone = sample(&[("extinguisher_1_present", 0.0), ("extinguisher_2_in_place", 0.0)]);
    assert!(readers.readings(&source, &gone).is_empty());
    let nameless = sample(&[("extinguisher_1_present", 1.0)]);
    assert!(readers.readings(&source, &nameless).is_empty(), "a tag whose name did not come proves nothing");
}

#[test]
fn an_extinguisher_of_the_same_name_in_another_room_proves_nothing() {
    let mut desk = Desk::new(HALL);
    desk.tick("2026-11-23T07:00:00+08:00");
    let at = "2026-11-23T08:00:00+08:00";
    let here = |room: &str| match seen("extinguisher-1", at, tag(None)) {
        Event::Seen { venue, agent, asset, at, reading, .. } => {
            Event::Seen { venue, agent, room: Some(id(room)), asset, at, reading }
        }
        other => other,
    };
    desk.at(ms(at), &here("k01"));
    assert_eq!(desk.round(ROUND).left(), 6);
    desk.at(ms(at), &here("lobby"));
    assert_eq!(desk.round(ROUND).left(), 5);
}
