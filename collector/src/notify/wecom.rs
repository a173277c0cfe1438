//! A WeCom group robot (企业微信群机器人): a Markdown message to a hook whose key is in its address.
//! A status of 200 says nothing: `errcode` does. <https://developer.work.weixin.qq.com/document/path/91770>

use serde_json::{Value, json};
use wire::UnixMs;

use super::{
    failure::Failure,
    post::{Answer, Poster},
    robot,
    words::Delivery,
};

/// A Markdown message is at most so long, in bytes of UTF-8.
const CONTENT_BYTES_MAX: usize = 4_096;
/// Plain text is at most so long.
const TEXT_BYTES_MAX: usize = 2_048;
/// Mentions everybody, in plain text alone: Markdown cannot.
const EVERYBODY: &str = "@all";
/// Too many messages: the robot is let alone for a minute and a little.
const TOO_FAST: i64 = 45_009;
const TOO_FAST_MS: i64 = 65_000;

/// One robot.
#[derive(Debug)]
pub struct WeCom {
    poster: Poster,
    /// Whom to mention, by the user ids of the company; `@all` for everybody.
    mention: Vec<String>,
}

impl WeCom {
    /// A robot behind `poster`.
    #[must_use]
    pub fn new(poster: Poster, mention: Vec<String>) -> Self {
        Self { poster, mention }
    }

    /// Sends once.
    pub fn send(&self, delivery: &Delivery, now: UnixMs) -> Result<(), Failure> {
        judge(&self.poster.post(&[], self.body(delivery).to_string().as_bytes(), now)?)
    }

    fn body(&self, delivery: &Delivery) -> Value {
        if self.mention.iter().any(|user| user == EVERYBODY) {
            return self.text(delivery);
        }
        let colour = if delivery.severity_is_urgent() { "warning" } else { "comment" };
        let mentions: String = self.mention.iter().map(|user| format!("<@{user}>")).collect();
        let head = format!("**<font color=\"{colour}\">{}</font>**\n", robot::plain(&delivery.subject));
        let room = CONTENT_BYTES_MAX.saturating_sub(head.len() + mentions.len() + 2);
        let text = delivery.fitted(room, robot::plain);
        json!({ "msgtype": "markdown", "markdown": { "content": format!("{head}{text}\n{mentions}") } })
    }
}

impl WeCom {
    /// Plain text, which can call everybody.
    fn text(&self, delivery: &Delivery) -> Value {
        let head = format!("{}\n", delivery.subject);
        let text = delivery.fitted(TEXT_BYTES_MAX.saturating_sub(head.len()), str::to_owned);
        json!({ "msgtype": "text", "text": { "content": format!("{head}{text}"), "mentioned_list": self.mention } })
    }
}

fn judge(answer: &Answer) -> Result<(), Failure> {
    match answer.json["errcode"].as_i64() {
        Some(0) => Ok(()),
        Some(TOO_FAST) => {
            let failure = Failure::channel(format!("WeCom says {TOO_FAST}: too many messages"));
            Err(Failure { retry_after_ms: Some(TOO_FAST_MS), ..failure })
        }
        // 93000: the hook's key is wrong or the robot was removed.
        Some(code @ 93_000) => Err(Failure::channel(format!("WeCom says {code}: this robot is not there"))),
        Some(code) => Err(Failure::message(format!("WeCom says {code}"))),
        None => Err(Failure::channel("the answer is not WeCom's")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::{post, secret::Secret, words};

    #[test]
    fn a_message_is_markdown_that_fits_and_mentions() {
        let poster = Poster::new(Secret::new("http://localhost"), true, post::ANSWER_TIME);
        let robot = WeCom::new(poster, vec!["zhang".into()]);
        let body = robot.body(&words::example("[P1] 新工单: K04 漏水", &"水".repeat(4_000), true));
        let content = body["markdown"]["content"].as_str().unwrap();
        assert!(content.starts_with("**<font color=\"warning\">[P1] 新工单: K04 漏水</font>**\n水"), "{content}");
        assert!(content.ends_with("…\n<@zhang>"), "{content}");
        assert!(content.len() <= CONTENT_BYTES_MAX);
        let poster = Poster::new(Secret::new("http://localhost"), true, post::ANSWER_TIME);
        let body = WeCom::new(poster, vec!["@all".into()]).body(&words::example("[P1] K04", &"水".repeat(4_000), true));
        assert_eq!(body["text"]["mentioned_list"], json!(["@all"]));
        assert!(body["text"]["content"].as_str().unwrap().len() <= TEXT_BYTES_MAX);
    }

    #[test]
    fn only_errcode_0_is_delivered() {
        let check = |text: &str| judge(&Answer::of(text));
        assert_eq!(check(r#"{"errcode":0,"errmsg":"ok"}"#), Ok(()));
        assert_eq!(check(r#"{"errcode":45009}"#).unwrap_err().retry_after_ms, Some(65_000));
        assert!(check(r#"{"errcode":40058}"#).is_err());
        assert!(check("<html>gateway</html>").is_err());
    }
}
