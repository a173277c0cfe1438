//! One reading's talk with an SNMP engine over UDP: turns names of objects into values, or into
//! silence, or into why the answers are no use. Never waits longer than its budget, never believes
//! an answer to another question.

use std::{
    io::ErrorKind,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket},
    time::{Duration, Instant},
};

use wire::Fault;

use super::{
    access::{Access, Credentials},
    message::{Ask, Name, Pdu, Value, read_message},
    secure::{self, Engine, Heard, Report, User},
    usm::SALT_BYTES,
};
use crate::driver::{
    Error,
    probe::{not_permitted, resolve},
};

/// Why a reading came to nothing.
#[derive(Debug)]
pub(super) enum Trouble {
    /// Nobody answers: a value, not a fault.
    Silent,
    /// Somebody does, and it is no use; or it could not be tried.
    Failed(Error),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// How often a question is sent: UDP loses some.
const TRIES: u32 = 2;
/// How many questions' time-outs one reading may take altogether.
pub(super) const BUDGET: u32 = 4;
/// How often an engine may say that our time is wrong, or that it has another name, in one question.
const RESYNCHRONISATIONS: usize = 2;
/// Objects asked for at once in a table: some 30 bytes each, within one packet.
const ROWS: u16 = 25;
/// Objects of one column that are looked at. Large switches have a few hundred ports.
const ROWS_MAX: usize = 1024;
/// The largest datagram there is.
const DATAGRAM_BYTES_MAX: usize = 65_535;

/// What outlives a reading: keys, which take a while to make, and the engine's name and time.
#[derive(Default)]
pub(super) struct Memory {
    user: Option<User>,
    engine: Option<Engine>,
}

/// One reading.
pub(super) struct Session<'a> {
    access: &'a Access,
    memory: &'a mut Memory,
    socket: UdpSocket,
    community: Vec<u8>,
    deadline: Instant,
    id: i32,
    datagram: Vec<u8>,
    /// How long the first answer took.
    pub latency: Option<Duration>,
}

impl<'a> Session<'a> {
    /// A socket of its own each time: what comes late comes to a closed port.
    pub(super) fn open(access: &'a Access, memory: &'a mut Memory) -> Result<Self, Trouble> {
        let deadline = Instant::now() + access.timeout * BUDGET;
        let address = *resolve(&access.host, access.port)?.first().expect("resolve gives at least one address");
        let here: IpAddr = if address.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        let socket = UdpSocket::bind((here, 0)).map_err(trouble)?;
        // Connected, so that nobody else is heard.
        socket.connect(address).map_err(trouble)?;
        let community = match &access.credentials {
            Credentials::Community(secret) => secret.read_secret()?.expose().as_bytes().to_vec(),
            Credentials::User(settings) => {
                if memory.user.is_none() {
                    memory.user = Some(settings.keys()?);
                }
                Vec::new()
            }
        };
        let id = i32::try_from(random()? >> 33).unwrap_or_default();
        let datagram = vec![0; DATAGRAM_BYTES_MAX];
        Ok(Self { access, memory, socket, community, deadline, id, datagram, latency: None })
    }

    /// The values of objects, in their order. One that an engine will not give does not cost the
    /// others theirs.
    pub(super) fn get(&mut self, names: &[Name]) -> Result<Vec<Value>, Trouble> {
        let answer = self.ask(Ask::Get(names))?;
        if answer.error == 0 {
            let mut answered = answer.values.into_iter();
            let value = |name: &Name| match answered.next() {
                Some((own, value)) if own == *name => value,
                _ => Value::Strange,
            };
            return Ok(names.iter().map(value).collect());
        }
        tracing::debug!(status = answer.error, "an SNMP engine refuses a question");
        if names.len() == 1 {
            return Ok(vec![Value::Missing]);
        }
        let mut values = Vec::with_capacity(names.len());
        for name in names {
            values.extend(self.get(std::slice::from_ref(name))?);
        }
        Ok(values)
    }

    /// A column of a table: the index of each row and its value.
    pub(super) fn column(&mut self, column: &[u32]) -> Result<Vec<(Name, Value)>, Trouble> {
        let mut rows: Vec<(Name, Value)> = Vec::new();
        let mut last = column.to_vec();
        while rows.len() < ROWS_MAX {
            let answer = self.ask(Ask::Next(&last, ROWS))?;
            if answer.error != 0 || answer.values.is_empty() {
                break;
            }
            for (name, value) in answer.values {
                // Past the column, or round in a circle: names only ever grow (RFC 3416 §4.2.3).
                let Some(index) = name.strip_prefix(column).filter(|_| name > last && value != Value::End) else {
                    return Ok(rows);
                };
                rows.push((index.to_vec(), value));
                last = name;
            }
        }
        rows.truncate(ROWS_MAX);
        Ok(rows)
    }

    fn ask(&mut self, question: Ask<'_>) -> Result<Pdu, Trouble> {
        let since = Instant::now();
        let answer = match &self.access.credentials {
            Credentials::Community(_) => {
                let id = self.next_id();
                let bytes = question.message(&self.community, id);
                let community = self.community.clone();
                self.exchange(&bytes, |datagram| {
                    read_message(datagram, &community).filter(|pdu| pdu.request == id && is_response(pdu))
                })
            }
            Credentials::User(_) => self.ask_securely(question),
        }?;
        self.latency.get_or_insert_with(|| since.elapsed());
        Ok(answer)
    }

    fn ask_securely(&mut self, question: Ask<'_>) -> Result<Pdu, Trouble> {
        let mut engine = match self.memory.engine.take() {
            Some(engine) => engine,
            None => self.discover()?,
        };
        let user = self.memory.user.take().expect("a session of a user begins with its keys");
        let answer = self.ask_engine(question, &user, &mut engine);
        self.memory.user = Some(user);
        // Whom a question failed with is asked for its name again.
        self.memory.engine = answer.is_ok().then_some(engine);
        answer
    }

    fn ask_engine(&mut self, question: Ask<'_>, user: &User, engine: &mut Engine) -> Result<Pdu, Trouble> {
        for _ in 0..=RESYNCHRONISATIONS {
            let id = self.next_id();
            let salt: [u8; SALT_BYTES] = random()?.to_be_bytes();
            let bytes = secure::ask(question, id, salt, user, engine, Instant::now());
            let heard = self.exchange(&bytes, |datagram| secure::read(datagram, id, user, engine, Instant::now()))?;
            match heard {
                Heard::Answer(pdu) => return Ok(pdu),
                Heard::Report(Report::Refused(why), _) => {
                    let text = format!("`{}` refuses user `{}`: {why}", self.access.host, user.name);
                    return Err(Trouble::Failed(Error::Other { fault: Fault::NotPermitted, text }));
                }
                Heard::Report(Report::Resynchronise, renewed) => *engine = renewed,
            }
        }
        Err(self.no_use("reports another time at each question"))
    }

    fn discover(&mut self) -> Result<Engine, Trouble> {
        let id = self.next_id();
        self.exchange(&secure::who_are_you(id), |datagram| secure::introduced(datagram, id, Instant::now()))
    }

    /// Sends `bytes` until `accept` takes something that comes back.
    fn exchange<T>(&mut self, bytes: &[u8], mut accept: impl FnMut(&[u8]) -> Option<T>) -> Result<T, Trouble> {
        let mut strays = 0;
        for _ in 0..TRIES {
            let until = (Instant::now() + self.access.timeout).min(self.deadline);
            match self.socket.send(bytes) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::PermissionDenied => return Err(trouble(error)),
                // What an earlier datagram met is told here: nobody listens there.
                Err(error) => tracing::debug!(%error, "an SNMP question was not sent"),
            }
            loop {
                let left = until.saturating_duration_since(Instant::now());
                if left < Duration::from_millis(1) {
                    break;
                }
                self.socket.set_read_timeout(Some(left)).map_err(trouble)?;
                match self.socket.recv(&mut self.datagram) {
                    Ok(length) => match accept(&self.datagram[..length]) {
                        Some(accepted) => return Ok(accepted),
                        None => strays += 1,
                    },
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(_) => break,
                }
            }
        }
        match strays {
            0 => Err(Trouble::Silent),
            _ => Err(self.no_use("sends something that is no answer to the question")),
        }
    }

    fn no_use(&self, what: &str) -> Trouble {
        let text = format!("`{}:{}` {what}", self.access.host, self.access.port);
        Trouble::Failed(Error::Other { fault: Fault::BadResponse, text })
    }

    fn next_id(&mut self) -> i32 {
        self.id = self.id.checked_add(1).unwrap_or(1);
        self.id
    }
}

fn is_response(pdu: &Pdu) -> bool {
    pdu.tag == super::ber::tag::RESPONSE
}

fn random() -> Result<u64, Error> {
    getrandom::u64()
        .map_err(|error| Error::Other { fault: Fault::NotPermitted, text: format!("no random numbers: {error}") })
}

fn trouble(error: std::io::Error) -> Trouble {
    Trouble::Failed(match error.kind() {
        ErrorKind::PermissionDenied => not_permitted("the system forbids the question", &error),
        // No way leads there: as good as silence.
        ErrorKind::NetworkUnreachable | ErrorKind::HostUnreachable => return Trouble::Silent,
        _ => Error::Other { fault: Fault::BadResponse, text: error.to_string() },
    })
}
