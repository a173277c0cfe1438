//! A fake mail server: takes every mail in the clear and keeps it. As much SMTP as a client needs.

use std::{
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
};

/// A mail as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Envelope: `MAIL FROM` and each `RCPT TO`, as written.
    pub envelope: Vec<String>,
    /// Headers and body.
    pub text: String,
}

/// The server; it closes when dropped.
#[derive(Debug)]
pub struct Mailbox {
    address: SocketAddr,
    mails: Arc<Mutex<Vec<Mail>>>,
    closing: Arc<AtomicBool>,
    acceptor: Option<JoinHandle<()>>,
}

impl Mailbox {
    /// Starts one.
    ///
    /// # Panics
    /// When loopback cannot be bound.
    #[must_use]
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback can be bound");
        let address = listener.local_addr().expect("a bound socket has an address");
        let mails = Arc::new(Mutex::new(Vec::new()));
        let closing = Arc::new(AtomicBool::new(false));
        let (ours, over) = (Arc::clone(&mails), Arc::clone(&closing));
        let acceptor = std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                let mails = Arc::clone(&ours);
                // A client that goes away in the middle of its mail sent none.
                std::thread::spawn(move || serve(stream, &mails));
            }
        });
        Self { address, mails, closing, acceptor: Some(acceptor) }
    }

    /// Where it listens.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Every mail that came, in order.
    ///
    /// # Panics
    /// Never: no thread of the server panics.
    #[must_use]
    pub fn mails(&self) -> Vec<Mail> {
        self.mails.lock().expect("no thread of the server panics").clone()
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        self.closing.store(true, Ordering::SeqCst);
        // Wakes the acceptor, which then sees that it is over.
        let _ = TcpStream::connect(self.address);
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }
}

/// One session; `None` when the peer went away.
fn serve(stream: TcpStream, mails: &Mutex<Vec<Mail>>) -> Option<()> {
    let mut lines = BufReader::new(stream.try_clone().ok()?).lines().map_while(Result::ok);
    let mut stream = stream;
    let mut say = move |text: &str| stream.write_all(format!("{text}\r\n").as_bytes()).ok();
    let mut envelope = Vec::new();
    say("220 fake.example ready")?;
    while let Some(line) = lines.next() {
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" | "HELO" => say("250 fake.example")?,
            "MAIL" | "RCPT" => {
                envelope.push(line);
                say("250 fine")?;
            }
            "DATA" => {
                say("354 go on")?;
                let text = lines.by_ref().take_while(|line| line != ".").collect::<Vec<_>>().join("\n");
                let mail = Mail { envelope: std::mem::take(&mut envelope), text };
                mails.lock().expect("no thread of the server panics").push(mail);
                say("250 kept")?;
            }
            "QUIT" => {
                say("221 bye")?;
                return Some(());
            }
            _ => say("250 whatever")?,
        }
    }
    None
}
