//! The telephones of the venue's teams: receives what the collector sends by its webhooks, and tells it in
//! the terminal, a line a message and reports whole. Keeps nothing.

use std::{net::SocketAddr, sync::Arc};

use anyhow::Context as _;
use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::post,
};
use collector::{
    Config,
    config::{Channel, Webhook},
};
use tokio::net::TcpListener;

use crate::{
    clock::FastClock,
    options::Language,
    tell::{Teller, Tone},
    texts::{Text, fill},
};

/// The telephones: each has the name of its channel.
const PHONES: [(&str, Text); 4] = [
    ("av-phone", Text::AvPhone),
    ("it-phone", Text::ItPhone),
    ("house-phone", Text::HousePhone),
    ("manager-phone", Text::ManagerPhone),
];

/// Telephones that are to ring.
pub struct Phones {
    listener: TcpListener,
    address: SocketAddr,
}

/// What a ringing telephone needs.
struct Ringing {
    teller: Teller,
    clock: Arc<FastClock>,
}

impl Phones {
    /// Takes a free port of this computer.
    pub async fn lay() -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("no port for the telephones")?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// Names a channel for each telephone in the collector's configuration.
    pub fn enter(&self, config: &mut Config, language: Language) {
        for (name, _) in PHONES {
            let webhook = Webhook {
                url: Some(format!("http://{}/{name}", self.address)),
                url_file: None,
                format: collector::config::WebhookFormat::Json,
                secret_file: None,
                allow_local: true,
                teams: Vec::new(),
                severity_min: collector::episode::Severity::P4,
                language: Some(language.of_collector()),
            };
            config.notify.channel.insert(name.to_owned(), Channel::Webhook(webhook));
        }
    }

    /// Lets them ring.
    pub fn ring(self, teller: Teller, clock: Arc<FastClock>) {
        let state = Arc::new(Ringing { teller, clock });
        let routes = Router::new().route("/{phone}", post(rings)).with_state(state);
        tokio::spawn(async move {
            if let Err(error) = axum::serve(self.listener, routes).await {
                tracing::error!(%error, "the telephones are dead");
            }
        });
    }
}

async fn rings(
    State(ringing): State<Arc<Ringing>>,
    Path(phone): Path<String>,
    Json(message): Json<serde_json::Value>,
) -> StatusCode {
    let Some((_, whose)) = PHONES.iter().find(|(name, _)| *name == phone) else { return StatusCode::NOT_FOUND };
    let teller = &ringing.teller;
    let whose = fill(teller.language(), *whose, &[]);
    let subject = message["subject"].as_str().unwrap_or_default();
    teller.at(ringing.clock.now_ms(), Tone::Phone, &format!("{whose}: {subject}"));
    if message["news"] == "readiness" {
        message["text"].as_str().unwrap_or_default().lines().for_each(|line| teller.more(line));
    }
    StatusCode::NO_CONTENT
}
