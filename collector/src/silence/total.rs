//! Adds the accounts of days up: of a point, of a room, over a stretch of time. Reads documents only, so
//! it says what was accounted for and when that ends; computes nothing anew.

use std::collections::BTreeMap;

use wire::{Id, PointName, Source, UnixMs};

use super::{account::Account, record};
use crate::{
    ledger::{Error, Reader},
    venues::Venues,
};

/// No question goes further back, in milliseconds: two years and a bit.
pub const SINCE_MS_MAX: i64 = 800 * 86_400_000;
/// Where nobody says how far back: a week.
pub const SINCE_MS_USUAL: i64 = 7 * 86_400_000;

/// The account of one point of an agent.
#[derive(Debug, Clone, PartialEq)]
pub struct PointTotal {
    /// Whose.
    pub source: Source,
    /// Which.
    pub point: PointName,
    /// How its time was spent.
    pub account: Account,
}

/// The account of a room: all points of all its agents.
#[derive(Debug, Clone, PartialEq)]
pub struct RoomTotal {
    /// Of which venue.
    pub venue: Id,
    /// Which.
    pub room: Id,
    /// How the time of its points was spent.
    pub account: Account,
    /// Accounted for up to here, by the agent that is behind most.
    pub upto: UnixMs,
    /// Its points, those that lost most first.
    pub points: Vec<PointTotal>,
}

/// Which accounts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Which {
    /// Of this venue.
    pub venue: Option<Id>,
    /// Of this room.
    pub room: Option<Id>,
    /// Hours that begin at or after.
    pub from: UnixMs,
    /// Hours that begin before.
    pub to: UnixMs,
}

/// Rooms with their accounts, those that lost the greatest share first.
///
/// # Errors
/// Those of the ledger.
pub fn rooms(reader: &dyn Reader, venues: &Venues, which: &Which) -> Result<Vec<RoomTotal>, Error> {
    let mut rooms: BTreeMap<(Id, Id), RoomTotal> = BTreeMap::new();
    for device in reader.devices()? {
        let source = device.source;
        let asked = which.venue.as_ref().is_none_or(|venue| *venue == source.venue)
            && which.room.as_ref().is_none_or(|room| *room == source.room);
        if asked {
            agent(reader, venues, which, source, &mut rooms)?;
        }
    }
    let mut rooms: Vec<RoomTotal> = rooms.into_values().collect();
    for room in &mut rooms {
        room.points.sort_by(|a, b| worse(&a.account, &b.account).then_with(|| a.point.cmp(&b.point)));
    }
    rooms.sort_by(|a, b| worse(&a.account, &b.account).then_with(|| (&a.venue, &a.room).cmp(&(&b.venue, &b.room))));
    Ok(rooms)
}

/// Adds the accounts of one agent.
fn agent(
    reader: &dyn Reader,
    venues: &Venues,
    which: &Which,
    source: Source,
    rooms: &mut BTreeMap<(Id, Id), RoomTotal>,
) -> Result<(), Error> {
    let calendar = venues.calendar(&source.venue);
    let date = |at| calendar.business_date(at).map(|date| date.to_string());
    let (Some(first), Some(last)) = (date(which.from), date(which.to)) else { return Ok(()) };
    let mut points: BTreeMap<PointName, Account> = BTreeMap::new();
    let mut upto = None;
    for (_, day) in record::days_of(reader, &source, &first, &last)? {
        upto = upto.max(Some(day.upto));
        for (point, hours) in &day.points {
            let asked = |index: &usize| (which.from..which.to).contains(&day.hour(*index).0);
            let total = points.entry(point.clone()).or_default();
            hours.iter().enumerate().filter(|(index, _)| asked(index)).for_each(|(_, hour)| total.add(hour));
        }
    }
    let Some(upto) = upto else { return Ok(()) };
    let room = rooms.entry((source.venue.clone(), source.room.clone())).or_insert_with(|| RoomTotal {
        venue: source.venue.clone(),
        room: source.room.clone(),
        account: Account::default(),
        upto,
        points: Vec::new(),
    });
    room.upto = room.upto.min(upto);
    for (point, account) in points.into_iter().filter(|(_, account)| account.counted_ms() > 0) {
        room.account.add(&account);
        room.points.push(PointTotal { source: source.clone(), point, account });
    }
    Ok(())
}

/// Who lost the greater share comes first.
fn worse(a: &Account, b: &Account) -> std::cmp::Ordering {
    let share = |x: &Account, of: &Account| i128::from(x.lost_ms()) * i128::from(of.counted_ms().max(1));
    share(b, a).cmp(&share(a, b))
}
