//! The life of a ticket: which action is legal at which stage, and where it leads.

use super::{
    Action, Refusal, Stage,
    limits::HoldReason,
    refusal::{NAME_MAX, WORDS_MAX},
};

/// Where an action leads, before the data has its say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// To this stage.
    Stage(Stage),
    /// It is said to be fixed: the data is asked.
    Ask,
    /// Open again: to whoever had it, or to nobody.
    Again,
    /// It stays where it is.
    Stay,
}

impl Action {
    /// The action by its word on the command line.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Assign { .. } => "assign",
            Self::Acknowledge => "ack",
            Self::Start { .. } => "start",
            Self::Window { .. } => "window",
            Self::Watch => "watch",
            Self::Unwatch => "unwatch",
            Self::Hold { .. } => "hold",
            Self::Resume => "resume",
            Self::Fixed { .. } => "fixed",
            Self::Close => "close",
            Self::FalseAlarm { .. } => "false-alarm",
            Self::Duplicate { .. } => "duplicate",
            Self::Reopen { .. } => "reopen",
            Self::Comment { .. } => "comment",
            Self::ConfirmCheck { .. } => "confirm",
            Self::Open { .. } => "open",
            Self::Room { .. } => "room",
        }
    }

    /// What the person wrote, trimmed; empty where the action has no words.
    #[must_use]
    pub fn words(&self) -> &str {
        match self {
            Self::Hold { reason, .. } => reason.trim(),
            Self::Start { anyway } => anyway.as_deref().unwrap_or_default().trim(),
            Self::Window { window } => window.as_str(),
            Self::Fixed { note } | Self::FalseAlarm { note } | Self::Reopen { note } => note.trim(),
            Self::Comment { text } => text.trim(),
            Self::ConfirmCheck { note, .. } => note.trim(),
            Self::Open { description, .. } => description.trim(),
            Self::Assign { to } => to.trim(),
            Self::Duplicate { of } => of.trim(),
            Self::Acknowledge | Self::Resume | Self::Close | Self::Watch | Self::Unwatch | Self::Room { .. } => "",
        }
    }

    /// Whether the words are there and not too many. `fixed` may be said without a word; a wait, a
    /// false alarm or a reopening without its reason helps nobody.
    pub fn check_words(&self) -> Result<(), Refusal> {
        let (field, needed, most) = match self {
            Self::Assign { .. } => ("to", true, NAME_MAX),
            Self::Hold { why, .. } => ("reason", *why == HoldReason::Other, WORDS_MAX),
            Self::Start { anyway } => ("anyway", anyway.is_some(), WORDS_MAX),
            Self::FalseAlarm { .. } | Self::Reopen { .. } => ("note", true, WORDS_MAX),
            Self::Fixed { .. } => ("note", false, WORDS_MAX),
            Self::Comment { .. } => ("text", true, WORDS_MAX),
            Self::ConfirmCheck { .. } => ("note", false, WORDS_MAX),
            Self::Open { .. } => ("description", true, WORDS_MAX),
            Self::Duplicate { .. } => ("of", true, NAME_MAX + 16),
            Self::Acknowledge
            | Self::Resume
            | Self::Close
            | Self::Watch
            | Self::Unwatch
            | Self::Window { .. }
            | Self::Room { .. } => return Ok(()),
        };
        if needed && self.words().is_empty() {
            return Err(Refusal::Empty { field: field.into() });
        }
        if self.words().chars().count() > most {
            return Err(Refusal::TooLong { field: field.into(), most });
        }
        Ok(())
    }
}

/// What `action` does at `stage`.
pub fn next(stage: Stage, action: &Action) -> Result<Next, Refusal> {
    use Stage::{Acknowledged, Assigned, Closed, Duplicate, FalseAlarm, Fixed, InProgress, New, OnHold, Verifying};
    let to = match (action, stage) {
        (Action::Assign { .. }, New | Assigned | Acknowledged | InProgress | OnHold) => Assigned,
        (Action::Acknowledge, New | Assigned) => Acknowledged,
        (Action::Start { .. }, New | Assigned | Acknowledged) | (Action::Resume, OnHold) => InProgress,
        (Action::Hold { .. }, New | Assigned | Acknowledged | InProgress) => OnHold,
        (Action::Fixed { .. }, New | Assigned | Acknowledged | InProgress | OnHold) => return Ok(Next::Ask),
        (Action::Close, Fixed) => Closed,
        (Action::Close, New | Assigned | Acknowledged | InProgress | OnHold) => {
            return Err(Refusal::NotFixed { stage });
        }
        (Action::Close | Action::Fixed { .. }, Verifying) => return Err(Refusal::Verifying),
        (Action::FalseAlarm { .. }, stage) if !stage.is_ended() => FalseAlarm,
        (Action::Duplicate { .. }, stage) if !stage.is_ended() => Duplicate,
        (Action::Reopen { .. }, Fixed | Verifying | Closed | FalseAlarm | Duplicate) => return Ok(Next::Again),
        (Action::Comment { .. } | Action::Watch | Action::Unwatch, _) => return Ok(Next::Stay),
        (Action::Window { .. }, stage) if !stage.is_ended() => return Ok(Next::Stay),
        _ => return Err(Refusal::Stage { stage, action: action.word().into() }),
    };
    Ok(Next::Stage(to))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The whole table. Columns: assign ack start hold resume fixed close false-alarm duplicate
    /// reopen comment open. `?` asks the data, `<` opens again, `.` stays, `-` is refused, and a
    /// letter is the stage: a(s)signed, (a)cknowledged, (p)rogress, (h)old, (c)losed, (f)alse,
    /// (d)uplicate.
    const TABLE: [(Stage, &str); 10] = [
        (Stage::New, "saph-?-fd-.-"),
        (Stage::Assigned, "saph-?-fd-.-"),
        (Stage::Acknowledged, "s-ph-?-fd-.-"),
        (Stage::InProgress, "s--h-?-fd-.-"),
        (Stage::OnHold, "s---p?-fd-.-"),
        (Stage::Fixed, "------cfd<.-"),
        (Stage::Verifying, "-------fd<.-"),
        (Stage::Closed, "---------<.-"),
        (Stage::FalseAlarm, "---------<.-"),
        (Stage::Duplicate, "---------<.-"),
    ];

    fn actions() -> [Action; 12] {
        let text = String::from;
        let id = |t| wire::Id::parse(t).unwrap();
        [
            Action::Assign { to: text("li") },
            Action::Acknowledge,
            Action::Start { anyway: None },
            Action::Hold { why: HoldReason::Parts, reason: String::new() },
            Action::Resume,
            Action::Fixed { note: text("done") },
            Action::Close,
            Action::FalseAlarm { note: text("door open") },
            Action::Duplicate { of: text("x") },
            Action::Reopen { note: text("again") },
            Action::Comment { text: text("hm") },
            Action::Open {
                venue: id("v"),
                room: id("r"),
                asset: None,
                severity: crate::episode::Severity::P3,
                team: id("av"),
                description: text("hums"),
                origin: crate::tickets::Origin::Person,
            },
        ]
    }

    #[test]
    fn every_action_at_every_stage_does_what_the_table_says() {
        for (stage, row) in TABLE {
            for (action, expected) in actions().iter().zip(row.chars()) {
                let got = match next(stage, action) {
                    Ok(Next::Ask) => '?',
                    Ok(Next::Again) => '<',
                    Ok(Next::Stay) => '.',
                    Ok(Next::Stage(Stage::Assigned)) => 's',
                    Ok(Next::Stage(Stage::Acknowledged)) => 'a',
                    Ok(Next::Stage(Stage::InProgress)) => 'p',
                    Ok(Next::Stage(Stage::OnHold)) => 'h',
                    Ok(Next::Stage(Stage::Closed)) => 'c',
                    Ok(Next::Stage(Stage::FalseAlarm)) => 'f',
                    Ok(Next::Stage(Stage::Duplicate)) => 'd',
                    Ok(Next::Stage(other)) => panic!("{stage:?} {action:?} leads to {other:?}"),
                    Err(_) => '-',
                };
                assert_eq!(got, expected, "{stage:?} {}", action.word());
            }
        }
    }

    #[test]
    fn words_that_help_nobody_are_asked_for() {
        let empty = |field: &str| Err(Refusal::Empty { field: field.into() });
        assert_eq!(Action::Hold { why: HoldReason::Other, reason: "  ".into() }.check_words(), empty("reason"));
        assert_eq!(Action::FalseAlarm { note: String::new() }.check_words(), empty("note"));
        assert_eq!(Action::Fixed { note: String::new() }.check_words(), Ok(()));
        let long = "字".repeat(WORDS_MAX);
        assert_eq!(Action::Comment { text: long.clone() }.check_words(), Ok(()));
        let longer = long + "字";
        let refused = Err(Refusal::TooLong { field: "text".into(), most: WORDS_MAX });
        assert_eq!(Action::Comment { text: longer }.check_words(), refused);
    }
}
