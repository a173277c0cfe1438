//! Who is on shift at an instant, and by which channels the pre-opening report goes out: turns the teams
//! of a venue into people and channels. Pure.

use jiff::civil::Date;
use wire::{Id, UnixMs};

use crate::venues::{Calendar, Venue, file::Shift, set};

/// People of one team who are on shift.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct OnDuty {
    /// The team.
    pub team: Id,
    /// Who leads the shift.
    pub leader: Option<String>,
    /// Who works.
    pub members: Vec<String>,
}

/// Everybody on shift at `at`, team by team.
#[must_use]
pub fn on_duty(venue: &Venue, at: UnixMs) -> Vec<OnDuty> {
    let mut all = Vec::new();
    for (id, team) in &venue.file.team {
        let on = team.shift.iter().filter(|shift| covers(shift, &venue.calendar, at));
        let mut duty = OnDuty { team: id.clone(), leader: None, members: Vec::new() };
        let mut is_on = false;
        for shift in on {
            is_on = true;
            duty.leader = duty.leader.or_else(|| shift.leader.clone());
            duty.members.extend(shift.members.iter().cloned());
        }
        duty.members.dedup();
        if is_on {
            all.push(duty);
        }
    }
    all
}

/// Whether a shift that began today or yesterday lasts at `at`.
fn covers(shift: &Shift, calendar: &Calendar, at: UnixMs) -> bool {
    let Ok(instant) = jiff::Timestamp::from_millisecond(at) else { return false };
    let today = calendar.zone.to_datetime(instant).date();
    let days = [Some(today), today.yesterday().ok()];
    days.into_iter()
        .flatten()
        .any(|date| lasts(shift, calendar, date).is_some_and(|(begin, end)| (begin..end).contains(&at)))
}

/// From when to when a shift lasts that begins on `date`; `None` where it does not.
fn lasts(shift: &Shift, calendar: &Calendar, date: Date) -> Option<(UnixMs, UnixMs)> {
    let days = set::weekdays(&shift.days).ok()?;
    if !days.has(date.weekday()) {
        return None;
    }
    let (begin, end) = (set::time(&shift.begin)?, set::time(&shift.end)?);
    let last = if end <= begin { date.tomorrow().ok()? } else { date };
    Some((calendar.first_at(date.to_datetime(begin))?, calendar.last_at(last.to_datetime(end))?))
}

/// Channels of the configuration that a report goes to: those that the venue names for it, else those of
/// teams whose shift at the opening has a leader, else those of all its teams, else `usual`.
#[must_use]
pub fn channels(venue: &Venue, opening: UnixMs, usual: &[String]) -> Vec<String> {
    let names = |ids: &[Id]| ids.iter().map(|id| id.as_str().to_owned()).collect::<Vec<_>>();
    let led: Vec<Id> = on_duty(venue, opening).into_iter().filter(|d| d.leader.is_some()).map(|d| d.team).collect();
    let of_led = venue.file.team.iter().filter(|(id, _)| led.contains(id)).flat_map(|(_, team)| team.channels.clone());
    let of_all = venue.file.team.values().flat_map(|team| team.channels.clone());
    let choices = [venue.file.report_to.clone(), of_led.collect(), of_all.collect()];
    let mut chosen = choices.iter().find(|ids| !ids.is_empty()).map_or_else(|| usual.to_vec(), |ids| names(ids));
    chosen.sort();
    chosen.dedup();
    chosen
}

#[cfg(test)]
mod tests;
