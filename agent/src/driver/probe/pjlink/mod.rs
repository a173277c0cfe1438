//! Projectors and displays that speak PJLink, class 1 and 2: turns what one says of itself into power,
//! trouble, hours of lamp and filter, mute and input. Only ever asks; never switches anything.
//!
//! [`line`](mod@line) is the protocol, [`values`] what parameters mean, [`link`] the conversation, and
//! [`search`](mod@search) finds devices in the local network. A poll is one connection, since devices bear
//! few. ERR3 is how a device says "not now", in standby say: its points are left out and nothing failed.

pub mod line;
pub mod link;
pub mod search;
pub mod values;

use std::{
    collections::HashSet,
    io::ErrorKind,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use wire::Fault;

use self::{
    line::{Answer, Question},
    link::{Link, Trouble},
};
use super::{LATENCY, REACHABLE, milliseconds, not_permitted, outcome, resolve};
use crate::{
    config::{Expected, Problem, Secret, Table, quantity::print_duration},
    driver::{self, Error, Kind, Measured, PROBE_MARGIN, Place, Probe, Quantity, Reader, Sits},
};

/// A device with PJLink.
pub static KIND: Kind = Kind {
    word: "pjlink",
    parts: ["PJLink class 1 and 2", "PJLink 1 类和 2 类设备"],
    measures: ["projector or display: power, errors, hours, input", "投影机或显示屏：电源、故障、时长、信号"],
    sits: Sits::Network,
    period: Some(Duration::from_secs(60)),
    // A device answers one connection at a time, and its menus crawl while it does.
    period_min: Some(Duration::from_secs(10)),
    read: |table| Some(Arc::new(Settings::read(table)?)),
    at: None,
};

/// The port of PJLink (§3.1).
pub const PORT: u16 = 4352;
/// How long to wait for most answers, and for that of the lamps: some devices ask the ballast first.
const TIMEOUT: Duration = Duration::from_secs(4);
const LAMP_TIMEOUT: Duration = Duration::from_secs(10);

/// What a `[[sensor]]` of this kind says.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// The device's PJLink password. Better in `password_file`, which other users cannot read.
    pub password: Option<Secret>,
    /// A file whose first line is the password; read anew for each poll.
    pub password_file: Option<PathBuf>,
    /// How long to wait for a connection, and for each answer.
    pub timeout: Duration,
    /// How long to wait for the answer about the lamps.
    pub lamp_timeout: Duration,
}

impl Settings {
    /// Without a password, at the usual port, as patient as usual.
    #[must_use]
    pub fn new(host: impl Into<String>) -> Self {
        Self {
            host: host.into(),
            port: PORT,
            password: None,
            password_file: None,
            timeout: TIMEOUT,
            lamp_timeout: LAMP_TIMEOUT,
        }
    }

    fn read(table: &Table<'_>) -> Option<Self> {
        let host = table.require("host", Expected::Text, table.text("host"));
        let port = table.whole("port", 1, 65535).and_then(|port| u16::try_from(port).ok()).unwrap_or(PORT);
        let password = table.text("password").map(Secret::new);
        let password_file = table.text("password_file").map(PathBuf::from);
        if password.is_some() && password_file.is_some() {
            table.note("password", Problem::Either { or: table.key("password_file") });
        }
        let timeout = table.duration("timeout", "500ms", "10s").unwrap_or(TIMEOUT);
        let lamp_timeout = table.duration("lamp_timeout", "500ms", "30s").unwrap_or(LAMP_TIMEOUT);
        Some(Self { host: host?, port, password, password_file, timeout, lamp_timeout })
    }

    fn password(&self) -> Result<Option<Secret>, Error> {
        let Some(path) = &self.password_file else { return Ok(self.password.clone()) };
        let secret = Secret::from_file(path);
        secret.map(Some).map_err(|error| not_permitted(&format!("cannot read `{}`", path.display()), &error))
    }

    /// The longest that one poll may take, looking up the name aside: three answers that are as slow as
    /// they may be, and the lamp's. Devices that are slower still are asked less.
    fn budget(&self) -> Duration {
        self.timeout * 3 + self.lamp_timeout
    }
}

impl driver::Settings for Settings {
    fn kind(&self) -> &'static Kind {
        &KIND
    }
    fn place(&self) -> Place {
        Place::Host(format!("{}:{}", self.host, self.port))
    }
    fn print(&self, table: &mut toml::Table) {
        let mut put = |key: &str, value: toml::Value| drop(table.insert(key.into(), value));
        put("host", self.host.as_str().into());
        put("port", i64::from(self.port).into());
        if let Some(password) = &self.password {
            put("password", format!("{password:?}").into());
        }
        if let Some(path) = &self.password_file {
            put("password_file", path.display().to_string().into());
        }
        put("timeout", print_duration(self.timeout).into());
        put("lamp_timeout", print_duration(self.lamp_timeout).into());
    }
    fn quantities(&self) -> Vec<Quantity> {
        let asked = QUESTIONS.iter().flat_map(|question| values::quantities(*question));
        [REACHABLE, LATENCY, DEVICE_FAILED].into_iter().chain(asked).collect()
    }
    fn patience(&self) -> Duration {
        self.budget() + PROBE_MARGIN
    }
    fn start(&self) -> Reader {
        Reader::Alone(Box::new(Pjlink::new(self.clone())))
    }
}

/// 1 if the device said that it failed itself (ERR4) when it was asked something.
pub const DEVICE_FAILED: Quantity = Quantity::flag("device_failed");
/// What gives points, in the order of asking.
const QUESTIONS: [Question; 6] =
    [Question::Power, Question::Errors, Question::Lamps, Question::Mute, Question::Resolution, Question::Filter];

/// One device, and what it said of itself that does not change.
pub struct Pjlink {
    settings: Settings,
    class: Option<u8>,
    /// Maker, product and name, once asked.
    identity: Option<String>,
    /// What it does not know or have; not asked again while it stays reachable.
    undefined: HashSet<Question>,
}

/// What one poll found.
struct Poll<'a> {
    link: Link<'a>,
    measured: Vec<Measured>,
    failed: bool,
}

impl Poll<'_> {
    fn note(&mut self, question: Question, answer: &Answer) {
        match answer {
            Answer::Value(value) => self.measured.extend(values::points(question, value)),
            Answer::Failed => {
                self.failed = true;
                self.measured.extend(values::faults(question, &Fault::BadResponse));
            }
            // What it has not, or cannot say now, is left out.
            Answer::Undefined | Answer::OutOfParameter | Answer::NotNow | Answer::WrongPassword => {}
        }
    }
}

impl Pjlink {
    /// A probe that has asked nothing yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings, class: None, identity: None, undefined: HashSet::new() }
    }

    /// Asks what the first answer leaves to ask.
    fn ask_on(&mut self, poll: &mut Poll<'_>, is_lit: bool) -> Result<(), Trouble> {
        if self.class.is_none()
            && let Some(Answer::Value(value)) = self.ask(poll, Question::Class)?
        {
            self.class = values::class(&value);
        }
        let has_class_2 = self.class.is_some_and(|class| class >= 2);
        for question in &QUESTIONS[1..] {
            let wanted = match question {
                // A dark device has no picture to mute, and many say ERR3.
                Question::Mute => is_lit,
                Question::Resolution => is_lit && has_class_2,
                Question::Filter => has_class_2,
                _ => true,
            };
            if wanted {
                self.ask(poll, *question)?;
            }
        }
        if self.identity.is_none() {
            self.identity = self.introduce(poll)?;
        }
        Ok(())
    }

    /// Asks one question and notes its points. A device that falls silent on one may answer the next;
    /// only a password that it suddenly refuses ends the poll.
    fn ask(&mut self, poll: &mut Poll<'_>, question: Question) -> Result<Option<Answer>, Trouble> {
        if self.undefined.contains(&question) {
            return Ok(None);
        }
        let patience = if question == Question::Lamps { self.settings.lamp_timeout } else { self.settings.timeout };
        let fault = match poll.link.ask(question, patience) {
            Ok(answer) => {
                if answer == Answer::Undefined {
                    self.undefined.insert(question);
                }
                poll.note(question, &answer);
                return Ok(Some(answer));
            }
            Err(trouble @ (Trouble::NoPassword | Trouble::WrongPassword | Trouble::UnknownProof)) => {
                return Err(trouble);
            }
            Err(Trouble::Garbage) => Fault::BadResponse,
            Err(trouble) => {
                tracing::debug!(host = self.settings.host, question = question.word(), %trouble, "a device fell silent");
                Fault::NoResponse
            }
        };
        poll.measured.extend(values::faults(question, &fault));
        Ok(None)
    }

    /// Who the device is, once it says all of it: `Maker Product "name" PJLink class 2`.
    fn introduce(&mut self, poll: &mut Poll<'_>) -> Result<Option<String>, Trouble> {
        if self.class.is_none() && !self.undefined.contains(&Question::Class) {
            return Ok(None);
        }
        let mut words = Vec::new();
        for question in [Question::Maker, Question::Product, Question::Name] {
            match self.ask(poll, question)? {
                Some(Answer::Value(value)) => {
                    let name = values::name(&value);
                    words.push(if question == Question::Name { format!("\"{name}\"") } else { name });
                }
                _ if self.undefined.contains(&question) => {}
                // Not now: later.
                _ => return Ok(None),
            }
        }
        words.push(format!("PJLink class {}", self.class.unwrap_or(1)));
        words.retain(|word| !word.is_empty() && word != "\"\"");
        Ok(Some(words.join(" ")))
    }

    fn refused(&self, trouble: &Trouble) -> Error {
        Error::Other { fault: Fault::NotPermitted, text: format!("`{}`: {trouble}", self.settings.host) }
    }
}

impl Probe for Pjlink {
    /// One poll. A device that does not answer its first question as PJLink is not reachable.
    fn read(&mut self) -> Result<Vec<Measured>, Error> {
        let addresses = resolve(&self.settings.host, self.settings.port)?;
        let password = self.settings.password()?;
        let since = Instant::now();
        let deadline = since + self.settings.budget();
        let timeout = self.settings.timeout;
        let link = Link { addresses: &addresses, password: password.as_ref(), timeout, deadline, line: None };
        let mut poll = Poll { link, measured: Vec::new(), failed: false };
        let first = match poll.link.ask(Question::Power, timeout) {
            Ok(answer) => answer,
            Err(trouble @ (Trouble::NoPassword | Trouble::WrongPassword | Trouble::UnknownProof)) => {
                return Err(self.refused(&trouble));
            }
            Err(Trouble::Connection(error)) if error.kind() == ErrorKind::PermissionDenied => {
                return Err(not_permitted("the system forbids the connection", &error));
            }
            Err(trouble) => {
                tracing::debug!(host = self.settings.host, %trouble, "a PJLink probe found nobody");
                self.undefined.clear();
                self.class = None;
                self.identity = None;
                return Ok(outcome(None));
            }
        };
        let latency = since.elapsed();
        poll.note(Question::Power, &first);
        let is_dark = matches!(&first, Answer::Value(value) if value != b"1");
        self.ask_on(&mut poll, !is_dark).map_err(|trouble| self.refused(&trouble))?;
        let mut measured = vec![
            Measured::flag(REACHABLE.name, true),
            Measured::plain(LATENCY.name, milliseconds(latency)),
            Measured::flag(DEVICE_FAILED.name, poll.failed),
        ];
        measured.append(&mut poll.measured);
        Ok(measured)
    }

    fn identity(&self) -> Option<String> {
        self.identity.clone()
    }
}
