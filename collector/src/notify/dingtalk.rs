//! A DingTalk group robot (钉钉群机器人): a Markdown message to a hook whose token is in its address,
//! signed by a secret. A status of 200 says nothing: `errcode` does.
//! <https://open.dingtalk.com/document/robots/custom-robot-access>

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use wire::UnixMs;

use super::{
    failure::Failure,
    post::{Answer, Poster},
    robot,
    secret::Secret,
    words::Delivery,
};

/// A message is at most so long, in bytes; the robot takes 20,000.
const TEXT_BYTES_MAX: usize = 16_000;
/// Too many messages: the robot is blocked for ten minutes.
const TOO_FAST: i64 = 130_101;
const TOO_FAST_MS: i64 = 610_000;
/// Signature, keyword or address list do not fit.
const REFUSED: i64 = 310_000;

/// One robot.
#[derive(Debug)]
pub struct DingTalk {
    poster: Poster,
    secret: Option<Secret>,
    /// Whom to mention, by telephone number; `@all` for everybody.
    mention: Vec<String>,
}

impl DingTalk {
    /// A robot behind `poster`; without `secret` it must be content with a keyword.
    #[must_use]
    pub fn new(poster: Poster, secret: Option<Secret>, mention: Vec<String>) -> Self {
        Self { poster, secret, mention }
    }

    /// Sends once.
    pub fn send(&self, delivery: &Delivery, now: UnixMs) -> Result<(), Failure> {
        let body = self.body(delivery).to_string();
        let answer = match &self.secret {
            None => self.poster.post(&[], body.as_bytes(), now)?,
            Some(secret) => {
                let query = format!("timestamp={now}&sign={}", sign(secret, now));
                self.poster.post_with(&query, &[], body.as_bytes(), now)?
            }
        };
        judge(&answer)
    }

    fn body(&self, delivery: &Delivery) -> Value {
        let all = self.mention.iter().any(|who| who == "@all");
        let numbers: Vec<&String> = self.mention.iter().filter(|who| *who != "@all").collect();
        let mentions: String = numbers.iter().map(|number| format!(" @{number}")).collect();
        let subject = robot::plain(&delivery.subject);
        // A line ends in two spaces, or the robot joins it with the next.
        let text = delivery.fitted(TEXT_BYTES_MAX, robot::plain).replace('\n', "  \n");
        json!({
            "msgtype": "markdown",
            "markdown": { "title": subject, "text": format!("#### {subject}\n{text}\n{mentions}") },
            "at": { "atMobiles": numbers, "isAtAll": all },
        })
    }
}

/// The signature for an address: HMAC-SHA256 under the secret of the time, a line end and the secret,
/// in Base64, escaped for an address.
#[must_use]
pub fn sign(secret: &Secret, now: UnixMs) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).expect("HMAC takes keys of any length");
    mac.update(format!("{now}\n{}", secret.expose()).as_bytes());
    let base64 = STANDARD.encode(mac.finalize().into_bytes());
    base64.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D")
}

fn judge(answer: &Answer) -> Result<(), Failure> {
    match answer.json["errcode"].as_i64() {
        Some(0) => Ok(()),
        Some(TOO_FAST) => {
            let failure = Failure::channel(format!("DingTalk says {TOO_FAST}: too many messages"));
            Err(Failure { retry_after_ms: Some(TOO_FAST_MS), ..failure })
        }
        Some(REFUSED) => Err(Failure::channel(format!(
            "DingTalk says {REFUSED}: signature, keyword or address do not fit the robot's settings"
        ))),
        Some(code) => Err(Failure::message(format!("DingTalk says {code}"))),
        None => Err(Failure::channel("the answer is not DingTalk's")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::{post, words};

    #[test]
    fn the_signature_is_what_another_implementation_computes() {
        // By OpenSSL: printf '1700000000000\nSECtest' | openssl dgst -sha256 -hmac SECtest -binary | base64
        assert_eq!(sign(&Secret::new("SECtest"), 1_700_000_000_000), "aZLLrriXgn05YbwaGR7knYsLeJADjr9NwLaNNKpxh4g%3D");
    }

    #[test]
    fn a_message_mentions_by_number_and_keeps_its_lines() {
        let poster = Poster::new(Secret::new("http://localhost"), true, post::ANSWER_TIME);
        let robot = DingTalk::new(poster, None, vec!["13800000000".into()]);
        let body = robot.body(&words::example("[P2] K04", "一\n二", false));
        assert_eq!(body["markdown"]["text"], "#### [P2] K04\n一  \n二\n @13800000000");
        assert_eq!(body["at"], json!({ "atMobiles": ["13800000000"], "isAtAll": false }));
    }

    #[test]
    fn only_errcode_0_is_delivered() {
        let check = |text: &str| judge(&Answer::of(text));
        assert_eq!(check(r#"{"errcode":0,"errmsg":"ok"}"#), Ok(()));
        assert_eq!(check(r#"{"errcode":130101}"#).unwrap_err().retry_after_ms, Some(610_000));
        assert!(check(r#"{"errcode":310000,"errmsg":"sign not match"}"#).is_err());
        assert!(check("").is_err());
    }
}
