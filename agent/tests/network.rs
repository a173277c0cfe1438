//! Network probes against real sockets on the loopback that hang, lie, close in the middle of an
//! answer, or drip for ever: each ends in time, and none is taken for a healthy host.
#![allow(clippy::unwrap_used)]

use std::{
    io::{Read, Write},
    net::{IpAddr, TcpListener, TcpStream, UdpSocket},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use agent::driver::{
    Measured, Probe, Settings as _,
    probe::{dns, icmp, tcp},
};
use wire::Fault;

/// Plenty for what answers.
const PATIENT: Duration = Duration::from_secs(5);
/// Enough for what never does.
const SHORT: Duration = Duration::from_millis(300);

fn value(measured: &[Measured], name: &str) -> Option<f64> {
    measured.iter().find(|m| m.quantity == name).map(|m| m.value.clone().unwrap())
}

/// A listener whose every peer gets what `serve` does to it.
fn listener(serve: impl Fn(TcpStream) + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || listener.incoming().for_each(|peer| serve(peer.unwrap())));
    port
}

fn ask_tcp(port: u16, send: Option<&str>, contains: &str, timeout: Duration) -> Option<f64> {
    let settings = tcp::Settings::new("127.0.0.1", port, timeout);
    let settings = tcp::Settings { send: send.map(Into::into), contains: Some(contains.into()), ..settings };
    let since = Instant::now();
    let reachable = value(&tcp::read(&settings).unwrap(), "reachable");
    assert!(since.elapsed() < settings.patience(), "longer than it says");
    reachable
}

#[test]
fn a_song_server_that_greets_is_reachable() {
    let port = listener(|mut peer| peer.write_all(b"\x4a\0\0\0\x0a5.7.44-log\0").unwrap());
    assert_eq!(ask_tcp(port, None, "5.7.", PATIENT), Some(1.0));
    assert_eq!(ask_tcp(port, None, "8.0.", PATIENT), Some(0.0), "another version greets");
}

#[test]
fn a_song_box_is_asked_before_it_speaks() {
    let port = listener(|mut peer| {
        let mut question = [0; 5];
        peer.read_exact(&mut question).unwrap();
        let answer = if &question == b"PING\n" { "PONG\n" } else { "WHAT\n" };
        // In two parts: the text that counts is cut in the middle.
        for part in [&answer[..2], &answer[2..]] {
            peer.write_all(part.as_bytes()).unwrap();
        }
    });
    assert_eq!(ask_tcp(port, Some("PING\n"), "PONG", PATIENT), Some(1.0));
    assert_eq!(ask_tcp(port, Some("QUIT\n"), "PONG", PATIENT), Some(0.0));
}

#[test]
fn a_server_that_hangs_behind_its_kernel_is_not_reachable() {
    let hangs = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = hangs.local_addr().unwrap().port();
    // The kernel accepts for it, which is why a bare port tells so little.
    assert_eq!(value(&tcp::read(&tcp::Settings::new("127.0.0.1", port, PATIENT)).unwrap(), "reachable"), Some(1.0));
    assert_eq!(ask_tcp(port, None, "5.7.", SHORT), Some(0.0));
}

#[test]
fn a_server_that_closes_in_the_middle_of_its_greeting_is_not_reachable() {
    let port = listener(|mut peer| peer.write_all(b"5.").unwrap());
    assert_eq!(ask_tcp(port, None, "5.7.", PATIENT), Some(0.0));
}

#[test]
fn a_server_that_talks_for_ever_is_cut_short() {
    let port = listener(|mut peer| {
        while peer.write_all(b".").is_ok() {
            thread::yield_now();
            if peer.peer_addr().is_err() {
                return;
            }
        }
    });
    let since = Instant::now();
    assert_eq!(ask_tcp(port, None, "5.7.", SHORT), Some(0.0));
    assert!(since.elapsed() < PATIENT);
}

#[test]
fn a_server_that_drips_ends_with_the_time_out() {
    let (fed, hungry) = mpsc::channel::<()>();
    // A byte each tenth of the time-out, which never lets one read run out.
    let port = listener(move |mut peer| {
        while peer.write_all(b".").is_ok() {
            let _ = hungry.recv_timeout(SHORT / 10);
        }
    });
    let since = Instant::now();
    assert_eq!(ask_tcp(port, None, "5.7.", SHORT), Some(0.0));
    assert!(since.elapsed() < PATIENT);
    drop(fed);
}

#[test]
fn an_address_that_drops_every_packet_ends_with_the_time_out() {
    // A full backlog: the kernel drops further attempts, as a dead host's router would.
    let full = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = full.local_addr().unwrap();
    let mut crowd = Vec::new();
    while let Ok(peer) = TcpStream::connect_timeout(&address, SHORT) {
        crowd.push(peer);
        assert!(crowd.len() < 10_000, "the backlog never fills");
    }
    let measured = tcp::read(&tcp::Settings::new("127.0.0.1", address.port(), SHORT)).unwrap();
    assert_eq!(value(&measured, "reachable"), Some(0.0));
    assert_eq!(value(&measured, "latency_ms"), None);
}

#[test]
fn five_pings_to_this_computer_lose_none() {
    let settings = icmp::Settings { count: 5, ..icmp::Settings::new("127.0.0.1", PATIENT) };
    match icmp::Icmp::new(settings).read() {
        Ok(measured) => {
            assert_eq!(value(&measured, "reachable"), Some(1.0));
            assert_eq!(value(&measured, "loss_percent"), Some(0.0));
            assert!(value(&measured, "jitter_ms").is_some_and(|ms| ms < 1000.0), "{measured:?}");
        }
        Err(error) => assert_eq!(error.fault(), Fault::NotPermitted, "{error}"),
    }
}

/// What a name server that lies does with a question: the datagrams that it sends back.
type Lie = fn(&[u8]) -> Vec<Vec<u8>>;

/// A name server that gives each question's answers at once, and tells every question.
fn name_server(lie: Lie) -> (u16, mpsc::Receiver<Vec<u8>>) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let mut question = [0; 512];
        while let Ok((length, peer)) = socket.recv_from(&mut question) {
            for datagram in lie(&question[..length]) {
                let _ = socket.send_to(&datagram, peer);
            }
            if tell.send(question[..length].to_vec()).is_err() {
                break;
            }
        }
    });
    (port, told)
}

/// A right answer: 192.168.1.10.
fn truth(question: &[u8]) -> Vec<u8> {
    let mut answer = question.to_vec();
    answer[2..4].copy_from_slice(&[0x81, 0x80]);
    answer[7] = 1;
    answer.extend_from_slice(b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc0\xa8\x01\x0a");
    answer
}

fn dns_settings(port: u16, expect: Option<IpAddr>, timeout: Duration) -> dns::Settings {
    dns::Settings {
        lookup: "song.example".into(),
        server: Some("127.0.0.1".into()),
        port,
        record: dns::Record::A,
        expect,
        timeout,
    }
}

fn ask_dns(lie: Lie, expect: Option<[u8; 4]>, timeout: Duration) -> Option<f64> {
    let (port, _questions) = name_server(lie);
    let measured = dns_settings(port, expect.map(IpAddr::from), timeout).read().unwrap();
    let reachable = value(&measured, "reachable");
    assert_eq!(value(&measured, "latency_ms").is_some(), reachable == Some(1.0), "{measured:?}");
    reachable
}

#[test]
fn a_name_server_that_tells_the_truth_is_reachable() {
    assert_eq!(ask_dns(|question| vec![truth(question)], None, PATIENT), Some(1.0));
    assert_eq!(ask_dns(|question| vec![truth(question)], Some([192, 168, 1, 10]), PATIENT), Some(1.0));
}

#[test]
fn a_name_server_that_sends_everybody_to_its_portal_is_not() {
    assert_eq!(ask_dns(|question| vec![truth(question)], Some([192, 168, 1, 11]), PATIENT), Some(0.0));
}

#[test]
fn a_name_server_that_failed_knows_no_such_name_or_has_no_address_is_not() {
    let lies: [Lie; 3] = [
        |question| vec![with_code(question, 2)],
        |question| vec![with_code(question, 3)],
        |question| vec![with_code(question, 0)],
    ];
    for lie in lies {
        assert_eq!(ask_dns(lie, None, PATIENT), Some(0.0));
    }
}

fn with_code(question: &[u8], code: u8) -> Vec<u8> {
    let mut answer = question.to_vec();
    answer[2..4].copy_from_slice(&[0x81, 0x80 | code]);
    answer
}

#[test]
fn strays_before_the_answer_are_not_taken_for_it() {
    let lie: Lie = |question| {
        let mut other_id = truth(question);
        other_id[1] ^= 0xff;
        let mut other_name = truth(question);
        other_name[13] ^= 1;
        vec![other_id, other_name, b"noise".to_vec(), Vec::new(), truth(question)]
    };
    assert_eq!(ask_dns(lie, Some([192, 168, 1, 10]), PATIENT), Some(1.0));
    let only_strays: Lie = |question| vec![question.to_vec(), b"noise".to_vec()];
    assert_eq!(ask_dns(only_strays, None, SHORT), Some(0.0));
}

#[test]
fn an_answer_that_ends_in_the_middle_is_no_answer() {
    assert_eq!(ask_dns(|question| vec![truth(question)[..40].to_vec()], None, PATIENT), Some(0.0));
}

#[test]
fn a_silent_name_server_is_asked_twice_and_then_given_up() {
    let (port, questions) = name_server(|_| Vec::new());
    let measured = dns_settings(port, None, SHORT).read().unwrap();
    assert_eq!(value(&measured, "reachable"), Some(0.0));
    let (first, second) = (questions.recv().unwrap(), questions.recv().unwrap());
    assert_eq!(first, second);
    assert!(questions.try_recv().is_err(), "and no third time");
}

#[test]
fn a_port_without_a_name_server_is_a_value() {
    let port = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    assert_eq!(value(&dns_settings(port, None, PATIENT).read().unwrap(), "reachable"), Some(0.0));
}
