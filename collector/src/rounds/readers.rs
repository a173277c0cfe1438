//! What readers at the brackets say in a sample: turns its points, by what agents told of themselves,
//! into [`Reading`]s of assets that hang in their place. Gives nothing for an asset that does not.

use std::collections::{HashMap, HashSet};

use wire::{About, Id, PointName, Source};

use super::Reading;

/// What says that something hangs in its place.
const PRESENT: [&str; 2] = ["_present", "_in_place"];

/// The points of one bracket.
#[derive(Debug, Clone)]
struct Bracket {
    asset: Id,
    present: PointName,
    /// Where the same agent reads a tag there.
    tag: Option<Tag>,
}

#[derive(Debug, Clone)]
struct Tag {
    id: PointName,
    valid: PointName,
    count: PointName,
}

/// The brackets of all agents.
#[derive(Debug, Default)]
pub struct Readers {
    by_source: HashMap<Source, Vec<Bracket>>,
    /// Who reads an asset of a venue.
    by_asset: HashMap<(Id, Id), HashSet<Source>>,
}

impl Readers {
    /// An agent says what its points are.
    pub fn learn(&mut self, source: &Source, about: &About) {
        let mut brackets = Vec::new();
        for (name, point) in &about.points {
            let Some(asset) = &point.asset else { continue };
            let Some(end) = PRESENT.into_iter().find(|end| name.as_str().ends_with(end)) else { continue };
            let of_bracket = |quantity: &str| {
                PointName::parse(&format!("{}{quantity}", name.as_str().strip_suffix(end).unwrap_or_default())).ok()
            };
            let tag = of_bracket("_tag_id").filter(|id| end == PRESENT[0] && about.points.contains_key(id));
            let tag = tag
                .and_then(|id| Some(Tag { id, valid: of_bracket("_tag_valid")?, count: of_bracket("_read_count")? }));
            brackets.push(Bracket { asset: asset.clone(), present: name.clone(), tag });
        }
        let place = |asset: &Id| (source.venue.clone(), asset.clone());
        for bracket in self.by_source.remove(source).unwrap_or_default() {
            if let Some(all) = self.by_asset.get_mut(&place(&bracket.asset)) {
                all.remove(source);
            }
        }
        for bracket in &brackets {
            self.by_asset.entry(place(&bracket.asset)).or_default().insert(source.clone());
        }
        if !brackets.is_empty() {
            self.by_source.insert(source.clone(), brackets);
        }
    }

    /// What hangs in its place by a sample of `source`: the asset, and its room where agents of other rooms
    /// use the same name.
    #[must_use]
    pub fn readings(&self, source: &Source, points: &[(PointName, f64)]) -> Vec<(Id, Option<Id>, Reading)> {
        let value = |name: &PointName| points.iter().find(|(point, _)| point == name).map(|(_, value)| *value);
        let reading = |bracket: &Bracket| {
            value(&bracket.present).filter(|is| *is >= 0.5)?;
            let reading = match &bracket.tag {
                None => Reading::Contact,
                // A tag whose name did not come says nothing.
                Some(tag) => Reading::Tag {
                    tag: value(&tag.id).filter(|id| *id >= 0.0)? as u64,
                    is_valid: value(&tag.valid).map(|valid| valid >= 0.5),
                    count: value(&tag.count).filter(|count| *count >= 0.0).map(|count| count as u64),
                },
            };
            let room = self.is_ambiguous(source, &bracket.asset).then(|| source.room.clone());
            Some((bracket.asset.clone(), room, reading))
        };
        self.by_source.get(source).into_iter().flatten().filter_map(reading).collect()
    }

    fn is_ambiguous(&self, source: &Source, asset: &Id) -> bool {
        let all = self.by_asset.get(&(source.venue.clone(), asset.clone()));
        all.is_some_and(|all| all.iter().any(|other| other.room != source.room))
    }
}
