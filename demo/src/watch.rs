//! Watches the collector's tickets and tells each step of their lives.

use std::{collections::HashMap, sync::Arc};

use collector::{
    Shared,
    live::Change,
    texts,
    tickets::{
        Ticket,
        text::{self, Scene},
    },
};
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
    let language = teller.language().of_collector();
    let venues = shared.venues.get();
    let scene = Scene { language, packs: &shared.packs, venues: &venues };
    let seen = told.entry(ticket.id).or_default();
    for step in history.iter().skip(*seen) {
        let (stage, note) = (texts::stage(language, step.to), text::note(step, language));
        let line = format!("{} {} · {stage} · {note}", ticket.number, text::title(ticket, scene));
        teller.at(step.at, Tone::Ticket, line.trim_end_matches(" · "));
        if step.from.is_none() {
            let explained = text::explain(ticket, scene);
            let about = explained.lines.iter().skip(1).chain(explained.hint.as_ref());
            about.for_each(|line| teller.more(line));
        }
    }
    *seen = history.len();
}
