//! The pages about fire equipment: the register of extinguishers, also as CSV, and the rounds of the
//! last days. Filled from the files of venues, the live picture and the ledger; change nothing.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use wire::UnixMs;

use super::{Asked, REFRESH_CHARTS_MS, answer, templates::Base};
use crate::{
    Shared,
    config::Language,
    register::{
        Extinguisher, Standing, csv,
        filling::{SCRAP_SOURCE, SERVICE_SOURCE},
        job, text as words,
    },
    rounds::{Round, Stage, text},
    texts::{fill, get},
    venues::Venues,
    web::{fire, language},
};

#[derive(Template)]
#[template(path = "extinguishers.html")]
struct ExtinguishersPage {
    base: Base,
    title: &'static str,
    count: String,
    heads: [&'static str; 5],
    rows: Vec<Row>,
    none: &'static str,
    none_hint: &'static str,
    download: &'static str,
    sources: String,
}

struct Row {
    id: String,
    name: String,
    place: String,
    kind: String,
    standings: Vec<(&'static str, &'static str)>,
    advice: &'static str,
    differences: Vec<String>,
    service: (String, String),
    scrap: (String, String),
    seen: String,
}

/// `/extinguishers`
pub async fn extinguishers(
    State(shared): State<Arc<Shared>>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    answer(shared, asked, headers, |shared, base, _| {
        let (now, venues, all) = register(shared);
        let language = base.language;
        let heads = ["name", "standing", "due", "scrap", "place"];
        let title = get(language, "register.title");
        let sources = [("service", SERVICE_SOURCE), ("scrap", SCRAP_SOURCE)];
        let page = ExtinguishersPage {
            title,
            count: words::count(&all, language),
            heads: heads.map(|head| get(language, &format!("register.{head}"))),
            rows: all.iter().map(|e| row(e, now, &venues, language)).collect(),
            none: get(language, "register.none"),
            none_hint: get(language, "register.none_hint"),
            download: get(language, "register.download"),
            sources: fill(language, "register.sources", &sources),
            base: base.titled("extinguishers", REFRESH_CHARTS_MS, Some(title.to_owned())),
        };
        Ok(page.render())
    })
    .await
}

/// `/extinguishers.csv`
pub async fn extinguishers_csv(
    State(shared): State<Arc<Shared>>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let (language, _) = language::choose(asked.lang.as_deref(), &headers);
    let file = tokio::task::spawn_blocking(move || {
        let (now, venues, all) = register(&shared);
        csv::print(&all, now, &venues, language)
    });
    match file.await {
        Ok(file) => {
            let kinds = [
                (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
                (header::CONTENT_DISPOSITION, "attachment; filename=\"extinguishers.csv\""),
            ];
            (kinds, file).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "the register cannot be given as CSV");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn register(shared: &Shared) -> (UnixMs, Arc<Venues>, Vec<Extinguisher>) {
    let venues = shared.venues.get();
    let live = shared.live.read().unwrap_or_else(std::sync::PoisonError::into_inner);
    let now = shared.clock.now();
    let all = job::of_all(&venues, &live, now);
    drop(live);
    (now, venues, all)
}

fn row(e: &Extinguisher, now: UnixMs, venues: &Venues, language: Language) -> Row {
    let class = |standing: Standing| match standing {
        Standing::Missing | Standing::ScrapPast | Standing::ServicePast | Standing::NotGenuine => "bad",
        Standing::Fine => "",
        Standing::NotListed | Standing::Unknown => "unknown",
        Standing::ScrapSoon | Standing::ServiceSoon | Standing::Differs => "warn",
    };
    let model = e.listed.as_ref().and_then(|asset| asset.model.clone());
    let kind = e.filling.map(|kind| kind.words(language).to_owned());
    let room = e.room.as_ref().map(|room| venues.room_name(&e.venue, room, language).into_owned());
    let place: Vec<String> = [Some(venues.name(&e.venue, language).to_owned()), room].into_iter().flatten().collect();
    Row {
        id: format!("{}-{}", e.venue, e.asset),
        name: venues.asset_name(&e.venue, &e.asset, language).into_owned(),
        place: place.join(" · "),
        kind: [kind, model].into_iter().flatten().collect::<Vec<_>>().join(" "),
        standings: e.standings().into_iter().map(|s| (class(s), words::standing(s, language))).collect(),
        advice: words::advice(e.standing(), language),
        differences: e.differences.iter().map(|d| words::difference(d, language)).collect(),
        service: words::due(e.days.service, e.service_days(), language),
        scrap: words::due(e.days.scrap, e.scrap_days(), language),
        seen: words::place(e, now, venues.zone(&e.venue), language),
    }
}

#[derive(Template)]
#[template(path = "round_list.html")]
struct RoundsPage {
    base: Base,
    title: &'static str,
    rounds: Vec<RoundCard>,
    none: &'static str,
    none_hint: &'static str,
}

struct RoundCard {
    id: String,
    name: String,
    venue: String,
    class: &'static str,
    stage: &'static str,
    facts: Vec<String>,
    ticket: Option<String>,
    is_open: bool,
    details: &'static str,
    heads: [&'static str; 4],
    items: Vec<[String; 4]>,
}

/// `/rounds`
pub async fn rounds(State(shared): State<Arc<Shared>>, Query(asked): Query<Asked>, headers: HeaderMap) -> Response {
    answer(shared, asked, headers, |shared, base, _| {
        let venues = shared.venues.get();
        let rounds = fire::last_rounds(shared, None)?;
        let title = get(base.language, "rounds.title");
        let page = RoundsPage {
            title,
            rounds: rounds.iter().map(|round| card(round, &venues, base.language)).collect(),
            none: get(base.language, "rounds.none_at_all"),
            none_hint: get(base.language, "rounds.none_hint"),
            base: base.titled("rounds", REFRESH_CHARTS_MS, Some(title.to_owned())),
        };
        Ok(page.render())
    })
    .await
}

fn card(round: &Round, venues: &Venues, language: Language) -> RoundCard {
    let clock = |at: UnixMs| text::clock(at, round, venues, language);
    let mut facts = vec![
        fill(language, "rounds.from_to", &[("from", &clock(round.from)), ("to", &clock(round.due))]),
        venues.team_name(&round.venue, &round.team, language).into_owned(),
        fill(
            language,
            "rounds.progress",
            &[("left", &round.left().to_string()), ("all", &round.items.len().to_string())],
        ),
    ];
    if round.failed() > 0 {
        facts.push(fill(language, "rounds.failed_count", &[("n", &round.failed().to_string())]));
    }
    if let Some(date) = &round.moved_from {
        facts.push(fill(language, "rounds.moved", &[("date", date)]));
    }
    facts.extend(round.flags.iter().map(|flag| text::flag(round, flag, venues, language)));
    let items = round.items.iter().map(|item| {
        let answer = item.answer();
        [
            text::target(round, item, venues, language),
            text::question(item, language).to_owned(),
            text::answer_of(item, language),
            answer.map_or_else(String::new, |a| format!("{} {}", clock(a.at), text::by(&a.by, language))),
        ]
    });
    RoundCard {
        id: round.name().replace('/', "-"),
        name: format!("{} {}", text::name(round, language), round.date),
        venue: venues.name(&round.venue, language).to_owned(),
        class: match (round.stage, round.failed() > 0 || !round.flags.is_empty()) {
            (Stage::Missed, _) => "bad",
            (Stage::Done, false) => "",
            (Stage::Open | Stage::Withdrawn, false) => "unknown",
            _ => "warn",
        },
        stage: text::stage(round.stage, language),
        facts,
        ticket: round.ticket.clone(),
        is_open: round.stage.takes_answers(),
        details: get(language, "rounds.check"),
        heads: ["target", "question", "answer", "by"].map(|k| get(language, &format!("rounds.{k}"))),
        items: items.collect(),
    }
}
