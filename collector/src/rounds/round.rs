//! A round as it is stored and shown: its times, its questions, every answer given to them, and how it
//! stands. Decides nothing; nothing that was written into it is taken back.

use wire::{Id, UnixMs};

use super::plan::{Evidence, Target};
use crate::episode::Severity;

/// How a round stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// It can be made and is not complete.
    Open,
    /// Every question was answered in time.
    Done,
    /// Its time passed before it was complete.
    Missed,
    /// It was complete after its time.
    DoneLate,
    /// Its plan was taken away before it was complete.
    Withdrawn,
}

impl Stage {
    /// Its word, as stored, in JSON and in texts.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Done => "done",
            Self::Missed => "missed",
            Self::DoneLate => "done_late",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Whether answers can still complete it.
    #[must_use]
    pub fn takes_answers(self) -> bool {
        matches!(self, Self::Open | Self::Missed)
    }
}

/// Who or what gave an answer.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// A person, by name.
    Person(String),
    /// A fixed reader saw the tag in its place.
    Tag {
        /// The agent that reads it.
        agent: Id,
        /// The tag's own number.
        tag: u64,
        /// How often the tag had been read, where the reader asks.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        count: Option<u64>,
    },
    /// A contact at the bracket says that something hangs there.
    Contact {
        /// The agent that reads it.
        agent: Id,
    },
}

/// An answer to a question.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Answer {
    /// When it was given, or read.
    pub at: UnixMs,
    /// By whom.
    pub by: By,
    /// Whether all was well.
    pub passed: bool,
    /// What is wrong, or what else there is to say.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// One question asked of one thing.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Item {
    /// The check.
    pub check: Id,
    /// What it is asked of.
    pub target: Target,
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
    /// What counts.
    pub evidence: Evidence,
    /// How bad a failure is.
    pub severity: Severity,
    /// Everything that was answered, oldest first; the last counts.
    #[serde(default)]
    pub answers: Vec<Answer>,
}

impl Item {
    /// The answer that counts.
    #[must_use]
    pub fn answer(&self) -> Option<&Answer> {
        self.answers.last()
    }

    /// Its name in the round: `condition/extinguisher-1`, or `exits`.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.target {
            Target::Asset(id, _) | Target::Room(id) => format!("{}/{id}", self.check),
            Target::Venue => self.check.to_string(),
        }
    }

    /// The room it is about, if it is about one.
    #[must_use]
    pub fn room(&self) -> Option<&Id> {
        match &self.target {
            Target::Asset(_, room) => room.as_ref(),
            Target::Room(room) => Some(room),
            Target::Venue => None,
        }
    }
}

/// What a person should look at again.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// One person answered faster than anybody can walk.
    TooFast {
        /// Who.
        by: String,
        /// Questions answered.
        items: u32,
        /// In how many milliseconds.
        ms: i64,
    },
    /// A tag had been read less often than at the round before: it is a copy.
    CountBack {
        /// Of which extinguisher.
        asset: Id,
        /// The count then.
        was: u64,
        /// The count now.
        is: u64,
    },
    /// Another tag than at the round before hangs there.
    OtherTag {
        /// At which extinguisher.
        asset: Id,
    },
    /// The collector did not run while the round could be made.
    NotWatched,
}

/// A round of one business date.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Round {
    /// Its venue.
    pub venue: Id,
    /// Its key among the venue's: `2026-11-23/weekly-fire`, `2026-11-23/fire-patrol/2`.
    pub key: String,
    /// Its plan.
    pub plan: Id,
    /// Its business date.
    pub date: String,
    /// The date it was planned for, where that was a closed day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved_from: Option<String>,
    /// Name in Chinese.
    pub name_zh: String,
    /// Name in English.
    pub name_en: String,
    /// Who makes it.
    pub team: Id,
    /// How bad it is to miss it.
    pub severity: Severity,
    /// From when it can be made.
    pub from: UnixMs,
    /// When it is missed if it is not complete.
    pub due: UnixMs,
    /// How it stands.
    pub stage: Stage,
    /// When it became complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done_at: Option<UnixMs>,
    /// What to look at again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<Flag>,
    /// Number of the ticket that its missing opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// Its questions.
    pub items: Vec<Item>,
}

impl Round {
    /// Its name among all venues: `nanshan/2026-11-23/weekly-fire`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}/{}", self.venue, self.key)
    }

    /// Questions without an answer.
    #[must_use]
    pub fn left(&self) -> usize {
        self.items.iter().filter(|item| item.answers.is_empty()).count()
    }

    /// Questions whose answer is that something is wrong.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.items.iter().filter(|item| item.answer().is_some_and(|answer| !answer.passed)).count()
    }
}
