//! A Feishu or Lark group robot (飞书群机器人): a text to a hook whose token is in its address, signed
//! by a secret inside the body. A status of 200 says nothing: `code` does.
//! <https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot>

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

/// A body is at most 20 KiB; the text leaves room for what is around it.
const TEXT_BYTES_MAX: usize = 15_000;
/// Too many messages, of this robot or of all at a full hour.
const TOO_FAST: [i64; 2] = [11_232, 9_499];
const TOO_FAST_MS: i64 = 60_000;
/// Signature or time, address list, keyword.
const REFUSED: [i64; 3] = [19_021, 19_022, 19_024];

/// One robot.
#[derive(Debug)]
pub struct Feishu {
    poster: Poster,
    secret: Option<Secret>,
    /// Whom to mention, by open id; `@all` for everybody.
    mention: Vec<String>,
}

impl Feishu {
    /// A robot behind `poster`; without `secret` it must be content with a keyword.
    #[must_use]
    pub fn new(poster: Poster, secret: Option<Secret>, mention: Vec<String>) -> Self {
        Self { poster, secret, mention }
    }

    /// Sends once.
    pub fn send(&self, delivery: &Delivery, now: UnixMs) -> Result<(), Failure> {
        judge(&self.poster.post(&[], self.body(delivery, now).to_string().as_bytes(), now)?)
    }

    fn body(&self, delivery: &Delivery, now: UnixMs) -> Value {
        let user = |who: &String| format!("<at user_id=\"{}\"></at>", who.trim_start_matches('@'));
        let mentions: String = self.mention.iter().map(user).collect();
        let text = delivery.fitted(TEXT_BYTES_MAX, robot::plain);
        let text = format!("{}\n{text}\n{mentions}", robot::plain(&delivery.subject));
        let mut body = json!({ "msg_type": "text", "content": { "text": text.trim_end() } });
        if let Some(secret) = &self.secret {
            let seconds = (now / 1_000).to_string();
            body["sign"] = sign(secret, &seconds).into();
            body["timestamp"] = seconds.into();
        }
        body
    }
}

/// The signature in a body: HMAC-SHA256 of nothing, under the time, a line end and the secret.
#[must_use]
pub fn sign(secret: &Secret, seconds: &str) -> String {
    let key = format!("{seconds}\n{}", secret.expose());
    let mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("HMAC takes keys of any length");
    STANDARD.encode(mac.finalize().into_bytes())
}

fn judge(answer: &Answer) -> Result<(), Failure> {
    // An older form of the answer says `StatusCode`.
    let code = answer.json["code"].as_i64().or_else(|| answer.json["StatusCode"].as_i64());
    match code {
        Some(0) => Ok(()),
        Some(code) if TOO_FAST.contains(&code) => {
            let failure = Failure::channel(format!("Feishu says {code}: too many messages"));
            Err(Failure { retry_after_ms: Some(TOO_FAST_MS), ..failure })
        }
        Some(code) if REFUSED.contains(&code) => Err(Failure::channel(format!(
            "Feishu says {code}: signature, address or keyword do not fit the robot's settings"
        ))),
        Some(code) => Err(Failure::message(format!("Feishu says {code}"))),
        None => Err(Failure::channel("the answer is not Feishu's")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::{post, words};

    #[test]
    fn the_signature_is_what_another_implementation_computes() {
        // By OpenSSL: openssl dgst -sha256 -hmac $'1700000000\ntest' -binary </dev/null | base64
        assert_eq!(sign(&Secret::new("test"), "1700000000"), "eSJQnOl8XqPTMPHWz9e5IzeHS/tqoc68g2967ekIPmg=");
    }

    #[test]
    fn a_message_is_signed_in_its_body_and_mentions() {
        let poster = Poster::new(Secret::new("http://localhost"), true, post::ANSWER_TIME);
        let robot = Feishu::new(poster, Some(Secret::new("test")), vec!["@all".into()]);
        let body = robot.body(&words::example("[P2] K04", "一\n二", false), 1_700_000_000_999);
        assert_eq!(body["content"]["text"], "[P2] K04\n一\n二\n<at user_id=\"all\"></at>");
        assert_eq!(body["timestamp"], "1700000000");
        assert_eq!(body["sign"], "eSJQnOl8XqPTMPHWz9e5IzeHS/tqoc68g2967ekIPmg=");
    }

    #[test]
    fn only_code_0_is_delivered() {
        let check = |text: &str| judge(&Answer::of(text));
        assert_eq!(check(r#"{"code":0,"msg":"success"}"#), Ok(()));
        assert_eq!(check(r#"{"StatusCode":0,"StatusMessage":"success"}"#), Ok(()));
        assert_eq!(check(r#"{"code":11232}"#).unwrap_err().retry_after_ms, Some(60_000));
        assert!(check(r#"{"code":19021,"msg":"sign match fail"}"#).is_err());
        assert!(check("{}").is_err());
    }
}
