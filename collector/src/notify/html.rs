//! A message as HTML for mails: readable in a light and a dark mail, on a telephone, and with pictures
//! switched off. What people and devices wrote is escaped. Pure.

use askama::Template;

use super::words::Delivery;
use crate::{config::Language, episode::Severity, story::fit::Need};

/// The name by which the mail's text finds its picture.
pub const PICTURE_CID: &str = "course";

/// Longer words before a colon are no name of a line.
const NAME_CHARS_MAX: usize = 20;

/// A line, with what it is about before its colon.
struct Line<'a> {
    name: &'a str,
    words: &'a str,
}

impl<'a> Line<'a> {
    fn of(text: &'a str) -> Self {
        let colon = text.find('：').map(|at| at + '：'.len_utf8()).or_else(|| text.find(": ").map(|at| at + 2));
        match colon.filter(|at| text[..*at].chars().count() <= NAME_CHARS_MAX) {
            Some(at) => Self { name: &text[..at], words: &text[at..] },
            None => Self { name: "", words: text },
        }
    }
}

struct Shown<'a> {
    cid: &'static str,
    alt: &'a str,
    caption: &'a str,
}

#[derive(Template)]
#[template(path = "mail.html")]
struct Mail<'a> {
    language: &'static str,
    subject: &'a str,
    title: &'a str,
    colour: &'static str,
    facts: Vec<Line<'a>>,
    picture: Option<Shown<'a>>,
    around: Vec<Line<'a>>,
    steps: Vec<Line<'a>>,
}

/// The message as a page; with a picture, its strip of blocks is left out. `None` where it cannot be written.
#[must_use]
pub fn page(delivery: &Delivery, language: Language, with_picture: bool) -> Option<String> {
    let picture = delivery.picture.as_ref().filter(|_| with_picture);
    let of = |needs: &[Need]| -> Vec<Line<'_>> {
        let lines = delivery.lines.iter().filter(|line| needs.contains(&line.need));
        lines.map(|line| Line::of(&line.words)).collect()
    };
    let around: &[Need] = match picture {
        Some(_) => &[Need::Change, Need::Past],
        None => &[Need::Course, Need::Change, Need::Past],
    };
    let colour = match delivery.severity {
        Severity::P1 => "#c62828",
        Severity::P2 => "#e07b00",
        Severity::P3 => "#2f6fb5",
        Severity::P4 => "#7a8590",
    };
    let page = Mail {
        language: match language {
            Language::ZhCn => "zh-CN",
            Language::En => "en",
        },
        subject: &delivery.subject,
        title: &delivery.subject,
        colour,
        // What the heading says need not be said again.
        facts: of(&[Need::Fact]).into_iter().filter(|line| !delivery.subject.ends_with(line.words)).collect(),
        picture: picture.map(|picture| Shown { cid: PICTURE_CID, alt: &picture.alt, caption: &picture.caption }),
        around: of(around),
        steps: of(&[Need::Step]),
    };
    page.render().ok()
}
