//! Fire equipment as people and programs meet it: a running collector, its broker, its command line, its
//! pages and its files of venues; killed in between.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected has failed")]

use std::{process::Command, time::Duration};

use serde_json::Value;
use tests::{Collector, House, collector::Wanted, wait};

const WITHIN: Duration = Duration::from_secs(30);
const EVIL: &str = "=HYPERLINK(0)<script>alert(1)</script>";

/// A shop that never closes, with a round that can be made at any hour and an extinguisher that must be
/// serviced by `due`.
fn venues(due: &str) -> String {
    format!(
        r#"
[venue.nanshan]
name_zh = "南山店"
name_en = "Nanshan"
[venue.nanshan.room.k01]
[venue.nanshan.asset.extinguisher-1]
name_zh = "{EVIL}"
name_en = "{EVIL}"
kind = "extinguisher"
room = "k01"
type = "powder"
made = "2020-01-10"
serviced = "2024-02-10"
due = "{due}"
scrap = "2099-01-01"
[[venue.nanshan.round]]
id = "watch"
kind = "interval"
every = "12h"
[[venue.nanshan.round.check]]
id = "in-place"
zh = "在原位"
en = "in its place"
kinds = ["extinguisher"]
evidence = "tag"
[[venue.nanshan.round.check]]
id = "exits"
zh = "通道畅通"
en = "exits clear"
"#
    )
}

/// The date in so many days, where the venue is.
fn in_days(days: u32) -> String {
    let date = Command::new("date").env("TZ", "Asia/Shanghai").args(["-d", &format!("{days} days"), "+%F"]).output();
    String::from_utf8(date.unwrap().stdout).unwrap().trim().to_owned()
}

fn publish(collector: &Collector, channel: &str, body: &str) {
    let (port, topic) = (collector.mqtt().to_string(), format!("hallwatch/v1/nanshan/k01/pi-1/{channel}"));
    let arguments = ["-h", "127.0.0.1", "-p", &port, "-q", "1", "-t", &topic, "-m", body];
    assert!(Command::new("mosquitto_pub").args(arguments).status().unwrap().success(), "{channel}");
}

fn tag_is_read(collector: &Collector, seq: u64) {
    let point = |name: &str| format!(r#""extinguisher_1_{name}":{{"unit":"/","asset":"extinguisher-1"}}"#);
    let points = ["present", "tag_id", "serviced_month"].map(point).join(",");
    publish(collector, "about", &format!(r#"{{"model":"Pi","version":"1","points":{{{points}}}}}"#));
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis();
    let values = r#""extinguisher_1_present":1,"extinguisher_1_tag_id":77,"extinguisher_1_serviced_month":201901"#;
    let sample = format!(r#"{{"at":{now},"seq":{seq},"spool":"s","boot":"b","clock":1,{values}}}"#);
    publish(collector, "samples", &sample);
}

fn round(collector: &Collector) -> Option<Value> {
    collector.json("/api/v1/rounds")?["rounds"].get(0).cloned()
}

/// The round, once so many of its questions are answered.
fn answered(collector: &Collector, n: usize) -> Option<Value> {
    let round = round(collector)?;
    let items = round["items"].as_array()?;
    let answers = items.iter().filter(|item| !item["answers"].as_array().unwrap().is_empty()).count();
    (answers == n).then_some(round)
}

#[test]
fn a_round_is_proven_by_a_tag_and_a_name_over_a_kill_and_the_register_says_what_differs() {
    let house = House::new("fire");
    let file = house.write("venues.toml", &venues(&in_days(17)));
    let wanted = Wanted { more: format!("[venues]\npath = \"{}\"\n", file.display()), ..Wanted::default() };
    let mut collector = Collector::start(&house, &wanted);
    wait::until("the round can be made", WITHIN, || round(&collector).map(drop));

    tag_is_read(&collector, 1);
    let by = wait::until("the tag answers", WITHIN, || answered(&collector, 1))["items"][0]["answers"][0]["by"].clone();
    assert_eq!(by, serde_json::json!({ "tag": { "agent": "pi-1", "tag": 77 } }));
    let key = round(&collector).unwrap()["key"].as_str().unwrap().to_owned();
    let name = format!("nanshan/{key}");
    let reader_only = ["rounds", "confirm", &name, "in-place/extinguisher-1", "--by", "李雷", "--lang", "en"];
    let refused = collector.command(&reader_only);
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success() && said.contains("proven by the reader only"), "{said}");

    collector.kill();
    collector.relaunch(&house);
    collector.ready();
    wait::until("the round is still there", WITHIN, || answered(&collector, 1));
    let said = collector.say(&["rounds", "confirm", &name, "exits", "--by", "李雷", "--lang", "zh"]);
    assert!(said.contains("已完成"), "{said}");
    let done = round(&collector).unwrap();
    assert_eq!((&done["stage"], &done["items"][1]["answers"][0]["by"]["person"]), (&"done".into(), &"李雷".into()));
    let page = collector.get("/rounds?lang=zh-CN").unwrap();
    assert!(page.contains("已完成") && page.contains("李雷") && !page.contains("<script>alert"), "{page}");

    tag_is_read(&collector, 2);
    let all = wait::until("the register knows the tag", WITHIN, || {
        let all = collector.json("/api/v1/extinguishers")?;
        all["extinguishers"][0]["tag_id"].as_str().map(|_| all.clone())
    });
    let one = &all["extinguishers"][0];
    assert_eq!(one["standings"], serde_json::json!(["service_soon", "differs"]));
    assert_eq!(
        (&one["differences"][0]["what"], &one["differences"][0]["tag"]),
        (&"serviced".into(), &"2019-01".into())
    );
    assert_eq!(one["service"]["days"], 17);
    let page = collector.get("/extinguishers?lang=en").unwrap();
    assert!(page.contains("service due soon") && !page.contains("<script>alert"), "{page}");
    let csv = collector.get("/extinguishers.csv?lang=en").unwrap();
    let line = csv.lines().nth(1).unwrap();
    assert!(line.contains("'=HYPERLINK(0)") && line.contains(",17,"), "{csv}");
    assert_eq!(collector.say(&["register", "export", "--lang", "en"]).lines().nth(1).unwrap(), line);
    assert!(collector.say(&["register", "list", "--lang", "zh"]).contains("即将到维修期"));
}

#[test]
fn a_service_that_comes_near_is_a_ticket_until_the_file_says_otherwise() {
    let house = House::new("fire-due");
    let file = house.write("venues.toml", &venues(&in_days(17)));
    let wanted = Wanted { more: format!("[venues]\npath = \"{}\"\n", file.display()), ..Wanted::default() };
    let collector = Collector::start(&house, &wanted);
    let due = |state: &str| {
        let tickets = collector.json(&format!("/api/v1/tickets?state={state}"))?;
        let is_due = |t: &&Value| t["rule"] == "extinguisher-service-due";
        tickets["tickets"].as_array()?.iter().find(is_due).cloned()
    };
    let ticket = wait::until("the ticket is open", WITHIN, || due("open"));
    assert_eq!(
        (&ticket["asset"], &ticket["room"], &ticket["worst_value"]),
        (&"extinguisher-1".into(), &"k01".into(), &17.0.into())
    );
    house.write("venues.toml", &venues(&in_days(730)));
    let ended = wait::until("the new date ends it", WITHIN, || due("ended"));
    assert_eq!((&ended["proof"], &ended["fixed_by"]), (&"proved".into(), &"data".into()));
}
