//! A projector written from "PJLink Specifications" 2.00 (JBMIA, 2017): a TCP server that greets, checks
//! the proof of the password, answers queries, obeys orders, and has every bad habit that devices have
//! or an attacker could think of. Shares no code with the driver but the hash.
#![allow(dead_code, clippy::unwrap_used)]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream, UdpSocket},
    sync::{Arc, Mutex, MutexGuard},
    thread,
    time::Duration,
};

use md5::{Digest, Md5};

/// What it does wrong.
#[derive(Debug, Clone, PartialEq)]
pub enum Habit {
    Good,
    /// Closes after each answer.
    Cuts,
    /// Accepts and says nothing.
    NeverGreets,
    /// Greets and never answers.
    NeverAnswers,
    /// Never answers this command.
    HangsOn(&'static str),
    /// Answers this command with this parameter, an error say.
    Says(&'static str, &'static str),
    /// Answers these commands with these parameters.
    SaysEach(&'static [(&'static str, &'static str)]),
    /// Answers every command but POWR with this parameter.
    SaysToAllBut(&'static str, &'static str),
    /// Answers with these bytes instead, whatever is asked.
    Bytes(Vec<u8>),
    /// Answers in small letters.
    SmallLetters,
    /// Answers class 2 commands as class 1.
    ClassOne,
    /// Puts spaces, line feeds and zeros around what it says.
    Spaces,
    /// Answers another question first.
    Stray,
    /// Begins to answer this command and closes.
    ClosesInTheMiddleOf(&'static str),
    /// Never ends its line.
    NeverEnds,
    /// A byte each such time, for ever.
    Drips(Duration),
    /// Takes so long for each answer.
    Slow(Duration),
    /// Greets with this line.
    Greets(&'static str),
}

/// What it is and how it is.
#[derive(Debug, Clone)]
pub struct State {
    pub class: u8,
    pub password: Option<String>,
    pub power: char,
    pub errors: String,
    pub lamps: String,
    pub mute: String,
    pub input: String,
    pub resolution: String,
    pub filter: String,
    pub habit: Habit,
}

impl Default for State {
    fn default() -> Self {
        Self {
            class: 2,
            password: None,
            power: '1',
            errors: "000000".into(),
            lamps: "1234 1".into(),
            mute: "30".into(),
            input: "31".into(),
            resolution: "1920x1080".into(),
            filter: "250".into(),
            habit: Habit::Good,
        }
    }
}

/// A projector that is there until the test ends.
pub struct Projector {
    pub port: u16,
    state: Arc<Mutex<State>>,
    /// Everything that came, as it came; one entry a connection.
    heard: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Projector {
    pub fn start(state: State) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (state, heard) = (Arc::new(Mutex::new(state)), Arc::new(Mutex::new(Vec::new())));
        let (shared, ears) = (Arc::clone(&state), Arc::clone(&heard));
        thread::spawn(move || {
            for peer in listener.incoming() {
                let (shared, ears, peer) = (Arc::clone(&shared), Arc::clone(&ears), peer.unwrap());
                let number = ears.lock().unwrap().len();
                ears.lock().unwrap().push(Vec::new());
                // Whatever ends the connection ends this thread.
                thread::spawn(move || serve(&shared, &ears, number, peer).ok());
            }
        });
        Self { port, state, heard }
    }

    pub fn with(habit: Habit) -> Self {
        Self::start(State { habit, ..State::default() })
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Everything it heard, connections one after the other, and forgets it.
    pub fn heard(&self) -> String {
        let heard: Vec<Vec<u8>> = self.heard.lock().unwrap().drain(..).collect();
        String::from_utf8_lossy(&heard.concat()).into_owned()
    }

    pub fn connections(&self) -> usize {
        self.heard.lock().unwrap().len()
    }
}

/// The random number of §5.1; any will do for one who checks only what comes back.
const RANDOM: &str = "498e4a67";

fn serve(shared: &Mutex<State>, ears: &Mutex<Vec<Vec<u8>>>, number: usize, mut peer: TcpStream) -> std::io::Result<()> {
    peer.set_nodelay(true)?;
    // A device closes a connection that says nothing for 30 s.
    peer.set_read_timeout(Some(Duration::from_secs(30)))?;
    let State { password, habit, .. } = shared.lock().unwrap().clone();
    match (&habit, &password) {
        (Habit::NeverGreets, _) => return wait_for_end(&mut peer),
        (Habit::Greets(line), _) => peer.write_all(line.as_bytes())?,
        (Habit::Spaces, None) => peer.write_all(b"\n PJLINK  0 \r\n")?,
        (Habit::SmallLetters, None) => peer.write_all(b"pjlink 0\r")?,
        (_, None) => peer.write_all(b"PJLINK 0\r")?,
        (_, Some(_)) => peer.write_all(format!("PJLINK 1 {RANDOM}\r").as_bytes())?,
    }
    let mut reader = BufReader::new(peer.try_clone()?);
    let mut proved = password.is_none();
    loop {
        let mut line = Vec::new();
        if reader.read_until(b'\r', &mut line)? == 0 {
            return Ok(());
        }
        if let Some(heard) = ears.lock().unwrap().get_mut(number) {
            heard.extend_from_slice(&line);
        }
        let mut command = String::from_utf8_lossy(&line).into_owned();
        if !proved {
            let password = password.as_deref().unwrap_or_default();
            let proof = hex::encode(Md5::digest(format!("{RANDOM}{password}")));
            match command.strip_prefix(&proof) {
                Some(rest) => command = rest.to_owned(),
                // §5.1: says so and closes.
                None => return peer.write_all(b"PJLINK ERRA\r"),
            }
            proved = true;
        }
        let answer = shared.lock().unwrap().answer(command.trim_end());
        if !say(&habit, &mut peer, &command, &answer)? {
            return Ok(());
        }
    }
}

/// Says an answer as its habit is; false where it closes.
fn say(habit: &Habit, peer: &mut TcpStream, command: &str, answer: &str) -> std::io::Result<bool> {
    let is = |word: &str| command.get(2..6) == Some(word);
    let head = answer.split('=').next().unwrap_or_default();
    let answer = match habit {
        Habit::NeverAnswers => return wait_for_end(peer).map(|()| false),
        Habit::HangsOn(word) if is(word) => return wait_for_end(peer).map(|()| false),
        Habit::Says(word, parameter) if is(word) => format!("{head}={parameter}\r"),
        Habit::SaysEach(pairs) if pairs.iter().any(|(word, _)| is(word)) => {
            let (_, parameter) = pairs.iter().find(|(word, _)| is(word)).unwrap();
            format!("{head}={parameter}\r")
        }
        Habit::SaysToAllBut(word, parameter) if !is(word) => format!("{head}={parameter}\r"),
        Habit::Bytes(bytes) => {
            peer.write_all(bytes)?;
            return Ok(false);
        }
        Habit::SmallLetters => format!("{}\r", answer.to_ascii_lowercase()),
        Habit::ClassOne => format!("{}\r", answer.replacen("%2", "%1", 1)),
        Habit::Spaces => format!("\0\n {} \0\r\n", answer.replacen('=', " = ", 1)),
        Habit::Stray => format!("%1INPT=31\r\r{answer}\r"),
        Habit::ClosesInTheMiddleOf(word) if is(word) => {
            peer.write_all(&answer.as_bytes()[..5])?;
            return Ok(false);
        }
        Habit::NeverEnds => return without_end(peer, None),
        Habit::Drips(pause) => return without_end(peer, Some(*pause)),
        Habit::Slow(time) => {
            // What it is made to do, not a wait for something else.
            thread::sleep(*time);
            format!("{answer}\r")
        }
        _ => format!("{answer}\r"),
    };
    peer.write_all(answer.as_bytes())?;
    Ok(*habit != Habit::Cuts)
}

fn without_end(peer: &mut TcpStream, pause: Option<Duration>) -> std::io::Result<bool> {
    loop {
        peer.write_all(if pause.is_some() { b"x" } else { &[b'x'; 4096] })?;
        thread::sleep(pause.unwrap_or_default());
    }
}

fn wait_for_end(peer: &mut TcpStream) -> std::io::Result<()> {
    let mut rest = Vec::new();
    peer.take(1 << 16).read_to_end(&mut rest).map(drop)
}

impl State {
    /// §4: what a command without its end is answered.
    pub fn answer(&mut self, command: &str) -> String {
        let (Some(head), Some(parameter)) = (command.get(..6), command.get(7..)) else { return "%1ERR1".into() };
        let head = head.to_ascii_uppercase();
        let is_lit = self.power == '1';
        let class_2 = self.class >= 2;
        let said: String = match (head.as_str(), parameter) {
            ("%1POWR", "?") => self.power.into(),
            ("%1POWR", "0" | "1") if matches!(self.power, '2' | '3') => "ERR3".into(),
            ("%1POWR", "0" | "1") => self.obey(|state| state.power = parameter.chars().next().unwrap()),
            ("%1CLSS", "?") => self.class.to_string(),
            ("%1ERST", "?") => self.errors.clone(),
            ("%1LAMP", "?") => self.lamps.clone(),
            ("%1INST", "?") => "11 21 31 32 51".into(),
            ("%2INST", "?") if class_2 => "11 21 31 32 3A 61".into(),
            ("%1NAME", "?") => "K01 投影".into(),
            ("%1INF1", "?") => "Hallwatch".into(),
            ("%1INF2", "?") => "HW-4352".into(),
            ("%1INFO", "?") => String::new(),
            ("%1INPT" | "%1AVMT" | "%2INPT", _) if !is_lit => "ERR3".into(),
            ("%2IRES" | "%2FREZ", _) if class_2 && !is_lit => "ERR3".into(),
            ("%1AVMT", "?") => self.mute.clone(),
            ("%1AVMT", "11" | "21" | "31" | "30") => self.obey(|state| state.mute = parameter.into()),
            ("%1INPT", "?") => self.input.clone(),
            ("%1INPT", "11" | "21" | "31" | "32" | "51") => self.obey(|state| state.input = parameter.into()),
            ("%2INPT", "?") if class_2 => self.input.clone(),
            ("%2SNUM", "?") if class_2 => "SN0001".into(),
            ("%2SVER", "?") if class_2 => "1.0".into(),
            ("%2INNM", "?31") if class_2 => "HDMI 1".into(),
            ("%2IRES", "?") if class_2 => self.resolution.clone(),
            ("%2RRES", "?") if class_2 => "1920x1200".into(),
            ("%2FILT", "?") if class_2 => self.filter.clone(),
            ("%2RLMP", "?") if class_2 => "LMP-1".into(),
            ("%2RFIL", "?") if class_2 => "FLT-1".into(),
            ("%2FREZ", "?") if class_2 => "0".into(),
            ("%2FREZ" | "%2SVOL" | "%2MVOL", "0" | "1") if class_2 => "OK".into(),
            (known, _) if KNOWN.iter().any(|word| known.ends_with(word)) && (class_2 || !known.starts_with("%2")) => {
                "ERR2".into()
            }
            _ => "ERR1".into(),
        };
        format!("{head}={said}")
    }

    fn obey(&mut self, order: impl FnOnce(&mut Self)) -> String {
        order(self);
        "OK".into()
    }
}

/// Commands that are there; with a parameter that is not, they are out of it (ERR2) and not undefined.
const KNOWN: [&str; 22] = [
    "POWR", "CLSS", "ERST", "LAMP", "INST", "NAME", "INF1", "INF2", "INFO", "AVMT", "INPT", "IRES", "FILT", "FREZ",
    "INNM", "SNUM", "SVER", "RRES", "RLMP", "RFIL", "SVOL", "MVOL",
];

/// What a device of class 2 hears by UDP and says back (§3.2): its port.
pub fn searchable(answer: &'static [u8]) -> u16 {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    thread::spawn(move || {
        let mut datagram = [0; 64];
        while let Ok((length, from)) = socket.recv_from(&mut datagram) {
            if &datagram[..length] == b"%2SRCH\r" {
                let _ = socket.send_to(answer, from);
            }
        }
    });
    port
}
