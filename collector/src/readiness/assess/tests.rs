//! Every state and every reason, one fact changed at a time from a room that is ready.

use super::*;
use crate::{config::Rules, packs::Packs};

const NOW: UnixMs = 1_795_400_000_000;
const MINUTE: i64 = 60_000;

fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

fn point(name: &str, value: f64) -> PointFacts {
    let name = PointName::parse(name).unwrap();
    PointFacts { name, asset: None, value: Some(value), fault: None, at: Some(NOW - 20_000), period_ms: Some(10_000) }
}

fn ready() -> RoomFacts {
    let points = vec![
        point("temperature_celsius", 20.5),
        point("co2_ppm", 700.0),
        point("amplifier_power_on", 1.0),
        point("extinguisher_1_present", 1.0),
        point("spool_depth_count", 99_999.0),
    ];
    let agent =
        AgentFacts { agent: id("pi-1"), is_stopped: false, is_lost: false, sample_at: Some(NOW - 10_000), points };
    RoomFacts { is_locked: false, agents: vec![agent], tickets: Vec::new() }
}

fn ticket(rule: Option<&str>, severity: Severity) -> OpenTicket {
    OpenTicket {
        number: "nanshan-20261123-001".into(),
        rule: rule.map(id),
        asset: None,
        severity,
        stage: Stage::New,
        points: Vec::new(),
        title: "T".into(),
    }
}

fn judged(facts: &RoomFacts, forecast: Option<Forecast>) -> Room {
    let packs = Packs::load(&Rules { packs: vec!["ktv".into()], ..Rules::default() }).unwrap();
    let (rules, ktv) = (packs.rules(), id("ktv"));
    let then = Circumstances {
        kind: Some(&ktv),
        is_open: Some(true),
        opens_in_ms: i64::MAX,
        day: Some(1_123),
        room: Some(crate::rules::RoomState::Prepared),
    };
    let question = Question { rules: &rules, now: NOW, then };
    assess(&id("k01"), facts, &question, &mut |_, _, _, _, _| forecast)
}

/// What becomes of a ready room after one change.
fn after(change: impl FnOnce(&mut RoomFacts)) -> Room {
    let mut facts = ready();
    change(&mut facts);
    judged(&facts, None)
}

fn edit(facts: &mut RoomFacts, name: &str, change: impl FnOnce(&mut PointFacts)) {
    change(facts.agents[0].points.iter_mut().find(|p| p.name.as_str() == name).unwrap());
}

fn check(room: &Room, verdict: Verdict, rule: Option<&str>) {
    assert_eq!(room.verdict, verdict, "{room:?}");
    assert_eq!(room.reasons.first().and_then(|reason| reason.rule.clone()), rule.map(id), "{room:?}");
}

#[test]
fn a_room_of_which_all_is_known_and_good_is_ready() {
    let room = after(|_| ());
    check(&room, Verdict::Ready, None);
    assert!(room.reasons.is_empty() && room.remarks.is_empty(), "{room:?}");
}

#[test]
fn what_a_rule_will_ask_at_opening_is_asked_now() {
    check(
        &after(|f| edit(f, "temperature_celsius", |p| p.value = Some(22.4))),
        Verdict::NotReady,
        Some("air-temperature"),
    );
    check(
        &after(|f| edit(f, "temperature_celsius", |p| p.value = Some(17.9))),
        Verdict::NotReady,
        Some("air-temperature"),
    );
    check(
        &after(|f| edit(f, "amplifier_power_on", |p| p.value = Some(0.0))),
        Verdict::NotReady,
        Some("amplifier-power"),
    );
    let gone = after(|f| edit(f, "extinguisher_1_present", |p| p.value = Some(0.0)));
    check(&gone, Verdict::NotReady, Some("extinguisher-missing"));
    assert_eq!(gone.reasons[0].severity, Severity::P1);
}

#[test]
fn the_worst_reason_stands_first_and_what_is_wrong_before_what_is_not_known() {
    let room = after(|f| {
        edit(f, "temperature_celsius", |p| p.fault = Some(Fault::NoResponse));
        edit(f, "co2_ppm", |p| p.value = Some(1_900.0));
        edit(f, "extinguisher_1_present", |p| p.value = Some(0.0));
    });
    let rules: Vec<_> = room.reasons.iter().map(|r| r.rule.as_ref().unwrap().as_str()).collect();
    assert_eq!(rules, ["extinguisher-missing", "air-co2", "air-temperature"]);
    assert_eq!(room.verdict, Verdict::NotReady);
}

#[test]
fn unknown_is_never_ready() {
    let no_value = |room: Room| {
        assert!(matches!(room.reasons[0].what, What::NoValue { .. }), "{room:?}");
        assert_eq!(room.verdict, Verdict::Unknown);
    };
    no_value(after(|f| edit(f, "temperature_celsius", |p| p.fault = Some(Fault::NoResponse))));
    no_value(after(|f| edit(f, "temperature_celsius", |p| p.at = Some(NOW - STALE_MS - 1))));
    no_value(after(|f| edit(f, "temperature_celsius", |p| (p.at, p.value) = (None, None))));
    let silent = |room: Room| {
        assert!(matches!(room.reasons[..], [Reason { what: What::AgentSilent { .. }, .. }]), "{room:?}");
        assert_eq!(room.verdict, Verdict::Unknown);
    };
    silent(after(|f| f.agents[0].is_lost = true));
    silent(after(|f| f.agents[0].is_stopped = true));
    silent(after(|f| f.agents[0].sample_at = Some(NOW - STALE_MS - 1)));
    for nobody in [
        after(|f| f.agents.clear()),
        after(|f| f.agents[0].sample_at = None),
        after(|f| f.agents[0].sample_at = Some(NOW - FORGOTTEN_MS)),
    ] {
        assert!(matches!(nobody.reasons[..], [Reason { what: What::NoAgent, .. }]), "{nobody:?}");
        assert_eq!(nobody.verdict, Verdict::Unknown);
    }
}

#[test]
fn a_slow_point_is_given_its_time() {
    let slow =
        |age| after(|f| edit(f, "co2_ppm", |p| (p.period_ms, p.at) = (Some(5 * MINUTE), Some(NOW - age)))).verdict;
    assert_eq!((slow(15 * MINUTE), slow(15 * MINUTE + 1)), (Verdict::Ready, Verdict::Unknown));
}

#[test]
fn what_an_agent_says_of_itself_and_points_of_no_rule_keep_no_room_closed() {
    check(&after(|f| edit(f, "spool_depth_count", |p| p.fault = Some(Fault::NoResponse))), Verdict::Ready, None);
    check(
        &after(|f| f.agents[0].points.push(PointFacts { at: None, value: None, ..point("pressure_hpa", 0.0) })),
        Verdict::Ready,
        None,
    );
}

#[test]
fn p4_is_a_remark() {
    let room = after(|f| f.agents[0].points.push(point("humidity_percent", 90.0)));
    check(&room, Verdict::Ready, None);
    assert_eq!(room.remarks.len(), 1);
}

#[test]
fn a_locked_room_is_listed_apart_whatever_is_wrong_in_it() {
    let room = after(|f| {
        f.is_locked = true;
        f.agents.clear();
    });
    assert_eq!((room.verdict, room.reasons.len()), (Verdict::Locked, 0));
}

#[test]
fn the_forecast_decides_of_a_temperature_that_is_still_out() {
    let mut facts = ready();
    edit(&mut facts, "temperature_celsius", |p| p.value = Some(23.0));
    let verdict = |forecast| judged(&facts, Some(forecast)).verdict;
    let (by, mornings) = (NOW, 9);
    assert_eq!(verdict(Forecast::InTime { by, mornings }), Verdict::Ready);
    for other in [
        Forecast::TooLate { by, mornings },
        Forecast::NotStarted { by, in_time: true, mornings },
        Forecast::Never { mornings },
        Forecast::NotEnough { mornings: 0 },
    ] {
        assert_eq!(verdict(other), Verdict::NotReady, "{other:?}");
    }
    assert!(judged(&facts, Some(Forecast::InTime { by, mornings })).remarks[0].what.is_on_its_way());
}

#[test]
fn tickets_by_severity_and_kind_of_rule() {
    let of = |rule: Option<&str>, severity| after(|f| f.tickets.push(ticket(rule, severity)));
    for severity in [Severity::P1, Severity::P2, Severity::P3] {
        assert_eq!(of(None, severity).verdict, Verdict::NotReady, "a person reported a fault");
    }
    let advice = of(None, Severity::P4);
    assert_eq!((advice.verdict, advice.remarks.len()), (Verdict::Ready, 1));
    // It was too warm when the venue closed; now it is not.
    assert_eq!(of(Some("air-temperature"), Severity::P3).verdict, Verdict::Ready);
    // The extinguisher hangs there again, and nobody has looked whether it was used.
    assert_eq!(of(Some("extinguisher-missing"), Severity::P1).verdict, Verdict::NotReady);
    let fixed = after(|f| f.tickets.push(OpenTicket { stage: Stage::Verifying, ..ticket(None, Severity::P2) }));
    assert_eq!(fixed.verdict, Verdict::Ready, "somebody says that it is mended");
}

#[test]
fn a_ticket_about_what_is_wrong_now_lends_its_number_and_is_told_once() {
    let room = after(|f| {
        edit(f, "amplifier_power_on", |p| p.value = Some(0.0));
        f.tickets.push(ticket(Some("amplifier-power"), Severity::P2));
    });
    let [Reason { ticket: Some(number), .. }] = &room.reasons[..] else { panic!("{room:?}") };
    assert_eq!(number, "nanshan-20261123-001");
}

#[test]
fn a_ticket_that_doubts_a_sensor_makes_a_room_unknown() {
    let packs = Packs::load(&Rules { packs: vec!["ktv".into()], ..Rules::default() }).unwrap();
    let doubts = packs.rules().into_iter().find(|r| matches!(r.expect, Expect::Stuck { .. } | Expect::Disagree { .. }));
    let rule = doubts.expect("the pack has a rule that doubts a sensor").id;
    let room = after(|f| f.tickets.push(ticket(Some(rule.as_str()), Severity::P3)));
    assert_eq!(room.verdict, Verdict::Unknown, "{room:?}");
    assert!(matches!(room.reasons[0].what, What::Doubt { .. }));
}
