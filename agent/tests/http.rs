//! The HTTP probe against web servers that drip, never end, lie about their length or send one in circles:
//! it ends with its time-out, holds no more than it says, and takes its password to nobody else.
#![allow(clippy::unwrap_used)]

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use agent::driver::{
    Measured, Probe, Settings as _,
    probe::http::{Http, Settings},
};

/// Plenty for what answers.
const PATIENT: Duration = Duration::from_secs(10);
/// Enough for what never does.
const SHORT: Duration = Duration::from_millis(400);

fn value(measured: &[Measured], name: &str) -> Option<f64> {
    measured.iter().find(|m| m.quantity == name).map(|m| m.value.clone().unwrap())
}

/// A web server whose every peer, its request read, gets what `serve` does to it; its address, and requests.
fn server(serve: impl Fn(&mut TcpStream) -> std::io::Result<()> + Send + 'static) -> (String, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        for peer in listener.incoming() {
            let mut peer = peer.unwrap();
            let mut request = [0; 4096];
            let length = peer.read(&mut request).unwrap_or(0);
            let _ = tell.send(String::from_utf8_lossy(&request[..length]).into_owned());
            // Whoever closes has heard enough.
            let _ = serve(&mut peer);
        }
    });
    (url, told)
}

/// `reachable` and the status; fails where it took longer than it may.
fn probe(url: String, contains: Option<&str>, timeout: Duration) -> (Option<f64>, Option<f64>) {
    let settings = Settings { url, status: None, contains: contains.map(Into::into), timeout };
    let patience = settings.patience();
    let since = Instant::now();
    let measured = Http::new(settings).read().unwrap();
    assert!(since.elapsed() < patience, "longer than it says");
    (value(&measured, "reachable"), value(&measured, "http_status"))
}

/// A byte now and then, for ever.
fn drip(peer: &mut TcpStream) -> std::io::Result<()> {
    loop {
        peer.write_all(b".")?;
        thread::sleep(SHORT / 10);
    }
}

const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";

#[test]
fn a_body_that_drips_for_ever_ends_with_the_time_out() {
    let (url, _requests) = server(|peer| peer.write_all(HEAD).and_then(|()| drip(peer)));
    assert_eq!(probe(url, Some("song"), SHORT), (Some(0.0), Some(200.0)));
}

#[test]
fn a_head_that_drips_for_ever_ends_with_the_time_out() {
    let (url, _requests) = server(|peer| peer.write_all(b"HTTP/1.1 200 OK\r\nX: ").and_then(|()| drip(peer)));
    assert_eq!(probe(url, None, SHORT), (Some(0.0), None));
}

#[test]
fn a_page_that_never_ends_is_right_as_soon_as_it_says_the_word() {
    let (url, _requests) = server(|peer| {
        peer.write_all(HEAD)?;
        peer.write_all(b"data: so")?;
        peer.write_all(b"ng server is well\n")?;
        drip(peer)
    });
    assert_eq!(probe(url, Some("song server"), PATIENT), (Some(1.0), Some(200.0)));
}

#[test]
fn a_body_without_end_is_read_no_further_than_its_head() {
    let (url, _requests) = server(|peer| {
        peer.write_all(HEAD)?;
        peer.write_all(&[b'.'; 64 * 1024])?;
        peer.write_all(b"song server")?;
        loop {
            peer.write_all(&[b'.'; 4096])?;
        }
    });
    assert_eq!(probe(url, Some("song server"), PATIENT), (Some(0.0), Some(200.0)));
}

#[test]
fn a_body_that_is_cut_off_before_the_word_is_not_right() {
    let (url, _requests) =
        server(|peer| peer.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4096\r\nConnection: close\r\n\r\nsong"));
    assert_eq!(probe(url, Some("song server"), PATIENT), (Some(0.0), Some(200.0)));
}

#[test]
fn a_head_without_end_is_no_answer() {
    let (url, _requests) = server(|peer| {
        peer.write_all(b"HTTP/1.1 200 OK\r\n")?;
        loop {
            peer.write_all(b"X-More: and more\r\n")?;
        }
    });
    assert_eq!(probe(url, None, PATIENT).0, Some(0.0));
}

const TO_ITSELF: &[u8] = b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

#[test]
fn redirects_in_a_circle_end() {
    let (url, requests) = server(|peer| peer.write_all(TO_ITSELF));
    assert_eq!(probe(url, None, PATIENT), (Some(0.0), Some(302.0)));
    assert_eq!(requests.try_iter().count(), 6, "the first and five more");
}

#[test]
fn redirects_that_dawdle_share_one_time_out() {
    let (url, _requests) = server(|peer| {
        thread::sleep(SHORT * 3 / 4);
        peer.write_all(TO_ITSELF)
    });
    let since = Instant::now();
    assert_eq!(probe(url, None, SHORT).0, Some(0.0));
    // Six answers would take 4.5 time-outs.
    assert!(since.elapsed() < SHORT * 4, "{:?}", since.elapsed());
}

#[test]
fn a_redirect_elsewhere_does_not_take_the_password_along() {
    let (elsewhere, theirs) = server(|peer| peer.write_all(HEAD));
    // Another host, as far as names go.
    let elsewhere = elsewhere.replace("127.0.0.1", "localhost");
    let (url, ours) = server(move |peer| {
        let moved =
            format!("HTTP/1.1 302 Found\r\nLocation: {elsewhere}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        peer.write_all(moved.as_bytes())
    });
    let url = url.replace("http://", "http://desk:hush@");
    assert_eq!(probe(url, None, PATIENT), (Some(1.0), Some(200.0)));
    assert!(ours.recv().unwrap().to_ascii_lowercase().contains("authorization: basic"), "the password is used at all");
    assert!(!theirs.recv().unwrap().to_ascii_lowercase().contains("authorization"));
}
