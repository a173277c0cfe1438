//! `check`: whether a collector with this configuration could run here and now, line by line, each
//! fault with its way out. Changes nothing: no ledger is made or migrated, no message is sent.
#![allow(clippy::print_stdout)]

use std::{
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use rumqttc::{AsyncClient, ConnectionError, Event, Packet, QoS, SubscribeReasonCode};

use super::{ConfigArgument, Failure, terminal_language};
use crate::{
    Config,
    config::{Channel, Language},
    ingest::mqtt,
    ledger::sqlite::Sqlite,
    packs::Packs,
    texts::{fill, get},
    venues,
};

/// How long a broker may take to answer.
const BROKER_TIMEOUT: Duration = Duration::from_secs(8);

/// One line of the answer.
struct Finding {
    what: String,
    /// What was found, or what is wrong with its hint.
    result: Result<String, (String, String)>,
}

/// Checks and prints; 0 where all is well, 1 where something is not.
pub fn run(argument: &ConfigArgument) -> Result<ExitCode, Failure> {
    let config = argument.load()?;
    let packs = Packs::load(&config.rules).map_err(Failure::Packs)?;
    let check = Check { config, language: terminal_language() };
    let mut findings = vec![check.configuration(argument.config.as_deref()), check.rules(&packs)];
    findings.extend(check.venues());
    findings.push(check.ledger());
    findings.push(check.broker());
    findings.push(check.web());
    findings.extend(check.channels());
    Ok(check.print(&findings))
}

struct Check {
    config: Config,
    language: Language,
}

impl Check {
    fn say(&self, key: &str, blanks: &[(&str, &str)]) -> String {
        fill(self.language, &format!("check.{key}"), blanks)
    }

    fn good(&self, what: &str, key: &str, blanks: &[(&str, &str)]) -> Finding {
        Finding { what: self.say(what, &[]), result: Ok(self.say(key, blanks)) }
    }

    fn bad(&self, what: &str, key: &str, hint: &str, blanks: &[(&str, &str)]) -> Finding {
        Finding { what: self.say(what, &[]), result: Err((self.say(key, blanks), self.say(hint, blanks))) }
    }

    fn print(&self, findings: &[Finding]) -> ExitCode {
        let mut bad = 0;
        for Finding { what, result } in findings {
            match result {
                Ok(found) => println!(
                    "{}",
                    self.say("line", &[("how", &self.say("good", &[])), ("what", what), ("found", found)])
                ),
                Err((wrong, hint)) => {
                    bad += 1;
                    let how = self.say("bad", &[]);
                    println!("{}", self.say("line", &[("how", &how), ("what", what), ("found", wrong)]));
                    println!("    {}{hint}", get(self.language, "config.hint"));
                }
            }
        }
        if bad == 0 {
            println!("{}", self.say("all_good", &[]));
            return ExitCode::SUCCESS;
        }
        println!("{}", self.say("some_bad", &[("count", &bad.to_string())]));
        ExitCode::FAILURE
    }

    fn configuration(&self, path: Option<&Path>) -> Finding {
        match path {
            Some(path) => self.good("configuration", "configuration_good", &[("path", &path.display().to_string())]),
            None => self.good("configuration", "configuration_defaults", &[]),
        }
    }

    fn rules(&self, packs: &Packs) -> Finding {
        match packs.all().len() {
            0 => self.good("rules", "rules_none", &[]),
            count => self.good("rules", "rules_good", &[("count", &count.to_string())]),
        }
    }

    /// The files of venues, and what they allow that people should still look at.
    fn venues(&self) -> Vec<Finding> {
        if self.config.venues.path.is_none() {
            return vec![self.good("venues", "venues_none", &[])];
        }
        let venues = match venues::current::read(&self.config) {
            Ok(venues) => venues,
            Err(e) => {
                let text = e.text(self.language);
                let (wrong, hint) = text.split_once('\n').unwrap_or((&text, ""));
                let hint = hint.trim_start_matches(get(self.language, "config.hint"));
                return vec![Finding { what: self.say("venues", &[]), result: Err((wrong.into(), hint.into())) }];
            }
        };
        let count = venues.venues.len().to_string();
        let mut findings = vec![self.good("venues", "venues_good", &[("count", &count)])];
        let today = jiff::Zoned::now().date();
        for advice in venues.advice(today) {
            let (text, hint) = advice.text(self.language);
            let found = self.say("advice", &[("text", &text), ("hint", hint)]);
            findings.push(Finding { what: self.say("venues", &[]), result: Ok(found) });
        }
        findings
    }

    fn ledger(&self) -> Finding {
        let path = &self.config.ledger.path;
        let shown = path.display().to_string();
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if let Err(e) = tempfile_in(folder) {
            let blanks = [("path", &*folder.display().to_string()), ("reason", &e.to_string())];
            return self.bad("ledger", "ledger_folder", "ledger_folder_hint", &blanks);
        }
        if !path.exists() {
            return self.good("ledger", "ledger_new", &[("path", &shown)]);
        }
        match Sqlite::versions(path) {
            Err(e) => {
                let reason = std::error::Error::source(&e).map_or_else(|| e.to_string(), ToString::to_string);
                self.bad("ledger", "ledger_unreadable", "ledger_folder_hint", &[("path", &shown), ("reason", &reason)])
            }
            Ok((found, known)) => {
                let (found_text, known_text) = (found.to_string(), known.to_string());
                let blanks = [("path", &*shown), ("found", &found_text), ("version", &known_text)];
                match found.cmp(&known) {
                    std::cmp::Ordering::Equal => self.good("ledger", "ledger_good", &blanks),
                    std::cmp::Ordering::Less => self.good("ledger", "ledger_old", &blanks),
                    std::cmp::Ordering::Greater => self.bad("ledger", "ledger_too_new", "ledger_too_new_hint", &blanks),
                }
            }
        }
    }

    fn broker(&self) -> Finding {
        let mqtt = &self.config.mqtt;
        let Some(host) = &mqtt.host else {
            return self.port("broker", "broker_own", mqtt.listen);
        };
        let address = format!("{host}:{}", mqtt.port);
        // A name of its own: the running collector's session must not be taken over.
        let id = format!("hallwatch-check-{}", std::process::id());
        let mut own = mqtt.clone();
        own.client_id = Some(id.clone());
        let options = match mqtt::options(&own, None, &id) {
            Ok(mut options) => {
                options.set_clean_session(true);
                options
            }
            Err(e) => {
                let path = e.path.display().to_string();
                let blanks = [("path", &*path), ("key", e.key), ("reason", &e.source.to_string())];
                return self.bad("broker", "channel_file", "channel_file_hint", &blanks);
            }
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let answer = match runtime {
            Ok(runtime) => runtime.block_on(self.ask(options)),
            Err(e) => Err(Refused::Connection(e.to_string())),
        };
        match answer {
            Ok(()) => self.good("broker", "broker_good", &[("address", &address)]),
            Err(Refused::Connection(reason)) => {
                self.bad("broker", "broker_bad", "broker_bad_hint", &[("address", &address), ("reason", &reason)])
            }
            Err(Refused::Subscription(filter)) => {
                self.bad("broker", "broker_denied", "broker_denied_hint", &[("address", &address), ("filter", &filter)])
            }
        }
    }

    /// Connects and subscribes as the collector would, and lets go again.
    async fn ask(&self, options: rumqttc::MqttOptions) -> Result<(), Refused> {
        let filters = mqtt::filters(&self.config.mqtt);
        let (client, mut events) = AsyncClient::builder(options).capacity(filters.len() + 8).build();
        let work = async {
            let (mut answered, mut asked) = (0, false);
            loop {
                match events.poll().await {
                    Ok(Event::Incoming(Packet::ConnAck(_))) if !asked => {
                        asked = true;
                        for filter in &filters {
                            let sent = client.try_subscribe(filter.as_str(), QoS::AtLeastOnce);
                            sent.map_err(|e| Refused::Connection(e.to_string()))?;
                        }
                    }
                    Ok(Event::Incoming(Packet::SubAck(ack))) => {
                        if ack.return_codes.contains(&SubscribeReasonCode::Failure) {
                            return Err(Refused::Subscription(filters[answered].clone()));
                        }
                        answered += 1;
                        if answered == filters.len() {
                            return Ok(());
                        }
                    }
                    Ok(_) => {}
                    Err(ConnectionError::ConnectionRefused(code)) => {
                        return Err(Refused::Connection(format!("{code:?}")));
                    }
                    Err(e) => return Err(Refused::Connection(e.to_string())),
                }
            }
        };
        match tokio::time::timeout(BROKER_TIMEOUT, work).await {
            Ok(answer) => answer,
            Err(_) => Err(Refused::Connection(format!("no answer within {} s", BROKER_TIMEOUT.as_secs()))),
        }
    }

    fn web(&self) -> Finding {
        let web = &self.config.web;
        match (web.enabled, web.listen.ip().is_loopback()) {
            (false, _) => self.good("web", "web_off", &[]),
            (true, true) => self.port("web", "web_good", web.listen),
            (true, false) => self.port("web", "web_open", web.listen),
        }
    }

    fn port(&self, what: &str, good: &str, address: SocketAddr) -> Finding {
        let shown = address.to_string();
        match TcpListener::bind(address) {
            Ok(_) => self.good(what, good, &[("address", &shown)]),
            Err(e) => {
                let blanks = [("address", &*shown), ("reason", &e.to_string())];
                self.bad(what, "port_taken", "port_taken_hint", &blanks)
            }
        }
    }

    fn channels(&self) -> Vec<Finding> {
        let channels = &self.config.notify.channel;
        if channels.is_empty() {
            return vec![self.good("channels", "channel_none", &[])];
        }
        channels.iter().map(|(name, channel)| self.channel(name, channel)).collect()
    }

    fn channel(&self, name: &str, channel: &Channel) -> Finding {
        let (kind, files): (_, Vec<(&str, Option<&PathBuf>)>) = match channel {
            Channel::Webhook(c) => {
                ("webhook", vec![("url_file", c.url_file.as_ref()), ("secret_file", c.secret_file.as_ref())])
            }
            Channel::Smtp(c) => ("smtp", vec![("password_file", c.password_file.as_ref())]),
            Channel::Wecom(c) => ("wecom", vec![("url_file", Some(&c.url_file))]),
            Channel::Dingtalk(c) => {
                ("dingtalk", vec![("url_file", Some(&c.url_file)), ("secret_file", c.secret_file.as_ref())])
            }
            Channel::Feishu(c) => {
                ("feishu", vec![("url_file", Some(&c.url_file)), ("secret_file", c.secret_file.as_ref())])
            }
            Channel::Ntfy(c) => ("ntfy", vec![("token_file", c.token_file.as_ref())]),
        };
        let what = self.say("channel", &[("name", name)]);
        let unreadable = files.into_iter().find_map(|(field, file)| {
            let path = file?;
            Some((field, path, std::fs::File::open(path).err()?))
        });
        let result = match unreadable {
            None => Ok(self.say("channel_good", &[("kind", kind)])),
            Some((field, path, e)) => {
                let key = format!("notify.channel.{name}.{field}");
                let (path, reason) = (path.display().to_string(), e.to_string());
                let blanks = [("path", &*path), ("key", &key), ("reason", &reason)];
                Err((self.say("channel_file", &blanks), self.say("channel_file_hint", &blanks)))
            }
        };
        Finding { what, result }
    }
}

enum Refused {
    Connection(String),
    Subscription(String),
}

/// Makes a file and takes it away again.
fn tempfile_in(folder: &Path) -> Result<(), std::io::Error> {
    let path = folder.join(format!(".hallwatch-check-{}", std::process::id()));
    std::fs::File::create_new(&path)?;
    std::fs::remove_file(&path)
}
