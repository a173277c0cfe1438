//! A real SMTP server on loopback that takes mail, or answers as told.

use std::{
    collections::VecDeque,
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::Duration,
};

/// A mail as it came.
#[derive(Debug, Clone, Default)]
pub struct Mail {
    /// Everything the client said before the mail itself.
    pub said: Vec<String>,
    /// Header and body.
    pub data: String,
}

/// The server; ends with the test's process.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    /// What it took.
    pub mails: Receiver<Mail>,
}

impl Server {
    /// Answers the end of each mail with the next of `answers`, `250` where none is left. An answer
    /// `""` is never given: the server hangs.
    pub fn start(answers: &[&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, mails) = channel();
        let answers = Arc::new(Mutex::new(answers.iter().copied().collect::<VecDeque<_>>()));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (Ok(stream), sender, answers) = (stream, sender.clone(), answers.clone()) else { return };
                thread::spawn(move || serve(stream, &sender, &answers));
            }
        });
        Self { address, mails }
    }

    /// The next mail, or a failed test.
    pub fn next(&self) -> Mail {
        self.mails.recv_timeout(Duration::from_secs(30)).expect("a mail within 30 s")
    }
}

fn serve(stream: TcpStream, sender: &Sender<Mail>, answers: &Mutex<VecDeque<&'static str>>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut stream = stream;
    let mut mail = Mail::default();
    stream.write_all(b"220 sink\r\n").ok()?;
    loop {
        let line = line(&mut reader)?;
        mail.said.push(line.clone());
        let reply = match line.split_whitespace().next().unwrap_or_default().to_uppercase().as_str() {
            "EHLO" => "250-sink\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME",
            "AUTH" => "235 ok",
            "DATA" => {
                stream.write_all(b"354 go on\r\n").ok()?;
                mail.data = data(&mut reader)?;
                sender.send(std::mem::take(&mut mail)).ok()?;
                let answer = answers.lock().unwrap().pop_front().unwrap_or("250 taken");
                if answer.is_empty() {
                    let _ = reader.read_line(&mut String::new());
                    return None;
                }
                answer
            }
            "QUIT" => "221 bye",
            _ => "250 ok",
        };
        stream.write_all(format!("{reply}\r\n").as_bytes()).ok()?;
    }
}

fn line(reader: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|n| *n > 0)?;
    Some(line.trim_end().to_owned())
}

fn data(reader: &mut BufReader<TcpStream>) -> Option<String> {
    let mut all = String::new();
    loop {
        let line = line(reader)?;
        if line == "." {
            return Some(all);
        }
        all += &(line + "\n");
    }
}
