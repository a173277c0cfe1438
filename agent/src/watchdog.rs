//! Tells systemd that the agent is ready, alive and ending; says nothing where there is no systemd.

use std::time::Duration;

use sd_notify::NotifyState;

/// Says ready, then alive at half the interval that the unit's `WatchdogSec` asks for. The runtime
/// that hangs stops saying so, and systemd starts the agent anew.
pub async fn run() {
    tell(NotifyState::Ready);
    let Some(interval) = sd_notify::watchdog_enabled() else {
        return std::future::pending().await;
    };
    loop {
        tokio::time::sleep((interval / 2).max(Duration::from_millis(100))).await;
        tell(NotifyState::Watchdog);
    }
}

/// Says that the end has begun.
pub fn stopping() {
    tell(NotifyState::Stopping);
}

fn tell(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::debug!(%error, "systemd does not listen");
    }
}
