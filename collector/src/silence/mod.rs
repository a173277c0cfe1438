//! Accounting for silence: every hour of every point is divided into what was measured, what came
//! later, what is lost and why, and what was off on purpose. The four add up to the hour, exactly.
//!
//! **A word** is what a sample says of a point: a value, or the fault that stands in its place. It
//! stands until the next word of the point, at most 1.5 times the point's period (as the agent's
//! `about` gives it, else the median of the gaps between its words, else a minute).
//!
//! Then each millisecond of an hour is the first of these that fits:
//! 1. *measured*: a value stands, which came within the live horizon;
//! 2. *backfilled*: a value stands, which came later than that, out of the agent's spool;
//! 3. *lost*, by its name: a fault stands;
//! 4. *planned off*: the agent was stopped on purpose, or the room is locked, or the point was taken out
//!    of the agent's configuration (until the end of that business day; afterwards it does not count);
//! 5. *lost*, `never_durable`, `evicted` or `corrupt`: the agent said that the samples of this
//!    stretch no longer exist;
//! 6. *lost*, `not_reported`: the agent spoke of other points and not of this one;
//! 7. *lost*, `agent_away`: nothing came from the agent.
//!
//! Time before a point was first heard of does not count, nor does an agent that has not been heard
//! for [`job::BACK_DAYS`] days. What is not over yet is left out until it is: the account of a day says up
//! to when it goes. Data that comes late has its hours judged again, up to [`job::BACK_DAYS`] days back.
//!
//! [`account`] is a share and its reasons, [`hour`] divides a stretch of time, [`note`] keeps what samples
//! themselves do not tell (who came late, what is lost, what was stopped), [`notes`] has it stored by the
//! very commit that holds those samples; [`day`] is the account of a day, [`judge`] brings it up to
//! date, [`record`] makes documents of both. [`job`] is the thread that has them written, [`total`] adds them
//! up, [`text`] says them in words.

pub mod account;
pub mod day;
pub mod hour;
pub mod job;
pub mod judge;
pub mod note;
pub mod notes;
pub mod record;
mod spans;
pub mod text;
pub mod total;

pub use account::{Account, Reason};
pub use day::Day;
pub use note::Note;
pub use notes::Notes;

#[cfg(test)]
mod tests;
