//! The PJLink probe against a projector written from the specification: healthy, asleep, locked, and
//! with every bad habit. It ends in time, invents nothing, and asks no more than it needs.
#![allow(clippy::unwrap_used)]

#[path = "support/projector.rs"]
mod projector;

use std::{
    io::Write,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};

use agent::{
    config::Secret,
    driver::{
        Error, Measured, Probe, Settings as _,
        probe::pjlink::{
            Pjlink, Settings,
            search::{self, Mac},
        },
    },
};
use projector::{Habit, Projector, State};
use wire::Fault;

/// Enough for what never answers.
const SHORT: Duration = Duration::from_millis(300);

fn settings(projector: &Projector) -> Settings {
    Settings { port: projector.port, ..Settings::new("127.0.0.1") }
}

/// For devices that make one wait.
fn hasty(projector: &Projector) -> Settings {
    Settings { timeout: SHORT, lamp_timeout: SHORT, ..settings(projector) }
}

/// One poll, which must end as soon as it promises.
fn poll(settings: Settings) -> Result<Vec<Measured>, Error> {
    let (since, patience) = (Instant::now(), settings.patience());
    let outcome = Pjlink::new(settings).read();
    assert!(since.elapsed() < patience, "longer than it says");
    outcome
}

fn value(measured: &[Measured], name: &str) -> Option<f64> {
    measured.iter().find(|m| m.quantity == name).map(|m| m.value.clone().unwrap())
}

fn fault(measured: &[Measured], name: &str) -> Option<Fault> {
    measured.iter().find(|m| m.quantity == name).and_then(|m| m.value.clone().err())
}

/// Everything but the latency, as `name value`.
fn told(measured: &[Measured]) -> Vec<String> {
    let text = |m: &Measured| match &m.value {
        Ok(value) => format!("{} {value}", m.quantity),
        Err(fault) => format!("{} {}", m.quantity, fault.as_str()),
    };
    measured.iter().filter(|m| m.quantity != "latency_ms").map(text).collect()
}

const HEALTHY: [&str; 16] = [
    "reachable 1",
    "device_failed 0",
    "power_on 1",
    "power_state 1",
    "fan_error 0",
    "lamp_error 0",
    "temperature_error 0",
    "cover_error 0",
    "filter_error 0",
    "other_error 0",
    "lamp_hours 1234",
    "lamp_on 1",
    "mute_video 0",
    "mute_audio 0",
    "input_signal 1",
    "filter_hours 250",
];

#[test]
fn a_healthy_projector_tells_all_points_over_one_connection() {
    let projector = Projector::with(Habit::Good);
    let measured = poll(settings(&projector)).unwrap();
    assert_eq!(told(&measured), HEALTHY);
    assert!(value(&measured, "latency_ms").is_some_and(|ms| ms > 0.0 && ms < 4000.0));
    assert_eq!(projector.connections(), 1);
}

#[test]
fn every_point_is_announced_and_in_range() {
    let projector = Projector::with(Habit::Good);
    let settings = settings(&projector);
    let quantities = settings.quantities();
    for point in poll(settings).unwrap() {
        let quantity = quantities.iter().find(|q| q.name == point.quantity).expect("is announced");
        assert!((quantity.low..=quantity.high).contains(&point.value.unwrap()), "{}", quantity.name);
    }
}

#[test]
fn what_does_not_change_is_asked_once() {
    let projector = Projector::with(Habit::Good);
    let mut probe = Pjlink::new(settings(&projector));
    probe.read().unwrap();
    let first = "%1POWR ?\r%1CLSS ?\r%1ERST ?\r%1LAMP ?\r%1AVMT ?\r%2IRES ?\r%2FILT ?\r%1INF1 ?\r%1INF2 ?\r%1NAME ?\r";
    assert_eq!(projector.heard(), first);
    assert_eq!(probe.identity().as_deref(), Some("Hallwatch HW-4352 \"K01 投影\" PJLink class 2"));
    probe.read().unwrap();
    assert_eq!(projector.heard(), "%1POWR ?\r%1ERST ?\r%1LAMP ?\r%1AVMT ?\r%2IRES ?\r%2FILT ?\r");
}

#[test]
fn a_projector_of_class_1_is_never_asked_class_2() {
    let projector = Projector::start(State { class: 1, ..State::default() });
    let measured = poll(settings(&projector)).unwrap();
    assert_eq!(told(&measured), HEALTHY[..14]);
    assert!(!projector.heard().contains("%2"));
}

#[test]
fn a_projector_in_standby_is_well_and_is_asked_less() {
    let state = State { power: '0', lamps: "1234 0".into(), ..State::default() };
    let projector = Projector::start(state);
    let measured = poll(settings(&projector)).unwrap();
    assert_eq!(value(&measured, "power_on"), Some(0.0));
    assert_eq!(value(&measured, "power_state"), Some(0.0));
    assert_eq!(value(&measured, "lamp_on"), Some(0.0));
    assert_eq!(value(&measured, "filter_hours"), Some(250.0));
    assert!(measured.iter().all(|m| m.value.is_ok() && m.quantity != "input_signal" && m.quantity != "mute_video"));
    let heard = projector.heard();
    assert!(!heard.contains("AVMT") && !heard.contains("IRES"), "{heard}");
}

#[test]
fn cooling_down_is_not_on_and_warming_up_is() {
    for (power, expected) in [('2', 0.0), ('3', 1.0)] {
        let projector = Projector::start(State { power, ..State::default() });
        assert_eq!(value(&poll(settings(&projector)).unwrap(), "power_on"), Some(expected));
    }
}

#[test]
fn err3_leaves_points_out_and_is_no_fault() {
    let projector = Projector::with(Habit::SaysToAllBut("POWR", "ERR3"));
    let mut probe = Pjlink::new(settings(&projector));
    let asleep = ["reachable 1", "device_failed 0", "power_on 1", "power_state 1"];
    assert_eq!(told(&probe.read().unwrap()), asleep);
    assert_eq!(probe.identity(), None);
    projector.state().habit = Habit::Good;
    assert_eq!(told(&probe.read().unwrap()), HEALTHY, "and what was not now is asked again");
    assert!(probe.identity().is_some());
}

#[test]
fn who_it_is_waits_until_all_of_it_was_said() {
    let projector = Projector::with(Habit::SaysEach(&[("INF1", "ERR1"), ("NAME", "ERR3")]));
    let mut probe = Pjlink::new(settings(&projector));
    probe.read().unwrap();
    assert_eq!(probe.identity(), None);
    projector.state().habit = Habit::Good;
    probe.read().unwrap();
    // The maker is not asked again: it was undefined.
    assert_eq!(probe.identity().as_deref(), Some("HW-4352 \"K01 投影\" PJLink class 2"));
}

#[test]
fn err3_to_the_power_itself_is_reachable_without_power() {
    let projector = Projector::with(Habit::Says("POWR", "ERR3"));
    let measured = poll(settings(&projector)).unwrap();
    assert_eq!(value(&measured, "reachable"), Some(1.0));
    assert_eq!(value(&measured, "power_on"), None);
    assert_eq!(value(&measured, "lamp_hours"), Some(1234.0));
}

#[test]
fn a_projector_without_lamp_is_not_asked_for_it_again() {
    let projector = Projector::with(Habit::Says("LAMP", "ERR1"));
    let mut probe = Pjlink::new(settings(&projector));
    let measured = probe.read().unwrap();
    assert!(measured.iter().all(|m| m.value.is_ok() && !m.quantity.starts_with("lamp_h")));
    projector.heard();
    probe.read().unwrap();
    assert!(!projector.heard().contains("LAMP"));
}

#[test]
fn err2_leaves_the_point_out() {
    let measured = poll(settings(&Projector::with(Habit::Says("AVMT", "ERR2")))).unwrap();
    assert!(measured.iter().all(|m| m.value.is_ok() && !m.quantity.starts_with("mute")));
}

#[test]
fn err4_is_a_failed_device_and_no_number() {
    for word in ["POWR", "ERST"] {
        let measured = poll(settings(&Projector::with(Habit::Says(word, "ERR4")))).unwrap();
        assert_eq!(value(&measured, "reachable"), Some(1.0));
        assert_eq!(value(&measured, "device_failed"), Some(1.0));
        let point = if word == "POWR" { "power_on" } else { "fan_error" };
        assert_eq!(fault(&measured, point), Some(Fault::BadResponse));
        assert_eq!(value(&measured, "lamp_hours"), Some(1234.0), "the rest is asked all the same");
    }
}

#[test]
fn parameters_that_cannot_be_are_faults() {
    for (word, parameter, point) in [
        ("POWR", "7", "power_state"),
        ("ERST", "0000", "lamp_error"),
        ("LAMP", "12 yes", "lamp_hours"),
        ("AVMT", "99", "mute_audio"),
        ("IRES", "none", "input_signal"),
        ("FILT", "-3", "filter_hours"),
    ] {
        let measured = poll(settings(&Projector::with(Habit::Says(word, parameter)))).unwrap();
        assert_eq!(fault(&measured, point), Some(Fault::BadResponse), "{word}={parameter}");
    }
}

#[test]
fn a_projector_that_cuts_the_link_after_each_answer_is_called_again() {
    let projector = Projector::start(State { password: Some("hall".into()), habit: Habit::Cuts, ..State::default() });
    let settings = Settings { password: Some(Secret::new("hall")), ..settings(&projector) };
    assert_eq!(told(&poll(settings).unwrap()), HEALTHY);
    assert_eq!(projector.connections(), 10, "one a question, each with its own proof");
}

#[test]
fn sloppy_projectors_are_understood() {
    for habit in [Habit::SmallLetters, Habit::ClassOne, Habit::Spaces, Habit::Stray, Habit::Slow(SHORT / 10)] {
        let projector = Projector::with(habit.clone());
        assert_eq!(told(&poll(settings(&projector)).unwrap()), HEALTHY, "{habit:?}");
    }
}

fn locked(password: &str) -> Projector {
    Projector::start(State { password: Some(password.into()), ..State::default() })
}

#[test]
fn the_password_is_proved_and_never_sent() {
    let projector = locked("JBMIAProjectorLink");
    let settings = Settings { password: Some(Secret::new("JBMIAProjectorLink")), ..settings(&projector) };
    assert_eq!(told(&poll(settings).unwrap()), HEALTHY);
    let heard = projector.heard();
    // The example of the specification, §5.1; once a connection.
    assert!(heard.starts_with("5d8409bc1c3fa39749434aa3a5c38682%1POWR ?\r%1CLSS ?\r"), "{heard}");
    assert!(!heard.contains("JBMIA"));
}

#[test]
fn a_password_can_stand_in_a_file() {
    let projector = locked("hall");
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "hall").unwrap();
    let settings = Settings { password_file: Some(file.path().into()), ..settings(&projector) };
    assert_eq!(told(&poll(settings).unwrap()), HEALTHY);
}

#[test]
fn a_wrong_password_a_missing_one_and_an_unreadable_one_are_not_permitted() {
    let projector = locked("hall");
    let wrong = Settings { password: Some(Secret::new("wall")), ..settings(&projector) };
    let unreadable = Settings { password_file: Some("/no/such/file".into()), ..settings(&projector) };
    let later = Projector::with(Habit::Greets("PJLINK 2 0123456789abcdef\r"));
    for (settings, word) in [
        (wrong, "refuses the password"),
        (settings(&projector), "asks for a password"),
        (unreadable, "`/no/such/file`"),
        (self::settings(&later), "after PJLink 2.00"),
    ] {
        let error = poll(settings).unwrap_err();
        assert_eq!(error.fault(), Fault::NotPermitted);
        assert!(error.to_string().contains(word), "{error}");
        assert!(!error.to_string().contains("wall"), "{error}");
    }
}

#[test]
fn a_password_that_nobody_asks_for_does_no_harm() {
    let projector = Projector::with(Habit::Good);
    let settings = Settings { password: Some(Secret::new("hall")), ..settings(&projector) };
    assert_eq!(told(&poll(settings).unwrap()), HEALTHY);
    assert!(projector.heard().starts_with("%1POWR"));
}

#[test]
fn nobody_there_is_a_value() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let measured = poll(Settings { port, ..Settings::new("127.0.0.1") }).unwrap();
    assert_eq!(told(&measured), ["reachable 0"]);
}

#[test]
fn whoever_does_not_answer_as_pjlink_is_not_reachable() {
    let habits = [
        Habit::NeverGreets,
        Habit::NeverAnswers,
        Habit::NeverEnds,
        Habit::Drips(SHORT / 20),
        Habit::ClosesInTheMiddleOf("POWR"),
        Habit::Greets("SSH-2.0-OpenSSH_9.2\r\n"),
        Habit::Greets("\r\r\r\r"),
        Habit::Bytes(Vec::new()),
        Habit::Bytes(b"\xff\x00\xfe\x80\x01\r\xff\xff".to_vec()),
        Habit::Bytes([b"%1POWR=", [b'1'; 300].as_slice(), b"\r"].concat()),
        Habit::Bytes(vec![b'\r'; 100_000]),
        Habit::Bytes(b"%1POWR=1".to_vec()),
    ];
    for habit in habits {
        let projector = Projector::with(habit.clone());
        assert_eq!(told(&poll(hasty(&projector)).unwrap()), ["reachable 0"], "{habit:?}");
    }
}

#[test]
fn a_projector_that_hangs_on_one_question_still_answers_the_others() {
    let projector = Projector::with(Habit::HangsOn("LAMP"));
    let measured = poll(hasty(&projector)).unwrap();
    assert_eq!(fault(&measured, "lamp_hours"), Some(Fault::NoResponse));
    assert_eq!(fault(&measured, "lamp_on"), Some(Fault::NoResponse));
    assert_eq!(value(&measured, "filter_hours"), Some(250.0));
    assert_eq!(projector.connections(), 2, "a late answer is not waited for on the same line");
}

#[test]
fn a_projector_that_closes_in_the_middle_of_an_answer_gives_no_half_number() {
    let measured = poll(hasty(&Projector::with(Habit::ClosesInTheMiddleOf("LAMP")))).unwrap();
    assert_eq!(fault(&measured, "lamp_hours"), Some(Fault::NoResponse));
    assert_eq!(value(&measured, "filter_hours"), Some(250.0));
}

#[test]
fn an_overlong_answer_is_no_answer_and_not_waited_for() {
    let measured = poll(settings(&Projector::with(Habit::Says("LAMP", "1".repeat(300).leak())))).unwrap();
    assert_eq!(fault(&measured, "lamp_hours"), Some(Fault::BadResponse));
}

#[test]
fn a_projector_that_is_always_almost_too_slow_ends_in_time() {
    let projector = Projector::with(Habit::Slow(Duration::from_millis(650)));
    let (timeout, lamp_timeout) = (Duration::from_secs(1), Duration::from_secs(1));
    let settings = Settings { timeout, lamp_timeout, ..settings(&projector) };
    // Ten answers would take 6.5 s.
    let measured = poll(settings).unwrap();
    assert_eq!(value(&measured, "power_on"), Some(1.0));
    assert_eq!(fault(&measured, "filter_hours"), Some(Fault::NoResponse), "there was no time left to ask");
}

#[test]
fn a_projector_that_comes_back_is_asked_everything_again() {
    let projector = Projector::with(Habit::Says("LAMP", "ERR1"));
    let mut probe = Pjlink::new(hasty(&projector));
    probe.read().unwrap();
    projector.state().habit = Habit::NeverAnswers;
    assert_eq!(told(&probe.read().unwrap()), ["reachable 0"]);
    assert_eq!(probe.identity(), None, "another one may hang there now");
    projector.state().habit = Habit::Good;
    assert_eq!(told(&probe.read().unwrap()), HEALTHY);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
    #[test]
    fn no_bytes_from_a_device_give_a_number_out_of_range(
        bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300),
        in_form: bool,
    ) {
        let bytes = if in_form { [b"%1POWR=", bytes.as_slice(), b"\r"].concat() } else { bytes };
        let projector = Projector::with(Habit::Bytes(bytes));
        let settings = hasty(&projector);
        let quantities = settings.quantities();
        for point in Pjlink::new(settings).read().unwrap() {
            let quantity = quantities.iter().find(|q| q.name == point.quantity).unwrap();
            if let Ok(value) = point.value {
                assert!((quantity.low..=quantity.high).contains(&value), "{} {value}", quantity.name);
            }
        }
    }
}

fn search(answer: &'static [u8]) -> Vec<(IpAddr, Mac)> {
    let port = projector::searchable(answer);
    search::search(SocketAddr::from((Ipv4Addr::LOCALHOST, port)), SHORT).unwrap()
}

#[test]
fn a_search_finds_devices_once_by_their_hardware_address() {
    let found = search(b"%2ACKN=00:1b:c5:01:ab:ff\r");
    assert_eq!(found, [(Ipv4Addr::LOCALHOST.into(), Mac([0x00, 0x1b, 0xc5, 0x01, 0xab, 0xff]))]);
}

#[test]
fn a_search_takes_no_stranger_for_a_device() {
    assert_eq!(search(b"hello\r"), []);
    assert_eq!(search(b""), []);
}
