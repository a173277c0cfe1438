//! What an engine says is believed only where its signature, its time and its security are right.

use proptest::prelude::*;

use super::*;
use crate::driver::probe::snmp::{ber::object, message::Value};

const ID: i32 = 0x1234_5678;
const SALT: [u8; SALT_BYTES] = [9; SALT_BYTES];
const ENGINE: [u8; 9] = [0x80, 0, 0x1f, 0x88, 4, b't', b'e', b's', b't'];
const UPTIME: [u32; 9] = [1, 3, 6, 1, 2, 1, 1, 3, 0];

fn user(signs: bool, hides: bool) -> User {
    let key = |password: &[u8]| Hash::Sha256.localize(password, b"no stretching in tests");
    let auth = Auth { hash: Hash::Sha256, key: key(b"auth"), privacy_key: hides.then(|| key(b"priv")) };
    User { name: "hall".into(), auth: signs.then_some(auth) }
}

fn engine(boots: i32, time: i32, now: Instant) -> Engine {
    Engine::new(&ENGINE, boots, time, now).unwrap()
}

fn pdu(tag: u8, id: i32, name: &[u32]) -> Vec<u8> {
    let binding = element(tag::SEQUENCE, &[object(name), integer(42)].concat());
    let fields = [integer(id), integer(0), integer(0), element(tag::SEQUENCE, &binding)];
    element(tag, &fields.concat())
}

/// An engine's answer to `user`, made at its `time`.
fn answer(user: &User, from: &Engine, time: i32) -> Vec<u8> {
    seal(&pdu(tag::RESPONSE, ID, &UPTIME), ID, 0, SALT, user, (from, time))
}

fn hear(datagram: &[u8], user: &User, now: Instant) -> Option<Heard> {
    read(datagram, ID, user, &mut engine(3, 1000, now), now)
}

#[test]
fn an_answer_of_the_right_security_is_heard() {
    let now = Instant::now();
    for (signs, hides) in [(false, false), (true, false), (true, true)] {
        let user = user(signs, hides);
        let heard = hear(&answer(&user, &engine(3, 1000, now), 1000), &user, now);
        let Some(Heard::Answer(pdu)) = heard else { panic!("{heard:?}") };
        assert_eq!(pdu.values, [(UPTIME.to_vec(), Value::Number(42))]);
    }
}

#[test]
fn less_security_than_was_asked_for_is_none() {
    let now = Instant::now();
    let (open, signed, hidden) = (user(false, false), user(true, false), user(true, true));
    let from = engine(3, 1000, now);
    for (said, heard) in [(&open, &signed), (&open, &hidden), (&signed, &hidden)] {
        assert_eq!(hear(&answer(said, &from, 1000), heard, now), None);
    }
}

#[test]
fn no_changed_byte_of_a_signed_answer_is_believed() {
    let now = Instant::now();
    let user = user(true, true);
    let right = answer(&user, &engine(3, 1000, now), 1000);
    for at in 0..right.len() {
        for bit in 0..8 {
            let mut bytes = right.clone();
            bytes[at] ^= 1 << bit;
            assert_eq!(hear(&bytes, &user, now), None, "byte {at}, bit {bit}");
        }
    }
}

#[test]
fn another_password_user_engine_or_question_is_not_heard() {
    let now = Instant::now();
    let (user, from) = (user(true, true), engine(3, 1000, now));
    let mut other = self::user(true, true);
    other.auth.as_mut().unwrap().key[0] ^= 1;
    assert_eq!(hear(&answer(&other, &from, 1000), &user, now), None);
    let named = User { name: "wall".into(), ..self::user(true, true) };
    assert_eq!(hear(&answer(&named, &from, 1000), &user, now), None);
    let stranger = Engine::new(&[0x80, 0, 0x1f, 0x88, 4, b'x'], 3, 1000, now).unwrap();
    assert_eq!(hear(&answer(&user, &stranger, 1000), &user, now), None);
    assert_eq!(read(&answer(&user, &from, 1000), ID + 1, &user, &mut engine(3, 1000, now), now), None);
    let inner = seal(&pdu(tag::RESPONSE, ID + 1, &UPTIME), ID, 0, SALT, &user, (&from, 1000));
    assert_eq!(hear(&inner, &user, now), None, "the question within");
}

#[test]
fn a_recording_is_not_heard_and_time_moves_on() {
    let now = Instant::now();
    let user = user(true, false);
    assert_eq!(hear(&answer(&user, &engine(2, 5000, now), 5000), &user, now), None, "before its last start");
    assert_eq!(hear(&answer(&user, &engine(3, 1000, now), 849), &user, now), None, "151 s ago");
    assert!(hear(&answer(&user, &engine(3, 1000, now), 850), &user, now).is_some());
    let mut known = engine(3, 1000, now);
    assert!(read(&answer(&user, &engine(4, 7, now), 7), ID, &user, &mut known, now).is_some());
    assert_eq!(known, engine(4, 7, now), "it started anew");
    assert_eq!(known.time(now + Duration::from_secs(60)), 67);
}

#[test]
fn reports_say_what_is_wrong() {
    let now = Instant::now();
    let open = user(false, false);
    for (number, refused) in [(1, true), (2, false), (3, true), (4, false), (5, true), (6, true)] {
        let name = [STATS, &[number, 0]].concat();
        let bytes = seal(&pdu(tag::REPORT, 0, &name), ID, 0, SALT, &open, (&engine(8, 99, now), 99));
        match hear(&bytes, &user(true, true), now) {
            Some(Heard::Report(Report::Refused(_), _)) => assert!(refused, "{number}"),
            Some(Heard::Report(Report::Resynchronise, renewed)) => {
                assert!(!refused, "{number}");
                assert_eq!(renewed, engine(8, 99, now));
            }
            other => panic!("{number}: {other:?}"),
        }
    }
    let bytes = seal(&pdu(tag::REPORT, 0, &UPTIME), ID, 0, SALT, &open, (&engine(8, 99, now), 99));
    assert_eq!(hear(&bytes, &user(true, true), now), None, "no report that we know");
}

#[test]
fn an_engine_introduces_itself_with_a_name_that_can_be_one() {
    let now = Instant::now();
    let open = user(false, false);
    let name = [STATS, &[4, 0]].concat();
    let bytes = seal(&pdu(tag::REPORT, 0, &name), ID, 0, SALT, &open, (&engine(8, 99, now), 99));
    assert_eq!(introduced(&bytes, ID, now), Some(engine(8, 99, now)));
    assert_eq!(introduced(&bytes, ID + 1, now), None);
    assert_eq!(Engine::new(&[1, 2, 3, 4], 0, 0, now), None);
    assert_eq!(Engine::new(&[0; 33], 0, 0, now), None);
    assert_eq!(Engine::new(&ENGINE, -1, 0, now), None);
}

#[test]
fn the_question_who_an_engine_is_has_the_bytes_of_the_standard() {
    let expected = b"\x30\x3e\x02\x01\x03\x30\x11\x02\x04\x12\x34\x56\x78\x02\x03\x00\xff\xe3\x04\x01\x04\x02\x01\x03\
        \x04\x10\x30\x0e\x04\x00\x02\x01\x00\x02\x01\x00\x04\x00\x04\x00\x04\x00\
        \x30\x14\x04\x00\x04\x00\xa0\x0e\x02\x04\x12\x34\x56\x78\x02\x01\x00\x02\x01\x00\x30\x00";
    assert_eq!(who_are_you(ID), expected);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let now = Instant::now();
        let _ = (hear(&bytes, &user(true, true), now), introduced(&bytes, ID, now));
    }

    #[test]
    fn no_changed_bytes_make_it_panic(at in 0..120_usize, byte: u8, to in 0..120_usize) {
        let now = Instant::now();
        for user in [user(false, false), user(true, true)] {
            let mut bytes = answer(&user, &engine(3, 1000, now), 1000);
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
            bytes.truncate(to.max(8));
            let _ = (hear(&bytes, &user, now), introduced(&bytes, ID, now));
        }
    }
}
