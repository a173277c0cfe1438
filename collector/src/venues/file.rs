//! The shape of a file of venues, as people write it in TOML. Unknown keys are errors; what the
//! values mean and whether they fit together is for [`super::set`].

use std::collections::BTreeMap;

use serde::Deserialize;
use wire::Id;

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

/// `[[venue.NAME.escalation.P1]]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Escalation {
    /// How long after the ticket was opened, `3m`.
    pub after: String,
    /// The team that is told.
    pub team: Option<Id>,
    /// By which channels; those of the team where empty.
    pub channels: Vec<Id>,
}
