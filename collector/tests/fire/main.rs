//! Fire equipment end to end, over the real step and a real ledger: an extinguisher that is taken away,
//! dates that come near, rounds that are made, missed, and made late.
#![allow(clippy::unwrap_used)]

mod bench;

use bench::{Bench, id};
use collector::{
    config::Language,
    episode::Severity,
    rounds::{By, Refusal, Stage as RoundStage},
    tickets::{Action, Stage},
};

const VENUE: &str = r#"
[venue.nanshan]
name_zh = "南山店"
name_en = "Nanshan"
kind = "ktv"
[[venue.nanshan.hours]]
open = "12:00"
close = "02:00"
[venue.nanshan.room.k01]
name_zh = "K01 包厢"
name_en = "Box K01"
[venue.nanshan.asset.extinguisher-1]
name_zh = "K01 门口灭火器"
name_en = "extinguisher at K01"
kind = "extinguisher"
room = "k01"
type = "powder"
made = "2023-01-10"
serviced = "2026-11-01"
"#;

#[test]
fn taken_away_for_five_minutes_nobody_is_told() {
    let mut bench = Bench::start(VENUE, "2026-11-23T20:00:00+08:00");
    bench.about();
    bench.hangs(true, "2026-11-23T20:10:00+08:00");
    bench.hangs(false, "2026-11-23T20:15:00+08:00");
    bench.hangs(true, "2026-11-23T20:40:00+08:00");
    assert_eq!(bench.ticket_of("extinguisher-missing"), None);
    assert!(bench.messages.is_empty());
}

#[test]
fn away_for_longer_in_business_hours_is_p1_and_a_person_must_look_when_it_is_back() {
    let mut bench = Bench::start(VENUE, "2026-11-23T20:00:00+08:00");
    bench.about();
    bench.hangs(true, "2026-11-23T20:10:00+08:00");
    bench.hangs(false, "2026-11-23T20:21:00+08:00");
    let ticket = bench.ticket_of("extinguisher-missing").unwrap();
    assert_eq!((ticket.severity, ticket.team.as_str(), ticket.stage), (Severity::P1, "fire", Stage::New));
    assert_eq!(ticket.asset, Some(id("extinguisher-1")));
    assert_eq!(bench.messages.len(), 1);
    bench.hangs(true, "2026-11-23T21:30:00+08:00");
    let back = bench.ticket_of("extinguisher-missing").unwrap();
    assert_eq!(back.stage, Stage::Fixed, "it hangs there again: it may have been used");
    bench.asks("李雷", &back.number, Action::Close).unwrap();
    assert_eq!(bench.ticket_of("extinguisher-missing").unwrap().stage, Stage::Closed);
}

#[test]
fn taken_away_by_night_it_waits_for_no_p1_and_missing_at_the_opening_it_is_one() {
    let mut bench = Bench::start(VENUE, "2026-11-24T02:00:10+08:00");
    bench.about();
    bench.hangs(true, "2026-11-24T02:10:00+08:00");
    bench.hangs(false, "2026-11-24T02:40:00+08:00");
    assert_eq!(bench.ticket_of("extinguisher-missing"), None, "nobody is in danger in a closed house");
    assert_eq!(bench.ticket_of("extinguisher-missing-closed").unwrap().severity, Severity::P2);
    bench.hangs(false, "2026-11-24T12:09:50+08:00");
    assert_eq!(bench.ticket_of("extinguisher-missing"), None);
    bench.hangs(false, "2026-11-24T12:10:20+08:00");
    assert_eq!(bench.ticket_of("extinguisher-missing").unwrap().severity, Severity::P1);
}

#[test]
fn the_half_monthly_check_is_proven_by_the_reader_and_by_names_and_survives_a_restart() {
    let name = "nanshan/2026-12-01/half-monthly-fire";
    let mut bench = Bench::start(VENUE, "2026-12-01T05:50:00+08:00");
    bench.about();
    bench.hangs(true, "2026-12-01T06:00:20+08:00");
    let round = bench.round(name);
    assert_eq!((round.stage, round.left(), round.items.len()), (RoundStage::Open, 4, 5));
    assert!(matches!(&round.items[0].answer().unwrap().by, By::Tag { tag: 77, .. }));
    assert_eq!(bench.words(Language::ZhCn, name)[0], "K01 包厢 K01 门口灭火器");
    bench.restart();
    for check in ["gauge", "body", "hydrants"] {
        bench.now += 60_000;
        bench.confirms("李雷", name, check, None).unwrap();
    }
    bench.restart();
    bench.now += 60_000;
    let refused = bench.confirms("", name, "exits", None).unwrap_err();
    assert_eq!(Refusal::from_stored(&refused), Some(Refusal::Empty { field: "by".into() }));
    let answer = bench.confirms("李雷", name, "exits", None).unwrap();
    assert!(answer.contains(r#""stage":"done""#), "{answer}");
    bench.wait("2026-12-02T01:00:00+08:00");
    assert_eq!(bench.round(name).stage, RoundStage::Done);
    assert!(bench.tickets().iter().all(|t| t.rule.is_some()), "only the agent that fell silent: {:?}", bench.tickets());
}

#[test]
fn what_is_wrong_becomes_a_ticket_of_its_asset_and_room() {
    let name = "nanshan/2026-12-01/half-monthly-fire";
    let mut bench = Bench::start(VENUE, "2026-12-01T13:00:00+08:00");
    bench.wait("2026-12-01T13:01:00+08:00");
    bench.confirms("李雷", name, "gauge", Some("指针在红区")).unwrap();
    let ticket = bench.tickets().pop().unwrap();
    assert_eq!((ticket.room.as_str(), ticket.asset.clone()), ("k01", Some(id("extinguisher-1"))));
    let words = ticket.description.clone().unwrap();
    assert!(words.starts_with("K01 门口灭火器：指针在红区\n半月消防检查不合格，要求：压力指针在绿区"), "{words}");
    for (language, expected) in [
        (Language::ZhCn, "K01 包厢 K01 门口灭火器：指针在红区"),
        (Language::En, "Box K01: extinguisher at K01: 指针在红区"),
    ] {
        assert_eq!(bench.title(language, &ticket), expected, "each reader reads his own half");
    }
    // Found again while its ticket is open: said there, and no second one.
    bench.confirms("李雷", name, "gauge", None).unwrap();
    bench.confirms("李雷", name, "gauge/extinguisher-1", Some("又红了")).unwrap();
    assert_eq!(bench.tickets().len(), 1);
}

#[test]
fn a_missed_round_is_a_ticket_and_made_late_it_is_fixed() {
    let name = "nanshan/2026-11-23/after-close";
    let mut bench = Bench::start(VENUE, "2026-11-24T01:00:00+08:00");
    bench.wait("2026-11-24T02:59:00+08:00");
    assert_eq!(bench.round(name).stage, RoundStage::Open);
    bench.confirms("李雷", name, "candles", None).unwrap();
    bench.wait("2026-11-24T03:00:00+08:00");
    let ticket = bench.tickets().pop().unwrap();
    assert_eq!((ticket.severity, ticket.team.as_str(), ticket.room.as_str()), (Severity::P2, "fire", "venue"));
    assert_eq!(ticket.number, "nanshan-20261123-001", "the night belongs to the day before");
    let words = ticket.description.clone().unwrap();
    assert!(words.contains("还剩 2 项（共 3 项）") && words.contains("2 of 3 checks left"), "{words}");
    assert_eq!(bench.title(Language::ZhCn, &ticket), "全店 漏检：打烊后防火检查");
    assert_eq!(bench.title(Language::En, &ticket), "whole venue: Fire check after closing was missed");
    let explained = bench.explained(Language::ZhCn, &ticket);
    assert!(!explained.contains("checks left"), "{explained}");
    assert!(explained.contains("未查：烟头已清") && explained.contains("现在补做"), "{explained}");
    assert_eq!(bench.round(name).ticket, Some(ticket.number.clone()));
    let escalated = |bench: &Bench| bench.messages.iter().filter(|m| m.payload["news"] == "escalated").count();
    bench.wait("2026-11-24T03:09:59+08:00");
    assert_eq!(escalated(&bench), 0);
    bench.wait("2026-11-24T03:10:01+08:00");
    assert!(escalated(&bench) > 0, "nobody took it within ten minutes: the next is told");
    bench.restart();
    bench.wait("2026-11-24T09:00:00+08:00");
    assert_eq!(bench.tickets().len(), 1, "told once");
    bench.confirms("韩梅梅", name, "embers", None).unwrap();
    bench.now += 30_000;
    bench.confirms("韩梅梅", name, "power", None).unwrap();
    assert_eq!(bench.round(name).stage, RoundStage::DoneLate);
    let ticket = bench.tickets().pop().unwrap();
    assert_eq!((ticket.stage, ticket.fixed_by.as_deref()), (Stage::Fixed, Some("韩梅梅")));
}

#[test]
fn a_date_that_comes_near_is_a_ticket_and_a_new_date_in_the_file_ends_it() {
    let near = VENUE.replace("serviced = \"2026-11-01\"", "serviced = \"2024-12-22\"");
    let mut bench = Bench::start(&near, "2026-11-22T12:00:00+08:00");
    for hour in 12..23 {
        bench.wait(&format!("2026-11-22T{hour}:30:00+08:00"));
        bench.tell_days();
    }
    assert_eq!(bench.ticket_of("extinguisher-service-due"), None, "30 days are left");
    bench.wait("2026-11-23T00:05:00+08:00");
    bench.tell_days();
    let ticket = bench.ticket_of("extinguisher-service-due").unwrap();
    assert_eq!((ticket.room.as_str(), ticket.asset.clone()), ("k01", Some(id("extinguisher-1"))));
    assert_eq!((ticket.worst_value, ticket.limit), (Some(29.0), Some(30.0)));
    bench.restart();
    bench.tell_days();
    assert_eq!(bench.tickets().iter().filter(|t| t.rule == Some(id("extinguisher-service-due"))).count(), 1);
    // It comes back from service; the new date is written into the file.
    bench.reload(&near.replace("2024-12-22", "2026-11-23"));
    bench.wait("2026-11-23T00:07:00+08:00");
    bench.tell_days();
    assert_eq!(bench.ticket_of("extinguisher-service-due").unwrap().stage, Stage::Closed);
    bench.wait("2026-11-24T12:00:00+08:00");
    let own = bench.tickets().into_iter().filter(|t| t.agent == Some(id("collector"))).count();
    assert_eq!(own, 1, "who speaks once a day is no agent that fell silent");
}

#[test]
fn what_is_wrong_is_told_however_long_its_words_are() {
    let long = VENUE.replace("K01 门口灭火器", &"门".repeat(1_900)).replace("extinguisher at K01", &"x".repeat(1_900));
    let name = "nanshan/2026-12-01/half-monthly-fire";
    let mut bench = Bench::start(&long, "2026-12-01T13:00:00+08:00");
    bench.wait("2026-12-01T13:01:00+08:00");
    bench.confirms("李雷", name, "gauge", Some(&"红".repeat(500))).unwrap();
    assert_eq!(bench.tickets().len(), 1);
    bench.wait("2026-12-02T00:00:00+08:00");
    assert_eq!(bench.tickets().len(), 2, "missed, and told");
}
