//! A fake receiver of webhooks: records every request, and hangs, refuses, asks for patience or
//! answers late on demand. Speaks as much HTTP/1.1 as a client of one request needs.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

/// No body is larger; a larger one is cut off.
const BODY_BYTES_MAX: usize = 1 << 20;

/// How long a hanging answer hangs, unless the receiver goes first.
const HANG: Duration = Duration::from_secs(120);

/// What it does with the next requests.
#[derive(Debug, Clone, PartialEq)]
pub enum Behaviour {
    /// 200 with this body.
    Accept(String),
    /// This status, with these headers.
    Refuse(u16, Vec<(String, String)>),
    /// 200, this much later.
    Late(Duration),
    /// Takes the request and never answers.
    Hang,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Request {
    /// When.
    pub at: Instant,
    /// Its path and query.
    pub path: String,
    /// Headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// Its body.
    pub body: Vec<u8>,
    /// What it was answered; `None` where it was left hanging.
    pub status: Option<u16>,
}

impl Request {
    /// Its body as JSON.
    ///
    /// # Panics
    /// When it is none.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }
}

#[derive(Debug)]
struct Shared {
    behaviour: Mutex<Behaviour>,
    requests: Mutex<Vec<Request>>,
    closing: AtomicBool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no thread of the receiver panics")
}

/// The receiver; it closes when dropped.
#[derive(Debug)]
pub struct Receiver {
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

impl Receiver {
    /// Starts one that accepts everything.
    ///
    /// # Panics
    /// When loopback cannot be bound.
    #[must_use]
    pub fn start() -> Self {
        Self::try_start_on(0).expect("loopback can be bound")
    }

    /// Starts one on this port of loopback, if it can be bound.
    #[must_use]
    pub fn try_start_on(port: u16) -> Option<Self> {
        let listener = TcpListener::bind(crate::port::local(port)).ok()?;
        let address = listener.local_addr().expect("a bound socket has an address");
        let shared = Arc::new(Shared {
            behaviour: Mutex::new(Behaviour::Accept("{}".into())),
            requests: Mutex::new(Vec::new()),
            closing: AtomicBool::new(false),
        });
        let ours = Arc::clone(&shared);
        let acceptor = std::thread::spawn(move || accept(&listener, &ours));
        Some(Self { address, shared, acceptor: Some(acceptor) })
    }

    /// `http://127.0.0.1:port`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it does from now on.
    pub fn behave(&self, behaviour: Behaviour) {
        *lock(&self.shared.behaviour) = behaviour;
    }

    /// Everything that came, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.shared.requests).clone()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::SeqCst);
        // Wakes the acceptor, which then sees that it is over.
        let _ = TcpStream::connect(self.address);
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming().flatten() {
        if shared.closing.load(Ordering::SeqCst) {
            return;
        }
        let shared = Arc::clone(shared);
        // A client that goes away in the middle of its request sent none.
        std::thread::spawn(move || serve(stream, &shared));
    }
}

/// One request; `None` when the peer went away in its middle.
fn serve(stream: TcpStream, shared: &Shared) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split_whitespace().nth(1)?.to_owned();
    let mut headers = BTreeMap::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length: usize = headers.get("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length.min(BODY_BYTES_MAX)];
    reader.read_exact(&mut body).ok()?;

    let behaviour = lock(&shared.behaviour).clone();
    let (status, extra, text) = match &behaviour {
        Behaviour::Accept(text) => (Some(200), Vec::new(), text.clone()),
        Behaviour::Refuse(status, extra) => (Some(*status), extra.clone(), String::new()),
        Behaviour::Late(_) => (Some(200), Vec::new(), "{}".into()),
        Behaviour::Hang => (None, Vec::new(), String::new()),
    };
    lock(&shared.requests).push(Request { at: Instant::now(), path, headers, body, status });
    match behaviour {
        Behaviour::Late(delay) => pause(shared, delay),
        Behaviour::Hang => pause(shared, HANG),
        _ => {}
    }
    let status = status?;
    let extra: String = extra.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let answer =
        format!("HTTP/1.1 {status} -\r\ncontent-length: {}\r\nconnection: close\r\n{extra}\r\n{text}", text.len());
    (&stream).write_all(answer.as_bytes()).ok()
}

/// The delay that a behaviour promises to its client, cut short when the receiver goes.
fn pause(shared: &Shared, delay: Duration) {
    crate::wait::try_until(delay, || shared.closing.load(Ordering::SeqCst).then_some(()));
}
