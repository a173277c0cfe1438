//! `run`: the collector as a service: log, signals, systemd's notifications and watchdog.

use std::{io::IsTerminal, process::ExitCode, sync::Arc, time::Duration};

use tokio::signal::unix::{SignalKind, signal};

use super::{ConfigArgument, Failure};
use crate::{Handle, World, world::SystemClock};

/// What is logged where `HALLWATCH_LOG` says nothing. The own broker calls every client that leaves an
/// error; that it does not listen is noticed without its log.
const LOG: &str = "info,rumqttd=off";
/// Real time between two looks at the stages for the watchdog, where systemd asks for none.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Runs until SIGTERM or SIGINT; a second one ends at once.
pub fn run(argument: &ConfigArgument) -> Result<ExitCode, Failure> {
    let filter = tracing_subscriber::EnvFilter::try_from_env("HALLWATCH_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(LOG));
    let terminal = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(terminal).init();
    let config = argument.load()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|e| Failure::other("start the runtime", e))?;
    runtime.block_on(async {
        let world = World { clock: Arc::new(SystemClock) };
        let handle = crate::start(config, world).await.map_err(|e| match e {
            crate::Error::Packs(e) => Failure::Packs(e),
            crate::Error::Venues(e) => Failure::Venues(e),
            e => Failure::other("start", e),
        })?;
        announce(&handle);
        serve(handle).await
    })?;
    Ok(ExitCode::SUCCESS)
}

fn announce(handle: &Handle) {
    if let Some(address) = handle.mqtt {
        tracing::info!(%address, "own broker listens");
    }
    if let Some(address) = handle.web {
        tracing::info!(%address, "pages are served");
    }
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
}

async fn serve(handle: Handle) -> Result<(), Failure> {
    let no_signals = |e: std::io::Error| Failure::other("hear signals", e);
    let mut term = signal(SignalKind::terminate()).map_err(no_signals)?;
    let mut int = signal(SignalKind::interrupt()).map_err(no_signals)?;
    let every = sd_notify::watchdog_enabled().map_or(LOOK_EVERY, |t| t / 2);
    loop {
        tokio::select! {
            _ = term.recv() => break,
            _ = int.recv() => break,
            () = tokio::time::sleep(every) => {
                if !handle.is_alive() {
                    return Err(Failure::other("go on", anyhow::anyhow!("a stage ended by itself; the log says why")));
                }
                if handle.shared.heartbeat.is_fresh() {
                    let _ = sd_notify::notify(&[sd_notify::NotifyState::Watchdog]);
                }
            }
        }
    }
    tracing::info!("ending: what was taken is committed first");
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
    tokio::select! {
        done = handle.stop() => done.map_err(|e| Failure::other("end cleanly", e)),
        _ = term.recv() => Err(Failure::other("end cleanly", anyhow::anyhow!("a second signal came"))),
        _ = int.recv() => Err(Failure::other("end cleanly", anyhow::anyhow!("a second signal came"))),
    }
}
