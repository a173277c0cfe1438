//! Tells in the terminal what happens in the venue, in the reader's language. The only module of
//! the demo that prints.

use std::{
    io::{IsTerminal, Write},
    time::Duration,
};

use jiff::{Timestamp, tz::TimeZone};
use wire::UnixMs;

use crate::{
    options::Language,
    texts::{Text, fill},
    venue,
};

/// What kind of line it is: gives its mark and colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Something breaks in the venue.
    Breaks,
    /// Something is mended in the venue.
    Mends,
    /// A ticket moves.
    Ticket,
    /// A person acts.
    Person,
    /// A telephone rings.
    Phone,
    /// The demo speaks of itself.
    Plain,
}

impl Tone {
    fn mark(self) -> (&'static str, &'static str) {
        match self {
            Self::Breaks => ("✗", "31"),
            Self::Mends => ("✓", "32"),
            Self::Ticket => ("▣", "36"),
            Self::Person => ("☻", "33"),
            Self::Phone => ("☎", "35"),
            Self::Plain => ("·", "2"),
        }
    }
}

/// A voice.
#[derive(Debug, Clone)]
pub struct Teller {
    language: Language,
    quiet: bool,
    colour: bool,
    zone: TimeZone,
}

impl Teller {
    /// A voice in `language`; a quiet one says only what [`Teller::always`] is given.
    #[must_use]
    pub fn new(language: Language, quiet: bool, zone: TimeZone) -> Self {
        let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Self { language, quiet, colour, zone }
    }

    /// The reader's language.
    #[must_use]
    pub fn language(&self) -> Language {
        self.language
    }

    /// Tells what happened at an instant of the venue.
    pub fn at(&self, now: UnixMs, tone: Tone, line: &str) {
        if self.quiet {
            return;
        }
        let (mark, colour) = tone.mark();
        let time = self.clock_text(now);
        if self.colour {
            self.print(&format!("\x1b[2m{time}\x1b[0m \x1b[{colour}m{mark}\x1b[0m {line}"));
        } else {
            self.print(&format!("{time} {mark} {line}"));
        }
    }

    /// The venue's name in the reader's language.
    #[must_use]
    pub fn venue(&self) -> &'static str {
        match self.language {
            Language::Chinese => venue::VENUE_ZH,
            Language::English => venue::VENUE_EN,
        }
    }

    /// Adds to what was told last.
    pub fn more(&self, line: &str) {
        if self.quiet {
            return;
        }
        let indent = " ".repeat("00:00:00 ▣ ".chars().count());
        if self.colour {
            self.print(&format!("{indent}\x1b[2m{line}\x1b[0m"));
        } else {
            self.print(&format!("{indent}{line}"));
        }
    }

    /// Tells something without an instant.
    pub fn say(&self, which: Text, values: &[&str]) {
        if !self.quiet {
            self.print(&fill(self.language, which, values));
        }
    }

    /// Tells something even where the voice is quiet.
    pub fn always(&self, which: Text, values: &[&str]) {
        self.print(&fill(self.language, which, values));
    }

    /// A label and what belongs to it, even where the voice is quiet.
    pub fn address(&self, label: Text, value: &str) {
        let label = fill(self.language, label, &[]);
        // A Chinese letter is two columns wide.
        let width: usize = label.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum();
        self.print(&format!("  {label}{} {value}", " ".repeat(14usize.saturating_sub(width))));
    }

    /// Replaces the current line of a terminal; elsewhere prints nothing.
    pub fn progress(&self, which: Text, values: &[&str]) {
        if !self.quiet && std::io::stdout().is_terminal() {
            let mut out = std::io::stdout().lock();
            // A terminal that went away is no reason to end the venue.
            let _ = write!(out, "\r\x1b[K{}", fill(self.language, which, values)).and_then(|()| out.flush());
        }
    }

    /// Ends the line that [`Teller::progress`] left open.
    pub fn progress_done(&self) {
        if !self.quiet && std::io::stdout().is_terminal() {
            self.print("\r\x1b[K");
        }
    }

    /// A length of the venue's time in words.
    #[must_use]
    pub fn span(&self, length: Duration) -> String {
        let ms = i64::try_from(length.as_millis()).unwrap_or(i64::MAX / 2);
        collector::texts::duration(self.language.of_collector(), ms)
    }

    /// Time of day of the venue.
    #[must_use]
    pub fn clock_text(&self, at: UnixMs) -> String {
        match Timestamp::from_millisecond(at) {
            Ok(instant) => instant.to_zoned(self.zone.clone()).strftime("%H:%M:%S").to_string(),
            Err(_) => at.to_string(),
        }
    }

    fn print(&self, line: &str) {
        let _ = writeln!(std::io::stdout().lock(), "{line}");
    }
}
