//! Tells open pages what changed, as server-sent events. A page that is too slow is told to load
//! everything again; nothing is queued for it.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::State,
    response::sse::{Event, KeepAlive, Sse},
};
use tokio::sync::broadcast::{Receiver, error::RecvError};

use crate::{Shared, live::Change};

/// A word to a silent page, so that proxies keep the line and browsers notice a dead one.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// One connection.
pub async fn stream(
    State(shared): State<Arc<Shared>>,
) -> Sse<impl futures_core::Stream<Item = Result<Event, Infallible>>> {
    let changes = Changes { receiver: shared.changes.subscribe(), greeted: false };
    Sse::new(futures_util::stream::unfold(changes, Changes::next)).keep_alive(KeepAlive::new().interval(HEARTBEAT))
}

struct Changes {
    receiver: Receiver<Change>,
    greeted: bool,
}

impl Changes {
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        if !self.greeted {
            self.greeted = true;
            // What changed between the page's loading and now was not told: look again.
            return Some((Ok(Event::default().event("resync").data("{}")), self));
        }
        let event = match self.receiver.recv().await {
            Ok(change) => event(&change),
            Err(RecvError::Lagged(_)) => Event::default().event("resync").data("{}"),
            Err(RecvError::Closed) => return None,
        };
        Some((Ok(event), self))
    }
}

fn event(change: &Change) -> Event {
    match change {
        Change::Room { venue, room } => {
            Event::default().event("room").data(serde_json::json!({"venue": venue, "room": room}).to_string())
        }
        Change::Ticket { number } => {
            Event::default().event("ticket").data(serde_json::json!({"number": number}).to_string())
        }
    }
}
