//! Room on the bench: how many boards are emulated at once, so that a small computer is not asked to
//! be a dozen processors.

use std::sync::{Condvar, Mutex, PoisonError};

/// Four processors each, mostly idle.
const BOARDS_MAX: usize = 2;

static BOARDS: Mutex<usize> = Mutex::new(0);
static LEFT: Condvar = Condvar::new();

/// A place on the bench, until it is dropped.
#[derive(Debug)]
pub(super) struct Place(());

impl Place {
    /// Waits for a free one.
    pub(super) fn take() -> Self {
        let boards = BOARDS.lock().unwrap_or_else(PoisonError::into_inner);
        let mut boards =
            LEFT.wait_while(boards, |boards| *boards >= BOARDS_MAX).unwrap_or_else(PoisonError::into_inner);
        *boards += 1;
        Self(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        *BOARDS.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        LEFT.notify_one();
    }
}
