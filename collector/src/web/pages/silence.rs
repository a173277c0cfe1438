//! The block of a room's page that says how complete its data is: one line, and a table of the points
//! where something is not as it should be.

use wire::{Id, UnixMs};

use super::Failure;
use crate::{
    Shared,
    config::Language,
    silence::{
        job::BACK_DAYS,
        text,
        total::{self, SINCE_MS_USUAL, Which},
    },
    texts::{self, fill, get},
    tickets::text::time,
};

/// Points of the table at most; they are the worst.
const POINTS_MAX: usize = 40;

/// The block.
pub(super) struct Silence {
    /// What it is, and of which days.
    pub title: String,
    /// The line, or that there is nothing yet.
    pub line: String,
    /// Up to when it goes, and what still changes it.
    pub hints: Vec<String>,
    /// What opens the table.
    pub details: &'static str,
    /// Heads of the table.
    pub heads: Vec<&'static str>,
    /// Its rows: point, shares, reasons.
    pub rows: Vec<Vec<String>>,
}

/// The block of a room over the last week.
pub(super) fn of_room(
    shared: &Shared,
    language: Language,
    venue: &Id,
    room: &Id,
    now: UnixMs,
) -> Result<Silence, Failure> {
    let venues = shared.venues.get();
    let which = Which { venue: Some(venue.clone()), room: Some(room.clone()), from: now - SINCE_MS_USUAL, to: now };
    let days = (SINCE_MS_USUAL / 86_400_000).to_string();
    let title =
        format!("{} · {}", get(language, "silence.title"), fill(language, "silence.since_days", &[("n", &days)]));
    let total = total::rooms(&*shared.reader, &venues, &which)?.pop();
    let nothing = || get(language, "silence.nothing").to_owned();
    let Some(total) = total.filter(|total| total.account.counted_ms() > 0) else {
        let details = get(language, "silence.details");
        return Ok(Silence { title, details, line: nothing(), hints: Vec::new(), heads: Vec::new(), rows: Vec::new() });
    };
    let unlike = total.points.iter().filter(|p| p.account.measured_ms < p.account.counted_ms()).take(POINTS_MAX);
    let rows = unlike.map(|p| {
        let name = texts::point(language, &p.point).into_owned();
        std::iter::once(name).chain(text::cells(language, &p.account)).collect()
    });
    let upto = time(total.upto, venues.zone(venue), language);
    let back = BACK_DAYS.to_string();
    Ok(Silence {
        title,
        line: text::line(language, &total.account).unwrap_or_else(nothing),
        hints: vec![
            format!("{} {upto}", get(language, "silence.upto")),
            fill(language, "silence.back", &[("n", &back)]),
        ],
        details: get(language, "silence.details"),
        heads: std::iter::once(get(language, "silence.point")).chain(text::heads(language)).collect(),
        rows: rows.collect(),
    })
}
