//! E-mail.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_STANDARD};
use collector::{
    config::{Language, Smtp as Config, SmtpSecurity},
    episode::Severity,
    notify::{Sender, secret::Secret, smtp::Smtp},
};

use super::{Post, log, mail::Server};

const PATIENCE: Duration = Duration::from_millis(500);

fn config(server: &Server) -> Config {
    Config {
        host: "127.0.0.1".into(),
        port: Some(server.address.port()),
        security: SmtpSecurity::None,
        user: None,
        password_file: None,
        from: "Hallwatch <hallwatch@example.com>".into(),
        to: vec!["li@example.com".into(), "chen@example.com".into()],
        teams: Vec::new(),
        severity_min: Severity::P4,
        language: None,
    }
}

fn mail(config: &Config, password: Option<Secret>) -> Sender {
    Sender::Smtp(Box::new(Smtp::new(config, Language::ZhCn, password, PATIENCE).unwrap()))
}

#[test]
fn a_mail_says_what_the_ticket_says_in_plain_utf8() {
    let server = Server::start(&[]);
    let mut post = Post::new();
    post.put("mail", "nanshan-20251123-001:1", Severity::P1);
    post.start(vec![("mail", mail(&config(&server), None))]);
    let got = server.next();
    let said = got.said.join("\n");
    for part in ["MAIL FROM:<hallwatch@example.com>", "RCPT TO:<li@example.com>", "RCPT TO:<chen@example.com>"] {
        assert!(said.contains(part), "{said}");
    }
    let (head, body) = got.data.split_once("\n\n").unwrap();
    assert!(head.contains("Message-ID: <nanshan.20251123.001.1@example.com>"), "{head}");
    let parts = parts(head, body);
    let kinds: Vec<&str> = parts.iter().map(|part| part.kind.as_str()).collect();
    assert_eq!(kinds, ["text/plain", "text/html"], "{head}");
    assert!(parts.iter().all(|part| part.text().contains("温度 23.75 °C，高于上限 22 °C")), "{parts:?}");
    post.until_sent("nanshan-20251123-001:1");
}

/// A part of a mail, decoded.
#[derive(Debug)]
struct Part {
    kind: String,
    head: String,
    body: Vec<u8>,
}

impl Part {
    fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }
}

/// The parts of a mail without other parts in them, in order.
fn parts(head: &str, body: &str) -> Vec<Part> {
    let field = |name: &str| {
        let joined = head.replace("\n ", " ");
        let line = joined.lines().find(|line| line.to_lowercase().starts_with(name)).unwrap_or_default().to_owned();
        line.split_once(':').map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    };
    let kind = field("content-type");
    if let Some((_, after)) = kind.split_once("boundary=\"") {
        let boundary = format!("--{}", after.split('"').next().unwrap());
        let inner = body.split(&boundary).skip(1).filter(|part| !part.starts_with("--"));
        return inner
            .flat_map(|part| part.trim_start().split_once("\n\n").map(|(h, b)| parts(h, b)).unwrap())
            .collect();
    }
    let body = match field("content-transfer-encoding").as_str() {
        "base64" => BASE64_STANDARD.decode(body.replace('\n', "")).unwrap(),
        "quoted-printable" => unquoted(body),
        other => panic!("{other}"),
    };
    vec![Part { kind: kind.split(';').next().unwrap().into(), head: head.into(), body }]
}

/// `=E6=B8=A9`, with `=` before a line end that is none.
fn unquoted(text: &str) -> Vec<u8> {
    let joined = text.replace("=\n", "");
    let mut parts = joined.split('=');
    let mut bytes = parts.next().unwrap().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend(&part.as_bytes()[2..]);
    }
    bytes
}

#[test]
fn a_mail_with_readings_has_the_chart_inside() {
    let server = Server::start(&[]);
    let mut post = Post::new();
    post.read_a_warm_room();
    post.put("mail", "a:1", Severity::P2);
    post.start(vec![("mail", mail(&config(&server), None))]);
    let got = server.next();
    let (head, body) = got.data.split_once("\n\n").unwrap();
    assert!(head.contains("multipart/alternative") && body.contains("multipart/related"), "{head}");
    let parts = parts(head, body);
    let kinds: Vec<&str> = parts.iter().map(|part| part.kind.as_str()).collect();
    assert_eq!(kinds, ["text/plain", "text/html", "image/png"]);
    assert!(parts[0].text().contains("走势：") && parts[1].text().contains("src=\"cid:course\""), "{parts:?}");
    assert!(parts[2].head.contains("Content-ID: <course>") && parts[2].head.contains("inline"), "{}", parts[2].head);
    assert!(parts[2].body.starts_with(b"\x89PNG"));
    post.until_sent("a:1");
}

#[test]
fn a_mail_is_tried_again_until_the_server_takes_it() {
    let server = Server::start(&["451 later", "", "421 too busy", "552 too much"]);
    let mut post = Post::new();
    post.put("mail", "a:1", Severity::P2);
    post.start(vec![("mail", mail(&config(&server), None))]);
    for _ in 0..5 {
        server.next();
    }
    assert_eq!(post.until_sent("a:1").attempts, 5);
}

#[test]
fn a_password_is_used_and_never_logged_or_stored() {
    let log = log();
    let server = Server::start(&["535 no, not you"]);
    let mut post = Post::new();
    let config = Config { user: Some("hallwatch".into()), ..config(&server) };
    post.put("mail", "a:1", Severity::P2);
    post.start(vec![("mail", mail(&config, Some(Secret::new("p4ssw0rd-of-mail"))))]);
    let said = server.next().said;
    let credentials = BASE64_STANDARD.encode("\0hallwatch\0p4ssw0rd-of-mail");
    assert!(said.iter().any(|l| l.contains(&credentials)), "{said:?}");
    let row = post.until("a:1", |row| row.attempts > 0);
    let logged = String::from_utf8_lossy(&log.lock().unwrap()).into_owned();
    for text in [&format!("{row:?}"), &logged] {
        assert!(!text.contains("p4ssw0rd-of-mail") && !text.contains(&credentials));
    }
    post.until_sent("a:1");
}

#[test]
fn nothing_is_sent_in_the_clear_over_a_network() {
    let server = Server::start(&[]);
    let config = Config { host: "mail.example.com".into(), ..config(&server) };
    let message = Smtp::new(&config, Language::ZhCn, None, PATIENCE).err().unwrap().to_string();
    assert!(message.contains("`mail.example.com`") && message.contains("hint: "), "{message}");
    let config = Config { from: "nobody".into(), ..self::config(&server) };
    assert!(Smtp::new(&config, Language::ZhCn, None, PATIENCE).is_err());
}

#[test]
fn a_server_without_starttls_gets_nothing_when_starttls_is_configured() {
    let server = Server::start(&[]);
    let mut post = Post::new();
    let config = Config { security: SmtpSecurity::Starttls, host: "localhost".into(), ..config(&server) };
    post.put("mail", "a:1", Severity::P2);
    post.start(vec![("mail", mail(&config, None))]);
    post.until("a:1", |row| row.attempts > 0);
    assert!(server.mails.try_recv().is_err());
}
