//! `notify`: sends a test message by a channel of the configuration, after showing what it says. Needs
//! no collector to run, and puts nothing into the ledger.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{ConfigArgument, Failure, LanguageArgument};
use crate::{
    config::Language,
    episode::Severity,
    notify::{self, words::Delivery},
    texts::{fill, get},
    world::{Clock, SystemClock},
};

/// Arguments of `notify`.
#[derive(Debug, Args)]
pub struct NotifyArgument {
    #[command(flatten)]
    config: ConfigArgument,
    #[command(flatten)]
    language: LanguageArgument,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Shows a test message and sends it by one channel.
    Test {
        /// The channel's name in the configuration.
        channel: String,
    },
}

/// Shows and sends.
pub fn run(argument: &NotifyArgument) -> Result<ExitCode, Failure> {
    let Verb::Test { channel } = &argument.verb;
    let config = argument.config.load()?;
    let said = argument.language.or(config.language);
    let workers = notify::workers(&config).map_err(|e| Failure::other("set up the channels", e))?;
    let names: Vec<String> = workers.iter().map(|worker| format!("`{}`", worker.name)).collect();
    let Some(worker) = workers.into_iter().find(|worker| worker.name == *channel) else {
        let key = if names.is_empty() { "cli_notify.no_channels" } else { "cli_notify.no_channel" };
        let names = names.join(get(said, "cli_notify.comma"));
        return Err(Failure::said(fill(said, key, &[("channel", channel), ("names", &names)])));
    };
    let now = SystemClock.now();
    let delivery = example(worker.language, now);
    println!("{}\n{}\n", delivery.subject, delivery.text);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|e| Failure::other("start", e))?;
    match runtime.block_on(worker.sender.send(&delivery, now)) {
        Ok(()) => {
            println!("{}", fill(said, "cli_notify.sent", &[("channel", channel)]));
            Ok(ExitCode::SUCCESS)
        }
        Err(failure) => {
            let words = [("channel", channel.as_str()), ("reason", failure.reason.as_str())];
            Err(Failure::said(fill(said, "cli_notify.failed", &words)))
        }
    }
}

fn example(language: Language, now: wire::UnixMs) -> Delivery {
    let (subject, text) = (get(language, "cli_notify.subject"), get(language, "cli_notify.text"));
    let key = format!("test:{now}");
    let json = serde_json::json!({
        "version": 1, "key": key, "news": "test", "language": language, "subject": subject, "text": text,
    });
    Delivery::plain(key, subject, text, json, Severity::P4)
}
