//! A ticket that a person opens, from the command line of a running collector: late, not while guests are
//! there, waiting, watched, mended, closed; and every line of it still there.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected has failed")]

use std::time::Duration;

use serde_json::Value;
use tests::{Collector, House, collector::Wanted, wait};

const WITHIN: Duration = Duration::from_secs(30);

/// A venue that has hours and is open at every one of them; a ticket is late after a second.
const VENUES: &str = r#"
[venue.nanshan]
name_zh = "南山店"
name_en = "Nanshan"
[[venue.nanshan.hours]]
open = "00:00"
close = "24:00"
[venue.nanshan.limits.P2]
acknowledge = "1s"
arrive = "27d"
fix = "28d"
[[venue.nanshan.escalation.P2]]
after = "1s"
team = "boss"
[venue.nanshan.room.k01]
[venue.nanshan.team.boss]
name_zh = "店长"
name_en = "manager"
members = ["chen"]
"#;

fn refused(collector: &Collector, arguments: &[&str]) -> String {
    let output = collector.command(arguments);
    assert!(!output.status.success(), "{arguments:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_ticket_by_hand_lives_its_whole_life_on_the_command_line() {
    let house = House::new("tickets");
    let venues = house.write("venues.toml", VENUES);
    let more = format!("[venues]\npath = \"{}\"\n", venues.display());
    let wanted = Wanted { top: "language = \"en\"\n".into(), more, ..Wanted::default() };
    let mut collector = Collector::start(&house, &wanted);
    let say = |words: &[&str]| collector.say(&[&["tickets", "--who", "li"], words].concat());
    let show = || say(&["show", "001"]);

    assert!(
        say(&["open", "nanshan", "k01", "left microphone hums", "--team", "av", "--severity", "P2"]).contains("new")
    );
    wait::until("nobody acknowledges in time", WITHIN, || {
        let late: Vec<Value> = serde_json::from_str(&say(&["--json", "list", "--late"])).unwrap();
        (late.len() == 1 && show().contains("escalated to manager")).then_some(())
    });
    assert!(show().contains("nobody was on it in time") && show().contains("(late)"), "{}", show());
    assert!(say(&["--lang", "zh", "list"]).contains("接单（已超时）"));

    say(&["ack", "001"]);
    assert!(say(&["list", "--mine"]).contains("k01") || say(&["list", "--mine"]).contains("K01"));
    say(&["window", "001", "closed"]);
    let reason = refused(&collector, &["tickets", "--who", "li", "start", "001"]);
    assert!(reason.contains("not while the venue is open") && reason.contains("--anyway"), "{reason}");
    assert!(say(&["start", "001", "--anyway", "it howls"]).contains("in progress"));
    let empty = refused(&collector, &["tickets", "--who", "li", "hold", "001", "other"]);
    assert!(empty.contains("`reason`"), "{empty}");
    assert!(say(&["hold", "001", "parts", "capsule"]).contains("on hold"));
    assert!(show().contains("waits for parts (capsule)") && show().contains("its clock stands"), "{}", show());
    say(&["watch", "001"]);
    say(&["window", "001", "any"]);
    assert!(say(&["resume", "001"]).contains("in progress"));
    assert!(show().contains("Watched by: li"), "{}", show());
    assert!(say(&["fixed", "001", "capsule replaced"]).contains("fixed"));
    assert!(say(&["close", "001"]).contains("closed"));

    let story = show();
    for words in ["left microphone hums", "it howls", "capsule replaced", "nobody was on it in time"] {
        assert!(story.contains(words), "{words} is missing: {story}");
    }
    say(&["open", "nanshan", "k01", "waited an hour for drinks", "--team", "boss", "--complaint"]);
    assert!(say(&["show", "002"]).contains("From: a complaint of a guest"), "{}", say(&["show", "002"]));
    assert!(collector.process().terminate(WITHIN).success());
}

#[test]
fn a_person_says_how_a_room_stands_and_looks_venues_up() {
    let house = House::new("rooms");
    let venues = house.write("venues.toml", VENUES);
    let more = format!("[venues]\npath = \"{}\"\n", venues.display());
    let wanted = Wanted { top: "language = \"en\"\n".into(), more, ..Wanted::default() };
    let mut collector = Collector::start(&house, &wanted);
    assert_eq!(collector.say(&["rooms", "set", "nanshan/k01", "locked", "--who", "li"]).trim(), "K01: locked");
    let list = collector.say(&["rooms", "list"]);
    assert!(list.contains("k01") && list.contains("locked") && list.contains("li"), "{list}");
    assert_eq!(collector.say(&["rooms", "set", "nanshan/k01", "unknown"]).trim(), "K01: as its readings say");
    assert!(!collector.say(&["rooms", "list"]).contains("k01"));
    assert!(refused(&collector, &["rooms", "set", "k01", "locked"]).contains("VENUE/ROOM"));

    let list = collector.say(&["venues", "list"]);
    assert!(list.contains("Nanshan") && list.contains("open until"), "{list}");
    let shown = collector.say(&["venues", "show", "nanshan"]);
    assert!(shown.contains("Tue  always open") && shown.contains("chen") && shown.contains("k01"), "{shown}");
    let unknown = refused(&collector, &["venues", "show", "futian"]);
    assert!(unknown.contains("no venue is named `futian`; there are nanshan"), "{unknown}");
    assert!(collector.process().terminate(WITHIN).success());
}
