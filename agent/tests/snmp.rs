//! SNMP against a device that hangs, lies, answers late or in pieces, and one that never comes to an
//! end: each reading ends in time, and nothing of it becomes a plausible value.
#![allow(clippy::unwrap_used)]

use std::{net::UdpSocket, sync::mpsc, thread, time::Instant};

use agent::driver::{Error, Measured, Reader};
use wire::Fault;

/// A UPS that is well, in the order of the driver's question: battery status, minutes, charge,
/// tenths of a volt, temperature, seconds on battery, source of the output, alarms.
const WELL: [u8; 8] = [2, 42, 100, 120, 25, 0, 3, 0];

const GET: u8 = 0xa0;
const RESPONSE: u8 = 0xa2;
const GET_BULK: u8 = 0xa5;
const INTEGER: u8 = 0x02;

/// A question over SNMPv2c, taken apart.
#[derive(Debug, Clone)]
struct Question {
    community: Vec<u8>,
    pdu: u8,
    id: Vec<u8>,
    /// Encoded.
    names: Vec<Vec<u8>>,
}

/// Contents of the element at the head of `bytes`, and what follows it. The driver writes no length
/// above 255.
fn split(bytes: &[u8]) -> (u8, &[u8], &[u8]) {
    let (length, from) = if bytes[1] == 0x81 { (bytes[2], 3) } else { (bytes[1], 2) };
    let (contents, rest) = bytes[from..].split_at(usize::from(length));
    (bytes[0], contents, rest)
}

fn element(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = u16::try_from(contents.len()).unwrap().to_be_bytes();
    [&[tag, 0x82], &length[..], contents].concat()
}

impl Question {
    fn read(datagram: &[u8]) -> Self {
        let (_, message, _) = split(datagram);
        let (_, _version, rest) = split(message);
        let (_, community, rest) = split(rest);
        let (pdu, fields, _) = split(rest);
        let (_, id, rest) = split(fields);
        let (_, _, rest) = split(rest);
        let (_, _, rest) = split(rest);
        let (_, mut bindings, _) = split(rest);
        let mut names = Vec::new();
        while !bindings.is_empty() {
            let (_, binding, rest) = split(bindings);
            let (_, name, _) = split(binding);
            names.push(name.to_vec());
            bindings = rest;
        }
        Self { community: community.to_vec(), pdu, id: id.to_vec(), names }
    }

    /// An answer with these values, each an element.
    fn answer(&self, error: u8, names: &[Vec<u8>], values: &[Vec<u8>]) -> Vec<u8> {
        let binding =
            |(name, value): (&Vec<u8>, &Vec<u8>)| element(0x30, &[element(0x06, name), value.clone()].concat());
        let bindings: Vec<u8> = names.iter().zip(values).flat_map(binding).collect();
        let fields =
            [element(INTEGER, &self.id), element(INTEGER, &[error]), element(INTEGER, &[0]), element(0x30, &bindings)];
        let message = [element(INTEGER, &[1]), element(0x04, &self.community), element(RESPONSE, &fields.concat())];
        element(0x30, &message.concat())
    }

    /// What a UPS that is well answers.
    fn truth(&self) -> Vec<u8> {
        self.answer(0, &self.names, &WELL.map(|number| element(INTEGER, &[number])))
    }
}

/// A device that answers each question with what `lie` makes of it. Gives its port, and every
/// question that it heard.
fn device(lie: impl Fn(&Question, usize) -> Vec<Vec<u8>> + Send + 'static) -> (u16, mpsc::Receiver<Question>) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let mut datagram = [0; 2048];
        for nth in 0.. {
            let Ok((length, peer)) = socket.recv_from(&mut datagram) else { break };
            let question = Question::read(&datagram[..length]);
            // Told first: who has its answer can count the questions.
            let _ = tell.send(question.clone());
            for answer in lie(&question, nth) {
                let _ = socket.send_to(&answer, peer);
            }
        }
    });
    (port, told)
}

fn read(port: u16, driver: &str, keys: &str) -> Result<Vec<Measured>, Error> {
    let text = format!(
        "venue = \"v\"\nroom = \"r\"\nagent = \"a\"\n[[sensor]]\nname = \"it\"\ndriver = \"{driver}\"\n\
         host = \"127.0.0.1\"\nport = {port}\ncommunity = \"hall\"\n{keys}"
    );
    let config = agent::config::parse(&text, "snmp.toml", []).unwrap();
    let Reader::Alone(mut probe) = config.sensors[0].driver.start() else { panic!("a probe has a thread") };
    let since = Instant::now();
    let read = probe.read();
    assert!(since.elapsed() < config.sensors[0].driver.patience(), "longer than it says");
    read
}

const PATIENT: &str = "timeout = \"5s\"\n";
const SHORT: &str = "timeout = \"500ms\"\n";

fn read_ups(
    lie: impl Fn(&Question, usize) -> Vec<Vec<u8>> + Send + 'static,
    keys: &str,
) -> Result<Vec<Measured>, Error> {
    let (port, _questions) = device(lie);
    read(port, "snmp-ups", keys)
}

fn value(read: &Result<Vec<Measured>, Error>, name: &str) -> Option<Result<f64, Fault>> {
    let measured = read.as_ref().unwrap().iter().find(|measured| measured.quantity == name);
    measured.map(|measured| measured.value.clone())
}

/// No number but the one that says that nobody is there.
#[track_caller]
fn nothing_but_silence(read: &Result<Vec<Measured>, Error>) {
    assert_eq!(value(read, "reachable"), Some(Ok(0.0)));
    let others = read.as_ref().unwrap().iter().filter(|measured| measured.quantity != "reachable");
    assert!(others.clone().count() > 5 && others.clone().all(|m| m.value == Err(Fault::NoResponse)), "{read:?}");
}

#[track_caller]
fn bad_response(read: &Result<Vec<Measured>, Error>) {
    assert_eq!(read.as_ref().map_err(Error::fault), Err(Fault::BadResponse));
}

#[test]
fn a_device_that_tells_the_truth_is_believed() {
    let read = read_ups(|question, _| vec![question.truth()], PATIENT);
    assert_eq!(value(&read, "reachable"), Some(Ok(1.0)));
    assert_eq!(value(&read, "charge_percent"), Some(Ok(100.0)));
    assert_eq!(value(&read, "on_battery"), Some(Ok(0.0)));
    assert!(value(&read, "latency_ms").is_some());
}

#[test]
fn a_device_that_hangs_is_asked_twice_and_not_reachable() {
    let (port, questions) = device(|_, _| vec![]);
    nothing_but_silence(&read(port, "snmp-ups", SHORT));
    let (first, second) = (questions.recv().unwrap(), questions.recv().unwrap());
    assert_eq!(first.id, second.id, "the same question: an answer to the first is as good");
    assert!(questions.try_recv().is_err(), "and no third time");
}

#[test]
fn a_port_on_which_nobody_listens_is_not_reachable() {
    let port = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    nothing_but_silence(&read(port, "snmp-ups", SHORT));
}

#[test]
fn an_answer_that_comes_late_is_still_heard() {
    // Silent at first; the second time it answers the first question and the second one.
    let read = read_ups(|question, nth| if nth == 0 { vec![] } else { vec![question.truth(); 2] }, SHORT);
    assert_eq!(value(&read, "charge_percent"), Some(Ok(100.0)));
    assert!(value(&read, "latency_ms").unwrap().unwrap() >= 500.0, "counted from the first question");
}

#[test]
fn answers_to_other_questions_are_not_believed() {
    type Lie = fn(&Question) -> Vec<u8>;
    let lies: [Lie; 6] = [
        |question| Question { id: vec![1], ..question.clone() }.truth(),
        |question| Question { community: b"wall".to_vec(), ..question.clone() }.truth(),
        |question| question.truth()[..40].to_vec(),
        |_| vec![0x30; 9000],
        |_| Vec::new(),
        |_| b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(),
    ];
    bad_response(&read_ups(move |question, _| lies.map(|lie| lie(question)).into(), SHORT));
    for (nth, lie) in lies.into_iter().enumerate() {
        // A stray before the true answer is passed over.
        let read = read_ups(move |question, _| vec![lie(question), question.truth()], PATIENT);
        assert_eq!(value(&read, "charge_percent"), Some(Ok(100.0)), "lie {nth}");
    }
}

#[test]
fn no_answer_that_is_cut_is_believed() {
    let cuts = |question: &Question| {
        let whole = question.truth();
        (0..whole.len()).map(|end| whole[..end].to_vec()).collect::<Vec<_>>()
    };
    bad_response(&read_ups(move |question, _| cuts(question), SHORT));
    let read = read_ups(move |question, _| [cuts(question), vec![question.truth()]].concat(), PATIENT);
    assert_eq!(value(&read, "charge_percent"), Some(Ok(100.0)));
}

#[test]
fn one_object_that_lies_costs_no_other_its_value() {
    let lies: [&[u8]; 6] = [
        &[0x80, 0],                               // noSuchObject
        &[0x81, 0],                               // noSuchInstance
        &[0x82, 0],                               // endOfMibView
        &[0x04, 2, b'2', b'5'],                   // a text
        &[0x02, 0],                               // a number of no bytes
        &[0x02, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0x19], // a number of too many
    ];
    for lie in lies {
        let read = read_ups(
            move |question, _| {
                let mut values = WELL.map(|number| element(INTEGER, &[number]));
                values[4] = lie.to_vec();
                vec![question.answer(0, &question.names, &values)]
            },
            PATIENT,
        );
        assert_eq!(value(&read, "battery_temperature_celsius"), Some(Err(Fault::BadResponse)), "{lie:02x?}");
        assert_eq!(value(&read, "charge_percent"), Some(Ok(100.0)));
        assert_eq!(value(&read, "alarm_count"), Some(Ok(0.0)));
    }
}

#[test]
fn objects_in_another_order_or_too_few_are_not_mixed_up() {
    let read = read_ups(
        |question, _| {
            let mut names = question.names.clone();
            names.swap(1, 2);
            vec![question.answer(0, &names, &WELL.map(|number| element(INTEGER, &[number])))]
        },
        PATIENT,
    );
    assert_eq!(value(&read, "charge_percent"), Some(Err(Fault::BadResponse)));
    assert_eq!(value(&read, "minutes_remaining"), Some(Err(Fault::BadResponse)));
    assert_eq!(value(&read, "alarm_count"), Some(Ok(0.0)));
    let read = read_ups(
        |question, _| {
            vec![question.answer(0, &question.names[..3], &WELL.map(|number| element(INTEGER, &[number]))[..3])]
        },
        PATIENT,
    );
    assert_eq!(value(&read, "charge_percent"), Some(Ok(100.0)));
    assert_eq!(value(&read, "alarm_count"), Some(Err(Fault::BadResponse)));
}

#[test]
fn a_device_that_refuses_the_whole_question_is_asked_piece_by_piece() {
    // genErr (5) for all at once and for the temperature, as some UPS do.
    let (port, questions) = device(|question, _| {
        let asked = |column: &[u8]| question.names.len() == 1 && question.names[0].ends_with(column);
        vec![match question.names.len() {
            1 if !asked(&[2, 7, 0]) => question.answer(0, &question.names, &[element(INTEGER, &[3])]),
            _ => question.answer(5, &[], &[]),
        }]
    });
    let read = read(port, "snmp-ups", PATIENT);
    assert_eq!(value(&read, "battery_temperature_celsius"), Some(Err(Fault::BadResponse)));
    assert_eq!(value(&read, "charge_percent"), Some(Ok(3.0)));
    assert_eq!(questions.try_iter().count(), 9);
}

#[test]
fn a_table_without_an_end_or_in_a_circle_is_given_up() {
    // Always one more row; always the same row; always a row of another table.
    let endless = |question: &Question, nth: usize| {
        let row = |low: usize| [&question.names[0][..], &[u8::try_from(nth % 100).unwrap(), low as u8]].concat();
        let names: Vec<Vec<u8>> = (0..100).map(row).collect();
        question.answer(0, &names, &vec![element(INTEGER, &[3]); 100])
    };
    let circle = |question: &Question, _: usize| {
        question.answer(0, &vec![question.names[0].clone(); 2], &vec![element(INTEGER, &[3]); 2])
    };
    let astray = |question: &Question, _: usize| question.answer(0, &[vec![0x2b, 7]], &[element(INTEGER, &[3])]);
    let lies: [fn(&Question, usize) -> Vec<u8>; 3] = [endless, circle, astray];
    for lie in lies {
        let (port, questions) = device(move |question, nth| match question.pdu {
            GET_BULK => vec![lie(question, nth)],
            GET => vec![question.answer(0, &question.names, &vec![element(INTEGER, &[3]); question.names.len()])],
            other => panic!("a question of kind {other:02x}"),
        });
        let read = read(port, "snmp-printer", "timeout = \"500ms\"\n");
        assert_eq!(value(&read, "page_count"), Some(Ok(3.0)));
        assert_eq!(value(&read, "supply_percent"), Some(Err(Fault::BadResponse)));
        assert!(questions.try_iter().count() < 100, "it goes on for ever");
    }
}

#[test]
fn a_device_that_falls_silent_in_the_middle_is_reachable_and_has_no_more_values() {
    let read = {
        let (port, _questions) = device(|question, _| match question.pdu {
            GET => vec![question.answer(0, &question.names, &vec![element(INTEGER, &[3]); question.names.len()])],
            _ => vec![],
        });
        read(port, "snmp-printer", SHORT)
    };
    assert_eq!(value(&read, "reachable"), Some(Ok(1.0)));
    assert_eq!(value(&read, "no_paper"), Some(Err(Fault::NoResponse)));
}

#[test]
fn no_secret_is_shown() {
    let text = "venue = \"v\"\nroom = \"r\"\nagent = \"a\"\n\
        [[sensor]]\nname = \"one\"\ndriver = \"snmp-ups\"\nhost = \"h\"\ncommunity = \"hush-hush\"\n\
        [[sensor]]\nname = \"two\"\ndriver = \"snmp-switch\"\nhost = \"h\"\nuser = \"u\"\n\
        auth_password = \"hush-auth\"\nprivacy_password = \"hush-priv\"\n";
    let config = agent::config::parse(text, "snmp.toml", []).unwrap();
    assert!(!config.print().contains("hush"), "{}", config.print());
    assert!(!format!("{config:?}").contains("hush"), "{config:?}");
    assert!(config.print().contains("user = \"u\""));
}

#[test]
fn a_secret_that_cannot_be_read_is_no_silence() {
    let text = "venue = \"v\"\nroom = \"r\"\nagent = \"a\"\n[[sensor]]\nname = \"it\"\ndriver = \"snmp-ups\"\n\
        host = \"127.0.0.1\"\ncommunity_file = \"/no/such/file\"\n";
    let config = agent::config::parse(text, "snmp.toml", []).unwrap();
    let Reader::Alone(mut probe) = config.sensors[0].driver.start() else { panic!("a probe has a thread") };
    let error = probe.read().unwrap_err();
    assert_eq!(error.fault(), Fault::NotPermitted);
    assert!(error.to_string().contains("`/no/such/file`"), "{error}");
}
