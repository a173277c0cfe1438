//! `run`: the agent itself, until SIGTERM or Ctrl-C.

use std::process::ExitCode;

use agent::{clock::SystemClock, config::Config, world::World};
use tokio::signal::unix::{SignalKind, signal};

/// Runs the agent on one thread; buses and the spool have their own.
pub(super) fn run(config: Config) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%error, "the system refuses a runtime");
            return ExitCode::FAILURE;
        }
    };
    let world = World { clock: SystemClock::new(), room: None };
    tracing::info!(agent.id = %config.source(), "starting");
    match runtime.block_on(agent::run(config, world, asked_to_end())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = %chain(&error), "the agent cannot run");
            ExitCode::FAILURE
        }
    }
}

async fn asked_to_end() {
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => drop(terminate.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = terminated => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

/// An error and its causes in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}
