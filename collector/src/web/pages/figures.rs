//! Charts of a room's points and of a ticket: asks the readings and draws them.

use wire::UnixMs;

use super::{
    open_tickets,
    templates::{Chart, title},
};
use crate::{
    Shared,
    chart::{Frame, svg},
    config::Language,
    ledger,
    readings::{Query, Series},
    texts,
    tickets::Ticket,
    web::{
        range::Range,
        view::{self, PointView, RoomView},
    },
};

/// Marks of a chart: about one for two pixels of a wide screen.
const MARKS_MAX: usize = 360;

/// A chart for each point about the room.
pub(super) fn of_room(
    shared: &Shared,
    language: Language,
    room: &RoomView,
    range: Range,
    now: UnixMs,
) -> Result<Vec<Chart>, ledger::Error> {
    let open = open_tickets(shared, Some((&room.venue, &room.room)))?;
    let points = room.points.iter().filter(|point| !point.own);
    points.map(|point| one(shared, language, room, point, (range.from(now), now), &open)).collect()
}

/// Charts of the points that a ticket is about, around its life.
pub(super) fn of_ticket(
    shared: &Shared,
    language: Language,
    ticket: &Ticket,
    around_ms: i64,
    now: UnixMs,
) -> Result<Vec<Chart>, ledger::Error> {
    let rooms = super::now_rooms(shared, std::slice::from_ref(ticket), now);
    let Some(room) = rooms.iter().find(|room| room.venue == ticket.venue && room.room == ticket.room) else {
        return Ok(Vec::new());
    };
    let from = ticket.began_at - around_ms;
    let to = ticket.closed_at.map_or(now, |closed| (closed + around_ms).min(now));
    let about = |point: &&PointView| {
        ticket.worst_point.as_ref() == Some(&point.name) || ticket.open_points.contains(&point.name)
    };
    let points = room.points.iter().filter(about);
    points.map(|point| one(shared, language, room, point, (from, to), std::slice::from_ref(ticket))).collect()
}

fn one(
    shared: &Shared,
    language: Language,
    room: &RoomView,
    point: &PointView,
    (from, to): (UnixMs, UnixMs),
    tickets: &[Ticket],
) -> Result<Chart, ledger::Error> {
    let query = Query {
        venue: room.venue.clone(),
        room: room.room.clone(),
        agent: Some(point.agent.clone()),
        point: point.name.clone(),
        from,
        to,
        marks_max: MARKS_MAX,
    };
    let series = shared.readings.series(&query)?;
    let name = texts::point(language, &point.name).into_owned();
    let words = summary(language, point, &series);
    let concerned = tickets
        .iter()
        .filter(|ticket| ticket.worst_point.as_ref() == Some(&point.name) || ticket.open_points.contains(&point.name));
    let marks = concerned.map(|ticket| {
        let words = texts::fill(language, "web.chart_ticket", &[("number", &ticket.number)]);
        (ticket.began_at, ticket.closed_at, format!("{words}: {}", title(shared, language, ticket)))
    });
    let fault_words = |span: &crate::readings::FaultSpan| {
        texts::fill(language, "web.chart_fault", &[("fault", &texts::fault(language, &span.fault))])
    };
    let venues = shared.venues.get();
    let frame = Frame {
        from,
        to,
        zone: venues.zone(&room.venue),
        low: point.low,
        high: point.high,
        switch: point.switch,
        switch_words: point.switch.then(|| {
            let words = |value| view::switch_words(language, &point.name, value);
            (words(0.0), words(1.0))
        }),
        title: format!("{} {name}: {words}", venues.room_name(&room.venue, &room.room, language)),
        band_words: format!("{} {}", texts::get(language, "web.chart_band"), view::band_words(language, point)),
        tickets: marks.collect(),
        faults: series.faults.iter().map(fault_words).collect(),
    };
    Ok(Chart { id: format!("{}-{}", point.agent, point.name), name, words, svg: svg::draw(&series, &frame) })
}

/// Least, greatest and last value in words.
fn summary(language: Language, point: &PointView, series: &Series) -> String {
    let Some(last) = series.marks.last() else {
        return texts::get(language, "web.no_data").into();
    };
    if point.switch {
        return view::switch_words(language, &point.name, last.mean);
    }
    let least = series.marks.iter().map(|mark| mark.min).fold(f64::MAX, f64::min);
    let greatest = series.marks.iter().map(|mark| mark.max).fold(f64::MIN, f64::max);
    let word = |key: &str, value: f64| texts::fill(language, key, &[("v", &texts::value(Some(&point.name), value))]);
    [word("web.chart_min", least), word("web.chart_max", greatest), word("web.chart_last", last.mean)].join(" · ")
}
