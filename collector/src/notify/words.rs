//! Turns a row of the outbox into what a receiver reads: a subject, a text, and the same as JSON.
//! Rendered at sending, in the language of the channel, from the facts stored in the row.

use serde_json::json;
use wire::{Id, UnixMs};

use crate::{
    config::Language,
    episode::Severity,
    ledger::{Message, NewMessage},
    packs::Packs,
    readiness,
    story::{
        Picture, Story,
        fit::{self, Line, Need},
    },
    texts::{self, fill},
    tickets::{
        Ticket, Transition,
        tell::News,
        text::{self, Explained, Scene},
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
    /// Plain text, whole.
    pub text: String,
    /// The same line by line, for channels that take less.
    pub lines: Vec<Line>,
    /// How the point of its ticket went, for channels that show pictures.
    pub picture: Option<Picture>,
    /// For programs: the same every time it is tried.
    pub json: serde_json::Value,
    /// How bad the worst of it is.
    pub severity: Severity,
}

impl Delivery {
    /// A text that stands for itself.
    #[must_use]
    pub fn plain(
        key: impl Into<String>,
        subject: impl Into<String>,
        text: impl Into<String>,
        json: serde_json::Value,
        severity: Severity,
    ) -> Self {
        let (key, subject, text) = (key.into(), subject.into(), text.into());
        let lines = text.lines().map(|words| Line::new(Need::Fact, words)).collect();
        Self { key, subject, text, lines, picture: None, json, severity }
    }

    /// The text in at most `bytes_max` bytes, without the least important lines; `written` is what a
    /// channel makes of a line.
    #[must_use]
    pub fn fitted(&self, bytes_max: usize, written: impl Fn(&str) -> String) -> String {
        fit::fit(&self.lines, bytes_max, written)
    }

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
    Delivery::plain("nanshan-20251123-001:1", subject, text, json!({}), severity)
}

/// What the step put into the outbox.
#[derive(serde::Deserialize)]
struct Payload {
    news: News,
    ticket: Ticket,
    moved: Transition,
}

/// The ticket that `message` tells of, and the instant it tells of; `None` where it is no such message.
#[must_use]
pub fn told(message: &Message) -> Option<(Ticket, UnixMs)> {
    let Payload { ticket, moved, .. } = serde_json::from_value(message.message.payload.clone()).ok()?;
    Some((ticket, moved.at))
}

/// Renders `message`; `None` where its payload is of a later version or broken. `story` is what surrounds
/// its ticket, if that is at hand.
#[must_use]
pub fn render(
    message: &Message,
    language: Language,
    packs: &Packs,
    venues: &Venues,
    story: Option<&Story>,
) -> Option<Delivery> {
    if message.message.payload["report"] == "readiness" {
        return report(message, language, packs, venues);
    }
    let Payload { news, ticket, moved } = serde_json::from_value(message.message.payload.clone()).ok()?;
    let venue = venues.name(&ticket.venue, language);
    let scene = Scene { language, packs, venues };
    let explained = text::explain(&ticket, scene);
    let why = text::news(news, &ticket, &moved, scene);
    let subject = format!("[{:?}] {why}: {}", ticket.severity, explained.title);
    let lines = lines(&why, &explained, (&ticket, &moved), story, scene);
    let text = fit::whole(&lines);
    let json = json!({
        "version": 1,
        "key": message.message.key,
        "news": news,
        "language": language,
        "subject": subject,
        "title": explained.title,
        "text": text,
        "hint": explained.hint,
        "venue_name": venue,
        "ticket": ticket,
        "moved": moved,
    });
    let picture = story.and_then(|story| Picture::of(story, &ticket, scene));
    let key = message.message.key.clone();
    Some(Delivery { key, subject, text, lines, picture, json, severity: ticket.severity })
}

/// Why, what and where, what a person said, what surrounds it, and the next step.
fn lines(
    why: &str,
    explained: &Explained,
    (ticket, moved): (&Ticket, &Transition),
    story: Option<&Story>,
    scene: Scene<'_>,
) -> Vec<Line> {
    let language = scene.language;
    let mut lines = vec![Line::new(Need::Fact, format!("{why} {}", ticket.number))];
    lines.push(Line::new(Need::Fact, &*explained.title));
    lines.extend(explained.lines.iter().map(|line| Line::new(Need::Fact, line)));
    let described = ticket.description.as_deref().map(|words| texts::own(language, words));
    let note = text::note(moved, language);
    if moved.who != crate::tickets::DATA && !note.is_empty() && described != Some(note.as_str()) {
        lines.push(Line::new(Need::Step, format!("{}: {note}", moved.who)));
    }
    lines.extend(story.into_iter().flat_map(|story| crate::story::text::lines(story, ticket, scene)));
    let next = |hint| fill(language, "explain.next", &[("hint", hint)]);
    lines.extend(explained.hint.as_deref().map(|hint| Line::new(Need::Step, next(hint))));
    lines
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
    Some(Delivery::plain(key, subject, text.trim_end(), json, severity))
}
