//! What counts as proof: decides whether a reading answers a question, and whether answers came faster
//! than anybody walks. Pure; remembers nothing of its own.

use wire::{Id, UnixMs};

use super::{Answer, By, Evidence, Flag, Item, Reading, Target, state::LastTag};

/// Nobody looks at a thing, and walks to the next, in less than this.
pub const ITEM_MS_MIN: i64 = 3_000;
/// A reader asks a tag's memory every hour, which its counter counts: after this time it has grown.
const COUNT_GROWS_MS: i64 = 3 * 3_600_000;

/// What a reading is worth.
#[derive(Debug, Clone, PartialEq)]
pub enum Worth {
    /// It answers.
    Answer(By),
    /// It answers, and a person should look all the same.
    Doubted(By, Flag),
    /// It does not answer, and a person should look.
    Rejected(Flag),
    /// It says nothing.
    Nothing,
}

/// What `reading` is worth for what stands at `asset`, of which `last` was seen before.
#[must_use]
pub fn weigh(reading: &Reading, agent: &Id, asset: &Id, at: UnixMs, last: Option<&LastTag>) -> Worth {
    let (tag, count) = match *reading {
        Reading::Contact => return Worth::Answer(By::Contact { agent: agent.clone() }),
        // Forged or another's: the rules tell of it, and it proves nothing.
        Reading::Tag { is_valid: Some(false), .. } => return Worth::Nothing,
        Reading::Tag { tag, count, .. } => (tag, count),
    };
    let by = By::Tag { agent: agent.clone(), tag, count };
    match last {
        Some(last) if last.tag != tag => Worth::Doubted(by, Flag::OtherTag { asset: asset.clone() }),
        Some(last) => match (last.count, count) {
            (Some(was), Some(is)) if is < was || (is == was && at.saturating_sub(last.at) > COUNT_GROWS_MS) => {
                Worth::Rejected(Flag::CountBack { asset: asset.clone(), was, is })
            }
            _ => Worth::Answer(by),
        },
        None => Worth::Answer(by),
    }
}

/// Whether a question waits for what a reader sees at `asset`, in `room` where that matters.
#[must_use]
pub fn is_answered_by(item: &Item, asset: &Id, room: Option<&Id>, reading: &Reading) -> bool {
    let is_here = |stands_in: &Option<Id>| room.is_none() || stands_in.as_ref() == room;
    let is_asked = matches!(&item.target, Target::Asset(id, stands_in) if id == asset && is_here(stands_in));
    let counts = match item.evidence {
        Evidence::Person => false,
        // A contact knows that something hangs there, a tag knows what.
        Evidence::Tag => matches!(reading, Reading::Tag { .. }),
        Evidence::Either => true,
    };
    is_asked && counts && item.answers.is_empty()
}

/// People who answered faster than anybody walks: all is well at everything, from the first answer to
/// the last in less than [`ITEM_MS_MIN`] for each but the first.
#[must_use]
pub fn too_fast(items: &[Item]) -> Vec<Flag> {
    let mut people: Vec<(&str, u32, UnixMs, UnixMs)> = Vec::new();
    for answer in items.iter().filter_map(Item::answer) {
        let Answer { by: By::Person(who), passed: true, at, .. } = answer else { continue };
        match people.iter_mut().find(|(name, ..)| name == who) {
            Some((_, n, first, last)) => (*n, *first, *last) = (*n + 1, (*first).min(*at), (*last).max(*at)),
            None => people.push((who, 1, *at, *at)),
        }
    }
    let fast = |(who, n, first, last): (&str, u32, UnixMs, UnixMs)| {
        let ms = last.saturating_sub(first);
        let is = n >= 2 && ms < i64::from(n - 1) * ITEM_MS_MIN;
        is.then(|| Flag::TooFast { by: who.to_owned(), items: n, ms })
    };
    people.into_iter().filter_map(fast).collect()
}
