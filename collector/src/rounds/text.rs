//! Rounds in words: turns rounds, answers, flags and refusals into what people read, in both languages.
//! Decides nothing.

use wire::UnixMs;

use super::{Answer, By, Evidence, Flag, Item, Plan, Refusal, Round, Stage, Target};
use crate::{
    config::Language,
    texts::{duration, fill, get},
    tickets::text::time,
    venues::Venues,
};

/// Questions that a missed round's ticket names; more are counted.
const LEFT_NAMED_MAX: usize = 8;

/// The round as people call it.
#[must_use]
pub fn name(round: &Round, language: Language) -> &str {
    match language {
        Language::ZhCn => &round.name_zh,
        Language::En => &round.name_en,
    }
}

/// The plan as people call it.
#[must_use]
pub fn plan_name(plan: &Plan, language: Language) -> &str {
    match language {
        Language::ZhCn => &plan.name_zh,
        Language::En => &plan.name_en,
    }
}

/// How it stands.
#[must_use]
pub fn stage(stage: Stage, language: Language) -> &'static str {
    get(language, &format!("rounds_stage.{}", stage.as_str()))
}

/// What a question demands.
#[must_use]
pub fn question(item: &Item, language: Language) -> &str {
    match language {
        Language::ZhCn => &item.zh,
        Language::En => &item.en,
    }
}

/// What a question is asked of.
#[must_use]
pub fn target(round: &Round, item: &Item, venues: &Venues, language: Language) -> String {
    match &item.target {
        Target::Asset(asset, room) => {
            let asset = venues.asset_name(&round.venue, asset, language);
            match room {
                Some(room) => format!("{} {asset}", venues.room_name(&round.venue, room, language)),
                None => asset.into_owned(),
            }
        }
        Target::Room(room) => venues.room_name(&round.venue, room, language).into_owned(),
        Target::Venue => get(language, "rounds.whole_venue").into(),
    }
}

/// An answer.
#[must_use]
pub fn answer(answer: &Answer, language: Language) -> String {
    let key = match (answer.passed, answer.note.is_empty()) {
        (true, true) => return get(language, "rounds.passed").into(),
        (true, false) => "rounds.passed_note",
        (false, _) => "rounds.not_passed",
    };
    fill(language, key, &[("note", &answer.note)])
}

/// The answer to a question, or what it waits for.
#[must_use]
pub fn answer_of(item: &Item, language: Language) -> String {
    match item.answer() {
        Some(given) => answer(given, language),
        None if item.evidence == Evidence::Tag => get(language, "rounds.tag_needed").into(),
        None => get(language, "rounds.open_answer").into(),
    }
}

/// Who gave an answer.
#[must_use]
pub fn by(by: &By, language: Language) -> String {
    match by {
        By::Person(name) => name.clone(),
        By::Tag { agent, tag, .. } => {
            // As it stands on the tag: its last six bytes.
            let values = [("agent", agent.as_str()), ("tag", &format!("{tag:012x}"))];
            fill(language, "rounds.by_tag", &values)
        }
        By::Contact { agent } => fill(language, "rounds.by_contact", &[("agent", agent.as_str())]),
    }
}

/// What to look at again.
#[must_use]
pub fn flag(round: &Round, flag: &Flag, venues: &Venues, language: Language) -> String {
    let asset = |asset| venues.asset_name(&round.venue, asset, language);
    match flag {
        Flag::TooFast { by, items, ms } => {
            let values = [("by", by.as_str()), ("n", &items.to_string()), ("time", &duration(language, *ms))];
            fill(language, "rounds_flag.too_fast", &values)
        }
        Flag::CountBack { asset: of, was, is } => {
            let values = [("asset", &*asset(of)), ("was", &was.to_string()), ("is", &is.to_string())];
            fill(language, "rounds_flag.count_back", &values)
        }
        Flag::OtherTag { asset: of } => fill(language, "rounds_flag.other_tag", &[("asset", &asset(of))]),
        Flag::NotWatched => get(language, "rounds_flag.not_watched").into(),
    }
}

/// What the ticket of a missed round says.
#[must_use]
pub fn missed(round: &Round, venues: &Venues, language: Language) -> String {
    let left: Vec<&Item> = round.items.iter().filter(|item| item.answers.is_empty()).collect();
    let mut named: Vec<String> = left
        .iter()
        .take(LEFT_NAMED_MAX)
        .map(|item| {
            if item.target == Target::Venue {
                return question(item, language).to_owned();
            }
            let target = target(round, item, venues, language);
            fill(language, "rounds_ticket.what", &[("target", &target), ("question", question(item, language))])
        })
        .collect();
    if left.len() > LEFT_NAMED_MAX {
        let more = (left.len() - LEFT_NAMED_MAX).to_string();
        named.push(fill(language, "rounds_ticket.more", &[("n", &more)]));
    }
    let values = [
        ("name", name(round, language)),
        ("date", &round.date),
        ("due", &clock(round.due, round, venues, language)),
        ("left", &left.len().to_string()),
        ("all", &round.items.len().to_string()),
        ("items", &named.join(if language == Language::ZhCn { "；" } else { "; " })),
    ];
    fill(language, "rounds_ticket.missed", &values)
}

/// What the ticket of a failed question says: in its first line, which is its title, what is wrong.
#[must_use]
pub fn failed(round: &Round, item: &Item, note: &str, venues: &Venues, language: Language) -> String {
    let asset = match &item.target {
        Target::Asset(asset, _) => Some(venues.asset_name(&round.venue, asset, language)),
        Target::Room(_) | Target::Venue => None,
    };
    let key = if asset.is_some() { "rounds_ticket.failed_at" } else { "rounds_ticket.failed" };
    let asset = asset.as_deref().unwrap_or_default();
    let values =
        [("asset", asset), ("note", note), ("name", name(round, language)), ("question", question(item, language))];
    fill(language, key, &values)
}

/// What the ticket of a missed round is told when it is complete.
#[must_use]
pub fn late(round: &Round, who: &str, venues: &Venues, language: Language) -> String {
    let time = clock(round.done_at.unwrap_or(round.due), round, venues, language);
    fill(language, "rounds_ticket.late", &[("who", who), ("time", &time)])
}

/// An instant as the venue's clock on the wall shows it.
#[must_use]
pub fn clock(at: UnixMs, round: &Round, venues: &Venues, language: Language) -> String {
    time(at, venues.zone(&round.venue), language)
}

/// Why an answer was refused.
#[must_use]
pub fn refusal(language: Language, refusal: &Refusal) -> String {
    let said = |key: &str, values: &[(&str, &str)]| fill(language, &format!("rounds_refused.{key}"), values);
    match refusal {
        Refusal::Unknown { round } => said("unknown", &[("round", round)]),
        Refusal::NoCheck { check, known } => {
            let known = known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            said("no_check", &[("check", check), ("known", &known)])
        }
        Refusal::TagOnly { check } => said("tag_only", &[("check", check)]),
        Refusal::Ended { stage: at } => said("ended", &[("stage", stage(*at, language))]),
        Refusal::Empty { field } => said("empty", &[("field", field)]),
        Refusal::TooLong { field, most } => said("too_long", &[("field", field), ("most", &most.to_string())]),
        Refusal::TooOften { item } => said("too_often", &[("item", item)]),
    }
}
