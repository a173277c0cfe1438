//! The register in words: turns standings, differences and dates into what people read, in both
//! languages. Decides nothing.

use jiff::tz::TimeZone;
use wire::UnixMs;

use super::{
    book::{Extinguisher, Standing},
    dates::{Basis, Day},
    filling::Filling,
    tag::{Difference, Differs},
};
use crate::{
    config::Language,
    texts::{fill, get},
    tickets::text::time,
};

/// How it stands.
#[must_use]
pub fn standing(standing: Standing, language: Language) -> &'static str {
    get(language, &format!("register_standing.{}", standing.as_str()))
}

/// What to do about it.
#[must_use]
pub fn advice(standing: Standing, language: Language) -> &'static str {
    get(language, &format!("register_advice.{}", standing.as_str()))
}

/// What a date rests on.
#[must_use]
pub fn basis(basis: Basis, language: Language) -> &'static str {
    get(
        language,
        match basis {
            Basis::Written => "register_basis.written",
            Basis::AfterService => "register_basis.after_service",
            Basis::AfterManufacture => "register_basis.after_manufacture",
            Basis::Tag => "register_basis.tag",
        },
    )
}

/// Further away than this the number of days tells nobody anything.
const DAYS_TOLD_MAX: i32 = 366;

/// A date, and how far it is where that is near: `2026-12-01` and `in 8 days`.
#[must_use]
pub fn due(day: Option<Day>, days: Option<i32>, language: Language) -> (String, String) {
    let (Some(day), Some(days)) = (day, days) else {
        return (get(language, "register.not_known").into(), String::new());
    };
    let n = days.unsigned_abs().to_string();
    let far = match days {
        0 => get(language, "register.due_today").into(),
        days if days < 0 => fill(language, "register.due_past", &[("n", &n)]),
        days if days <= DAYS_TOLD_MAX => fill(language, "register.due_in", &[("n", &n)]),
        _ => String::new(),
    };
    (day.date.to_string(), far)
}

/// A reader that said nothing for longer is not asked what hangs there now: three of its longest periods.
const FRESH_MS: i64 = 15 * 60_000;

/// Whether it hangs in its place, and by which reading that is known.
#[must_use]
pub fn place(e: &Extinguisher, now: UnixMs, zone: &TimeZone, language: Language) -> String {
    match e.seen.as_ref().and_then(|seen| seen.present) {
        None => get(language, "register.no_reader").into(),
        Some((at, is)) => {
            let key = match (is, now.saturating_sub(at) <= FRESH_MS) {
                (false, _) => "register.not_in_place",
                (true, true) => "register.in_place",
                (true, false) => "register.was_in_place",
            };
            fill(language, key, &[("time", &time(at, zone, language))])
        }
    }
}

/// How many there are, and how many of them want something.
#[must_use]
pub fn count(all: &[Extinguisher], language: Language) -> String {
    let bad = all.iter().filter(|e| e.standing() != Standing::Fine).count();
    let values = [("n", &*all.len().to_string()), ("bad", &*bad.to_string())];
    fill(language, if bad == 0 { "register.count_fine" } else { "register.count" }, &values)
}

/// A difference between tag and file.
#[must_use]
pub fn difference(difference: &Difference, language: Language) -> String {
    let words = |text: &str| match (difference.what, Filling::parse(text)) {
        (Differs::Type, Some(kind)) => kind.words(language).to_owned(),
        _ => text.to_owned(),
    };
    let what = get(language, &format!("register_differs.{}", difference.what.as_str()));
    if difference.what == Differs::NotGenuine {
        return what.to_owned();
    }
    let (file, tag) = (words(&difference.file), words(&difference.tag));
    fill(language, "register.difference", &[("what", what), ("file", &file), ("tag", &tag)])
}
