//! What readers at the brackets say of an extinguisher: turns the last values of an agent's points
//! into one picture by asset, and says where tag and file differ. Believes the file; changes nothing.

use std::collections::BTreeMap;

use jiff::civil::Date;
use wire::{Id, PointName, UnixMs};

use super::{
    dates::{Days, end_of_month},
    filling::Filling,
};
use crate::{live::Live, venues::file::Asset};

/// Quantities by which a point says that an asset is an extinguisher with a tag.
const TAG_QUANTITIES: [&str; 3] = ["type_code", "scrap_month", "tag_id"];
/// Quantities that say whether it hangs in its place: by its tag, or by a contact at the bracket.
pub const PRESENT_QUANTITIES: [&str; 2] = ["present", "in_place"];

/// What was last read at one bracket.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Seen {
    /// When anything of it was read last.
    pub at: UnixMs,
    /// Whether it hangs in its place, and since which reading that is known.
    pub present: Option<(UnixMs, bool)>,
    /// Whether the tag is genuine and the one that belongs here; `None` where nobody can tell.
    pub is_valid: Option<bool>,
    /// The tag's own number.
    pub tag_id: Option<u64>,
    /// What it holds.
    pub filling: Option<Filling>,
    /// Months on the tag, as the last day of each: made, serviced, due, scrap.
    pub months: [Option<Date>; 4],
}

/// Something that tag and file say differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Differs {
    /// The tag is forged, blank, or another's.
    NotGenuine,
    /// What it holds.
    Type,
    /// When it was made.
    Made,
    /// When it was last serviced.
    Serviced,
    /// When it must be serviced next.
    Due,
    /// When it must be scrapped.
    Scrap,
}

impl Differs {
    /// Its word, as texts and the API have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotGenuine => "not_genuine",
            Self::Type => "type",
            Self::Made => "made",
            Self::Serviced => "serviced",
            Self::Due => "due",
            Self::Scrap => "scrap",
        }
    }
}

/// A difference with what each side says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// In what.
    pub what: Differs,
    /// What the file says; empty for a tag that is not genuine.
    pub file: String,
    /// What the tag says.
    pub tag: String,
}

/// Everything that agents of `venue` last read of extinguishers, by asset and the room of the agent: those
/// that the file lists, and those with a tag that nobody listed. Agents of two rooms may use one name.
#[must_use]
pub fn seen(live: &Live, venue: &Id, is_listed: impl Fn(&Id) -> bool) -> BTreeMap<(Id, Id), Seen> {
    let mut all: BTreeMap<(Id, Id), Seen> = BTreeMap::new();
    for (source, agent) in live.agents.iter().filter(|(source, _)| source.venue == *venue) {
        let Some(about) = &agent.about else { continue };
        let points: Vec<_> = about.points.iter().filter_map(|(name, p)| Some((name, p.asset.as_ref()?))).collect();
        let has_tag = |asset: &Id| {
            points.iter().any(|(name, a)| *a == asset && TAG_QUANTITIES.contains(&quantity(name, asset).unwrap_or("")))
        };
        for (name, asset) in &points {
            let Some(quantity) = quantity(name, asset) else { continue };
            if !is_listed(asset) && !has_tag(asset) {
                continue;
            }
            let seen = all.entry(((*asset).clone(), source.room.clone())).or_default();
            if let Some((at, value)) = agent.points.get(*name).and_then(|p| p.value) {
                seen.take(quantity, at, value);
            }
        }
    }
    all
}

/// `present` of `extinguisher_1_present`, where the asset is `extinguisher-1`.
#[must_use]
pub fn quantity<'a>(point: &'a PointName, asset: &Id) -> Option<&'a str> {
    let (name, asset) = (point.as_str(), asset.as_str());
    let begins =
        name.len() > asset.len() && name.bytes().zip(asset.bytes()).all(|(n, a)| n == if a == b'-' { b'_' } else { a });
    if begins { name[asset.len()..].strip_prefix('_') } else { None }
}

impl Seen {
    /// Whether a tag was read, not only a contact.
    #[must_use]
    pub fn has_tag(&self) -> bool {
        self.tag_id.is_some() || self.filling.is_some() || self.months.iter().any(Option::is_some)
    }

    fn take(&mut self, quantity: &str, at: UnixMs, value: f64) {
        match quantity {
            _ if PRESENT_QUANTITIES.contains(&quantity) => {
                // Of two witnesses the later one counts; of two at once the one that misses it.
                let (known_at, was) = self.present.unwrap_or((UnixMs::MIN, true));
                let is = value >= 0.5;
                if at > known_at || (at == known_at && !is && was) {
                    self.present = Some((at, is));
                }
            }
            "tag_valid" => self.is_valid = Some(value >= 0.5),
            "tag_id" => self.tag_id = (value >= 0.0).then_some(value as u64),
            "type_code" => self.filling = Filling::of_code(value),
            "made_month" => self.months[0] = end_of_month(value),
            "serviced_month" => self.months[1] = end_of_month(value),
            "due_month" => self.months[2] = end_of_month(value),
            "scrap_month" => self.months[3] = end_of_month(value),
            _ => return,
        }
        self.at = self.at.max(at);
    }

    /// What the tag says otherwise than the file and the days that follow from it. Months only, since
    /// a tag has no days; what only one of the two knows is no difference.
    #[must_use]
    pub fn differences(&self, asset: &Asset, days: &Days) -> Vec<Difference> {
        let mut all = Vec::new();
        if self.is_valid == Some(false) {
            all.push(Difference { what: Differs::NotGenuine, file: String::new(), tag: String::new() });
        }
        let listed = asset.filling.as_deref().and_then(Filling::parse);
        if let (Some(file), Some(tag)) = (listed, self.filling)
            && file != tag
        {
            let (file, tag) = (file.as_str().to_owned(), tag.as_str().to_owned());
            all.push(Difference { what: Differs::Type, file, tag });
        }
        let date = |text: &Option<String>| text.as_deref().and_then(|text| text.parse::<Date>().ok());
        let (service, scrap) = (days.service.map(|d| d.date), days.scrap.map(|d| d.date));
        let of_file = [date(&asset.made), date(&asset.serviced), service, scrap];
        let names = [Differs::Made, Differs::Serviced, Differs::Due, Differs::Scrap];
        for (what, (file, tag)) in names.into_iter().zip(of_file.into_iter().zip(self.months)) {
            if let (Some(file), Some(tag)) = (file, tag)
                && (file.year(), file.month()) != (tag.year(), tag.month())
            {
                all.push(Difference { what, file: month(file), tag: month(tag) });
            }
        }
        all
    }
}

/// `2026-11`.
#[must_use]
pub fn month(date: Date) -> String {
    format!("{:04}-{:02}", date.year(), date.month())
}
