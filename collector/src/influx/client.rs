//! Speaks to the database: one request, one [`Answer`] that says what to do next. Tries nothing again and shows
//! no secret.

use std::{io::Write as _, time::Duration};

use flate2::{Compression, write::GzEncoder};
use ureq::{Agent, Body, http::Response};

use crate::{
    config::{Influx, InfluxVersion},
    measures::PRECISION,
    notify::secret::Secret,
};

/// Bytes of an answer that are read: reasons are short.
const ANSWER_BYTES_MAX: u64 = 16 * 1024;
/// Characters of a reason that are kept.
const REASON_MAX: usize = 400;
/// A wait that is asked for is believed up to this, in milliseconds.
const RETRY_AFTER_MS_MAX: i64 = 3_600_000;

/// What came of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It is written.
    Written,
    /// At least one line of it is wrong, in the words of the database.
    Refused(String),
    /// It is too large.
    TooLarge,
    /// Nothing can be written until somebody changes something: a token, a bucket, an address.
    Configuration(String),
    /// Not now.
    Later {
        /// Why.
        reason: String,
        /// How long it asks to be let alone, in milliseconds.
        retry_after_ms: Option<i64>,
    },
}

/// A database.
pub struct Client {
    agent: Agent,
    write_url: String,
    authorization: Option<Secret>,
}

impl Client {
    /// The database of `config`; `token` is what its file holds. `None` where no address is configured.
    #[must_use]
    pub fn new(config: &Influx, token: Option<&Secret>) -> Option<Self> {
        let url = config.url.as_ref()?.trim_end_matches('/');
        let bucket = escaped(&config.bucket);
        let write_url = match config.version {
            InfluxVersion::Two => {
                let org = escaped(config.org.as_deref().unwrap_or_default());
                format!("{url}/api/v2/write?org={org}&bucket={bucket}&precision={PRECISION}")
            }
            InfluxVersion::One | InfluxVersion::VictoriaMetrics => {
                format!("{url}/write?db={bucket}&precision={PRECISION}")
            }
        };
        let authorization = token.map(|token| match config.version {
            InfluxVersion::Two => Secret::new(format!("Token {}", token.expose())),
            InfluxVersion::One | InfluxVersion::VictoriaMetrics => Secret::new(basic(token.expose())),
        });
        let agent = Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(config.timeout_seconds)))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("hallwatch/", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent();
        Some(Self { agent, write_url, authorization })
    }

    /// Whether it is there at all; `Err` says why not.
    pub fn ping(&self) -> Result<(), String> {
        let root = self.write_url.split("/api/v2/write").next().unwrap_or_default();
        let root = root.split("/write?").next().unwrap_or_default();
        match self.agent.get(format!("{root}/ping")).call() {
            Ok(answer) if answer.status().as_u16() == 204 => Ok(()),
            Ok(answer) => Err(format!("{}", answer.status().as_u16())),
            Err(error) => Err(reason_of(&error)),
        }
    }

    /// Writes lines of the line protocol. Blocks for at most the configured time.
    #[must_use]
    pub fn write(&self, lines: &[String]) -> Answer {
        let body = match zipped(lines) {
            Ok(body) => body,
            Err(error) => return Answer::Later { reason: error.to_string(), retry_after_ms: None },
        };
        let mut request = self.agent.post(&self.write_url).header("Content-Encoding", "gzip");
        if let Some(authorization) = &self.authorization {
            request = request.header("Authorization", authorization.expose());
        }
        match request.content_type("text/plain; charset=utf-8").send(&body[..]) {
            Ok(mut response) => judge(&mut response),
            Err(error) => Answer::Later { reason: reason_of(&error), retry_after_ms: None },
        }
    }
}

fn zipped(lines: &[String]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    for line in lines {
        encoder.write_all(line.as_bytes())?;
        encoder.write_all(b"\n")?;
    }
    encoder.finish()
}

/// What a status means: success is exactly 204, whatever else a proxy may say.
fn judge(response: &mut Response<Body>) -> Answer {
    let status = response.status().as_u16();
    let retry_after = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
    let retry_after_ms = retry_after
        .and_then(|text| text.trim().parse::<i64>().ok())
        .map(|seconds| seconds.saturating_mul(1_000).clamp(0, RETRY_AFTER_MS_MAX));
    let mut said = || {
        let text = response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_string().unwrap_or_default();
        let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(REASON_MAX).collect();
        format!("{status} {text}").trim_end().to_owned()
    };
    match status {
        204 => Answer::Written,
        400 | 422 => Answer::Refused(said()),
        413 => Answer::TooLarge,
        401 | 403 | 404 | 405 | 300..=399 => Answer::Configuration(said()),
        _ => Answer::Later { reason: said(), retry_after_ms },
    }
}

/// Why nothing came back, without the address, which may hold a password.
fn reason_of(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Timeout(_) => "no answer in time".into(),
        ureq::Error::HostNotFound => "no such host".into(),
        ureq::Error::ConnectionFailed => "no connection".into(),
        ureq::Error::Io(error) => format!("no connection: {}", error.kind()),
        _ => "no answer".into(),
    }
}

fn basic(user_and_password: &str) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    format!("Basic {}", STANDARD.encode(user_and_password))
}

/// A name as part of an address: RFC 3986, section 2.3.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_escaped_and_secrets_are_not_in_the_address() {
        let config = Influx {
            url: Some("http://db:8086/".into()),
            org: Some("星海 & co".into()),
            bucket: "hall/watch".into(),
            ..Influx::default()
        };
        let client = Client::new(&config, Some(&Secret::new("t0ken"))).unwrap();
        let wanted = "http://db:8086/api/v2/write?org=%E6%98%9F%E6%B5%B7%20%26%20co&bucket=hall%2Fwatch&precision=ns";
        assert_eq!(client.write_url, wanted);
        assert_eq!(client.authorization.unwrap().expose(), "Token t0ken");
        assert!(Client::new(&Influx::default(), None).is_none());
    }
}
