//! The TCP conversation with one device: connects, proves the password, asks and waits for the answer.
//! Turns whatever a device does into an answer or a [`Trouble`], within its time-outs and with a few
//! hundred bytes of memory. Never keeps a connection longer than one poll: devices take few at a time.

use std::{
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use super::line::{self, Answer, Greeting, Question};
use crate::{config::Secret, driver::probe::tcp::left};

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// No connection, or the device ended it.
    #[error("the connection failed")]
    Connection(#[source] std::io::Error),
    /// Nothing came in time.
    #[error("no answer in time")]
    Silent,
    /// The device closed the connection before it answered.
    #[error("the device closed the connection")]
    Closed,
    /// Something came that is no PJLink.
    #[error("what came is no PJLink")]
    Garbage,
    /// The device asks for a password and none is configured.
    #[error("the device asks for a password")]
    NoPassword,
    /// The device refuses the password.
    #[error("the device refuses the password")]
    WrongPassword,
    /// The device asks for a proof that this driver cannot give.
    #[error("the device asks for a kind of authentication that came after PJLink 2.00")]
    UnknownProof,
}

/// Longest line that is waited for: a parameter, what stands around it, and some grace.
const LINE_BYTES_MAX: usize = line::PARAMETER_BYTES_MAX + 64;
/// Most bytes that may come before the answer to a question: answers to others, empty lines.
const BYTES_MAX: usize = 1024;

/// One poll's conversation.
pub struct Link<'a> {
    /// Where the device is.
    pub addresses: &'a [SocketAddr],
    /// The password, where one is configured.
    pub password: Option<&'a Secret>,
    /// How long to wait for a connection, and for an answer.
    pub timeout: Duration,
    /// When all of it must be over.
    pub deadline: Instant,
    /// The connection, while there is one.
    pub line: Option<Line>,
}

/// A connection that stands.
pub struct Line {
    peer: TcpStream,
    /// What goes before the next command.
    proof: String,
    /// What was read and not used.
    heard: Vec<u8>,
    /// How many questions it has answered.
    answered: u32,
}

impl Link<'_> {
    /// Asks one question. A device that cut the link after an earlier answer is called once more; after
    /// trouble the link is cut, so that a late answer is not taken for the next one.
    pub fn ask(&mut self, question: Question, patience: Duration) -> Result<Answer, Trouble> {
        loop {
            let mut line = match self.line.take() {
                Some(line) => line,
                None => self.connect()?,
            };
            let until = self.deadline.min(Instant::now() + patience);
            match line.ask(question, until) {
                Ok(Answer::WrongPassword) => return Err(Trouble::WrongPassword),
                Ok(answer) => {
                    line.answered += 1;
                    self.line = Some(line);
                    return Ok(answer);
                }
                Err(Trouble::Closed | Trouble::Connection(_)) if line.answered > 0 => {}
                Err(trouble) => return Err(trouble),
            }
        }
    }

    fn connect(&self) -> Result<Line, Trouble> {
        let until = self.deadline.min(Instant::now() + self.timeout);
        let mut trouble = Trouble::Silent;
        for address in self.addresses {
            let Some(left) = left(until) else { break };
            match TcpStream::connect_timeout(address, left) {
                Ok(peer) => return self.greet(peer),
                Err(error) if is_time_out(&error) => trouble = Trouble::Silent,
                Err(error) => trouble = Trouble::Connection(error),
            }
        }
        Err(trouble)
    }

    /// Waits for the greeting (§5). A password that the device does not ask for stays here.
    fn greet(&self, peer: TcpStream) -> Result<Line, Trouble> {
        let _ = peer.set_nodelay(true);
        let mut line = Line { peer, proof: String::new(), heard: Vec::new(), answered: 0 };
        let until = self.deadline.min(Instant::now() + self.timeout);
        let mut bytes_left = BYTES_MAX;
        let first = line.next(until, &mut bytes_left)?;
        match line::greeting(&first).ok_or(Trouble::Garbage)? {
            Greeting::Open => {}
            Greeting::Locked { random } => {
                let password = self.password.ok_or(Trouble::NoPassword)?;
                line.proof = line::proof(&random, password.expose());
            }
            Greeting::Unknown => return Err(Trouble::UnknownProof),
        }
        Ok(line)
    }
}

impl Line {
    fn ask(&mut self, question: Question, until: Instant) -> Result<Answer, Trouble> {
        let command = std::mem::take(&mut self.proof) + &question.print();
        let left = left(until).ok_or(Trouble::Silent)?;
        self.peer
            .set_write_timeout(Some(left))
            .and_then(|()| self.peer.write_all(command.as_bytes()))
            .map_err(failed)?;
        let mut bytes_left = BYTES_MAX;
        loop {
            let line = self.next(until, &mut bytes_left)?;
            if let Some(answer) = line::answer(&line, question) {
                return Ok(answer);
            }
        }
    }

    /// The next line that is not empty, however slowly it drips. Lines end with a carriage return
    /// (§2.5); some devices mean a line feed.
    fn next(&mut self, until: Instant, bytes_left: &mut usize) -> Result<Vec<u8>, Trouble> {
        loop {
            while let Some(end) = self.heard.iter().position(|byte| matches!(byte, b'\r' | b'\n')) {
                let mut line: Vec<u8> = self.heard.drain(..=end).collect();
                line.truncate(end);
                if !line.is_empty() {
                    return Ok(line);
                }
            }
            if self.heard.len() > LINE_BYTES_MAX || *bytes_left == 0 {
                return Err(Trouble::Garbage);
            }
            let mut part = [0; 256];
            let left = left(until).ok_or(Trouble::Silent)?;
            let room = part.len().min(*bytes_left);
            match self.peer.set_read_timeout(Some(left)).and_then(|()| self.peer.read(&mut part[..room])) {
                Ok(0) => return Err(Trouble::Closed),
                Ok(length) => {
                    *bytes_left -= length;
                    self.heard.extend_from_slice(&part[..length]);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(failed(error)),
            }
        }
    }
}

fn failed(error: std::io::Error) -> Trouble {
    if is_time_out(&error) { Trouble::Silent } else { Trouble::Connection(error) }
}

fn is_time_out(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock)
}
