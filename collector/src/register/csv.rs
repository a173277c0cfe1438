//! The register as CSV for a spreadsheet: a line an extinguisher, headings in the reader's language,
//! UTF-8 with a mark at its begin so that Excel shows Chinese, and no cell that a spreadsheet would
//! take for a formula.

use wire::UnixMs;

use super::{
    book::{Extinguisher, Standing},
    dates::Day,
    text,
};
use crate::{config::Language, texts::get, venues::Venues};

/// Marks UTF-8 for Excel.
pub const MARK: &str = "\u{feff}";
/// What a cell must not begin with: spreadsheets run it (OWASP, CSV Injection).
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];
/// Columns in their order; each has a text of its name.
pub const COLUMNS: [&str; 18] = [
    "venue",
    "room",
    "asset",
    "name",
    "type",
    "model",
    "serial",
    "maker",
    "made",
    "serviced",
    "due",
    "due_days",
    "due_basis",
    "scrap",
    "scrap_days",
    "place",
    "standing",
    "differences",
];

/// The whole file.
#[must_use]
pub fn print(register: &[Extinguisher], now: UnixMs, venues: &Venues, language: Language) -> String {
    let mut out = MARK.to_owned();
    let head = COLUMNS.map(|column| get(language, &format!("register.{column}")).to_owned());
    line(&mut out, &head);
    for e in register {
        line(&mut out, &cells(e, now, venues, language));
    }
    out
}

fn cells(e: &Extinguisher, now: UnixMs, venues: &Venues, language: Language) -> [String; COLUMNS.len()] {
    let listed = |field: fn(&crate::venues::file::Asset) -> &Option<String>| {
        e.listed.as_ref().and_then(|asset| field(asset).clone()).unwrap_or_default()
    };
    let date = |day: Option<Day>| day.map_or(String::new(), |day| day.date.to_string());
    let number = |days: Option<i32>| days.map_or(String::new(), |days| days.to_string());
    [
        venues.name(&e.venue, language).to_owned(),
        e.room.as_ref().map_or(String::new(), |room| venues.room_name(&e.venue, room, language).into_owned()),
        e.asset.to_string(),
        venues.asset_name(&e.venue, &e.asset, language).into_owned(),
        e.filling.map_or(String::new(), |kind| kind.words(language).to_owned()),
        listed(|asset| &asset.model),
        listed(|asset| &asset.serial),
        listed(|asset| &asset.maker),
        listed(|asset| &asset.made),
        listed(|asset| &asset.serviced),
        date(e.days.service),
        number(e.service_days()),
        e.days.service.map_or(String::new(), |day| text::basis(day.basis, language).to_owned()),
        date(e.days.scrap),
        number(e.scrap_days()),
        text::place(e, now, venues.zone(&e.venue), language),
        e.standings().iter().map(|s: &Standing| text::standing(*s, language)).collect::<Vec<_>>().join(" · "),
        e.differences.iter().map(|d| text::difference(d, language)).collect::<Vec<_>>().join(" · "),
    ]
}

fn line(out: &mut String, cells: &[String]) {
    for (n, cell) in cells.iter().enumerate() {
        if n > 0 {
            out.push(',');
        }
        out.push_str(&quoted(cell));
    }
    // RFC 4180.
    out.push_str("\r\n");
}

/// A cell that reads as what it says: a number stays one, anything else that begins like a formula
/// gets an apostrophe before it, and quotes stand where RFC 4180 wants them.
#[must_use]
pub fn quoted(cell: &str) -> String {
    let is_number = cell.parse::<i64>().is_ok() && !cell.starts_with('+');
    let begins = cell.trim_start_matches([' ', '\u{a0}', '\u{3000}']).starts_with(FORMULA);
    let cell = if begins && !is_number { format!("'{cell}") } else { cell.to_owned() };
    if cell.contains([',', '"', '\r', '\n', ';', '\t', '\'']) || cell.starts_with(' ') || cell.ends_with(' ') {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell
    }
}
