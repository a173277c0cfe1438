//! Messages of SNMPv3 (RFC 3412 §6, RFC 3414 §2.4): turns a question into a signed and hidden
//! datagram, and a datagram into an answer of exactly the security that was asked for. What is
//! signed wrongly, old, or less secure than it should be is none.

use std::time::{Duration, Instant};

use super::{
    ber::{Reader, element, integer, tag},
    message::{Ask, Pdu},
    usm::{Cipher, Hash, SALT_BYTES},
};

/// A user and the keys of its passwords.
pub(super) struct User {
    pub name: String,
    pub auth: Option<Auth>,
}

/// What signs, and what hides.
pub(super) struct Auth {
    pub hash: Hash,
    pub key: Vec<u8>,
    pub privacy_key: Option<Vec<u8>>,
}

/// The SNMP engine of a device: who it is, and what it takes for the time.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Engine {
    id: Vec<u8>,
    boots: i32,
    time: i32,
    heard: Instant,
}

/// Why an engine did not answer (RFC 3414 §5, usmStats).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Report {
    /// It does not know this user, its password or its security: asking again does not help.
    Refused(&'static str),
    /// Our time or its name is not what it was.
    Resynchronise,
}

/// What a datagram turned out to be.
#[derive(Debug, PartialEq)]
pub(super) enum Heard {
    Answer(Pdu),
    Report(Report, Engine),
}

const VERSION_3: i32 = 3;
/// The user-based security model.
const USM: i32 = 3;
const FLAG_AUTH: u8 = 1;
const FLAG_PRIVACY: u8 = 2;
/// Tell us by a report what is wrong.
const FLAG_REPORTABLE: u8 = 4;
/// As much as we can receive; RFC 3412 §6.2 asks for 484 at least.
const RECEIVED_BYTES_MAX: i32 = 65_507;
/// An answer that is older was recorded (RFC 3414 §3.2, 7b).
const WINDOW_SECONDS: i32 = 150;
/// usmStats (RFC 3414 §5), before its number and a 0.
const STATS: &[u32] = &[1, 3, 6, 1, 6, 3, 15, 1, 1];
/// An engine's name (SnmpEngineID of RFC 3411 §5).
const ENGINE_ID_BYTES: std::ops::RangeInclusive<usize> = 5..=32;

impl Engine {
    fn new(id: &[u8], boots: i32, time: i32, now: Instant) -> Option<Self> {
        let right = ENGINE_ID_BYTES.contains(&id.len()) && boots >= 0 && time >= 0;
        right.then(|| Self { id: id.to_vec(), boots, time, heard: now })
    }

    /// What it takes for the time by now.
    fn time(&self, now: Instant) -> i32 {
        let passed = now.saturating_duration_since(self.heard).min(Duration::from_secs(i32::MAX as u64));
        self.time.saturating_add(i32::try_from(passed.as_secs()).unwrap_or(i32::MAX))
    }

    /// Whether a signed message of these times is no older than the window.
    fn is_fresh(&self, boots: i32, time: i32, now: Instant) -> bool {
        boots > self.boots || (boots == self.boots && time >= self.time(now).saturating_sub(WINDOW_SECONDS))
    }
}

/// The question to which every engine answers with its name (RFC 3414 §4).
pub(super) fn who_are_you(id: i32) -> Vec<u8> {
    let nobody = [element(tag::OCTET_STRING, &[]), integer(0), integer(0)].concat();
    let empty = element(tag::OCTET_STRING, &[]).repeat(3);
    let scoped = scoped(&[], &Ask::Get(&[]).pdu(id));
    message(id, FLAG_REPORTABLE, &[nobody, empty].concat(), &scoped)
}

/// Reads the answer to [`who_are_you`].
pub(super) fn introduced(datagram: &[u8], id: i32, now: Instant) -> Option<Engine> {
    let opened = Opened::read(datagram, id)?;
    Engine::new(opened.engine, opened.boots, opened.time, now)
}

/// The question as this user asks it of this engine.
pub(super) fn ask(
    question: Ask<'_>,
    id: i32,
    salt: [u8; SALT_BYTES],
    user: &User,
    to: &Engine,
    now: Instant,
) -> Vec<u8> {
    seal(&question.pdu(id), id, FLAG_REPORTABLE, salt, user, (to, to.time(now)))
}

/// A message with as much security as the user has, at an engine's time.
fn seal(
    pdu: &[u8],
    id: i32,
    flags: u8,
    salt: [u8; SALT_BYTES],
    user: &User,
    (engine, time): (&Engine, i32),
) -> Vec<u8> {
    let scoped = scoped(&engine.id, pdu);
    let head = [
        element(tag::OCTET_STRING, &engine.id),
        integer(engine.boots),
        integer(time),
        element(tag::OCTET_STRING, user.name.as_bytes()),
    ];
    let Some(auth) = &user.auth else {
        let empty = element(tag::OCTET_STRING, &[]).repeat(2);
        return message(id, flags, &[head.concat(), empty].concat(), &scoped);
    };
    let (more, salt_bytes, data) = match &auth.privacy_key {
        Some(key) => {
            let key = auth.hash.localize(key, &engine.id);
            let cipher = Cipher::new(&key, engine.boots.cast_unsigned(), time.cast_unsigned(), salt);
            (FLAG_AUTH | FLAG_PRIVACY, &salt[..], element(tag::OCTET_STRING, &cipher.hide(&scoped)))
        }
        None => (FLAG_AUTH, &[][..], scoped),
    };
    let signature_bytes = auth.hash.signature_bytes();
    let place = element(tag::OCTET_STRING, &vec![0; signature_bytes]);
    let salt = element(tag::OCTET_STRING, salt_bytes);
    let mut bytes = message(id, flags | more, &[head.concat(), place, salt.clone()].concat(), &data);
    // Behind the signature are the salt and the data, and nothing else.
    let end = bytes.len() - data.len() - salt.len();
    let signature = auth.hash.sign(&auth.hash.localize(&auth.key, &engine.id), &bytes);
    bytes[end - signature_bytes..end].copy_from_slice(&signature);
    bytes
}

/// Reads what came back; brings the engine's time up to date where that is signed.
pub(super) fn read(datagram: &[u8], id: i32, user: &User, from: &mut Engine, now: Instant) -> Option<Heard> {
    let opened = Opened::read(datagram, id)?;
    let signed = match &user.auth {
        Some(auth) if opened.flags & FLAG_AUTH != 0 => {
            if opened.engine != from.id || !opened.is_signed(datagram, auth) {
                return None;
            }
            if !from.is_fresh(opened.boots, opened.time, now) {
                return None;
            }
            *from = Engine::new(opened.engine, opened.boots, opened.time, now)?;
            true
        }
        _ => false,
    };
    let privacy_key =
        user.auth.as_ref().filter(|_| signed).and_then(|auth| Some((auth.hash, auth.privacy_key.as_ref()?)));
    let hidden = opened.flags & FLAG_PRIVACY != 0;
    let shown;
    let mut data = if hidden {
        let (hash, key) = privacy_key?;
        let salt = <[u8; SALT_BYTES]>::try_from(opened.salt).ok()?;
        let key = hash.localize(key, opened.engine);
        let cipher = Cipher::new(&key, opened.boots.cast_unsigned(), opened.time.cast_unsigned(), salt);
        shown = cipher.show(Reader::new(opened.data).expect(tag::OCTET_STRING)?);
        Reader::new(&shown)
    } else {
        Reader::new(opened.data)
    };
    let mut scoped = data.within(tag::SEQUENCE)?;
    let (_engine, _context) = (scoped.expect(tag::OCTET_STRING)?, scoped.expect(tag::OCTET_STRING)?);
    let pdu = Pdu::read(&mut scoped)?;
    if pdu.tag == tag::REPORT {
        let engine = Engine::new(opened.engine, opened.boots, opened.time, now)?;
        return Some(Heard::Report(report(&pdu)?, engine));
    }
    let secure = user.auth.as_ref().is_none_or(|auth| signed && (hidden || auth.privacy_key.is_none()));
    let ours = pdu.request == id && opened.engine == from.id && opened.user == user.name.as_bytes();
    (secure && ours).then_some(Heard::Answer(pdu))
}

fn report(pdu: &Pdu) -> Option<Report> {
    let (name, _) = pdu.values.first()?;
    match name.strip_prefix(STATS)? {
        [1, 0] => Some(Report::Refused("it does not allow this user this security")),
        [2 | 4, 0] => Some(Report::Resynchronise),
        [3, 0] => Some(Report::Refused("it does not know this user")),
        [5, 0] => Some(Report::Refused("another authentication password, or another `auth`")),
        [6, 0] => Some(Report::Refused("another privacy password")),
        _ => None,
    }
}

/// A message, its data not yet shown.
struct Opened<'a> {
    flags: u8,
    engine: &'a [u8],
    boots: i32,
    time: i32,
    user: &'a [u8],
    signature: &'a [u8],
    salt: &'a [u8],
    data: &'a [u8],
}

impl<'a> Opened<'a> {
    fn read(datagram: &'a [u8], id: i32) -> Option<Self> {
        let whole = Reader::new(datagram).expect(tag::SEQUENCE)?;
        let mut fields = Reader::new(whole);
        if fields.integer()? != VERSION_3 {
            return None;
        }
        let mut header = fields.within(tag::SEQUENCE)?;
        let (own_id, _bytes_max) = (header.integer()?, header.integer()?);
        let &[flags] = header.expect(tag::OCTET_STRING)? else { return None };
        if own_id != id || header.integer()? != USM {
            return None;
        }
        let mut security = Reader::new(fields.expect(tag::OCTET_STRING)?).within(tag::SEQUENCE)?;
        let engine = security.expect(tag::OCTET_STRING)?;
        let (boots, time) = (security.integer()?, security.integer()?);
        let user = security.expect(tag::OCTET_STRING)?;
        let (signature, salt) = (security.expect(tag::OCTET_STRING)?, security.expect(tag::OCTET_STRING)?);
        Some(Self { flags, engine, boots, time, user, signature, salt, data: fields.rest() })
    }

    /// Checks the signature over the datagram with zeros in its place.
    fn is_signed(&self, datagram: &[u8], auth: &Auth) -> bool {
        // Both are parts of the same bytes.
        let at = self.signature.as_ptr() as usize - datagram.as_ptr() as usize;
        let mut blank = datagram.to_vec();
        blank[at..at + self.signature.len()].fill(0);
        auth.hash.is_signed(&auth.hash.localize(&auth.key, self.engine), &blank, self.signature)
    }
}

/// In the default context.
fn scoped(engine: &[u8], pdu: &[u8]) -> Vec<u8> {
    let context = [element(tag::OCTET_STRING, engine), element(tag::OCTET_STRING, &[])].concat();
    element(tag::SEQUENCE, &[&context[..], pdu].concat())
}

fn message(id: i32, flags: u8, security: &[u8], data: &[u8]) -> Vec<u8> {
    let header = [integer(id), integer(RECEIVED_BYTES_MAX), element(tag::OCTET_STRING, &[flags]), integer(USM)];
    let fields = [
        integer(VERSION_3),
        element(tag::SEQUENCE, &header.concat()),
        element(tag::OCTET_STRING, &element(tag::SEQUENCE, security)),
        data.to_vec(),
    ];
    element(tag::SEQUENCE, &fields.concat())
}

#[cfg(test)]
#[path = "secure_test.rs"]
mod tests;
