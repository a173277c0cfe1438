//! Probes against real sockets on the loopback: what answers, what refuses, what lies.
#![allow(clippy::unwrap_used)]

use std::{
    io::{Read, Write},
    net::TcpListener,
    time::Duration,
};

use agent::driver::{
    Error, Measured, Probe,
    probe::{
        http::{self, Http},
        icmp::{self, Icmp},
        tcp,
    },
};
use wire::Fault;

const TIMEOUT: Duration = Duration::from_secs(5);

fn value(measured: &[Measured], name: &str) -> Option<f64> {
    measured.iter().find(|m| m.quantity == name).map(|m| m.value.clone().unwrap())
}

/// A port on which nobody listens any more.
fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn tcp_probe(host: &str, port: u16) -> Result<Vec<Measured>, Error> {
    tcp::read(&tcp::Settings::new(host, port, TIMEOUT))
}

#[test]
fn a_port_that_accepts_is_reachable_and_has_a_latency() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let measured = tcp_probe("127.0.0.1", listener.local_addr().unwrap().port()).unwrap();
    assert_eq!(value(&measured, "reachable"), Some(1.0));
    assert!(value(&measured, "latency_ms").is_some_and(|ms| ms > 0.0 && ms < 5000.0));
}

#[test]
fn a_port_that_refuses_is_a_value_and_no_fault() {
    let measured = tcp_probe("127.0.0.1", closed_port()).unwrap();
    assert_eq!(value(&measured, "reachable"), Some(0.0));
    assert_eq!(value(&measured, "latency_ms"), None);
}

#[test]
fn a_name_that_leads_nowhere_is_a_fault() {
    let error = tcp_probe("no-such-host.invalid", 80).unwrap_err();
    assert_eq!(error.fault(), Fault::BadResponse);
    assert!(error.to_string().contains("no-such-host.invalid"));
}

/// A server that gives one answer to each of `requests` connections.
fn serve(answer: &'static str, requests: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/health", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for _ in 0..requests {
            let (mut peer, _) = listener.accept().unwrap();
            let mut request = [0; 4096];
            let _ = peer.read(&mut request);
            let _ = peer.write_all(answer.as_bytes());
        }
    });
    url
}

fn http_probe(url: String, status: Option<u16>, contains: Option<&str>) -> Result<Vec<Measured>, Error> {
    Http::new(http::Settings { url, status, contains: contains.map(Into::into), timeout: TIMEOUT }).read()
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 12\r\nConnection: close\r\n\r\nall is well\n";
const BUSY: &str = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const MOVED: &str = "HTTP/1.1 302 Found\r\nLocation: /portal\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

#[test]
fn a_web_server_that_answers_well_is_reachable() {
    let measured = http_probe(serve(OK, 1), None, Some("is well")).unwrap();
    assert_eq!(value(&measured, "reachable"), Some(1.0));
    assert_eq!(value(&measured, "http_status"), Some(200.0));
    assert!(value(&measured, "latency_ms").is_some());
}

#[test]
fn a_wrong_status_is_not_reachable_and_is_told() {
    let measured = http_probe(serve(BUSY, 1), None, None).unwrap();
    assert_eq!(value(&measured, "reachable"), Some(0.0));
    assert_eq!(value(&measured, "http_status"), Some(503.0));
}

#[test]
fn the_right_status_with_the_wrong_content_is_not_reachable() {
    let measured = http_probe(serve(OK, 1), Some(200), Some("maintenance")).unwrap();
    assert_eq!(value(&measured, "reachable"), Some(0.0));
    assert_eq!(value(&measured, "http_status"), Some(200.0));
}

#[test]
fn a_portal_that_redirects_is_not_the_204_that_was_asked_for() {
    // The portal's page itself says 200.
    let measured = http_probe(serve(MOVED, 9), Some(204), None).unwrap();
    assert_eq!(value(&measured, "reachable"), Some(0.0));
}

#[test]
fn a_status_that_redirects_can_be_the_right_one() {
    let measured = http_probe(serve(MOVED, 1), Some(302), None).unwrap();
    assert_eq!(value(&measured, "reachable"), Some(1.0));
}

#[test]
fn what_is_no_http_is_not_reachable() {
    let measured = http_probe(serve("SSH-2.0-OpenSSH_9.2\r\n", 1), None, None).unwrap();
    assert_eq!(value(&measured, "reachable"), Some(0.0));
    assert_eq!(value(&measured, "http_status"), None);
}

#[test]
fn a_server_that_does_not_speak_tls_is_not_reachable_over_https() {
    let measured = http_probe(serve(OK, 1).replace("http:", "https:"), None, None).unwrap();
    assert_eq!(value(&measured, "reachable"), Some(0.0));
}

#[test]
fn a_server_that_says_nothing_ends_with_the_time_out() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let timeout = Duration::from_millis(200);
    let mut probe = Http::new(http::Settings { url, status: None, contains: None, timeout });
    assert_eq!(value(&probe.read().unwrap(), "reachable"), Some(0.0));
}

#[test]
fn a_ping_to_this_computer_answers_or_says_that_it_is_not_permitted() {
    let mut probe = Icmp::new(icmp::Settings::new("127.0.0.1", TIMEOUT));
    match probe.read() {
        Ok(measured) => assert_eq!(value(&measured, "reachable"), Some(1.0)),
        Err(error) => {
            assert_eq!(error.fault(), Fault::NotPermitted, "{error}");
            assert!(error.to_string().contains("ping_group_range"));
        }
    }
}
