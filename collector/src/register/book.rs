//! The register of extinguishers: joins what the venue's file lists with what readers at the brackets
//! say, by asset, and says of each how it stands. The file is the truth; a tag that says otherwise is
//! shown beside it and overwrites nothing. Pure: the present day is an argument.

use std::collections::BTreeMap;

use jiff::civil::Date;
use wire::{Id, UnixMs};

use super::{
    dates::{Basis, Day, Days, days, days_left},
    filling::Filling,
    tag::{self, Difference, Seen},
};
use crate::{live::Live, venues::file};

/// The kind of asset that the register is about.
pub const KIND: &str = "extinguisher";
/// From how many days before a date it is told: the pre-opening report and the rules say so too.
pub const SOON_DAYS: i32 = 30;

/// How an extinguisher stands, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Its reader says that it does not hang in its place.
    Missing,
    /// It should be on the scrap heap.
    ScrapPast,
    /// Its service is overdue.
    ServicePast,
    /// Its tag is forged, blank or another's.
    NotGenuine,
    /// It must be scrapped within [`SOON_DAYS`].
    ScrapSoon,
    /// It must be serviced within [`SOON_DAYS`].
    ServiceSoon,
    /// The file does not list it; only its tag is known.
    NotListed,
    /// Tag and file say different things.
    Differs,
    /// The file says too little to tell when it is due.
    Unknown,
    /// Nothing to do.
    Fine,
}

impl Standing {
    /// Every standing, the worst first.
    pub const ALL: [Self; 10] = [
        Self::Missing,
        Self::ScrapPast,
        Self::ServicePast,
        Self::NotGenuine,
        Self::ScrapSoon,
        Self::ServiceSoon,
        Self::NotListed,
        Self::Differs,
        Self::Unknown,
        Self::Fine,
    ];

    /// Its word, as texts, the API and the CSV have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::ScrapPast => "scrap_past",
            Self::ServicePast => "service_past",
            Self::NotGenuine => "not_genuine",
            Self::ScrapSoon => "scrap_soon",
            Self::ServiceSoon => "service_soon",
            Self::NotListed => "not_listed",
            Self::Differs => "differs",
            Self::Unknown => "unknown",
            Self::Fine => "fine",
        }
    }
}

/// One extinguisher.
#[derive(Debug, Clone, PartialEq)]
pub struct Extinguisher {
    /// Its venue.
    pub venue: Id,
    /// Where it stands: by the file, else where its reader is.
    pub room: Option<Id>,
    /// Its identifier.
    pub asset: Id,
    /// What it holds; of one that is not listed, what its tag says.
    pub filling: Option<Filling>,
    /// What the file says of it; nothing where it is not listed.
    pub listed: Option<file::Asset>,
    /// When it is due.
    pub days: Days,
    /// The day at the venue for which all this is said.
    pub today: Date,
    /// What its reader last said.
    pub seen: Option<Seen>,
    /// What tag and file say differently.
    pub differences: Vec<Difference>,
}

impl Extinguisher {
    /// Days left until its service; negative when that is past.
    #[must_use]
    pub fn service_days(&self) -> Option<i32> {
        self.days.service.map(|day| days_left(self.today, day.date))
    }

    /// Days left until it must be scrapped.
    #[must_use]
    pub fn scrap_days(&self) -> Option<i32> {
        self.days.scrap.map(|day| days_left(self.today, day.date))
    }

    /// Since when its reader has not seen it in its place.
    #[must_use]
    pub fn missing_since(&self) -> Option<UnixMs> {
        self.seen.as_ref()?.present.filter(|(_, is)| !is).map(|(at, _)| at)
    }

    /// Everything that is to be said of it, the worst first; never empty.
    #[must_use]
    pub fn standings(&self) -> Vec<Standing> {
        let (service, scrap) = (self.service_days(), self.scrap_days());
        let soon = |days: Option<i32>| days.is_some_and(|days| (0..SOON_DAYS).contains(&days));
        let past = |days: Option<i32>| days.is_some_and(|days| days < 0);
        let is_false = self.differences.iter().any(|d| d.what == tag::Differs::NotGenuine);
        let others = self.differences.iter().any(|d| d.what != tag::Differs::NotGenuine);
        let says = |standing| match standing {
            Standing::Missing => self.missing_since().is_some(),
            Standing::ScrapPast => past(scrap),
            Standing::ServicePast => past(service),
            Standing::NotGenuine => is_false,
            Standing::ScrapSoon => soon(scrap),
            Standing::ServiceSoon => soon(service),
            Standing::NotListed => self.listed.is_none(),
            Standing::Differs => others,
            Standing::Unknown => service.is_none() || scrap.is_none(),
            Standing::Fine => false,
        };
        let mut all: Vec<_> = Standing::ALL.into_iter().filter(|s| says(*s)).collect();
        if all.is_empty() {
            all.push(Standing::Fine);
        }
        all
    }

    /// The worst of them.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.standings().first().copied().unwrap_or(Standing::Fine)
    }
}

/// Every extinguisher of `venue`, the worst first, those alike by room and name.
#[must_use]
pub fn register(venue: &Id, file: Option<&file::Venue>, live: &Live, today: Date) -> Vec<Extinguisher> {
    let listed = |id: &Id| file?.asset.get(id).filter(|asset| is_extinguisher(asset));
    let of_other_kind = |id: &Id| listed(id).is_none() && file.is_some_and(|file| file.asset.contains_key(id));
    let mut seen = tag::seen(live, venue, |id| listed(id).is_some());
    let mut all = Vec::new();
    for (id, asset) in file.into_iter().flat_map(|file| &file.asset).filter(|(_, asset)| is_extinguisher(asset)) {
        let days = days(asset);
        let seen = witness(&mut seen, id, asset.room.as_ref());
        let differences = seen.as_ref().map(|(_, seen)| seen.differences(asset, &days)).unwrap_or_default();
        all.push(Extinguisher {
            venue: venue.clone(),
            room: asset.room.clone().or_else(|| Some(seen.as_ref()?.0.clone())),
            asset: id.clone(),
            filling: asset.filling.as_deref().and_then(Filling::parse),
            listed: Some(asset.clone()),
            days,
            today,
            seen: seen.map(|(_, seen)| seen),
            differences,
        });
    }
    // One that is listed elsewhere and has no tag here is some other room's thing of the same name.
    let strays = seen.into_iter().filter(|((id, _), seen)| !of_other_kind(id) && seen.has_tag());
    all.extend(strays.map(|(place, seen)| stray(venue, place, seen, today)));
    all.sort_by_cached_key(|e| (e.standing(), e.room.clone(), e.asset.clone()));
    all
}

/// What is read of a listed extinguisher: in its own room, else in the only room where anything of that name
/// is read, since a reader may hang at the agent next door.
fn witness(seen: &mut BTreeMap<(Id, Id), Seen>, asset: &Id, room: Option<&Id>) -> Option<(Id, Seen)> {
    let rooms: Vec<Id> = seen.keys().filter(|(id, _)| id == asset).map(|(_, room)| room.clone()).collect();
    let own = room.filter(|room| rooms.contains(room)).cloned();
    let room = own.or_else(|| if rooms.len() == 1 { rooms.into_iter().next() } else { None })?;
    let seen = seen.remove(&(asset.clone(), room.clone()))?;
    Some((room, seen))
}

/// One that nobody listed: what its tag says is all there is.
fn stray(venue: &Id, (asset, room): (Id, Id), seen: Seen, today: Date) -> Extinguisher {
    let day = |date: Option<Date>| date.map(|date| Day { date, basis: Basis::Tag });
    // A tag that is not genuine gives no dates that anybody should rely on.
    let believed = seen.is_valid != Some(false);
    let days =
        if believed { Days { service: day(seen.months[2]), scrap: day(seen.months[3]) } } else { Days::default() };
    let differences = seen.differences(&file::Asset::default(), &Days::default());
    Extinguisher {
        venue: venue.clone(),
        room: Some(room),
        asset,
        filling: seen.filling,
        listed: None,
        days,
        today,
        seen: Some(seen),
        differences,
    }
}

/// Whether the register is about `asset`.
#[must_use]
pub fn is_extinguisher(asset: &file::Asset) -> bool {
    asset.kind.as_ref().is_some_and(|kind| kind.as_str() == KIND)
}
