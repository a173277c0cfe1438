//! Turns a ticket and what is stored around it into the lines that explain it: how its point went, what
//! else changed in the room, what mended such a thing before.
//!
//! [`gather`] asks the ledger and the readings, a bounded amount of each; [`course`], [`changes`] and
//! [`past`] make sense of the answers, [`text`] puts them into words, [`picture`] draws, [`fit`] shortens
//! for a channel that takes little. All but `gather` is pure. Nothing is invented: what is not stored is left out, or
//! said to be missing.

pub mod changes;
pub mod course;
pub mod fit;
pub mod gather;
pub mod past;
pub mod picture;
pub mod text;

pub use changes::{Change, What};
pub use course::Course;
pub use gather::{Desk, gather};
pub use past::{End, Past};
pub use picture::Picture;

use wire::UnixMs;

/// What surrounds a ticket, as it was stored at an instant.
#[derive(Debug, Clone, PartialEq)]
pub struct Story {
    /// The instant: nothing in here is newer.
    pub at: UnixMs,
    /// How the point of the ticket went; `None` where it is about no single point.
    pub course: Option<Course>,
    /// What else changed in the room before it began, in order of time.
    pub changes: Vec<Change>,
    /// Tickets of the same kind that have ended, newest first.
    pub past: Vec<Past>,
}
