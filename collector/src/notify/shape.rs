//! Turns a message into the JSON that Slack and Microsoft Teams show. Only elements without markup are
//! used, so nothing that a person or a device wrote becomes a link or a mention. Sends nothing.

use serde_json::{Value, json};

use super::words::Delivery;

/// A header of Slack's, in characters; a section takes 3,000. <https://docs.slack.dev/reference/block-kit/blocks>
const SLACK_HEADER_MAX: usize = 150;
/// Bytes of a section's text: no more characters than bytes, so Slack's limit holds.
const SLACK_SECTION_BYTES_MAX: usize = 3_000;
/// A message to Teams is at most 28 KB; what is left is for the frame of the card and its head.
/// <https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook>
const TEAMS_BYTES_MAX: usize = 24_000;

/// A message for an incoming webhook of Slack. `text` is what its notification shows, the blocks are the message.
#[must_use]
pub fn slack(delivery: &Delivery) -> Value {
    let escaped = delivery.subject.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let plain = |text: String| json!({ "type": "plain_text", "emoji": false, "text": text });
    json!({
        "text": escaped,
        "mrkdwn": false,
        "blocks": [
            { "type": "header", "text": plain(delivery.subject.chars().take(SLACK_HEADER_MAX).collect()) },
            { "type": "section", "text": plain(delivery.fitted(SLACK_SECTION_BYTES_MAX, str::to_owned)) },
        ],
    })
}

/// An adaptive card for a workflow of Teams that posts what a webhook receives.
#[must_use]
pub fn teams(delivery: &Delivery) -> Value {
    let colour = if delivery.severity_is_urgent() { "attention" } else { "default" };
    let line = |text: &str, run: Value| {
        let mut run = run;
        run["type"] = json!("TextRun");
        // A paragraph needs at least one letter to be one.
        run["text"] = json!(if text.is_empty() { "\u{a0}" } else { text });
        json!({ "type": "RichTextBlock", "spacing": "small", "inlines": [run] })
    };
    let head = line(&delivery.subject, json!({ "weight": "bolder", "size": "medium", "color": colour }));
    let mut body = vec![head];
    let mut bytes = 0;
    for text in delivery.fitted(TEAMS_BYTES_MAX / 2, str::to_owned).lines() {
        let block = line(text, json!({}));
        bytes += block.to_string().len();
        if bytes > TEAMS_BYTES_MAX {
            body.push(line("…", json!({})));
            break;
        }
        body.push(block);
    }
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                // What Teams shows everywhere, telephones too.
                "version": "1.4",
                "msteams": { "width": "Full" },
                "body": body,
            },
        }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::words;

    #[test]
    fn what_is_written_is_shown_as_it_stands_and_fits() {
        let long = format!("<!channel> *x*\n{}", "水\n".repeat(9_000));
        let delivery = words::example("[P1] <!here> K04", &long, true);
        let message = slack(&delivery);
        assert_eq!(message["text"], "[P1] &lt;!here&gt; K04");
        assert_eq!(message["blocks"][0]["text"]["text"], "[P1] <!here> K04");
        assert_eq!(message["blocks"][1]["text"]["type"], "plain_text");
        let text = message["blocks"][1]["text"]["text"].as_str().unwrap();
        assert!(text.starts_with("<!channel> *x*\n水") && text.chars().count() <= 3_000, "{text}");
        let card = teams(&delivery);
        let body = card["attachments"][0]["content"]["body"].as_array().unwrap();
        assert_eq!(body[0]["inlines"][0]["color"], "attention");
        assert_eq!(body[1]["inlines"][0]["text"], "<!channel> *x*");
        assert!(body.iter().all(|block| block["type"] == "RichTextBlock"), "no block reads markup");
    }

    #[test]
    fn a_card_of_short_lines_stays_below_the_limit_of_teams() {
        let delivery = words::example("[P2] K04", &"\"\n".repeat(9_000), false);
        assert!(teams(&delivery).to_string().len() <= 28_000, "{}", teams(&delivery).to_string().len());
    }
}
