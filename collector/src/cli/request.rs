//! Puts what a person asks into the ledger and waits for the answer of the running collector: its step alone
//! changes anything.

use std::{
    process::ExitCode,
    thread::sleep,
    time::{Duration, Instant},
};

use super::Failure;
use crate::{
    config::Language,
    ledger::{Inbox, sqlite::Sqlite},
    texts::get,
    tickets::Action,
    world::{Clock, SystemClock},
};

/// How long a running collector may take to answer.
const ANSWER_TIME: Duration = Duration::from_secs(5);
/// Real time between two looks for the answer.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Nobody answered in time; trying again later helps (sysexits' `EX_TEMPFAIL`).
const EXIT_NO_ANSWER: u8 = 75;

/// What came of it.
pub enum Answer {
    /// It was carried out, or refused.
    Given(Result<String, String>),
    /// Nobody answered, which was said; the exit code of the command.
    Nobody(ExitCode),
}

/// Asks for `action` on `ticket` in the name of `who`.
pub fn ask(store: &Sqlite, who: &str, ticket: &str, action: &Action, language: Language) -> Result<Answer, Failure> {
    let failed = |e| Failure::other("ask the collector", e);
    let row = store.put_request(SystemClock.now(), who, ticket, action).map_err(failed)?;
    let end = Instant::now() + ANSWER_TIME;
    loop {
        match store.answer(row).map_err(failed)? {
            Some(answer) => return Ok(Answer::Given(answer)),
            None if Instant::now() >= end => {
                eprintln!("{}", get(language, "cli_error.no_answer"));
                return Ok(Answer::Nobody(ExitCode::from(EXIT_NO_ANSWER)));
            }
            None => sleep(LOOK_EVERY),
        }
    }
}

/// The user of the system, for the history.
#[must_use]
pub fn user() -> String {
    ["USER", "LOGNAME"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()))
        .unwrap_or_else(|| "cli".into())
}
