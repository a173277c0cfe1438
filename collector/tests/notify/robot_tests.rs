//! Chat robots: signed, slow enough for them, and believed only where they say that all is well.

use std::{collections::BTreeMap, time::Duration};

use collector::{
    episode::Severity,
    notify::{
        Sender,
        dingtalk::{DingTalk, sign},
        feishu::Feishu,
        ntfy::Ntfy,
        post::Poster,
        secret::Secret,
        wecom::WeCom,
    },
};

use super::{
    Post,
    http::{Behave, Server},
};

const PATIENCE: Duration = Duration::from_millis(500);
const FINE: Behave = Behave::Say(r#"{"errcode":0,"errmsg":"ok"}"#);

fn poster(server: &Server) -> Poster {
    Poster::new(Secret::new(format!("{}?access_token=t", server.url())), true, PATIENCE)
}

fn dingtalk(server: &Server) -> Sender {
    Sender::DingTalk(DingTalk::new(poster(server), Some(Secret::new("SECtest")), Vec::new()))
}

/// The time that a signed address carries, in ms of the world.
fn signed_at(path: &str) -> i64 {
    let query = path.split_once("&timestamp=").unwrap().1;
    let (timestamp, signature) = query.split_once("&sign=").unwrap();
    let at = timestamp.parse().unwrap();
    assert_eq!(signature, sign(&Secret::new("SECtest"), at));
    at
}

#[test]
fn a_robot_that_says_200_and_an_error_has_not_taken_the_message() {
    let plan = [
        Behave::Say(r#"{"errcode":310000,"errmsg":"sign not match"}"#),
        Behave::Say("<html>the gateway is well</html>"),
        Behave::Answer(502, &[]),
        Behave::Hang,
        Behave::Late(PATIENCE * 2),
    ];
    let tries = plan.len() + 1;
    let server = Server::start_with(plan, FINE);
    let mut post = Post::new();
    post.put("robot", "a:1", Severity::P2);
    post.start(vec![("robot", dingtalk(&server))]);
    let requests: Vec<_> = (0..tries).map(|_| server.next()).collect();
    assert!(requests.iter().all(|request| request.body == requests[0].body));
    requests.iter().for_each(|request| assert!(signed_at(&request.path) > 0));
    assert_eq!(post.until_sent("a:1").attempts as usize, tries);
    let text = requests[0].json()["markdown"]["text"].as_str().unwrap().to_owned();
    assert!(text.starts_with("#### [P2] 新工单: K04 室温不在 18–22 °C"), "{text}");
}

#[test]
fn a_robot_that_asks_for_time_gets_it() {
    let server = Server::start_with([Behave::Say(r#"{"errcode":45009}"#)], FINE);
    let mut post = Post::new();
    post.put("robot", "a:1", Severity::P1);
    post.start(vec![("robot", Sender::WeCom(WeCom::new(poster(&server), vec!["@all".into()])))]);
    server.next();
    let failed = post.until("a:1", |row| row.attempts == 1);
    assert_eq!(failed.error.as_deref(), Some("WeCom says 45009: too many messages"));
    assert!(failed.message.due_at >= super::START + 65_000);
    let body = server.next().json();
    assert_eq!(body["text"]["mentioned_list"], serde_json::json!(["@all"]));
    post.until_sent("a:1");
}

#[test]
fn each_robot_speaks_its_own_language() {
    let mut post = Post::new();
    let feishu = Server::start_with([], Behave::Say(r#"{"code":0,"msg":"success"}"#));
    let ntfy = Server::start([]);
    let signed = Feishu::new(poster(&feishu), Some(Secret::new("test")), Vec::new());
    let topic = Ntfy::new(poster(&ntfy), "nanshan".into(), Some(Secret::new("tk_x")));
    post.put_all(&[("feishu", "f:1", Severity::P2), ("ntfy", "n:1", Severity::P1)]);
    post.start(vec![("feishu", Sender::Feishu(signed)), ("ntfy", Sender::Ntfy(topic))]);
    let body = feishu.next().json();
    assert_eq!(body["msg_type"], "text");
    assert!(body["sign"].is_string() && body["timestamp"].is_string(), "{body}");
    let request = ntfy.next();
    assert_eq!(request.header("authorization"), "Bearer tk_x");
    assert_eq!((&request.json()["topic"], &request.json()["priority"]), (&"nanshan".into(), &5.into()));
    post.until_sent("f:1");
    post.until_sent("n:1");
}

#[test]
fn a_storm_is_a_few_messages_and_none_is_lost_and_the_worst_is_first() {
    const STORM: usize = 10_000;
    let server = Server::start_with([Behave::Say(r#"{"errcode":130101}"#), Behave::Answer(500, &[])], FINE);
    let mut post = Post::new();
    let keys: Vec<String> = (0..STORM).map(|number| format!("storm-{number}:1")).collect();
    let severity = |number: usize| if number % 1_000 == 7 { Severity::P1 } else { Severity::P3 };
    let storm: Vec<_> = keys.iter().enumerate().map(|(n, key)| ("robot", key.as_str(), severity(n))).collect();
    post.put_all(&storm);
    post.start(vec![("robot", dingtalk(&server))]);
    let mut sent = Vec::new();
    let end = std::time::Instant::now() + Duration::from_secs(120);
    while post.shared.metrics.notified_total.get() < STORM as u64 {
        assert!(std::time::Instant::now() < end, "{} of {STORM}", post.shared.metrics.notified_total.get());
        if let Ok(request) = server.requests.recv_timeout(Duration::from_millis(50)) {
            sent.push((signed_at(&request.path), request.json()["markdown"]["title"].as_str().unwrap().to_owned()));
        }
    }
    sent.extend(server.requests.try_iter().map(|r| (signed_at(&r.path), String::new())));
    // No minute of the world has more than the robot bears.
    let mut minutes: BTreeMap<i64, usize> = BTreeMap::new();
    for (at, _) in &sent {
        let within = sent.iter().filter(|(other, _)| (*at..at + 60_000).contains(other)).count();
        minutes.insert(*at, within);
    }
    assert!(minutes.values().all(|count| *count <= 18), "{minutes:?}");
    // Two tries failed; ten P1 went alone and before any digest; the rest took a few.
    let first_digest = sent.iter().position(|(_, title)| title.contains("汇总")).unwrap();
    let urgent = sent[..first_digest].iter().filter(|(_, title)| title.starts_with("[P1]")).count();
    assert!(urgent >= 10, "{urgent} P1 before the first digest");
    assert!(sent.len() <= 30, "{} messages for a storm of {STORM}", sent.len());
    let rows = post.shared.reader.messages(None, 2 * STORM).unwrap();
    assert!(rows.iter().all(|row| row.sent_at.is_some() && row.dead_at.is_none()), "none is lost");
}

#[test]
fn an_address_that_leads_to_this_machine_is_refused_unless_it_was_named() {
    let server = Server::start([]);
    let mut post = Post::new();
    post.put("robot", "a:1", Severity::P2);
    // The name is looked up at each use; that it is no number changes nothing.
    let url = server.url().replace("127.0.0.1", "localhost");
    let guarded = Poster::new(Secret::new(url), false, PATIENCE);
    post.start(vec![("robot", Sender::WeCom(WeCom::new(guarded, Vec::new())))]);
    let row = post.until("a:1", |row| row.attempts > 0);
    let said = row.error.unwrap();
    assert_eq!(said, "the address leads to this machine or its link; `allow_local = true` would allow it");
    assert!(server.requests.try_recv().is_err(), "nothing was sent");
}
