//! What templates are filled with: texts ready to be read, in one language.

use askama::Template;
use jiff::tz::TimeZone;
use wire::UnixMs;

use super::silence::Silence;
use crate::{
    Shared,
    config::Language,
    texts,
    tickets::{DATA, Ticket, Transition, text},
    web::{
        language,
        range::Range,
        view::{self, AgentView, PointView, RoomView},
    },
};

/// What every page has.
#[derive(Debug, Clone)]
pub(super) struct Base {
    pub language: Language,
    pub tag: &'static str,
    pub other_tag: &'static str,
    pub title: String,
    pub version: &'static str,
    pub here: &'static str,
    pub refresh_ms: u32,
    pub troubles: Vec<String>,
}

impl Base {
    pub(super) fn new(shared: &Shared, chosen: Language) -> Self {
        Self {
            language: chosen,
            tag: language::tag(chosen),
            other_tag: language::tag(language::other(chosen)),
            title: texts::get(chosen, "web.title").into(),
            version: env!("CARGO_PKG_VERSION"),
            here: "",
            refresh_ms: 0,
            troubles: shared.health.troubles().into_iter().map(|(_, trouble)| trouble.reason).collect(),
        }
    }

    /// The same for one page.
    pub(super) fn titled(&self, here: &'static str, refresh_ms: u32, title: Option<String>) -> Self {
        let name = self.t("title");
        let title = title.map_or_else(|| name.to_owned(), |title| format!("{title} · {name}"));
        Self { here, refresh_ms, title, ..self.clone() }
    }

    /// A word of the pages.
    pub(super) fn t(&self, key: &str) -> &'static str {
        texts::get(self.language, &format!("web.{key}"))
    }

    pub(super) fn fill(&self, key: &str, values: &[(&str, &str)]) -> String {
        texts::fill(self.language, &format!("web.{key}"), values)
    }
}

#[derive(Template)]
#[template(path = "rooms.html")]
pub(super) struct Rooms {
    pub base: Base,
    pub headline: String,
    pub headline_class: &'static str,
    pub counts: String,
    pub as_of: String,
    pub venues: Vec<Venue>,
    pub tickets: Vec<Row>,
    pub no_tickets: &'static str,
}

#[derive(Template)]
#[template(path = "room.html")]
pub(super) struct Room {
    pub base: Base,
    pub venue: String,
    pub room: RoomTile,
    pub tickets: Vec<Row>,
    pub no_tickets: &'static str,
    pub points: Vec<PointRow>,
    pub own: Vec<PointRow>,
    pub ranges: Vec<RangeLink>,
    pub charts: Vec<Chart>,
    pub agents: Vec<Agent>,
    pub silence: Silence,
}

#[derive(Template)]
#[template(path = "tickets.html")]
pub(super) struct Tickets {
    pub base: Base,
    pub heading: &'static str,
    pub tickets: Vec<Row>,
    pub no_tickets: &'static str,
    pub other_href: &'static str,
    pub other_words: &'static str,
}

#[derive(Template)]
#[template(path = "ticket.html")]
pub(super) struct TicketPage {
    pub base: Base,
    pub ticket: Row,
    pub room_name: String,
    pub explained: text::Explained,
    pub story: Vec<String>,
    pub charts: Vec<Chart>,
    pub history: Vec<Step>,
}

#[derive(Template)]
#[template(path = "message.html")]
pub(super) struct Message {
    pub base: Base,
    pub words: &'static str,
}

pub(super) struct Venue {
    pub name: String,
    pub rooms: Vec<RoomTile>,
}

pub(super) struct RoomTile {
    pub venue: String,
    pub room: String,
    pub name: String,
    pub state: &'static str,
    pub state_words: &'static str,
    pub age: String,
    pub wrong: Vec<Wrong>,
    pub points: Vec<PointRow>,
}

pub(super) struct Wrong {
    pub number: String,
    pub words: String,
}

pub(super) struct PointRow {
    pub id: String,
    pub name: String,
    pub value: String,
    pub band: String,
    pub age: String,
    pub sensor: String,
    pub class: &'static str,
}

pub(super) struct Row {
    pub number: String,
    pub venue: String,
    pub room: String,
    pub title: String,
    pub severity: &'static str,
    pub severity_class: String,
    pub stage: &'static str,
    pub team: String,
    pub opened: String,
}

pub(super) struct RangeLink {
    pub name: &'static str,
    pub words: &'static str,
    pub chosen: bool,
}

pub(super) struct Chart {
    pub id: String,
    pub name: String,
    pub words: String,
    pub svg: String,
}

pub(super) struct Agent {
    pub name: String,
    pub state: &'static str,
    pub state_words: &'static str,
    pub model: String,
    pub version: String,
    pub heard: String,
    pub waiting: String,
}

pub(super) struct Step {
    pub time: String,
    pub who: String,
    pub stage: &'static str,
    pub note: String,
}

/// A room's tile; its points are those about the room.
pub(super) fn room_tile(
    shared: &Shared,
    language: Language,
    room: &RoomView,
    open: &[Ticket],
    now: UnixMs,
) -> RoomTile {
    let tickets = room.tickets.iter().filter_map(|number| open.iter().find(|ticket| ticket.number == *number));
    let wrong = tickets.map(|ticket| Wrong { number: ticket.number.clone(), words: what(shared, language, ticket) });
    RoomTile {
        venue: room.venue.to_string(),
        room: room.room.to_string(),
        name: shared.venues.get().room_name(&room.venue, &room.room, language).into_owned(),
        state: room.state.as_str(),
        state_words: texts::get(language, &format!("room_state.{}", room.state.as_str())),
        age: view::age_words(language, room.sample_at, now),
        wrong: wrong.collect(),
        points: room.points.iter().filter(|p| worth_a_tile(p)).map(|point| point_row(language, point, now)).collect(),
    }
}

/// A tile has room for what a glance should take in: no figures of the agent, and of how fast
/// something answered only that it did.
fn worth_a_tile(point: &PointView) -> bool {
    !point.own && (point.out_of_band || !point.name.as_str().ends_with("_ms"))
}

pub(super) fn point_row(language: Language, point: &PointView, now: UnixMs) -> PointRow {
    PointRow {
        id: format!("{}-{}", point.agent, point.name),
        name: texts::point(language, &point.name).into_owned(),
        value: view::value_words(language, point),
        band: view::band_words(language, point),
        age: view::age_words(language, point.at, now),
        sensor: point.sensor.clone().unwrap_or_default(),
        class: match (point.fault.is_some(), point.stale, point.out_of_band) {
            (true, ..) => "fault",
            (_, true, _) => "stale",
            (_, _, true) => "out",
            _ => "",
        },
    }
}

pub(super) fn rows(shared: &Shared, language: Language, tickets: &[Ticket], now: UnixMs) -> Vec<Row> {
    tickets.iter().map(|ticket| row(shared, language, ticket, now)).collect()
}

pub(super) fn row(shared: &Shared, language: Language, ticket: &Ticket, now: UnixMs) -> Row {
    let class = if ticket.stage.is_ended() { "ended".into() } else { format!("{:?}", ticket.severity) };
    Row {
        number: ticket.number.clone(),
        venue: ticket.venue.to_string(),
        room: ticket.room.to_string(),
        title: title(shared, language, ticket),
        severity: texts::severity(language, ticket.severity),
        severity_class: class,
        stage: texts::stage(language, ticket.stage),
        team: texts::team(language, &ticket.team).into_owned(),
        opened: view::age_words(language, Some(ticket.opened_at), now),
    }
}

pub(super) fn ranges(language: Language, chosen: Range) -> Vec<RangeLink> {
    let link = |range: Range| RangeLink {
        name: range.as_str(),
        words: texts::get(language, &format!("web.range_{}", range.as_str())),
        chosen: range == chosen,
    };
    Range::ALL.into_iter().map(link).collect()
}

pub(super) fn agent(language: Language, agent: &AgentView, now: UnixMs) -> Agent {
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "–".into());
    Agent {
        name: agent.agent.to_string(),
        state: agent.state,
        state_words: texts::get(language, &format!("agent_state.{}", agent.state)),
        model: or_dash(agent.model.clone()),
        version: or_dash(agent.version.clone()),
        heard: view::age_words(language, agent.sample_at, now),
        waiting: or_dash(agent.waiting.map(|waiting| waiting.to_string())),
    }
}

pub(super) fn step(language: Language, step: &Transition, zone: &TimeZone) -> Step {
    let who = if step.who == DATA { texts::get(language, "web.who_data").to_owned() } else { step.who.clone() };
    Step {
        time: text::time(step.at, zone, language),
        who,
        stage: texts::stage(language, step.to),
        note: text::note(step, language),
    }
}

/// A ticket in one line.
pub(super) fn title(shared: &Shared, language: Language, ticket: &Ticket) -> String {
    text::title(ticket, text::Scene { language, packs: &shared.packs, venues: &shared.venues.get() })
}

/// The same without the room, for its own tile.
fn what(shared: &Shared, language: Language, ticket: &Ticket) -> String {
    let whole = title(shared, language, ticket);
    let venues = shared.venues.get();
    let room = venues.room_name(&ticket.venue, &ticket.room, language);
    whole.strip_prefix(&*room).map_or(whole.clone(), |rest| rest.trim_start_matches([':', ' ']).to_owned())
}
