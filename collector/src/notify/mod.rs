//! Sends what waits in the outbox, at least once, one file a channel: [`webhook`], [`smtp`], the chat
//! robots [`wecom`], [`dingtalk`] and [`feishu`], [`ntfy`]. [`words`] renders a message, [`worker`] sends
//! those of one channel, no faster than its [`bucket`] allows, and tries again by [`backoff`]. Decides
//! nothing about tickets, and never shows a [`secret`].

pub mod address;
pub mod backoff;
pub mod bucket;
pub mod dingtalk;
pub mod failure;
pub mod feishu;
pub mod html;
pub mod ntfy;
pub mod post;
pub mod robot;
pub mod secret;
pub mod shape;
pub mod smtp;
pub mod webhook;
pub mod wecom;
pub mod words;
pub mod worker;

use std::{path::PathBuf, sync::Arc, thread, time::Duration};

use tokio::{runtime, sync::watch};
use wire::UnixMs;

use self::{
    bucket::{Bucket, ROBOT_A_MINUTE},
    dingtalk::DingTalk,
    failure::Failure,
    feishu::Feishu,
    ntfy::Ntfy,
    post::Poster,
    secret::Secret,
    smtp::Smtp,
    webhook::Webhook,
    wecom::WeCom,
    words::Delivery,
    worker::{Troubled, Worker},
};
use crate::{
    Shared,
    config::{self, Channel, Config, Language, WebhookFormat},
};

/// Why a channel cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A secret cannot be read.
    #[error(
        "`notify.channel.{channel}.{key}`: cannot read `{path}`\nhint: the collector's user must be able to read it, and nobody else"
    )]
    Secret {
        /// Name of the channel.
        channel: String,
        /// The key that names the file.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A mail channel.
    #[error("`notify.channel.{channel}` cannot be used")]
    Smtp {
        /// Name of the channel.
        channel: String,
        /// Why.
        #[source]
        source: smtp::Error,
    },
    /// The system gives no thread.
    #[error("cannot start a thread for `notify.channel.{channel}`")]
    Thread {
        /// Name of the channel.
        channel: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// How a channel sends.
pub enum Sender {
    /// By HTTP POST.
    Webhook(Webhook),
    /// By mail.
    Smtp(Box<Smtp>),
    /// By a WeCom robot.
    WeCom(WeCom),
    /// By a DingTalk robot.
    DingTalk(DingTalk),
    /// By a Feishu robot.
    Feishu(Feishu),
    /// By ntfy.
    Ntfy(Ntfy),
}

impl Sender {
    /// Sends once; ends within the channel's answer time.
    pub async fn send(&self, delivery: &Delivery, now: UnixMs) -> Result<(), Failure> {
        match self {
            // Blocks the channel's own thread and nothing else.
            Self::Webhook(webhook) => webhook.send(delivery, now),
            Self::WeCom(robot) => robot.send(delivery, now),
            Self::DingTalk(robot) => robot.send(delivery, now),
            Self::Feishu(robot) => robot.send(delivery, now),
            Self::Ntfy(topic) => topic.send(delivery, now),
            Self::Smtp(smtp) => smtp.send(delivery).await,
        }
    }

    /// How many messages it bears.
    fn bucket(&self) -> Bucket {
        match self {
            Self::WeCom(_) | Self::DingTalk(_) | Self::Feishu(_) => Bucket::new(Some(ROBOT_A_MINUTE)),
            Self::Webhook(_) | Self::Smtp(_) | Self::Ntfy(_) => Bucket::default(),
        }
    }
}

/// Reads the secrets and sets up every channel of the configuration; opens no connection.
pub fn workers(config: &Config) -> Result<Vec<Worker>, Error> {
    let one = |(name, channel): (&String, &Channel)| {
        let language = channel.language().unwrap_or(config.language);
        Ok(Worker::new(name.clone(), sender(name, channel, language)?, language))
    };
    config.notify.channel.iter().map(one).collect()
}

fn sender(name: &str, channel: &Channel, language: Language) -> Result<Sender, Error> {
    let read = |key, path: &Option<PathBuf>| {
        let Some(path) = path else { return Ok(None) };
        Secret::read(path).map(Some).map_err(|source| Error::Secret {
            channel: name.into(),
            key,
            path: path.clone(),
            source,
        })
    };
    let robot = |c: &config::Robot| {
        let url = read("url_file", &Some(c.url_file.clone()))?.unwrap_or_else(|| Secret::new(""));
        Ok(Poster::new(url, c.allow_local, post::ANSWER_TIME))
    };
    Ok(match channel {
        Channel::Webhook(c) => {
            let url = read("url_file", &c.url_file)?.unwrap_or_else(|| Secret::new(c.url.clone().unwrap_or_default()));
            let poster = Poster::new(url, c.allow_local, post::ANSWER_TIME);
            Sender::Webhook(match c.format {
                WebhookFormat::Json => Webhook::new(poster, read("secret_file", &c.secret_file)?),
                other => Webhook::shaped(poster, other),
            })
        }
        Channel::Wecom(c) => Sender::WeCom(WeCom::new(robot(c)?, c.mention.clone())),
        Channel::Dingtalk(c) => {
            Sender::DingTalk(DingTalk::new(robot(c)?, read("secret_file", &c.secret_file)?, c.mention.clone()))
        }
        Channel::Feishu(c) => {
            Sender::Feishu(Feishu::new(robot(c)?, read("secret_file", &c.secret_file)?, c.mention.clone()))
        }
        Channel::Ntfy(c) => {
            let poster = Poster::new(Secret::new(c.url.clone()), c.allow_local, post::ANSWER_TIME);
            Sender::Ntfy(Ntfy::new(poster, c.topic.clone(), read("token_file", &c.token_file)?))
        }
        Channel::Smtp(c) => {
            let password = read("password_file", &c.password_file)?;
            let smtp = Smtp::new(c, language, password, smtp::ANSWER_TIME)
                .map_err(|source| Error::Smtp { channel: name.into(), source })?;
            Sender::Smtp(Box::new(smtp))
        }
    })
}

/// Running channels.
pub struct Senders(Vec<thread::JoinHandle<()>>);

/// What [`Senders::stop`] waits for messages in flight. What is cut off is sent again after the next
/// start, under the same key.
const STOP_TIME: Duration = Duration::from_millis(500);

/// Starts a thread for each channel.
pub fn start(shared: &Arc<Shared>, workers: Vec<Worker>, stopped: &watch::Receiver<bool>) -> Result<Senders, Error> {
    let troubled = Arc::new(Troubled::default());
    let mut threads = Vec::new();
    for worker in workers {
        let no_thread = {
            let channel = worker.name.clone();
            move |source| Error::Thread { channel, source }
        };
        let (shared, troubled, stopped) = (shared.clone(), troubled.clone(), stopped.clone());
        let spawned = runtime::Builder::new_current_thread().enable_all().build().and_then(|runtime| {
            let work = move || runtime.block_on(worker.run(&shared, &troubled, stopped));
            thread::Builder::new().name("notify".into()).spawn(work)
        });
        threads.push(spawned.map_err(no_thread)?);
    }
    Ok(Senders(threads))
}

impl Senders {
    /// Whether every channel still runs; none ends by itself but by a mistake of ours.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        !self.0.iter().any(thread::JoinHandle::is_finished)
    }

    /// After the stop signal: waits a moment for messages in flight, and for no receiver that hangs.
    pub fn stop(self) {
        let end = std::time::Instant::now() + STOP_TIME;
        for thread in self.0 {
            while !thread.is_finished() && std::time::Instant::now() < end {
                thread::sleep(Duration::from_millis(5));
            }
            if thread.is_finished() && thread.join().is_err() {
                tracing::error!("a channel panicked");
            }
        }
    }
}
