//! A signed HTTP POST for any receiver. The body is JSON; `X-Hallwatch-Signature` is
//! `sha256=` and the hex HMAC-SHA-256, under the shared secret, of `X-Hallwatch-Timestamp`, a dot
//! and the body. A receiver recomputes it, refuses time stamps more than five minutes off, and drops
//! an `Idempotency-Key` that it has seen. Redirects are not followed: a signed body goes nowhere but
//! to the address that was configured.

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use ureq::{Agent, http::Response};
use wire::UnixMs;

use super::{failure::Failure, secret::Secret, words::Delivery};

/// A receiver that has not answered by then is taken as hanging.
pub const ANSWER_TIME: Duration = Duration::from_secs(10);

/// Where to post, and how.
#[derive(Debug)]
pub struct Webhook {
    url: Secret,
    secret: Option<Secret>,
    agent: Agent,
}

impl Webhook {
    /// A channel to `url`; without `secret` nothing is signed.
    #[must_use]
    pub fn new(url: Secret, secret: Option<Secret>, answer_time: Duration) -> Self {
        let agent = Agent::config_builder()
            .timeout_global(Some(answer_time))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("hallwatch/", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent();
        Self { url, secret, agent }
    }

    /// Posts once. Blocks for at most the answer time.
    pub fn send(&self, delivery: &Delivery, now: UnixMs) -> Result<(), Failure> {
        let body = delivery.json.to_string();
        let timestamp = (now / 1_000).to_string();
        let mut request = self
            .agent
            .post(self.url.expose())
            .header("Content-Type", "application/json")
            .header("Idempotency-Key", &delivery.key)
            .header("X-Hallwatch-Timestamp", &timestamp);
        if let Some(secret) = &self.secret {
            request = request.header("X-Hallwatch-Signature", sign(secret, &timestamp, body.as_bytes()));
        }
        let response = request.send(body.as_bytes()).map_err(|e| Failure::channel(reason(&e)))?;
        judge(&response, now)
    }
}

/// The signature of a body at a time.
#[must_use]
pub fn sign(secret: &Secret, timestamp: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).expect("HMAC takes keys of any length");
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
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
        ureq::Error::Io(e) => format!("the connection failed: {}", e.kind()),
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) => "TLS failed".into(),
        ureq::Error::BadUri(_) | ureq::Error::Http(_) => "the address is no URL".into(),
        _ => "the answer is no HTTP".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test case 2: key `Jefe`, data `what do ya want for nothing?`, of which the part before
    /// the first dot would be the time stamp; here the dot is ours, so the digest is of
    /// `what do ya want.for nothing?`, computed with OpenSSL 3.
    #[test]
    fn a_signature_is_what_another_implementation_computes() {
        let check = |secret: &str, timestamp: &str, body: &str, hex: &str| {
            assert_eq!(sign(&Secret::new(secret), timestamp, body.as_bytes()), format!("sha256={hex}"));
        };
        check(
            "Jefe",
            "what do ya want",
            "for nothing?",
            "e33f91577b90d4b3bbd73cb61803074f1965d27701b5527942dd9ea9443af37c",
        );
        check(
            "it's a secret",
            "1763880000",
            "{\"news\":\"opened\",\"title\":\"室温\"}",
            "7b89956b71d21aab97506c5b095479aee404e90d59326ca04529b425f37b0bc4",
        );
        check("", "0", "", "b849d5a581847b281957065739df36df2463d1977ea8d6e1e4e6cf33fadc68c3");
    }

    #[test]
    fn retry_after_is_read_in_both_forms() {
        let now = 1_445_412_420_000;
        assert_eq!(retry_after_ms("120", now), Some(120_000));
        assert_eq!(retry_after_ms("Wed, 21 Oct 2015 07:28:00 GMT", now), Some(60_000));
        assert_eq!(retry_after_ms("Wed, 21 Oct 2015 07:20:00 GMT", now), Some(0));
        assert_eq!(retry_after_ms("soon", now), None);
    }
}
