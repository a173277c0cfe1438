//! `[notify.channel.NAME]`: to whom and by which way. Secrets are named as files, never written here.

use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Serialize};

use super::{Error, Language, error};
use crate::episode::Severity;

/// Who is told.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Notify {
    /// Ways to tell, by a name of your own.
    pub channel: BTreeMap<String, Channel>,
}

/// One way to tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Channel {
    /// A signed HTTP POST.
    Webhook(Webhook),
    /// An e-mail.
    Smtp(Smtp),
    /// A WeCom group robot.
    Wecom(Robot),
    /// A DingTalk group robot.
    Dingtalk(Robot),
    /// A Feishu or Lark group robot.
    Feishu(Robot),
    /// A push message.
    Ntfy(Ntfy),
}

/// `kind = "webhook"`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// Where to post.
    pub url: Option<String>,
    /// File with the address instead, where the address itself is a secret.
    pub url_file: Option<PathBuf>,
    /// What the body looks like.
    #[serde(default)]
    pub format: WebhookFormat,
    /// File with the secret that signs the body.
    pub secret_file: Option<PathBuf>,
    /// The address may lead to this machine or its link.
    #[serde(default)]
    pub allow_local: bool,
    /// Only tickets of these teams; empty means all.
    #[serde(default)]
    pub teams: Vec<String>,
    /// Only tickets at least this bad; P4 means all.
    #[serde(default = "all_severities")]
    pub severity_min: Severity,
    /// Language of the texts; the top-level `language` where absent.
    pub language: Option<Language>,
}

/// What the body of a webhook looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookFormat {
    /// Everything, for programs: `docs/webhook.md`.
    #[default]
    Json,
    /// A message of Slack's incoming webhooks.
    Slack,
    /// A card of Microsoft Teams' workflows.
    Teams,
}

/// `kind = "wecom"`, `"dingtalk"` or `"feishu"`: a robot of a chat group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Robot {
    /// File with the robot's whole address, which holds its key.
    pub url_file: PathBuf,
    /// File with the secret that signs, where the robot asks for a signature; WeCom has none.
    pub secret_file: Option<PathBuf>,
    /// Whom to mention: user ids (WeCom), telephone numbers (DingTalk), open ids (Feishu), `@all`.
    #[serde(default)]
    pub mention: Vec<String>,
    /// The address may lead to this machine or its link.
    #[serde(default)]
    pub allow_local: bool,
    /// Only tickets of these teams; empty means all.
    #[serde(default)]
    pub teams: Vec<String>,
    /// Only tickets at least this bad; P4 means all.
    #[serde(default = "all_severities")]
    pub severity_min: Severity,
    /// Language of the texts; the top-level `language` where absent.
    pub language: Option<Language>,
}

/// `kind = "ntfy"`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ntfy {
    /// The server.
    #[serde(default = "ntfy_server")]
    pub url: String,
    /// The topic; on a public server as good as a password.
    pub topic: String,
    /// File with an access token.
    pub token_file: Option<PathBuf>,
    /// The address may lead to this machine or its link.
    #[serde(default)]
    pub allow_local: bool,
    /// Only tickets of these teams; empty means all.
    #[serde(default)]
    pub teams: Vec<String>,
    /// Only tickets at least this bad; P4 means all.
    #[serde(default = "all_severities")]
    pub severity_min: Severity,
    /// Language of the texts; the top-level `language` where absent.
    pub language: Option<Language>,
}

fn ntfy_server() -> String {
    "https://ntfy.sh".into()
}

/// `kind = "smtp"`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Smtp {
    /// Mail server.
    pub host: String,
    /// Its port; 587 for `starttls`, 465 for `tls`, 25 for `none` where absent.
    pub port: Option<u16>,
    /// How the connection is protected.
    #[serde(default)]
    pub security: SmtpSecurity,
    /// User at the server.
    pub user: Option<String>,
    /// File with the password, and nothing else.
    pub password_file: Option<PathBuf>,
    /// Sender.
    pub from: String,
    /// Receivers.
    pub to: Vec<String>,
    /// Only tickets of these teams; empty means all.
    #[serde(default)]
    pub teams: Vec<String>,
    /// Only tickets at least this bad; P4 means all.
    #[serde(default = "all_severities")]
    pub severity_min: Severity,
    /// Language of the texts; the top-level `language` where absent.
    pub language: Option<Language>,
}

/// How a connection to a mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SmtpSecurity {
    /// TLS after a greeting in the clear; refused if the server cannot.
    #[default]
    Starttls,
    /// TLS from the first byte.
    Tls,
    /// In the clear; only for a server on the same machine.
    None,
}

fn all_severities() -> Severity {
    Severity::P4
}

impl Channel {
    /// Only tickets of these teams; empty means all.
    #[must_use]
    pub fn teams(&self) -> &[String] {
        match self {
            Self::Webhook(c) => &c.teams,
            Self::Smtp(c) => &c.teams,
            Self::Wecom(c) | Self::Dingtalk(c) | Self::Feishu(c) => &c.teams,
            Self::Ntfy(c) => &c.teams,
        }
    }

    /// Only tickets at least this bad.
    #[must_use]
    pub fn severity_min(&self) -> Severity {
        match self {
            Self::Webhook(c) => c.severity_min,
            Self::Smtp(c) => c.severity_min,
            Self::Wecom(c) | Self::Dingtalk(c) | Self::Feishu(c) => c.severity_min,
            Self::Ntfy(c) => c.severity_min,
        }
    }

    /// Language of the texts.
    #[must_use]
    pub fn language(&self) -> Option<Language> {
        match self {
            Self::Webhook(c) => c.language,
            Self::Smtp(c) => c.language,
            Self::Wecom(c) | Self::Dingtalk(c) | Self::Feishu(c) => c.language,
            Self::Ntfy(c) => c.language,
        }
    }
}

impl Notify {
    pub(super) fn check(&self) -> Result<(), Error> {
        for (name, channel) in &self.channel {
            let key = |field: &str| format!("notify.channel.{name}.{field}");
            match channel {
                Channel::Webhook(c) => {
                    if c.url.is_some() == c.url_file.is_some() {
                        return Err(error::value(&key("url"), "one_url", &[]));
                    }
                    if c.format != WebhookFormat::Json && c.secret_file.is_some() {
                        return Err(error::value(&key("secret_file"), "format_secret", &[]));
                    }
                    // The address itself is not repeated: it may hold a key.
                    if c.url.as_ref().is_some_and(|url| !is_web(url)) {
                        return Err(error::value(&key("url"), "url", &[]));
                    }
                }
                Channel::Wecom(c) => {
                    if c.secret_file.is_some() {
                        return Err(error::value(&key("secret_file"), "wecom_secret", &[]));
                    }
                }
                Channel::Dingtalk(_) | Channel::Feishu(_) => {}
                Channel::Ntfy(c) => {
                    if !is_web(&c.url) {
                        return Err(error::value(&key("url"), "url", &[]));
                    }
                    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
                    if c.topic.is_empty() || c.topic.len() > 64 || !c.topic.chars().all(fits) {
                        return Err(error::value(&key("topic"), "topic", &[]));
                    }
                }
                Channel::Smtp(c) => {
                    if c.to.is_empty() {
                        return Err(error::value(&key("to"), "no_receiver", &[]));
                    }
                    let all = c.to.iter().map(|to| ("to", to)).chain([("from", &c.from)]);
                    if let Some((field, bad)) = { all }.find(|(_, a)| !a.contains('@')) {
                        return Err(error::value(&key(field), "address", &[("value", bad)]));
                    }
                    let pair = [("user", &c.user.is_some()), ("password_file", &c.password_file.is_some())];
                    let [(user, has_user), (password, has_password)] = pair;
                    if has_user != has_password {
                        let (set, other) = if *has_user { (user, password) } else { (password, user) };
                        return Err(error::value(&key(set), "pair", &[("other", &key(other))]));
                    }
                }
            }
        }
        Ok(())
    }
}

fn is_web(url: &str) -> bool {
    url.starts_with("http://") || url.starts_with("https://")
}
