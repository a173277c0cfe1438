//! ntfy, of a venue's own server or of ntfy.sh: a push message with a priority, to a topic.
//! <https://docs.ntfy.sh/publish/#publish-as-json>

use serde_json::{Value, json};
use wire::UnixMs;

use super::{failure::Failure, post::Poster, secret::Secret, words::Delivery};

/// A message is at most so long, in bytes; more becomes an attachment.
const MESSAGE_BYTES_MAX: usize = 4_000;

/// One topic.
#[derive(Debug)]
pub struct Ntfy {
    poster: Poster,
    topic: String,
    token: Option<Secret>,
}

impl Ntfy {
    /// A topic at the server behind `poster`, whose address is that of the server itself.
    #[must_use]
    pub fn new(poster: Poster, topic: String, token: Option<Secret>) -> Self {
        Self { poster, topic, token }
    }

    /// Sends once.
    pub fn send(&self, delivery: &Delivery, now: UnixMs) -> Result<(), Failure> {
        let authorization = self.token.as_ref().map(|token| format!("Bearer {}", token.expose()));
        let headers: Vec<_> = authorization.as_deref().map(|value| ("Authorization", value)).into_iter().collect();
        self.poster.post(&headers, self.body(delivery).to_string().as_bytes(), now).map(drop)
    }

    fn body(&self, delivery: &Delivery) -> Value {
        let urgent = delivery.severity_is_urgent();
        json!({
            "topic": self.topic,
            "title": delivery.subject,
            "message": delivery.fitted(MESSAGE_BYTES_MAX, str::to_owned),
            // 5 rings through a telephone's silence.
            "priority": if urgent { 5 } else { 3 },
            "tags": [if urgent { "rotating_light" } else { "wrench" }],
            "sequence_id": delivery.key.replace(|c: char| !c.is_ascii_alphanumeric(), "_"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::{post, words};

    #[test]
    fn what_is_urgent_rings_through() {
        let poster = Poster::new(Secret::new("http://localhost"), true, post::ANSWER_TIME);
        let topic = Ntfy::new(poster, "nanshan".into(), None);
        let urgent = topic.body(&words::example("[P1] K04", "漏水", true));
        assert_eq!((&urgent["topic"], &urgent["priority"]), (&json!("nanshan"), &json!(5)));
        assert_eq!(topic.body(&words::example("[P3] K04", "灯", false))["priority"], 3);
    }
}
