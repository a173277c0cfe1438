//! Does a web server answer with the right status and the right content?

use std::time::Instant;

use ureq::{Agent, Error as Ureq};
use wire::Fault;

use super::{Error, LATENCY, Measured, Quantity, REACHABLE, outcome};
use crate::config::sensor::Http as Settings;

/// The status of the answer, right or wrong; left out where there is none.
pub const STATUS: Quantity =
    Quantity { name: "http_status", unit: "1", low: 100.0, high: 999.0, precision: 0, moves: false };
/// What it gives.
pub const QUANTITIES: [Quantity; 3] = [REACHABLE, LATENCY, STATUS];

/// How much of an answer is looked through for `contains`.
const BODY_BYTES_MAX: u64 = 64 * 1024;
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

    /// Asks once.
    pub fn read(&self) -> Result<Vec<Measured>, Error> {
        let since = Instant::now();
        let mut answer = match self.client.get(&self.settings.url).call() {
            Ok(answer) => answer,
            Err(error) => return Self::no_answer(&error),
        };
        let latency = since.elapsed();
        let status = answer.status().as_u16();
        let right_status = match self.settings.status {
            Some(expected) => status == expected,
            None => (200..300).contains(&status),
        };
        let right = right_status && self.settings.contains.as_ref().is_none_or(|text| contains(&mut answer, text));
        let mut measured = outcome(right.then_some(latency));
        measured.push(Measured { quantity: STATUS.name, value: Ok(status.into()), raw: None });
        Ok(measured)
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

/// Whether the head of the body has `text` in it.
fn contains(answer: &mut ureq::http::Response<ureq::Body>, text: &str) -> bool {
    use std::io::Read;
    let mut head = Vec::new();
    let read = answer.body_mut().as_reader().take(BODY_BYTES_MAX).read_to_end(&mut head);
    read.is_ok() && (text.is_empty() || head.windows(text.len()).any(|window| window == text.as_bytes()))
}
