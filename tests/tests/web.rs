//! The pages and the API as a program sees them: every route answers, the OpenAPI document and the
//! routes agree, bad requests are told what is wrong, and no text of a device leaves its place.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected has failed")]

use std::{process::Command, time::Duration};

use collector::web::ROUTES;
use serde_json::Value;
use tests::{Collector, House, collector::Wanted, wait};

const WITHIN: Duration = Duration::from_secs(30);
const EVIL: &str = "<script>alert(1)</script>\\\" onload=x";

struct Answer {
    status: u16,
    kind: String,
    policy: String,
    body: String,
}

fn get(collector: &Collector, path: &str) -> Answer {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut answer = agent.get(format!("http://127.0.0.1:{}{path}", collector.web())).call().unwrap();
    let header = |name: &str| answer.headers().get(name).map(|v| v.to_str().unwrap().to_owned()).unwrap_or_default();
    let (kind, policy) = (header("content-type"), header("content-security-policy"));
    // A stream never ends: its head is enough.
    let stream = kind.starts_with("text/event-stream");
    let body = if stream { String::new() } else { answer.body_mut().read_to_string().unwrap() };
    Answer { status: answer.status().as_u16(), kind, policy, body }
}

/// A collector that heard of a room, from an agent with evil words.
fn heard() -> (House, Collector) {
    let house = House::new("web");
    let collector = Collector::start(&house, &Wanted::default());
    let say = |channel: &str| format!("hallwatch/v1/nanshan/k01/pi-1/{channel}");
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis();
    let about = format!(
        r#"{{"model":"{EVIL}","version":"{EVIL}","sensors":[],"points":{{"temperature_celsius":{{"unit":"Cel","sensor":"{EVIL}"}}}}}}"#
    );
    let status = format!(r#"{{"state":"online","boot":"b","spool":"s","version":"{EVIL}"}}"#);
    let sample = format!(
        r#"{{"at":{now},"seq":1,"spool":"s","boot":"b","clock":1,"temperature_celsius":20.5,"faults":{{"co2_ppm":"<b>evil</b>"}}}}"#
    );
    for (channel, body) in [("about", about), ("status", status), ("samples", sample)] {
        let port = collector.mqtt().to_string();
        let topic = say(channel);
        let arguments = ["-h", "127.0.0.1", "-p", &port, "-q", "1", "-t", &topic, "-m", &body];
        assert!(Command::new("mosquitto_pub").args(arguments).status().unwrap().success(), "{channel}");
    }
    wait::until("the room is heard", WITHIN, || {
        let rooms = collector.json("/api/v1/rooms")?;
        rooms["rooms"][0]["points"].as_array().filter(|points| points.len() >= 2).map(drop)
    });
    (house, collector)
}

#[test]
fn every_route_answers_with_its_kind_and_its_policy() {
    let (_house, collector) = heard();
    for (route, json) in ROUTES {
        let path = route
            .replace("{venue}", "nanshan")
            .replace("{room}", "k01")
            .replace("{name}", "style.css")
            .replace("{date}", "2026-01-01")
            .replace("{number}", "nanshan-20260101-001");
        let path = match route {
            "/api/v1/readings" => format!("{path}?venue=nanshan&room=k01&point=temperature_celsius"),
            _ => path,
        };
        let answer = get(&collector, &path);
        let expected = if route.contains("{number}") || route.contains("{date}") { 404 } else { 200 };
        assert_eq!(answer.status, expected, "{path}: {}", answer.body);
        assert!(answer.policy.starts_with("default-src 'none'"), "{path}");
        assert!(!answer.policy.contains("unsafe"), "{path}");
        let kind = match route {
            "/api/v1/events" => "text/event-stream",
            "/metrics" => "text/plain",
            "/assets/{name}" => "text/css",
            "/extinguishers.csv" => "text/csv",
            _ if json => "application/json",
            _ => "text/html",
        };
        assert!(answer.kind.starts_with(kind), "{path}: {}", answer.kind);
    }
}

#[test]
fn the_document_and_the_routes_agree_both_ways() {
    let (_house, collector) = heard();
    let document = collector.json("/api/v1/openapi.json").unwrap();
    let mut described: Vec<&str> = document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    let mut served: Vec<&str> = ROUTES.iter().filter(|(_, json)| *json).map(|(route, _)| *route).collect();
    described.sort_unstable();
    served.sort_unstable();
    assert_eq!(described, served);
    // What the document says is required is there, in every room and point.
    let rooms = collector.json("/api/v1/rooms").unwrap();
    let required = |schema: &str| document["components"]["schemas"][schema]["required"].as_array().unwrap().clone();
    let has = |value: &Value, schema: &str| {
        for field in required(schema) {
            assert!(value.get(field.as_str().unwrap()).is_some(), "{schema} has {field}: {value}");
        }
    };
    has(&rooms, "Rooms");
    has(&rooms["rooms"][0], "Room");
    has(&rooms["rooms"][0]["points"][0], "Point");
    has(&rooms["rooms"][0]["agents"][0], "Agent");
    let readings = collector.json("/api/v1/readings?venue=nanshan&room=k01&point=temperature_celsius").unwrap();
    has(&readings, "Readings");
    assert_eq!(readings["marks"][0]["mean"], 20.5);
    has(&collector.json("/healthz").unwrap(), "Health");
}

#[test]
fn a_bad_request_is_told_what_is_wrong_and_what_to_do() {
    let (_house, collector) = heard();
    for path in ["/api/v1/nothing", "/api/v1/readings?venue=nanshan&room=k99&point=co2_ppm"] {
        let answer = get(&collector, path);
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(serde_json::from_str::<Value>(&answer.body).unwrap()["error"], "not_found", "{path}");
    }
    for (path, word) in [
        ("/api/v1/readings", "venue"),
        ("/api/v1/readings?venue=A%20B&room=k01&point=co2_ppm", "`venue`"),
        ("/api/v1/readings?venue=nanshan&room=k01&point=Temp", "`point`"),
        ("/api/v1/readings?venue=nanshan&room=k01&point=co2_ppm&from=5&to=4", "`from`"),
        ("/api/v1/readings?venue=nanshan&room=k01&point=co2_ppm&from=0&to=99999999999999", "400 days"),
        ("/api/v1/readings?venue=nanshan&room=k01&point=co2_ppm&pionts=5", "pionts"),
        ("/api/v1/tickets?state=asleep", "`state`"),
    ] {
        let answer = get(&collector, path);
        assert_eq!(answer.status, 400, "{path}: {}", answer.body);
        let refusal: Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(refusal["error"], "bad_request", "{path}");
        assert!(refusal["message"].as_str().unwrap().contains(word), "{path}: {refusal}");
        assert!(!refusal["hint"].as_str().unwrap().is_empty(), "{path}");
    }
}

#[test]
fn no_text_of_a_device_becomes_markup_and_no_path_leaves_the_program() {
    let (_house, collector) = heard();
    for path in ["/", "/rooms/nanshan/k01", "/tickets", "/rooms/nanshan/k01?lang=en"] {
        let page = get(&collector, path).body;
        assert!(!page.contains("<script>alert") && !page.contains("<b>evil"), "{path}");
    }
    assert!(get(&collector, "/rooms/nanshan/k01").body.contains("alert(1)"), "the words themselves are shown");
    for path in [
        "/assets/../Cargo.toml",
        "/assets/%2e%2e%2fCargo.toml",
        "/assets/style.css%00",
        "/rooms/nanshan/..%2f..%2fetc",
        "/rooms/%3Cscript%3E/k01",
        "/tickets/%27%20OR%201=1",
        "/nowhere",
    ] {
        let answer = get(&collector, path);
        assert_eq!(answer.status, 404, "{path}");
        assert!(!answer.body.contains("<script>") && !answer.body.contains("[package]"), "{path}");
    }
}
