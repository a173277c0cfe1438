//! Turns a row of the outbox into what a receiver reads: a subject, a text, and the same as JSON.
//! Rendered at sending, in the language of the channel, from the facts stored in the row.

use serde_json::json;

use crate::{
    config::{Config, Language},
    ledger::Message,
    packs::Packs,
    shared::Zones,
    tickets::{
        Ticket, Transition,
        tell::News,
        text::{self, Scene},
    },
};

/// What is sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// The same for every try.
    pub key: String,
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// For programs: the same every time it is tried.
    pub json: serde_json::Value,
}

/// What the step put into the outbox.
#[derive(serde::Deserialize)]
struct Payload {
    news: News,
    ticket: Ticket,
    moved: Transition,
}

/// Renders `message`; `None` where its payload is of a later version or broken.
#[must_use]
pub fn render(
    message: &Message,
    language: Language,
    config: &Config,
    packs: &Packs,
    zones: &Zones,
) -> Option<Delivery> {
    let Payload { news, ticket, moved } = serde_json::from_value(message.message.payload.clone()).ok()?;
    let venue = config.venue_name(&ticket.venue, language);
    let scene = Scene { language, packs, zone: zones.of(&ticket.venue), venue };
    let explained = text::explain(&ticket, scene);
    let why = text::news(news, &ticket, &moved, language);
    let note = Some(text::note(&moved, language)).filter(|n| !n.is_empty() && Some(n) != ticket.description.as_ref());
    let mut text = format!("{why} {}\n{}", ticket.number, explained.text(language));
    if moved.who != crate::tickets::DATA
        && let Some(note) = &note
    {
        text.push_str(&format!("\n{}: {note}", moved.who));
    }
    let json = json!({
        "version": 1,
        "key": message.message.key,
        "news": news,
        "language": language,
        "subject": format!("[{:?}] {why}: {}", ticket.severity, explained.title),
        "title": explained.title,
        "text": text,
        "hint": explained.hint,
        "venue_name": venue,
        "ticket": ticket,
        "moved": moved,
    });
    let subject = format!("[{:?}] {why}: {}", ticket.severity, explained.title);
    Some(Delivery { key: message.message.key.clone(), subject, text, json })
}
