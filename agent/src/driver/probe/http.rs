//! Does a web server answer with the right status and the right content?

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use ureq::{Agent, Error as Ureq};
use wire::Fault;

use super::{LATENCY, REACHABLE, contains, outcome, timeout};
use crate::{
    config::{Expected, Table, quantity::print_duration},
    driver::{self, Error, Kind, Measured, PROBE_MARGIN, Place, Probe, Quantity, Reader, Sits},
};

/// a web server.
pub static KIND: Kind = Kind {
    word: "http",
    parts: ["a web server", "网页服务器"],
    measures: ["reachable, status, latency", "是否可达、状态码、延迟"],
    sits: Sits::Network,
    period: None,
    period_min: None,
    read: |table| Some(Arc::new(Settings::read(table)?)),
    at: None,
};

/// What a `[[sensor]]` of this kind says.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// `http://` or `https://`.
    pub url: String,
    /// The status that is right; without it any from 200 to 299.
    pub status: Option<u16>,
    /// A text that the first 64 KiB of the answer must contain.
    pub contains: Option<String>,
    /// How long to wait.
    pub timeout: Duration,
}

impl Settings {
    fn read(table: &Table<'_>) -> Option<Self> {
        let url = table.require("url", Expected::Url, table.url("url"));
        let status = table.whole("status", 100, 599).and_then(|status| u16::try_from(status).ok());
        let contains = table.text("contains");
        let timeout = timeout(table);
        Some(Self { url: url?, status, contains, timeout })
    }

    /// The address for people and other computers: without the user and the password in it.
    #[must_use]
    pub fn shown_url(&self) -> String {
        let Some((scheme, rest)) = self.url.split_once("://") else { return self.url.clone() };
        let authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        match rest[..authority].rfind('@') {
            Some(at) => format!("{scheme}://********@{}", &rest[at + 1..]),
            None => self.url.clone(),
        }
    }
}

impl driver::Settings for Settings {
    fn kind(&self) -> &'static Kind {
        &KIND
    }
    fn place(&self) -> Place {
        Place::Host(self.shown_url())
    }
    fn print(&self, table: &mut toml::Table) {
        table.insert("url".into(), self.shown_url().into());
        if let Some(status) = self.status {
            table.insert("status".into(), i64::from(status).into());
        }
        if let Some(contains) = &self.contains {
            table.insert("contains".into(), contains.as_str().into());
        }
        table.insert("timeout".into(), print_duration(self.timeout).into());
    }
    fn quantities(&self) -> Vec<Quantity> {
        QUANTITIES.to_vec()
    }
    fn patience(&self) -> Duration {
        self.timeout + PROBE_MARGIN
    }
    fn start(&self) -> Reader {
        Reader::Alone(Box::new(Http::new(self.clone())))
    }
}

/// The status of the answer, right or wrong; left out where there is none.
pub const STATUS: Quantity = Quantity::resting("http_status", "1", 100.0, 999.0, 0);
/// What it gives.
pub const QUANTITIES: [Quantity; 3] = [REACHABLE, LATENCY, STATUS];

/// How much of an answer is looked through for `contains`.
const BODY_BYTES_MAX: usize = 64 * 1024;
/// How many times an answer may send the probe elsewhere.
const REDIRECTS_MAX: u32 = 5;

/// One probe with its client. A new connection each time: an old one would prove nothing.
pub struct Http {
    settings: Settings,
    client: Agent,
}

impl Http {
    /// A probe that has asked nothing yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        // A status that redirects is only seen where redirects are not followed.
        let follows = settings.status.is_none_or(|status| !(300..400).contains(&status));
        let config = Agent::config_builder()
            .timeout_global(Some(settings.timeout))
            .http_status_as_error(false)
            .max_redirects(if follows { REDIRECTS_MAX } else { 0 })
            .max_redirects_will_error(false)
            .max_idle_connections(0)
            .proxy(None)
            .user_agent(concat!("hallwatch-agent/", env!("CARGO_PKG_VERSION")))
            .build();
        Self { settings, client: config.into() }
    }

    fn no_answer(error: &Ureq) -> Result<Vec<Measured>, Error> {
        let fault = match error {
            Ureq::HostNotFound | Ureq::BadUri(_) => Fault::BadResponse,
            Ureq::Io(error) if error.kind() == std::io::ErrorKind::PermissionDenied => Fault::NotPermitted,
            _ => {
                tracing::debug!(%error, "an HTTP probe found nobody");
                return Ok(outcome(None));
            }
        };
        Err(Error::Other { fault, text: error.to_string() })
    }
}

impl Probe for Http {
    fn read(&mut self) -> Result<Vec<Measured>, Error> {
        let since = Instant::now();
        let mut answer = match self.client.get(&self.settings.url).call() {
            Ok(answer) => answer,
            Err(error) => return Http::no_answer(&error),
        };
        let latency = since.elapsed();
        let status = answer.status().as_u16();
        let right_status = match self.settings.status {
            Some(expected) => status == expected,
            None => (200..300).contains(&status),
        };
        let right = right_status && self.settings.contains.as_ref().is_none_or(|text| body_contains(&mut answer, text));
        let mut measured = outcome(right.then_some(latency));
        measured.push(Measured::plain(STATUS.name, status.into()));
        Ok(measured)
    }
}

/// Whether the head of the body has `text` in it. Looks no further than it must, so a page that never ends
/// can be right; one that drips ends with the time-out, which the client keeps over all of it.
fn body_contains(answer: &mut ureq::http::Response<ureq::Body>, text: &str) -> bool {
    use std::io::Read;
    let mut body = answer.body_mut().as_reader();
    let mut head = Vec::new();
    let mut part = [0; 4096];
    while head.len() < BODY_BYTES_MAX && !contains(&head, text) {
        let room = part.len().min(BODY_BYTES_MAX - head.len());
        match body.read(&mut part[..room]) {
            Ok(0) => break,
            Ok(length) => head.extend_from_slice(&part[..length]),
            Err(error) => {
                tracing::debug!(%error, "an HTTP probe heard half an answer");
                return false;
            }
        }
    }
    contains(&head, text)
}
