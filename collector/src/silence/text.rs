//! Accounts of silence in words, zh-CN and en: `data: 98.2 % measured, 1.1 % backfilled, 0.7 % lost: mostly no
//! response`. What is not there is not said; what is lost is never rounded away.

use std::borrow::Cow;

use super::account::{Account, MILLION, Reason};
use crate::texts::{Language, fault, fill, get};

/// Reasons that a row names; the others are small.
const REASONS_MAX: usize = 3;

/// Why something is lost.
#[must_use]
pub fn reason(language: Language, reason: &Reason) -> Cow<'static, str> {
    match reason {
        Reason::Fault(name) => fault(language, name),
        own => get(language, &format!("silence_reason.{}", own.as_str())).into(),
    }
}

/// Parts per million as percent with one decimal. What is there is at least `<0.1`, what is not whole at
/// most `>99.9`: nothing lost is shown as nothing only where nothing is lost.
#[must_use]
pub fn percent(ppm: i64) -> String {
    match ppm {
        0 => "0".into(),
        MILLION => "100".into(),
        1..=499 => "<0.1".into(),
        999_501..MILLION => ">99.9".into(),
        _ => format!("{:.1}", ppm as f64 / 10_000.0),
    }
}

/// The shares that are there, and why most of what is lost is lost; `None` where nothing counts.
#[must_use]
pub fn line(language: Language, account: &Account) -> Option<String> {
    if account.counted_ms() == 0 {
        return None;
    }
    let shares = account.shares_ppm();
    let whole = account.counted_ms();
    let named = [
        ("silence.measured", shares.measured_ppm, account.measured_ms),
        ("silence.backfilled", shares.backfilled_ppm, account.backfilled_ms),
        ("silence.lost", shares.lost_ppm, account.lost_ms()),
        ("silence.planned_off", shares.planned_off_ppm, account.planned_off_ms),
    ];
    let there = named.into_iter().filter(|(_, _, ms)| *ms > 0);
    let words: Vec<String> = there
        .map(|(key, ppm, ms)| {
            let (name, percent) = (get(language, key), exactly(ppm, ms, whole));
            let why = account.reasons().first().map(|(why, _)| reason(language, why)).unwrap_or_default();
            let values = [("name", name), ("percent", &*percent), ("why", &*why)];
            let form = match (key, account.lost.len()) {
                ("silence.lost", 1) => "silence.lost_why",
                ("silence.lost", _) => "silence.lost_mostly",
                _ => "silence.share",
            };
            fill(language, form, &values)
        })
        .collect();
    Some(fill(language, "silence.line", &[("shares", &words.join(get(language, "silence.joined")))]))
}

/// Heads of a table with [`cells`].
pub fn heads(language: Language) -> impl Iterator<Item = &'static str> {
    let keys = ["measured", "backfilled", "lost", "planned_off", "why"];
    keys.into_iter().map(move |key| get(language, &format!("silence.{key}")))
}

/// The four shares in percent, and why something is lost, with how much: a row of a table.
#[must_use]
pub fn cells(language: Language, account: &Account) -> Vec<String> {
    let (shares, whole) = (account.shares_ppm(), account.counted_ms());
    let parts = [
        (shares.measured_ppm, account.measured_ms),
        (shares.backfilled_ppm, account.backfilled_ms),
        (shares.lost_ppm, account.lost_ms()),
        (shares.planned_off_ppm, account.planned_off_ms),
    ];
    let mut cells: Vec<String> = parts.iter().map(|(ppm, ms)| format!("{} %", exactly(*ppm, *ms, whole))).collect();
    let why = account.reasons().into_iter().take(REASONS_MAX).map(|(why, ms)| {
        let ppm = (i128::from(ms) * i128::from(MILLION) / i128::from(whole.max(1))) as i64;
        fill(language, "silence.reason", &[("why", &reason(language, why)), ("percent", &exactly(ppm, ms, whole))])
    });
    cells.push(why.collect::<Vec<_>>().join(get(language, "silence.reasons_joined")));
    cells
}

/// A part of a whole in percent, where nothing and everything are said only of nothing and everything.
fn exactly(ppm: i64, ms: i64, whole: i64) -> String {
    percent(ppm.clamp(i64::from(ms > 0), MILLION - i64::from(ms < whole)))
}

#[cfg(test)]
mod tests {
    use wire::Fault;

    use super::*;

    #[test]
    fn a_line_says_what_is_there_and_why_it_is_lost() {
        let mut account = Account { measured_ms: 982_000, backfilled_ms: 11_000, ..Account::default() };
        account.lose(Reason::Fault(Fault::NoResponse), 6_000);
        account.lose(Reason::AgentAway, 1_000);
        let en = line(Language::En, &account).unwrap();
        assert_eq!(en, "data: 98.2 % measured, 1.1 % backfilled, 0.7 % lost: mostly no response");
        let zh = line(Language::ZhCn, &account).unwrap();
        assert_eq!(zh, "数据：实时 98.2%，补传 1.1%，缺失 0.7%（主要是传感器无应答）");
        assert_eq!(line(Language::En, &Account::default()), None);
    }

    #[test]
    fn a_loss_is_never_rounded_away() {
        let mut account = Account { measured_ms: 86_400_000 * 30, ..Account::default() };
        assert_eq!(line(Language::En, &account).unwrap(), "data: 100 % measured");
        account.lose(Reason::AgentAway, 1);
        let text = line(Language::En, &account).unwrap();
        assert!(text.contains(">99.9 % measured") && text.contains("<0.1 % lost"), "{text}");
    }

    #[test]
    fn every_reason_of_its_own_has_words() {
        for own in Reason::OWN {
            for language in [Language::ZhCn, Language::En] {
                assert!(reason(language, &own).len() > 4, "{own}");
            }
        }
    }
}
