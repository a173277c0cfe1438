//! Every kind of news, word for word, in both languages: `golden/NAME.zh-CN.txt` and `.en.txt`.
//! `UPDATE_TESTDATA=1` writes them anew; read what changed before you keep it.

use std::path::PathBuf;

use collector::{
    config::Language,
    tickets::{Ticket, Transition},
};
use serde_json::{Value, json};

use super::house::{BEGAN, House, MINUTE, evening, moved, source, ticket};

const DAY: i64 = 1_440 * MINUTE;

/// A room with its evening, and nothing that happened before.
fn lounge() -> House {
    let mut house = House::new();
    house.samples(&source("pi-k04"), &evening());
    house
}

/// The same with past tickets of all ends, and another that is open.
pub fn lounge_with_past() -> House {
    let mut house = lounge();
    let past = |id: u64, days: i64, stage: &str| {
        let began = BEGAN - days * DAY;
        let number = format!("nanshan-202611{:02}-{id:03}", 23 - days);
        let ended = json!({
            "number": number, "stage": stage, "began_at": began - 15 * MINUTE, "opened_at": began,
            "closed_at": began + 90 * MINUTE,
        });
        ticket(id, ended)
    };
    let at = |days: i64, minute: i64| BEGAN - days * DAY + minute * MINUTE;
    let fixed = vec![
        moved(at(9, 20), "李师傅", Some("in_progress"), "verifying", "调高了设定温度"),
        moved(at(9, 30), "data", Some("verifying"), "in_progress", "still_bad"),
        moved(at(9, 41), "李师傅", Some("in_progress"), "verifying", "过滤网堵了，\n清洗后正常"),
        moved(at(9, 60), "data", Some("verifying"), "closed", "proved"),
    ];
    house.ended(past(1, 12, "closed"), vec![moved(at(12, 5), "老王", Some("new"), "verifying", "old: not told")]);
    house.ended(past(2, 9, "closed"), fixed);
    house.ended(
        past(3, 5, "false_alarm"),
        vec![moved(at(5, 8), "老王", Some("new"), "false_alarm", "传感器靠近投影机")],
    );
    house.ended(past(4, 3, "closed"), vec![moved(at(3, 38), "data", Some("new"), "closed", "recovered")]);
    let other = json!({
        "rule": "amplifier-power", "asset": "amplifier", "team": "av", "worst_point": "amplifier_power_on",
        "open_points": ["amplifier_power_on"], "worst_value": 0.0, "limit": null,
        "began_at": BEGAN - 25 * MINUTE, "opened_at": BEGAN - 24 * MINUTE,
    });
    house.ended(ticket(6, other), Vec::new());
    house
}

fn check(house: &House, name: &str, news: &str, with: Value, line: &Transition) {
    let ticket: Ticket = ticket(7, with);
    for (language, end) in [(Language::ZhCn, "zh-CN"), (Language::En, "en")] {
        let delivery = house.delivery(news, &ticket, line, language);
        let text = format!("{}\n\n{}\n", delivery.subject, delivery.text);
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/story/golden/{name}.{end}.txt"));
        if std::env::var_os("UPDATE_TESTDATA").is_some() {
            std::fs::write(&path, text).unwrap();
            continue;
        }
        assert_eq!(text, std::fs::read_to_string(&path).unwrap(), "{}", path.display());
    }
}

#[test]
fn opened() {
    let line = moved(BEGAN + 15 * MINUTE, "data", None, "new", "opened");
    check(&lounge(), "opened-first", "opened", json!({}), &line);
    check(&lounge_with_past(), "opened-with-past", "opened", json!({}), &line);
}

#[test]
fn opened_where_nothing_is_stored() {
    let line = moved(BEGAN + 15 * MINUTE, "data", None, "new", "opened");
    check(&House::new(), "opened-without-data", "opened", json!({}), &line);
}

#[test]
fn opened_by_a_contact() {
    let power = json!({
        "rule": "amplifier-power", "asset": "amplifier", "team": "av", "severity": "P2", "limit": null,
        "worst_point": "amplifier_power_on", "open_points": ["amplifier_power_on"], "worst_value": 0.0,
        "began_at": BEGAN - 25 * MINUTE, "opened_at": BEGAN - 24 * MINUTE,
    });
    let line = moved(BEGAN - 24 * MINUTE, "data", None, "new", "opened");
    check(&lounge(), "opened-contact", "opened", power, &line);
}

#[test]
fn opened_by_a_person() {
    let by_hand = json!({
        "rule": null, "worst_point": null, "open_points": [], "worst_value": null, "limit": null, "agent": null,
        "description": "点歌屏花屏，客人要求换房", "began_at": BEGAN, "opened_at": BEGAN,
    });
    let line = moved(BEGAN, "前台小周", None, "new", "点歌屏花屏，客人要求换房");
    check(&lounge(), "opened-by-hand", "opened", by_hand, &line);
}

#[test]
fn a_fix_that_is_refused() {
    let mut line = moved(BEGAN + 25 * MINUTE, "data", Some("verifying"), "in_progress", "still_bad");
    (line.value, line.limit) = (Some(25.15), Some(22.0));
    let busy = json!({ "stage": "in_progress", "assignee": "李师傅", "fixed_by": "李师傅", "worst_value": 25.15 });
    check(&lounge_with_past(), "still-bad", "still_bad", busy, &line);
}

#[test]
fn a_fix_that_no_data_can_prove() {
    let line = moved(BEGAN + 25 * MINUTE, "data", Some("verifying"), "fixed", "unverified");
    let fixed =
        json!({ "stage": "fixed", "proof": "unverified", "assignee": "李师傅", "fixed_at": BEGAN + 20 * MINUTE });
    check(&lounge(), "unverified", "unverified", fixed, &line);
}

#[test]
fn readings_that_are_good_again() {
    let line = moved(BEGAN + 45 * MINUTE, "data", Some("acknowledged"), "fixed", "recovered");
    let fixed = json!({
        "severity": "P2", "stage": "fixed", "proof": "proved", "assignee": "李师傅", "open_points": [],
        "fixed_at": BEGAN + 45 * MINUTE,
    });
    check(&lounge_with_past(), "recovered", "recovered", fixed, &line);
}

#[test]
fn a_relapse() {
    let line = moved(BEGAN + 15 * MINUTE, "data", Some("closed"), "new", "relapsed");
    let again = json!({ "reopened_count": 2, "opened_at": BEGAN - 200 * MINUTE });
    check(&lounge_with_past(), "reopened", "reopened", again, &line);
}

#[test]
fn a_limit_that_ran_out() {
    let line = moved(BEGAN + 45 * MINUTE, "data", Some("new"), "new", "late_acknowledge");
    let late = json!({ "limits": { "acknowledge_by": BEGAN + 45 * MINUTE }, "overrun": ["acknowledge"] });
    check(&lounge(), "late", "late", late, &line);
}

#[test]
fn an_escalation() {
    let line = moved(BEGAN + 45 * MINUTE, "data", Some("new"), "new", "escalated:manager");
    check(&lounge(), "escalated", "escalated", json!({ "clock_from": BEGAN + 15 * MINUTE }), &line);
}

#[test]
fn an_end() {
    let line = moved(BEGAN + 59 * MINUTE, "data", Some("verifying"), "closed", "proved");
    let ended = json!({
        "stage": "closed", "proof": "proved", "assignee": "李师傅", "open_points": [],
        "fixed_at": BEGAN + 40 * MINUTE, "closed_at": BEGAN + 59 * MINUTE,
    });
    check(&lounge_with_past(), "closed", "closed", ended, &line);
}
