//! The signed webhook.

use std::{net::TcpListener, time::Duration};

use collector::{
    episode::Severity,
    notify::{
        Sender,
        post::Poster,
        secret::Secret,
        webhook::{Webhook, sign},
    },
};

use super::{
    Post, SPEED,
    http::{Behave, Server},
    log,
};

const PATIENCE: Duration = Duration::from_millis(300);

fn hook(url: &str) -> Sender {
    Sender::Webhook(Webhook::new(Poster::new(Secret::new(url), true, PATIENCE), Some(Secret::new("s3cret"))))
}

#[test]
fn a_message_is_signed_explained_and_sent_once() {
    let server = Server::start([]);
    let mut post = Post::new();
    post.start(vec![("hook", hook(&server.url()))]);
    post.put("hook", "nanshan-20251123-001:1", Severity::P3);
    let request = server.next();
    let signature = sign(&Secret::new("s3cret"), request.header("x-hallwatch-timestamp"), &request.body);
    assert_eq!(request.header("x-hallwatch-signature"), signature);
    assert_eq!(request.header("idempotency-key"), "nanshan-20251123-001:1");
    let json = request.json();
    assert_eq!(json["subject"], "[P3] 新工单: K04 室温不在 18–22 °C");
    assert!(json["text"].as_str().unwrap().contains("温度 23.75 °C，高于上限 22 °C"), "{json}");
    assert_eq!(post.until_sent("nanshan-20251123-001:1").attempts, 1);
    assert!(server.requests.try_recv().is_err(), "sent once");
    assert_eq!(post.shared.metrics.notified_total.get(), 1);
}

#[test]
fn every_way_to_fail_is_tried_again_under_the_same_key_until_it_is_delivered() {
    let plan = [
        Behave::Answer(500, &[]),
        Behave::Close,
        Behave::Babble,
        Behave::Late(PATIENCE * 2),
        Behave::Hang,
        Behave::Answer(404, &[]),
    ];
    let tries = plan.len() + 1;
    let server = Server::start(plan);
    let mut post = Post::new();
    post.put("hook", "a:1", Severity::P2);
    post.start(vec![("hook", hook(&server.url()))]);
    let bodies: Vec<_> =
        (0..tries).map(|_| server.next()).map(|r| (r.header("idempotency-key").to_owned(), r.body)).collect();
    assert!(bodies.iter().all(|b| *b == bodies[0]), "the same key and body each time");
    let row = post.until_sent("a:1");
    assert_eq!((row.attempts as usize, row.dead_at), (tries, None));
    assert!(post.shared.health.troubles().is_empty(), "well again once it delivers");
}

#[test]
fn a_receiver_that_asks_for_time_gets_it() {
    let server = Server::start([Behave::Answer(429, &[("Retry-After", "90")])]);
    let mut post = Post::new();
    post.put("hook", "a:1", Severity::P1);
    post.start(vec![("hook", hook(&server.url()))]);
    server.next();
    let failed = post.until("a:1", |row| row.attempts == 1);
    assert_eq!(failed.error.as_deref(), Some("answered 429 Too Many Requests"));
    post.put("hook", "b:1", Severity::P1);
    server.next();
    let now = post.shared.clock.now();
    assert!(now >= failed.message.due_at && failed.message.due_at >= super::START + 90_000, "not even another message");
    post.until_sent("a:1");
    post.until_sent("b:1");
}

#[test]
fn a_channel_that_hangs_delays_no_other() {
    let (hangs, works) = (Server::start(vec![Behave::Hang; 1_000]), Server::start([]));
    let mut post = Post::new();
    post.start(vec![("hangs", hook(&hangs.url())), ("works", hook(&works.url()))]);
    for n in 0..5 {
        post.put("hangs", &format!("h:{n}"), Severity::P1);
    }
    hangs.next();
    post.put("works", "w:1", Severity::P4);
    works.next();
    post.until_sent("w:1");
    assert_eq!(post.row("h:0").sent_at, None);
    assert!(!post.shared.health.troubles().is_empty() || post.row("h:0").attempts == 0);
}

#[test]
fn the_worst_goes_first() {
    let server = Server::start([]);
    let mut post = Post::new();
    for (key, severity) in [("a:1", Severity::P4), ("b:1", Severity::P3), ("c:1", Severity::P1), ("d:1", Severity::P2)]
    {
        post.put("hook", key, severity);
    }
    post.start(vec![("hook", hook(&server.url()))]);
    let keys: Vec<_> = (0..4).map(|_| server.next().header("idempotency-key").to_owned()).collect();
    assert_eq!(keys, ["c:1", "d:1", "b:1", "a:1"]);
}

#[test]
fn a_message_that_is_refused_stands_in_nobodys_way() {
    let server = Server::start([Behave::Answer(422, &[])]);
    let mut post = Post::new();
    post.put("hook", "bad:1", Severity::P1);
    post.put("hook", "good:1", Severity::P3);
    post.start(vec![("hook", hook(&server.url()))]);
    assert_eq!(server.next().header("idempotency-key"), "bad:1");
    assert_eq!(server.next().header("idempotency-key"), "good:1");
    post.until_sent("good:1");
    assert_eq!(server.next().header("idempotency-key"), "bad:1", "and is tried again all the same");
}

#[test]
fn a_redirect_is_not_followed() {
    let elsewhere = Server::start([]);
    let location: &'static str = Box::leak(elsewhere.url().into_boxed_str());
    let headers: &'static [(&str, &str)] = Box::leak(Box::new([("Location", location)]));
    let server = Server::start([Behave::Answer(307, headers), Behave::Answer(302, headers)]);
    let mut post = Post::new();
    post.put("hook", "a:1", Severity::P3);
    post.start(vec![("hook", hook(&server.url()))]);
    for _ in 0..3 {
        server.next();
    }
    post.until_sent("a:1");
    assert!(elsewhere.requests.try_recv().is_err());
}

#[test]
fn what_was_not_delivered_is_delivered_after_a_restart() {
    let server = Server::start([Behave::Close]);
    let mut post = Post::new();
    // Nobody listens there: the port was free a moment ago.
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    post.start(vec![("hook", hook(&format!("http://{gone}/")))]);
    post.put("hook", "a:1", Severity::P2);
    let row = post.until("a:1", |row| row.attempts > 0);
    assert!(row.error.is_some());
    post.stop.send_replace(true);
    post.running.take().unwrap().stop();
    post.stop.send_replace(false);
    post.start(vec![("hook", hook(&server.url()))]);
    server.next();
    server.next();
    post.until_sent("a:1");
}

#[test]
fn stopping_waits_for_no_receiver_that_hangs() {
    let server = Server::start([Behave::Hang]);
    let mut post = Post::new();
    let slow = Webhook::new(Poster::new(Secret::new(server.url()), true, Duration::from_secs(3_600)), None);
    post.start(vec![("hook", Sender::Webhook(slow))]);
    post.put("hook", "a:1", Severity::P2);
    server.next();
    let begun = std::time::Instant::now();
    post.stop.send_replace(true);
    post.running.take().unwrap().stop();
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert_eq!(post.row("a:1").sent_at, None, "it is still there to be sent");
}

#[test]
fn neither_address_nor_secret_is_ever_logged_or_stored() {
    let log = log();
    let server = Server::start([Behave::Answer(500, &[]), Behave::Close, Behave::Babble, Behave::Hang]);
    let mut post = Post::new();
    let token = "t0ken-in-the-address";
    let secret = "very-s3cret-key";
    let sender = |url: String| {
        let poster = Poster::new(Secret::new(url), true, PATIENCE);
        Sender::Webhook(Webhook::new(poster, Some(Secret::new(secret))))
    };
    let bad = sender(format!("ht!tp://{token}"));
    let sender = sender(format!("{}?key={token}", server.url()));
    post.put("hook", "a:1", Severity::P2);
    post.put("bad", "b:1", Severity::P2);
    post.start(vec![("hook", sender), ("bad", bad)]);
    for _ in 0..5 {
        server.next();
    }
    post.until_sent("a:1");
    let row = post.until("b:1", |row| row.attempts > 1);
    let stored = format!("{row:?} {:?}", post.shared.health.troubles());
    let logged = String::from_utf8_lossy(&log.lock().unwrap()).into_owned();
    assert!(logged.contains("a message was not delivered"), "the log is really heard");
    for text in [&stored, &logged] {
        for hidden in [token, secret] {
            assert!(!text.contains(hidden), "{hidden} is in {:?}", text.lines().find(|l| l.contains(hidden)));
        }
    }
}

#[test]
fn waits_grow_while_a_receiver_is_down() {
    let server = Server::start(vec![Behave::Answer(503, &[]); 6]);
    let mut post = Post::new();
    post.put("hook", "a:1", Severity::P2);
    post.start(vec![("hook", hook(&server.url()))]);
    for _ in 0..7 {
        server.next();
    }
    let row = post.until_sent("a:1");
    // Full jitter: 2, 4, 8 … 64 s at most, 126 s together, and never nothing.
    let took_ms = row.sent_at.unwrap() - super::START;
    assert!(took_ms >= 6 * 200, "{took_ms}");
    assert!(took_ms <= 126_000 + 60 * 1_000 * SPEED, "{took_ms}");
}
