//! The shape of a file of venues, as people write it in TOML. Unknown keys are errors; what the
//! values mean and whether they fit together is for [`super::set`].

use std::collections::BTreeMap;

use serde::Deserialize;
use wire::Id;

use crate::tickets::plan::ClockKind;

/// A whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Venues by identifier.
    #[serde(default)]
    pub venue: BTreeMap<Id, Venue>,
}

/// `[venue.NAME]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Venue {
    /// Name in Chinese.
    pub name_zh: Option<String>,
    /// Name in English.
    pub name_en: Option<String>,
    /// What it is: `ktv`, `telecom-hall`, `bank`, `restaurant`, `shop` or another identifier.
    pub kind: Option<Id>,
    /// IANA time zone.
    pub zone: Option<String>,
    /// When its business day begins, `06:00` where absent.
    pub business_day_begins: Option<String>,
    /// Weekday whose hours a make-up working day has, `mon` where absent; `own` for its own.
    pub make_up_day_as: Option<String>,
    /// How long before the first opening of a day the pre-opening report is made, `30m` where absent.
    pub report_before: Option<String>,
    /// Channels that it goes to; those of the team whose shift has a leader where empty.
    pub report_to: Vec<Id>,
    /// Opening hours; none means always open.
    pub hours: Vec<Hours>,
    /// Rooms by identifier.
    pub room: BTreeMap<Id, Room>,
    /// Assets by identifier.
    pub asset: BTreeMap<Id, Asset>,
    /// Teams by identifier.
    pub team: BTreeMap<Id, Team>,
    /// Who is told next, by severity.
    pub escalation: BTreeMap<String, Vec<Escalation>>,
    /// How long people have, by severity.
    pub limits: BTreeMap<String, Limits>,
    /// When messages wait until morning, by severity: `22:00-09:00`.
    pub quiet: BTreeMap<String, String>,
    /// Scheduled inspections; one named as a built-in one changes that.
    pub round: Vec<Round>,
}

/// `[[venue.NAME.hours]]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Hours {
    /// `normal`, `holiday` or `closed`.
    pub kind: Option<String>,
    /// Weekdays and ranges of them; all where empty.
    pub days: Vec<String>,
    /// Opening, `12:00`.
    pub open: Option<String>,
    /// Closing; at or before `open` it is on the next day.
    pub close: Option<String>,
    /// First date, `2026-07-01`.
    pub from: Option<String>,
    /// Last date.
    pub to: Option<String>,
}

/// `[venue.NAME.room.ROOM]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Room {
    /// Name in Chinese.
    pub name_zh: Option<String>,
    /// Name in English.
    pub name_en: Option<String>,
    /// Its floor as people write it: `3`, `B1`.
    pub floor: Option<String>,
    /// What it is: `box`, `hall`, `corridor`, `kitchen`, `machine-room` …
    pub kind: Option<Id>,
    /// The point that tells whether it is occupied.
    pub state_point: Option<wire::PointName>,
}

/// `[venue.NAME.asset.ASSET]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Asset {
    /// Name in Chinese.
    pub name_zh: Option<String>,
    /// Name in English.
    pub name_en: Option<String>,
    /// What it is: `amplifier`, `extinguisher` …
    pub kind: Option<Id>,
    /// Where it stands.
    pub room: Option<Id>,
    /// Who mends it.
    pub team: Option<Id>,
    /// What an extinguisher is filled with: `water`, `powder`, `co2`, `clean-gas` or `foam`.
    #[serde(rename = "type")]
    pub filling: Option<String>,
    /// Its model, as it stands on the plate: `MFZ/ABC4`.
    pub model: Option<String>,
    /// Its serial number.
    pub serial: Option<String>,
    /// Who made it.
    pub maker: Option<String>,
    /// When it was made.
    pub made: Option<String>,
    /// When it was last serviced.
    pub serviced: Option<String>,
    /// When it is to be serviced next.
    pub due: Option<String>,
    /// When it is to be scrapped.
    pub scrap: Option<String>,
    /// Assets without which it cannot work.
    pub depends_on: Vec<Id>,
}

/// `[venue.NAME.team.TEAM]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Team {
    /// Name in Chinese.
    pub name_zh: Option<String>,
    /// Name in English.
    pub name_en: Option<String>,
    /// Its people.
    pub members: Vec<String>,
    /// Channels of the configuration by which it is told.
    pub channels: Vec<Id>,
    /// Who works when.
    pub shift: Vec<Shift>,
}

/// `[[venue.NAME.team.TEAM.shift]]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Shift {
    /// Weekdays; all where empty.
    pub days: Vec<String>,
    /// Begins, `12:00`.
    pub begin: String,
    /// Ends; at or before `begin` it is on the next day.
    pub end: String,
    /// Who works; members of the team.
    pub members: Vec<String>,
    /// Who leads it; a member of the team.
    pub leader: Option<String>,
}

/// `[venue.NAME.limits.P1]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Until somebody says that he is on it, `3m`.
    pub acknowledge: Option<String>,
    /// Until somebody is there.
    pub arrive: Option<String>,
    /// Until it is mended.
    pub fix: Option<String>,
    /// `always`, or `open` for a time that runs while the venue is open.
    pub clock: Option<ClockKind>,
}

/// `[[venue.NAME.escalation.P1]]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Escalation {
    /// How long after the ticket was opened, `3m`, unless somebody has acknowledged it.
    pub after: String,
    /// Instead: how long before the limit for mending, unless it is mended.
    pub before_limit: Option<String>,
    /// The team that is told.
    pub team: Option<Id>,
    /// By which channels; those of the team where empty.
    pub channels: Vec<Id>,
}

/// `[[venue.NAME.round]]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Round {
    /// Its identifier.
    pub id: String,
    /// `false` switches it off, `true` an optional built-in one on.
    pub on: Option<bool>,
    /// Name in Chinese.
    pub name_zh: Option<String>,
    /// Name in English.
    pub name_en: Option<String>,
    /// `weekly`, `half-monthly`, `daily`, `interval` or `after-close`.
    pub kind: Option<String>,
    /// Weekdays of a weekly one.
    pub days: Vec<String>,
    /// Days of the month of a half-monthly one.
    pub dates: Vec<i8>,
    /// Not before this time, `09:00`; the begin of the business day where absent.
    pub begin: Option<String>,
    /// Complete by this time, `24:00`; before the begin of the business day it is on the next day.
    pub due: Option<String>,
    /// How often in opening hours, of an interval, `2h`.
    pub every: Option<String>,
    /// How long after closing, of one after closing, `1h`.
    pub within: Option<String>,
    /// Who makes it.
    pub team: Option<Id>,
    /// How bad it is to miss it.
    pub severity: Option<String>,
    /// What is looked at.
    pub check: Vec<Check>,
}

/// `[[venue.NAME.round.check]]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Check {
    /// Its identifier.
    pub id: String,
    /// The question in Chinese.
    pub zh: String,
    /// The question in English.
    pub en: String,
    /// Asked of every asset of these kinds …
    pub kinds: Vec<Id>,
    /// … of these assets …
    pub assets: Vec<Id>,
    /// … of these rooms …
    pub rooms: Vec<Id>,
    /// … and of every room of these kinds; once for the venue where none of these is given.
    pub room_kinds: Vec<Id>,
    /// What counts: `tag`, `person` or `either`; `person` where absent.
    pub evidence: Option<String>,
    /// How bad a failure is; that of the round where absent.
    pub severity: Option<String>,
}
