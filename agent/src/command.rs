//! Obeys what the collector asks for over the `command` channel: turns a command into an outcome,
//! by way of the sampler where a sensor is concerned. Bounded in number and in time.

use std::{sync::Arc, time::Duration};

use serde_json::Map;
use tokio::sync::{Semaphore, mpsc, oneshot};
use wire::{Command, Outcome};

use crate::sampler::Request;

/// Commands that wait, and outcomes that wait to be published.
pub const COMMANDS_MAX: usize = 8;
/// The longest that a command may take: a sensor behind others on a slow bus that hangs besides.
const PATIENCE: Duration = Duration::from_secs(30);

/// Obeys `commands` until nobody sends any more.
pub async fn run(
    mut commands: mpsc::Receiver<Command>,
    requests: mpsc::Sender<Request>,
    outcomes: mpsc::Sender<Outcome>,
) {
    let places = Arc::new(Semaphore::new(COMMANDS_MAX));
    while let Some(command) = commands.recv().await {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let (requests, outcomes) = (requests.clone(), outcomes.clone());
        tokio::spawn(async move {
            let outcome = obey(command, &requests).await;
            // Where nobody publishes any more the agent is ending.
            let _ = outcomes.send(outcome).await;
            drop(place);
        });
    }
}

async fn obey(command: Command, requests: &mpsc::Sender<Request>) -> Outcome {
    let (reply, replied) = oneshot::channel();
    let request = Request { name: command.name.to_string(), args: command.args, reply };
    let done = match requests.send(request).await {
        Err(_) => Err("the agent is ending".to_owned()),
        Ok(()) => match tokio::time::timeout(PATIENCE, replied).await {
            Ok(Ok(done)) => done,
            Ok(Err(_)) => Err("whoever was asked ended without an answer".to_owned()),
            Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
        },
    };
    match done {
        Ok(data) => Outcome { id: command.id, ok: true, error: None, data },
        Err(error) => Outcome { id: command.id, ok: false, error: Some(error), data: Map::new() },
    }
}
