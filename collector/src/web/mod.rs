//! Pages and the JSON API, read from the ledger, the readings and the live picture. Changes
//! nothing and decides nothing; every page works without a script, and a script keeps it fresh.
//!
//! [`view`] turns what is stored into what is shown, [`pages`] and [`api`] give it as HTML and JSON,
//! [`readiness`], [`fire`] and [`silence`] the same for openings, for fire equipment and for what was not heard,
//! [`events`] tells open pages what changed, [`status`] is for machines that look after the collector, [`language`] chooses words, [`guard`] sets the headers of all answers.

pub mod api;
pub mod assets;
pub mod events;
pub mod fire;
pub mod guard;
pub mod language;
pub mod metrics;
pub mod pages;
pub mod process;
pub mod range;
pub mod readiness;
pub mod silence;
pub mod status;
pub mod view;

use std::sync::Arc;

use axum::{Router, middleware, routing::get};
use tokio::{net::TcpListener, sync::watch};

use crate::Shared;

/// Every route, as the OpenAPI document and the tests know them: path and whether it is JSON API.
pub const ROUTES: [(&str, bool); 23] = [
    ("/", false),
    ("/rooms/{venue}/{room}", false),
    ("/tickets", false),
    ("/tickets/{number}", false),
    ("/readiness", false),
    ("/readiness/{venue}", false),
    ("/readiness/{venue}/{date}", false),
    ("/rounds", false),
    ("/extinguishers", false),
    ("/extinguishers.csv", false),
    ("/assets/{name}", false),
    ("/healthz", true),
    ("/metrics", true),
    ("/api/v1/rooms", true),
    ("/api/v1/tickets", true),
    ("/api/v1/tickets/{number}", true),
    ("/api/v1/readings", true),
    ("/api/v1/silence", true),
    ("/api/v1/readiness", true),
    ("/api/v1/extinguishers", true),
    ("/api/v1/rounds", true),
    ("/api/v1/events", true),
    ("/api/v1/openapi.json", true),
];

/// All pages over what a collector shares.
pub fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/", get(pages::rooms))
        .route("/rooms/{venue}/{room}", get(pages::room))
        .route("/tickets", get(pages::tickets))
        .route("/tickets/{number}", get(pages::ticket))
        .route("/readiness", get(pages::readiness::readiness))
        .route("/readiness/{venue}", get(pages::readiness::venue))
        .route("/readiness/{venue}/{date}", get(pages::readiness::report))
        .route("/rounds", get(pages::fire::rounds))
        .route("/extinguishers", get(pages::fire::extinguishers))
        .route("/extinguishers.csv", get(pages::fire::extinguishers_csv))
        .route("/assets/{name}", get(assets::serve))
        .route("/healthz", get(status::health))
        .route("/metrics", get(metrics::metrics))
        .route("/api/v1/rooms", get(api::rooms))
        .route("/api/v1/tickets", get(api::tickets))
        .route("/api/v1/tickets/{number}", get(api::ticket))
        .route("/api/v1/readings", get(api::readings))
        .route("/api/v1/silence", get(silence::silence))
        .route("/api/v1/readiness", get(readiness::readiness))
        .route("/api/v1/extinguishers", get(fire::extinguishers))
        .route("/api/v1/rounds", get(fire::rounds))
        .route("/api/v1/events", get(events::stream))
        .route("/api/v1/openapi.json", get(api::openapi))
        .fallback(pages::not_found)
        .layer(middleware::from_fn(guard::headers))
        .with_state(shared)
}

/// Serves until `stop` turns true. Connections that are open then end with the runtime.
pub async fn serve(listener: TcpListener, shared: Arc<Shared>, mut stop: watch::Receiver<bool>) {
    let service = axum::serve(listener, router(shared));
    tokio::select! {
        served = service => if let Err(error) = served {
            tracing::error!(%error, "pages are no longer served");
        },
        // A sender that is gone is an end as well.
        () = async { let _ = stop.wait_for(|stop| *stop).await; } => {}
    }
}
