//! Turns "look until it is so" into a value or a failed test; never waits for a fixed time.

use std::time::{Duration, Instant};

/// How often something is looked at. Short beside every time-out and long beside the look itself.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// How long a program may take to get ready on a busy machine.
pub const READY_WITHIN: Duration = Duration::from_secs(30);

/// Looks until `look` finds something, and gives it; `None` when `within` has passed.
pub fn try_until<T>(within: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + within;
    loop {
        if let Some(found) = look() {
            return Some(found);
        }
        if Instant::now() >= deadline {
            return None;
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

/// Looks until `look` finds something.
///
/// # Panics
/// When `within` has passed; the message says `what` was awaited.
#[track_caller]
pub fn until<T>(what: &str, within: Duration, look: impl FnMut() -> Option<T>) -> T {
    match try_until(within, look) {
        Some(found) => found,
        None => panic!("waited {} s in vain: {what}", within.as_secs()),
    }
}
