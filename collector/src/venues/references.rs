//! Whether the names in a venue lead somewhere: rooms and teams of assets, what assets depend on,
//! members of shifts, limits and steps of escalation. Reads nothing but the venue.

use wire::Id;

use super::{file::Venue, set};
use crate::{packs::length, register::Filling};

/// The report before an opening is made so many milliseconds before it: 10 minutes to 6 hours.
const REPORT_BEFORE_MS: std::ops::RangeInclusive<i64> = 600_000..=21_600_000;

/// What is wrong: key, name of the text, value.
type Wrong = (String, &'static str, String);

/// Checks all names of a venue.
pub(super) fn check(venue: &Venue) -> Result<(), Wrong> {
    for (id, asset) in &venue.asset {
        let key = |name: &str| format!("asset.{id}.{name}");
        if let Some(room) = asset.room.as_ref().filter(|room| !venue.room.contains_key(*room)) {
            return Err((key("room"), "no_room", room.to_string()));
        }
        if let Some(team) = asset.team.as_ref().filter(|team| !venue.team.contains_key(*team)) {
            return Err((key("team"), "no_team", team.to_string()));
        }
        if let Some(other) = asset.depends_on.iter().find(|other| !venue.asset.contains_key(*other)) {
            return Err((key("depends_on"), "no_asset", other.to_string()));
        }
        let filling = asset.filling.as_ref().filter(|filling| Filling::parse(filling).is_none());
        if let Some(filling) = filling {
            return Err((key("type"), "type", filling.clone()));
        }
        let dates =
            [("made", &asset.made), ("serviced", &asset.serviced), ("due", &asset.due), ("scrap", &asset.scrap)];
        for (name, text) in dates.into_iter().filter_map(|(name, text)| Some((name, text.as_deref()?))) {
            text.parse::<jiff::civil::Date>().map_err(|_| (key(name), "date", text.to_owned()))?;
        }
    }
    for id in venue.asset.keys() {
        if reaches(venue, id) {
            return Err((format!("asset.{id}.depends_on"), "circle", id.to_string()));
        }
    }
    if let Some(text) = &venue.report_before
        && !length::parse(text).is_some_and(|ms| REPORT_BEFORE_MS.contains(&ms))
    {
        return Err(("report_before".into(), "report_before", text.clone()));
    }
    teams(venue)?;
    limits(venue)?;
    escalations(venue)?;
    crate::rounds::plan::plans(venue).map(|_| ())
}

/// Whether an asset depends on itself, however far away.
fn reaches(venue: &Venue, start: &Id) -> bool {
    let (mut seen, mut next) = (Vec::new(), vec![start]);
    while let Some(id) = next.pop() {
        for other in venue.asset.get(id).map_or(&[][..], |asset| &asset.depends_on) {
            if other == start {
                return true;
            }
            if !seen.contains(&other) {
                seen.push(other);
                next.push(other);
            }
        }
    }
    false
}

fn teams(venue: &Venue) -> Result<(), Wrong> {
    for (id, team) in &venue.team {
        for (n, shift) in team.shift.iter().enumerate() {
            let key = |name: &str| format!("team.{id}.shift[{}].{name}", n + 1);
            set::weekdays(&shift.days).map_err(|day| (key("days"), "weekday", day.to_owned()))?;
            for (name, text) in [("begin", &shift.begin), ("end", &shift.end)] {
                set::time(text).ok_or_else(|| (key(name), "time", text.clone()))?;
            }
            let known = |name: &&String| !team.members.contains(*name);
            if let Some(stranger) = shift.members.iter().find(known) {
                return Err((key("members"), "no_member", stranger.clone()));
            }
            if let Some(stranger) = shift.leader.as_ref().filter(known) {
                return Err((key("leader"), "no_member", stranger.clone()));
            }
        }
    }
    Ok(())
}

fn escalations(venue: &Venue) -> Result<(), Wrong> {
    for (severity, steps) in &venue.escalation {
        known_severity("escalation", severity)?;
        let mut earlier = None;
        for (n, step) in steps.iter().enumerate() {
            let key = |name: &str| format!("escalation.{severity}[{}].{name}", n + 1);
            let parsed =
                |name: &str, text: &str| length::parse(text).ok_or_else(|| (key(name), "length", text.to_owned()));
            match &step.before_limit {
                Some(text) if step.after.is_empty() => drop(parsed("before_limit", text)?),
                Some(text) => return Err((key("before_limit"), "two_moments", text.clone())),
                None => {
                    let after = parsed("after", &step.after)?;
                    if earlier.is_some_and(|earlier| after <= earlier) {
                        return Err((key("after"), "order", step.after.clone()));
                    }
                    earlier = Some(after);
                }
            }
            if let Some(team) = step.team.as_ref().filter(|team| !venue.team.contains_key(*team)) {
                return Err((key("team"), "no_team", team.to_string()));
            }
        }
        if steps.len() > RUNGS_MAX {
            return Err((format!("escalation.{severity}"), "too_many", steps.len().to_string()));
        }
    }
    Ok(())
}

/// Steps of one chain, at most: a ticket remembers those taken in 32 bits.
const RUNGS_MAX: usize = 32;

fn limits(venue: &Venue) -> Result<(), Wrong> {
    for (severity, limits) in &venue.limits {
        known_severity("limits", severity)?;
        for (name, text) in [("acknowledge", &limits.acknowledge), ("arrive", &limits.arrive), ("fix", &limits.fix)] {
            if let Some(text) = text.as_ref().filter(|text| length::parse(text).is_none_or(|ms| ms == 0)) {
                return Err((format!("limits.{severity}.{name}"), "length", text.clone()));
            }
        }
    }
    for (severity, text) in &venue.quiet {
        known_severity("quiet", severity)?;
        let key = format!("quiet.{severity}");
        if severity == "P1" {
            return Err((key, "quiet_p1", text.clone()));
        }
        let times = text.split_once('-').and_then(|(begin, end)| Some((set::time(begin)?, set::time(end)?)));
        if times.is_none_or(|(begin, end)| begin == end) {
            return Err((key, "stretch", text.clone()));
        }
    }
    Ok(())
}

fn known_severity(table: &str, severity: &str) -> Result<(), Wrong> {
    match ["P1", "P2", "P3", "P4"].contains(&severity) {
        true => Ok(()),
        false => Err((format!("{table}.{severity}"), "severity", severity.to_owned())),
    }
}
