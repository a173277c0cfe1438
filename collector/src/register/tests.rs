//! The register over files of venues and readings as agents send them: what is joined, what differs,
//! what stands first, and what a spreadsheet gets.

use std::collections::BTreeMap;

use jiff::civil::date;
use wire::{About, Id, PointAbout, PointName, Sample, Source};

use super::{
    book::{Extinguisher, Standing, register},
    csv::{self, COLUMNS, MARK, quoted},
    own, text,
};
use crate::{
    config::Language,
    live::Live,
    venues::{Holidays, Venues},
};

fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

fn name(text: &str) -> PointName {
    PointName::parse(text).unwrap()
}

fn venues(text: &str) -> Venues {
    Venues::of(&[("venues.toml".into(), text.into())], Holidays::default(), "Asia/Shanghai").unwrap()
}

const FILE: &str = r#"
[venue.nanshan]
[venue.nanshan.room.k01]
[venue.nanshan.room.k02]
[venue.nanshan.asset.extinguisher-1]
kind = "extinguisher"
room = "k01"
type = "powder"
made = "2023-01-05"
serviced = "2026-02-10"
[venue.nanshan.asset.extinguisher-2]
kind = "extinguisher"
room = "k02"
type = "water"
made = "2021-01-05"
serviced = "2025-12-10"
[venue.nanshan.asset.extinguisher-3]
kind = "extinguisher"
name_zh = "=HYPERLINK(\"http://evil\")"
[venue.nanshan.asset.amplifier]
kind = "amplifier"
room = "k01"
"#;

/// What an agent in `room` says of `asset`: each quantity with its value.
fn says(live: &mut Live, room: &str, asset: &str, at: i64, values: &[(&str, f64)]) {
    let source = Source { venue: id("nanshan"), room: id(room), agent: id(&format!("{room}-pi")) };
    let point = |quantity: &str| name(&format!("{}_{quantity}", asset.replace('-', "_")));
    let own = |quantity: &str| (point(quantity), PointAbout { asset: Some(id(asset)), ..PointAbout::default() });
    let all =
        ["present", "tag_id", "tag_valid", "type_code", "made_month", "serviced_month", "due_month", "scrap_month"];
    let points: BTreeMap<_, _> = all.into_iter().map(own).collect();
    let about = About { model: "Raspberry Pi 4".into(), version: "1".into(), sensors: Vec::new(), points };
    let commit = crate::ledger::Commit { abouts: vec![(source.clone(), about)], ..Default::default() };
    let locked = std::sync::RwLock::new(std::mem::take(live));
    crate::live::apply(&locked, &commit);
    *live = locked.into_inner().unwrap();
    let sample = Sample {
        at,
        seq: 1,
        spool: id("spool"),
        boot: id("boot"),
        clock: wire::Clock::Trusted,
        points: values.iter().map(|(quantity, value)| (point(quantity), *value)).collect(),
        faults: Vec::new(),
    };
    live.sample(&source, &sample, at);
}

fn entries(live: &Live) -> Vec<Extinguisher> {
    register(&id("nanshan"), Some(&venues(FILE).venues[&id("nanshan")].file), live, date(2026, 11, 23))
}

fn standing_of(all: &[Extinguisher], asset: &str) -> Vec<Standing> {
    all.iter().find(|e| e.asset == id(asset)).unwrap().standings()
}

#[test]
fn the_worst_stands_first_and_other_assets_not_at_all() {
    let all = entries(&Live::default());
    let said: Vec<_> = all.iter().map(|e| (e.asset.as_str(), e.standing(), e.service_days())).collect();
    assert_eq!(
        said,
        [
            ("extinguisher-2", Standing::ServiceSoon, Some(17)),
            ("extinguisher-3", Standing::Unknown, None),
            ("extinguisher-1", Standing::Fine, Some(444)),
        ]
    );
}

#[test]
fn a_tag_that_says_otherwise_is_shown_and_overwrites_nothing() {
    let mut live = Live::default();
    let good = [("present", 1.0), ("tag_valid", 1.0), ("type_code", 2.0), ("made_month", 202_301.0)];
    says(&mut live, "k01", "extinguisher-1", 1_000, &good);
    assert_eq!(standing_of(&entries(&live), "extinguisher-1"), [Standing::Fine]);
    says(&mut live, "k01", "extinguisher-1", 2_000, &[("serviced_month", 202_402.0), ("type_code", 1.0)]);
    let all = entries(&live);
    let one = all.iter().find(|e| e.asset == id("extinguisher-1")).unwrap();
    assert_eq!(one.standings(), [Standing::Differs]);
    let words: Vec<_> = one.differences.iter().map(|d| text::difference(d, Language::ZhCn)).collect();
    assert_eq!(words, ["类型：台账 干粉，标签 水基", "上次维修：台账 2026-02，标签 2024-02"]);
    assert_eq!(one.service_days(), Some(444), "the file is the truth");
    says(&mut live, "k01", "extinguisher-1", 3_000, &[("tag_valid", 0.0)]);
    assert_eq!(standing_of(&entries(&live), "extinguisher-1"), [Standing::NotGenuine, Standing::Differs]);
}

#[test]
fn one_that_hangs_nowhere_stands_above_all_others_until_it_is_back() {
    let mut live = Live::default();
    says(&mut live, "k01", "extinguisher-1", 1_000, &[("present", 0.0)]);
    let all = entries(&live);
    assert_eq!(
        (all[0].asset.as_str(), all[0].standing(), all[0].missing_since()),
        ("extinguisher-1", Standing::Missing, Some(1_000))
    );
    says(&mut live, "k01", "extinguisher-1", 2_000, &[("present", 1.0)]);
    assert_eq!(standing_of(&entries(&live), "extinguisher-1"), [Standing::Fine]);
}

#[test]
fn a_tag_that_nobody_listed_is_shown_with_what_it_says() {
    let mut live = Live::default();
    let tag = [("present", 1.0), ("type_code", 3.0), ("due_month", 202_611.0), ("scrap_month", 203_001.0)];
    says(&mut live, "k02", "extinguisher-9", 1_000, &tag);
    let all = entries(&live);
    let stray = all.iter().find(|e| e.asset == id("extinguisher-9")).unwrap();
    assert_eq!(stray.standings(), [Standing::ServiceSoon, Standing::NotListed]);
    assert_eq!((stray.room.clone(), stray.service_days()), (Some(id("k02")), Some(7)));
    says(&mut live, "k02", "extinguisher-9", 2_000, &[("tag_valid", 0.0)]);
    let stray = standing_of(&entries(&live), "extinguisher-9");
    assert_eq!(stray, [Standing::NotGenuine, Standing::NotListed, Standing::Unknown], "a forged tag gives no dates");
    // A thing of another kind that has a point called like ours is no extinguisher.
    says(&mut live, "k01", "amplifier", 1_000, &[("tag_id", 1.0)]);
    assert!(entries(&live).iter().all(|e| e.asset != id("amplifier")));
}

#[test]
fn days_left_become_points_of_the_room_and_of_the_asset() {
    let rooms = own::by_room(&entries(&Live::default()));
    assert_eq!(rooms.keys().map(Id::as_str).collect::<Vec<_>>(), ["k01", "k02"]);
    assert_eq!(
        rooms[&id("k02")].points,
        [(name("extinguisher_2_scrap_due_days"), 43.0), (name("extinguisher_2_service_due_days"), 17.0)]
    );
    assert!(rooms[&id("k02")].assets.iter().all(|(_, asset)| *asset == id("extinguisher-2")));
    let long = id(&"a".repeat(60));
    assert_eq!(own::point(&long, own::SCRAP_POINT), None, "a name that is too long is left out, not cut");
}

/// A small reader of RFC 4180, to read back what was written.
fn cells(csv: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell, mut inside) = (Vec::new(), Vec::new(), String::new(), false);
    let mut chars = csv.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if inside && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' => inside = !inside,
            ',' if !inside => row.push(std::mem::take(&mut cell)),
            '\r' if !inside => {
                assert_eq!(chars.next(), Some('\n'));
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            c => cell.push(c),
        }
    }
    assert!(cell.is_empty() && row.is_empty() && !inside);
    rows
}

#[test]
fn a_spreadsheet_reads_the_csv_and_runs_nothing_of_it() {
    let csv = csv::print(&entries(&Live::default()), 0, &venues(FILE), Language::ZhCn);
    assert!(csv.starts_with(MARK));
    let rows = cells(csv.trim_start_matches(MARK));
    assert_eq!(rows.len(), 4);
    assert!(rows.iter().all(|row| row.len() == COLUMNS.len()));
    assert_eq!(rows[0][2], "编号");
    let name = COLUMNS.iter().position(|c| *c == "name").unwrap();
    assert_eq!(rows[2][name], "'=HYPERLINK(\"http://evil\")");
    let days = COLUMNS.iter().position(|c| *c == "due_days").unwrap();
    assert_eq!(rows[1][days], "17");
}

#[test]
fn no_cell_begins_like_a_formula_and_numbers_stay_numbers() {
    for (cell, written) in [
        ("-5", "-5"),
        ("17", "17"),
        ("+5", "\"'+5\""),
        ("-5+1", "\"'-5+1\""),
        ("=1", "\"'=1\""),
        ("@x", "\"'@x\""),
        (" =1", "\"' =1\""),
        ("a,b", "\"a,b\""),
        ("说\"话\"", "\"说\"\"话\"\"\""),
        ("普通", "普通"),
        ("", ""),
    ] {
        assert_eq!(quoted(cell), written, "{cell:?}");
    }
}

#[test]
fn rooms_that_use_one_name_do_not_mix_their_extinguishers() {
    let mut live = Live::default();
    says(&mut live, "k02", "extinguisher-1", 1_000, &[("present", 0.0)]);
    assert_eq!(standing_of(&entries(&live), "extinguisher-1"), [Standing::Missing], "a reader next door");
    says(&mut live, "k01", "extinguisher-1", 1_000, &[("present", 1.0)]);
    assert_eq!(standing_of(&entries(&live), "extinguisher-1"), [Standing::Fine], "its own room's reader knows better");
    assert_eq!(entries(&live).len(), 3, "a contact elsewhere is no extinguisher that somebody forgot to list");
    says(&mut live, "k02", "extinguisher-1", 2_000, &[("present", 1.0), ("tag_id", 7.0)]);
    let all = entries(&live);
    let rooms: Vec<_> =
        all.iter().filter(|e| e.asset == id("extinguisher-1")).map(|e| e.room.clone().unwrap()).collect();
    assert_eq!(rooms, [id("k02"), id("k01")], "with a tag it is one that nobody listed");
}
