//! Watches the collector's tickets and tells each step of their lives.

use std::{collections::HashMap, sync::Arc};

use collector::{Shared, live::Change, tickets::Ticket};
use tokio::sync::broadcast::error::RecvError;

use crate::tell::{Teller, Tone};

/// Tells every transition once, until the task is ended or the collector is.
pub async fn tickets(shared: Arc<Shared>, teller: Teller) {
    let mut changes = shared.changes.subscribe();
    let mut told: HashMap<u64, usize> = HashMap::new();
    loop {
        match changes.recv().await {
            Ok(Change::Ticket { number }) => {
                if let Ok(Some(ticket)) = shared.reader.ticket(&number) {
                    tell(&shared, &teller, &ticket, &mut told);
                }
            }
            // What was missed is told with the ticket's next change.
            Ok(_) | Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return,
        }
    }
}

fn tell(shared: &Shared, teller: &Teller, ticket: &Ticket, told: &mut HashMap<u64, usize>) {
    let Ok(history) = shared.reader.history(ticket.id) else { return };
    let seen = told.entry(ticket.id).or_default();
    for step in history.iter().skip(*seen) {
        let room = ticket.room.as_str().to_uppercase();
        let line = format!("{} {room} {:?} {:?} {} {}", ticket.number, ticket.rule, step.to, step.who, step.note);
        teller.at(step.at, Tone::Ticket, &line);
    }
    *seen = history.len();
}
