//! Idle connections, ready for the next who looks or writes shortly. Never opens one itself.

use std::sync::Mutex;

use rusqlite::Connection;

/// Idle connections kept; more are closed. As many as usually look at once.
const IDLE_MAX: usize = 8;

#[derive(Default)]
pub(super) struct Pool(Mutex<Vec<Connection>>);

impl Pool {
    pub(super) fn take(&self) -> Option<Connection> {
        self.0.lock().expect("no holder of this lock can panic").pop()
    }

    pub(super) fn put(&self, connection: Connection) {
        let mut idle = self.0.lock().expect("no holder of this lock can panic");
        if idle.len() < IDLE_MAX {
            idle.push(connection);
        }
    }
}
