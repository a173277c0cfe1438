//! A signed HTTP POST for any receiver. The body is JSON; `X-Hallwatch-Signature` is
//! `sha256=` and the hex HMAC-SHA-256, under the shared secret, of `X-Hallwatch-Timestamp`, a dot
//! and the body. A receiver recomputes it, refuses time stamps more than five minutes off, and drops
//! an `Idempotency-Key` that it has seen. Redirects are not followed: a signed body goes nowhere but
//! to the address that was configured. Slack and Teams get a [`shape`] of their own, unsigned.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use wire::UnixMs;

use super::{
    failure::Failure,
    post::{Answer, Poster},
    secret::Secret,
    shape,
    words::Delivery,
};
use crate::config::WebhookFormat;

/// Where to post, and how.
#[derive(Debug)]
pub struct Webhook {
    poster: Poster,
    secret: Option<Secret>,
    format: WebhookFormat,
}

impl Webhook {
    /// A channel by `poster`; without `secret` nothing is signed.
    #[must_use]
    pub fn new(poster: Poster, secret: Option<Secret>) -> Self {
        Self { poster, secret, format: WebhookFormat::Json }
    }

    /// A channel by `poster` in the shape of another service.
    #[must_use]
    pub fn shaped(poster: Poster, format: WebhookFormat) -> Self {
        Self { poster, secret: None, format }
    }

    /// Posts once. Blocks for at most the answer time.
    pub fn send(&self, delivery: &Delivery, now: UnixMs) -> Result<(), Failure> {
        let body = match self.format {
            WebhookFormat::Json => delivery.json.to_string(),
            WebhookFormat::Slack => shape::slack(delivery).to_string(),
            WebhookFormat::Teams => shape::teams(delivery).to_string(),
        };
        let timestamp = (now / 1_000).to_string();
        let signature = self.secret.as_ref().map(|secret| sign(secret, &timestamp, body.as_bytes()));
        let mut headers = vec![("Idempotency-Key", delivery.key.as_str()), ("X-Hallwatch-Timestamp", &timestamp)];
        headers.extend(signature.as_deref().map(|signature| ("X-Hallwatch-Signature", signature)));
        let answer = self.poster.post(&headers, body.as_bytes(), now)?;
        match self.format {
            WebhookFormat::Json => Ok(()),
            WebhookFormat::Slack | WebhookFormat::Teams => judge(&answer),
        }
    }
}

/// Both say that all is well with 200 or 202 and `ok`, `1` or nothing; Teams also tells of failures so.
fn judge(answer: &Answer) -> Result<(), Failure> {
    let text = answer.text.to_ascii_lowercase();
    if text.contains("http error 429") {
        return Err(Failure::channel("the receiver has had too many messages"));
    }
    if text.contains("http error") || text.contains("delivery failed") {
        return Err(Failure::message("the receiver says that it could not deliver the message"));
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_in_an_answer_of_200_is_none_delivered() {
        assert_eq!(judge(&Answer::of("ok")), Ok(()));
        assert_eq!(judge(&Answer::of("")), Ok(()));
        let busy = "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429";
        assert_eq!(judge(&Answer::of(busy)).unwrap_err().fault, crate::notify::failure::Fault::Channel);
        assert!(judge(&Answer::of("Webhook message delivery failed with error: HTTP error 400")).is_err());
    }

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
}
