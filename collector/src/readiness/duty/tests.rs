//! Who is on shift, over midnight too, and where a report goes.

use wire::UnixMs;

use super::*;
use crate::venues::{Holidays, Venues};

const TEAMS: &str = r#"
[venue.a]
zone = "Asia/Shanghai"
[venue.a.team.av]
members = ["甲"]
channels = ["av-group"]
[[venue.a.team.av.shift]]
days = ["mon-fri"]
begin = "18:00"
end = "02:00"
members = ["甲"]
[venue.a.team.lead]
members = ["乙", "丙"]
channels = ["leaders"]
[[venue.a.team.lead.shift]]
begin = "11:00"
end = "19:00"
members = ["乙", "丙"]
leader = "乙"
"#;

fn venues(more: &str) -> Venues {
    let text = TEAMS.replacen("zone =", &format!("{more}\nzone ="), 1);
    Venues::of(&[("a.toml".into(), text)], Holidays::default(), "UTC").unwrap()
}

fn ms(text: &str) -> UnixMs {
    text.parse::<jiff::Timestamp>().unwrap().as_millisecond()
}

fn teams(at: &str) -> Vec<String> {
    let venues = venues("");
    on_duty(venues.venues.values().next().unwrap(), ms(at)).into_iter().map(|duty| duty.team.to_string()).collect()
}

#[test]
fn shifts_last_over_midnight_and_only_on_their_days() {
    // 2026-11-20 is a Friday.
    assert_eq!(teams("2026-11-20T12:00:00+08:00"), ["lead"]);
    assert_eq!(teams("2026-11-20T18:30:00+08:00"), ["av", "lead"]);
    assert_eq!(teams("2026-11-21T01:59:00+08:00"), ["av"], "Friday's shift, on Saturday morning");
    assert_eq!(teams("2026-11-21T02:00:00+08:00"), [""; 0]);
    assert_eq!(teams("2026-11-21T20:00:00+08:00"), [""; 0], "no shift on Saturday");
    assert_eq!(teams("2026-11-22T19:00:00+08:00"), [""; 0]);
}

#[test]
fn a_report_goes_to_the_shift_with_a_leader_else_to_all_teams_else_to_everybody() {
    let to =
        |venues: &Venues, at: &str| channels(venues.venues.values().next().unwrap(), ms(at), &["everybody".to_owned()]);
    assert_eq!(to(&venues(""), "2026-11-20T12:00:00+08:00"), ["leaders"]);
    assert_eq!(to(&venues(""), "2026-11-20T20:00:00+08:00"), ["av-group", "leaders"], "nobody leads that shift");
    assert_eq!(to(&venues("report_to = [\"boss\"]"), "2026-11-20T12:00:00+08:00"), ["boss"]);
    let none = Venues::of(&[("a.toml".into(), "[venue.a]\n".into())], Holidays::default(), "UTC").unwrap();
    assert_eq!(to(&none, "2026-11-20T12:00:00+08:00"), ["everybody"]);
}
