//! The pages of opening readiness: every venue now, one venue now with its past reports, and one report.
//! Filled from the live picture and the ledger; change nothing.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, Query, State},
    http::HeaderMap,
    response::Response,
};
use wire::{Id, UnixMs};

use super::{Asked, Failure, REFRESH_CHARTS_MS, answer, templates::Base};
use crate::{
    Shared,
    readiness::{
        Report, Room, Verdict, message,
        plan::{before_ms, due},
        report::Made,
        room::count,
        text::{self, Scene},
    },
    texts,
    venues::Venues,
    web::readiness::{Standing, now_of, reports},
};

#[derive(Template)]
#[template(path = "openings.html")]
struct ReadinessPage {
    base: Base,
    title: String,
    /// In place of venues, where there is none.
    nothing: Option<&'static str>,
    sections: Vec<Section>,
    past_title: &'static str,
    past: Vec<PastRow>,
    no_past: Option<&'static str>,
}

struct Section {
    href: String,
    name: String,
    class: &'static str,
    count: String,
    when: String,
    heads: [&'static str; 4],
    rows: Vec<Row>,
    empty: &'static str,
    facts: Vec<String>,
    tickets: Vec<(String, String)>,
    tickets_title: &'static str,
}

struct Row {
    id: String,
    href: String,
    name: String,
    class: &'static str,
    verdict: &'static str,
    why: Vec<String>,
    action: String,
}

struct PastRow {
    href: String,
    date: String,
    count: String,
    at_opening: String,
}

/// `/readiness`
pub async fn readiness(State(shared): State<Arc<Shared>>, Query(asked): Query<Asked>, headers: HeaderMap) -> Response {
    answer(shared, asked, headers, |shared, base, _| {
        let (now, venues) = (shared.clock.now(), shared.venues.get());
        let all = now_of(shared, &venues, None, now)?;
        let title = texts::get(base.language, "readiness.title");
        let nothing = all.is_empty().then(|| texts::get(base.language, "readiness.no_venues"));
        let page = ReadinessPage {
            title: title.into(),
            nothing,
            sections: all.iter().map(|of| section_now(of, now, scene(shared, base, &venues, &of.venue))).collect(),
            past_title: "",
            past: Vec::new(),
            no_past: None,
            base: base.titled("readiness", REFRESH_CHARTS_MS, Some(title.to_owned())),
        };
        Ok(page.render())
    })
    .await
}

/// `/readiness/{venue}`
pub async fn venue(
    State(shared): State<Arc<Shared>>,
    Path(venue): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    answer(shared, asked, headers, move |shared, base, _| {
        let (now, venues) = (shared.clock.now(), shared.venues.get());
        let venue = Id::parse(&venue).map_err(|_| Failure::NotFound("not_found"))?;
        let all = now_of(shared, &venues, Some(&venue), now)?;
        let Some(of) = all.first() else { return Err(Failure::NotFound("not_found")) };
        let scene = scene(shared, base, &venues, &venue);
        let past: Vec<PastRow> =
            reports(shared, Some(venue.clone()), None)?.iter().map(|report| past_row(report, scene)).collect();
        let title = texts::get(base.language, "readiness.title");
        let page = ReadinessPage {
            title: format!("{title} · {}", venues.name(&venue, base.language)),
            nothing: None,
            sections: vec![section_now(of, now, scene)],
            past_title: scene.t("past"),
            no_past: past.is_empty().then(|| scene.t("no_past")),
            past,
            base: base.titled("readiness", REFRESH_CHARTS_MS, Some(title.to_owned())),
        };
        Ok(page.render())
    })
    .await
}

/// `/readiness/{venue}/{date}`
pub async fn report(
    State(shared): State<Arc<Shared>>,
    Path((venue, date)): Path<(String, String)>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    answer(shared, asked, headers, move |shared, base, _| {
        let venues = shared.venues.get();
        let venue = Id::parse(&venue).map_err(|_| Failure::NotFound("not_found"))?;
        let Some(report) = reports(shared, Some(venue.clone()), Some(&date))?.pop() else {
            return Err(Failure::NotFound("not_found"));
        };
        let scene = scene(shared, base, &venues, &venue);
        let title = format!("{} · {} {date}", scene.t("report"), venues.name(&venue, base.language));
        let page = ReadinessPage {
            nothing: None,
            sections: vec![section_past(&report, scene)],
            past_title: "",
            past: Vec::new(),
            no_past: None,
            base: base.titled("readiness", REFRESH_CHARTS_MS, Some(title.clone())),
            title,
        };
        Ok(page.render())
    })
    .await
}

fn scene<'a>(shared: &'a Shared, base: &Base, venues: &'a Venues, venue: &'a Id) -> Scene<'a> {
    Scene { language: base.language, packs: &shared.packs, venues, venue }
}

fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::NotReady => "bad",
        Verdict::Unknown => "silent",
        Verdict::Ready => "",
        Verdict::Locked => "unknown",
    }
}

/// The class of a headline over rooms: that of the worst.
fn worst(rooms: &[Room]) -> &'static str {
    rooms.iter().map(|room| room.verdict).min().map_or("unknown", |worst| match worst {
        Verdict::Ready => "ok",
        other => class(other),
    })
}

fn section_now(of: &Standing, now: UnixMs, scene: Scene<'_>) -> Section {
    let when = match of.opening {
        Some(opening) => {
            let day = text::local(opening, scene.venues.zone(&of.venue), "%m-%d");
            let is_today = day == text::local(now, scene.venues.zone(&of.venue), "%m-%d");
            let opens = match is_today {
                true => scene.fill("opens", &[("time", &scene.clock(opening))]),
                false => scene.fill("opens_on", &[("date", &day), ("time", &scene.clock(opening))]),
            };
            let calendar = scene.venues.calendar(&of.venue);
            let before = scene.venues.venue(&of.venue).map(before_ms);
            let report = before.map(|before| due(&of.venue, calendar, opening, before)).filter(|due| *due > now);
            let report = report.map(|due| scene.fill("next_report", &[("time", &scene.clock(due))]));
            [Some(opens), report].into_iter().flatten().collect::<Vec<_>>().join(" · ")
        }
        None => scene.t("open_now").into(),
    };
    let rows = of.rooms.iter().map(|room| row(room, None, now, scene)).collect();
    section(&of.venue, &of.rooms, when, rows, scene)
}

fn section(venue: &Id, rooms: &[Room], when: String, rows: Vec<Row>, scene: Scene<'_>) -> Section {
    Section {
        href: format!("/readiness/{venue}"),
        name: scene.venues.name(venue, scene.language).to_owned(),
        class: worst(rooms),
        count: text::counts(rooms, scene),
        when,
        heads: ["room", "verdict", "why", "do"].map(|key| scene.t(key)),
        rows,
        empty: scene.t("no_rooms"),
        facts: Vec::new(),
        tickets: Vec::new(),
        tickets_title: scene.t("urgent"),
    }
}

fn section_past(report: &Report, scene: Scene<'_>) -> Section {
    let time = [("time", &*scene.clock(report.at))];
    let made = match report.made {
        Made::InTime => scene.fill("made_at", &time),
        Made::Late => scene.fill("made_late", &time),
        Made::Missed => scene.t("missed").into(),
    };
    let opens = scene.fill("opens_on", &[("date", &report.date), ("time", &scene.clock(report.opening))]);
    let when = format!("{opens} · {made} · {}: {}", scene.t("at_opening"), at_opening(report, scene));
    let then = report.at_opening.as_ref();
    let row = |room: &Room| {
        let then = then.and_then(|then| then.rooms.iter().find(|other| other.room == room.room));
        row(room, then, report.at, scene)
    };
    let rooms = match (report.made, then) {
        (Made::Missed, Some(then)) => &then.rooms,
        _ => &report.rooms,
    };
    let mut section = section(&report.venue, rooms, when, rooms.iter().map(row).collect(), scene);
    section.facts = message::facts(report, scene);
    let ticket = |line| (message::ticket_line(line, scene), format!("/tickets/{}", line.number));
    section.tickets = report.urgent.iter().map(ticket).collect();
    section
}

/// How it went at the opening, in short.
fn at_opening(report: &Report, scene: Scene<'_>) -> String {
    match &report.at_opening {
        Some(then) => text::counts(&then.rooms, scene),
        None if report.opening_missed => scene.t("opening_missed").into(),
        None => scene.t("opening_ahead").into(),
    }
}

fn row(room: &Room, then: Option<&Room>, at: UnixMs, scene: Scene<'_>) -> Row {
    let mut why = text::all(room, at, scene);
    if let Some(then) = then.filter(|then| then.verdict != room.verdict) {
        why.push(format!("{}: {}", scene.t("at_opening"), text::verdict(then.verdict, scene.language)));
    }
    Row {
        id: format!("ready-{}-{}", scene.venue, room.room),
        href: format!("/rooms/{}/{}", scene.venue, room.room),
        name: scene.room(&room.room).into_owned(),
        class: class(room.verdict),
        verdict: text::verdict(room.verdict, scene.language),
        why,
        action: text::action(room, scene).unwrap_or_default(),
    }
}

fn past_row(report: &Report, scene: Scene<'_>) -> PastRow {
    let count_now = match report.made {
        Made::Missed => scene.t("missed").to_owned(),
        _ if count(&report.rooms, Verdict::Ready) == report.rooms.len() => scene.t("all_ready").to_owned(),
        _ => text::counts(&report.rooms, scene),
    };
    PastRow {
        href: format!("/readiness/{}/{}", report.venue, report.date),
        date: report.date.clone(),
        count: count_now,
        at_opening: format!("{}: {}", scene.t("at_opening"), at_opening(report, scene)),
    }
}
