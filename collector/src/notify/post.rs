//! One HTTP POST with everything that a notification needs of it: an end in time, no redirects, no
//! address of this machine or its neighbours unless that was asked for, and errors without secrets.

use std::{net::IpAddr, time::Duration};

use ureq::{
    Agent,
    http::Response,
    unversioned::{
        resolver::{DefaultResolver, Resolver},
        transport::DefaultConnector,
    },
};
use wire::UnixMs;

use super::{
    address::{self, Guard, LOCAL},
    failure::Failure,
    secret::Secret,
};

/// A receiver that has not answered by then is taken as hanging.
pub const ANSWER_TIME: Duration = Duration::from_secs(10);
/// No receiver says more than this that anybody reads.
const ANSWER_BYTES_MAX: u64 = 64 * 1024;

/// What a receiver answered with a status that is good.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    /// Its body as JSON; null where it is none.
    pub json: serde_json::Value,
    /// Its body.
    pub text: String,
}

impl Answer {
    /// An answer with that body.
    #[must_use]
    pub fn of(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { json: serde_json::from_str(&text).unwrap_or_default(), text }
    }
}

/// Posts to one address.
#[derive(Debug)]
pub struct Poster {
    url: Secret,
    agent: Agent,
}

impl Poster {
    /// To `url`. Addresses of this machine and of its neighbours by cable are refused unless
    /// `allow_local`, whatever the name in `url` leads to when it is used.
    #[must_use]
    pub fn new(url: Secret, allow_local: bool, answer_time: Duration) -> Self {
        let refused = if allow_local { |_| false } else { address::is_local };
        Self::guarded(url, refused, answer_time, DefaultResolver::default())
    }

    /// To `url`, with names looked up by `names` and addresses refused by `refused`.
    pub(super) fn guarded(
        url: Secret,
        refused: fn(IpAddr) -> bool,
        answer_time: Duration,
        names: impl Resolver,
    ) -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(answer_time))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .user_agent(concat!("hallwatch/", env!("CARGO_PKG_VERSION")))
            .build();
        Self { url, agent: Agent::with_parts(config, DefaultConnector::default(), Guard::new(refused, names)) }
    }

    /// Posts `body` once. Blocks for at most the answer time.
    pub fn post(&self, headers: &[(&str, &str)], body: &[u8], now: UnixMs) -> Result<Answer, Failure> {
        self.post_to(self.url.expose(), headers, body, now)
    }

    /// The same with more behind the `?` of the address.
    pub fn post_with(
        &self,
        query: &str,
        headers: &[(&str, &str)],
        body: &[u8],
        now: UnixMs,
    ) -> Result<Answer, Failure> {
        let url = self.url.expose();
        let joint = if url.contains('?') { '&' } else { '?' };
        self.post_to(&format!("{url}{joint}{query}"), headers, body, now)
    }

    fn post_to(&self, url: &str, headers: &[(&str, &str)], body: &[u8], now: UnixMs) -> Result<Answer, Failure> {
        let mut request = self.agent.post(url).header("Content-Type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut response = request.send(body).map_err(|error| Failure::channel(reason(&error)))?;
        judge(&response, now)?;
        // A status says enough; a body that never ends must not.
        let text = response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_string().unwrap_or_default();
        Ok(Answer::of(text))
    }
}

fn judge<B>(response: &Response<B>, now: UnixMs) -> Result<(), Failure> {
    let status = response.status();
    let retry_after_ms = response
        .headers()
        .get("Retry-After")
        .and_then(|value| value.to_str().ok())
        .and_then(|value| retry_after_ms(value, now));
    let failure = match status.as_u16() {
        200..=299 => return Ok(()),
        300..=399 => Failure::channel(format!("answered {status}: redirects are not followed")),
        // Busy, too early, or an answer of a gate in front of the receiver: every message meets it.
        401 | 403 | 404 | 408 | 410 | 425 | 429 | 500..=599 => Failure::channel(format!("answered {status}")),
        _ => Failure::message(format!("answered {status}")),
    };
    Err(Failure { retry_after_ms, ..failure })
}

/// Reads `Retry-After`: seconds, or a date.
fn retry_after_ms(value: &str, now: UnixMs) -> Option<i64> {
    if let Ok(seconds) = value.trim().parse::<i64>() {
        return Some(seconds.max(0).saturating_mul(1_000));
    }
    let date = jiff::fmt::rfc2822::parse(value.trim()).ok()?;
    Some(date.timestamp().as_millisecond().saturating_sub(now).max(0))
}

/// What failed, without the address: errors of the client may hold it.
fn reason(e: &ureq::Error) -> String {
    match e {
        ureq::Error::Timeout(_) => "no answer in time".into(),
        ureq::Error::HostNotFound => "the host name is unknown".into(),
        ureq::Error::ConnectionFailed => "no connection".into(),
        ureq::Error::Io(e) if e.to_string() == LOCAL => {
            "the address leads to this machine or its link; `allow_local = true` would allow it".into()
        }
        ureq::Error::Io(e) => format!("the connection failed: {}", e.kind()),
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) => "TLS failed".into(),
        ureq::Error::BadUri(_) | ureq::Error::Http(_) => "the address is no URL".into(),
        _ => "the answer is no HTTP".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_read_in_both_forms() {
        let now = 1_445_412_420_000;
        assert_eq!(retry_after_ms("120", now), Some(120_000));
        assert_eq!(retry_after_ms("Wed, 21 Oct 2015 07:28:00 GMT", now), Some(60_000));
        assert_eq!(retry_after_ms("Wed, 21 Oct 2015 07:20:00 GMT", now), Some(0));
        assert_eq!(retry_after_ms("soon", now), None);
    }
}
