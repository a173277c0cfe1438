//! What people call a venue and the things in it: the names of its file, else those that everybody
//! uses, else the identifier. Decides nothing else.

use std::borrow::Cow;

use wire::Id;

use super::Venues;
use crate::{config::Language, episode::OWN_AGENT, texts};

/// The name in `language`, else in the other.
fn pick<'a>(language: Language, zh: &'a Option<String>, en: &'a Option<String>) -> Option<&'a str> {
    let (first, second) = match language {
        Language::ZhCn => (zh, en),
        Language::En => (en, zh),
    };
    first.as_deref().or(second.as_deref())
}

impl Venues {
    /// The venue.
    #[must_use]
    pub fn name<'a>(&'a self, venue: &'a Id, language: Language) -> &'a str {
        let file = self.venue(venue).map(|v| &v.file);
        let name = file.and_then(|v| pick(language, &v.name_zh, &v.name_en));
        let own = || (venue.as_str() == OWN_AGENT).then(|| texts::get(language, "room_name.collector"));
        name.or_else(own).unwrap_or(venue.as_str())
    }

    /// A room of it.
    #[must_use]
    pub fn room_name(&self, venue: &Id, room: &Id, language: Language) -> Cow<'_, str> {
        let file = self.venue(venue).and_then(|v| v.file.room.get(room));
        let name = file.and_then(|r| pick(language, &r.name_zh, &r.name_en));
        name.map_or_else(|| texts::room(language, room).into(), Cow::Borrowed)
    }

    /// An asset of it.
    #[must_use]
    pub fn asset_name(&self, venue: &Id, asset: &Id, language: Language) -> Cow<'_, str> {
        let file = self.venue(venue).and_then(|v| v.file.asset.get(asset));
        let name = file.and_then(|a| pick(language, &a.name_zh, &a.name_en));
        name.map_or_else(|| texts::asset(language, asset), Cow::Borrowed)
    }

    /// A team of it.
    #[must_use]
    pub fn team_name(&self, venue: &Id, team: &Id, language: Language) -> Cow<'_, str> {
        let file = self.venue(venue).and_then(|v| v.file.team.get(team));
        let name = file.and_then(|t| pick(language, &t.name_zh, &t.name_en));
        name.map_or_else(|| texts::team(language, team), Cow::Borrowed)
    }
}
