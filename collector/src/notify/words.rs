//! Turns a row of the outbox into what a receiver reads: a subject, a text, and the same as JSON.
//! Rendered at sending, in the language of the channel, from the facts stored in the row.

use serde_json::json;
use wire::Id;

use crate::{
    config::Language,
    episode::Severity,
    ledger::{Message, NewMessage},
    packs::Packs,
    readiness,
    texts::fill,
    tickets::{
        Ticket, Transition,
        tell::News,
        text::{self, Scene},
    },
    venues::Venues,
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
    /// How bad the worst of it is.
    pub severity: Severity,
}

impl Delivery {
    /// Whether somebody must look at once.
    #[must_use]
    pub fn severity_is_urgent(&self) -> bool {
        self.severity == Severity::P1
    }
}

/// A delivery for tests of channels.
#[cfg(test)]
pub fn example(subject: &str, text: &str, urgent: bool) -> Delivery {
    let severity = if urgent { Severity::P1 } else { Severity::P2 };
    let (subject, text) = (subject.to_owned(), text.to_owned());
    Delivery { key: "nanshan-20251123-001:1".into(), subject, text, json: json!({}), severity }
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
pub fn render(message: &Message, language: Language, packs: &Packs, venues: &Venues) -> Option<Delivery> {
    if message.message.payload["report"] == "readiness" {
        return report(message, language, packs, venues);
    }
    let Payload { news, ticket, moved } = serde_json::from_value(message.message.payload.clone()).ok()?;
    let venue = venues.name(&ticket.venue, language);
    let scene = Scene { language, packs, venues };
    let explained = text::explain(&ticket, scene);
    let why = text::news(news, &ticket, &moved, scene);
    let described = ticket.description.as_deref().map(|words| crate::texts::own(language, words));
    let note = Some(text::note(&moved, language)).filter(|n| !n.is_empty() && described != Some(n.as_str()));
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
    Some(Delivery { key: message.message.key.clone(), subject, text, json, severity: ticket.severity })
}

/// A pre-opening report.
fn report(message: &Message, language: Language, packs: &Packs, venues: &Venues) -> Option<Delivery> {
    let NewMessage { key, payload, .. } = &message.message;
    let venue = Id::parse(payload["venue"].as_str()?).ok()?;
    let scene = readiness::text::Scene { language, packs, venues, venue: &venue };
    readiness::message::render(payload, key, scene)
}

/// Lines of a digest that name a message each; the rest are counted.
const DIGEST_LINES_MAX: usize = 30;

/// Many messages as one, worst and oldest first. Its key is that of the first and how many follow, so
/// that a digest that is tried again with the same messages has the same.
#[must_use]
pub fn digest(deliveries: &[Delivery], language: Language) -> Option<Delivery> {
    let first = deliveries.first()?;
    let count = deliveries.len().to_string();
    let subject = fill(language, "news.digest", &[("count", &count)]);
    let mut text = String::new();
    for delivery in deliveries.iter().take(DIGEST_LINES_MAX) {
        text.push_str(&format!("· {}\n", delivery.subject));
    }
    if let Some(more) = deliveries.len().checked_sub(DIGEST_LINES_MAX).filter(|more| *more > 0) {
        text.push_str(&fill(language, "news.digest_more", &[("count", &more.to_string())]));
    }
    let json = json!({
        "version": 1,
        "key": format!("{}+{}", first.key, deliveries.len() - 1),
        "news": "digest",
        "language": language,
        "subject": subject,
        "text": text,
        "messages": deliveries.iter().map(|delivery| &delivery.json).collect::<Vec<_>>(),
    });
    let key = format!("{}+{}", first.key, deliveries.len() - 1);
    let severity = deliveries.iter().map(|delivery| delivery.severity).min().unwrap_or(first.severity);
    Some(Delivery { key, subject, text: text.trim_end().to_owned(), json, severity })
}
