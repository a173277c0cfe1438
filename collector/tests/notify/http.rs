//! A real HTTP server on loopback that misbehaves as told: every request is handed to the test, and
//! answered by the next behaviour in line (200 where none waits).

use std::{
    collections::VecDeque,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::Duration,
};

/// What to do with a request.
#[derive(Debug, Clone)]
pub enum Behave {
    /// Answer with this status and these headers.
    Answer(u16, &'static [(&'static str, &'static str)]),
    /// Never answer, and keep the connection.
    Hang,
    /// Cut the connection.
    Close,
    /// Answer 200 with this body.
    Say(&'static str),
    /// Answer 200 after that time.
    Late(Duration),
    /// Answer something that is no HTTP.
    Babble,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Request {
    /// What was asked for, query and all.
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// As bytes.
    pub body: Vec<u8>,
}

impl Request {
    /// The header of that name, empty where absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v)
    }

    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// The server; ends with the test's process.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    /// What it got.
    pub requests: Receiver<Request>,
}

impl Server {
    pub fn start(plan: impl IntoIterator<Item = Behave>) -> Self {
        Self::start_with(plan, Behave::Answer(200, &[]))
    }

    /// As [`Server::start`], with what it does once the plan is through.
    pub fn start_with(plan: impl IntoIterator<Item = Behave>, afterwards: Behave) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, requests) = channel();
        let plan = Arc::new(Mutex::new(plan.into_iter().collect::<VecDeque<_>>()));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (Ok(stream), sender, plan) = (stream, sender.clone(), plan.clone()) else { return };
                let afterwards = afterwards.clone();
                thread::spawn(move || serve(stream, &sender, &plan, &afterwards));
            }
        });
        Self { address, requests }
    }

    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// The next request, or a failed test.
    pub fn next(&self) -> Request {
        self.requests.recv_timeout(Duration::from_secs(30)).expect("a request within 30 s")
    }
}

fn serve(
    stream: TcpStream,
    sender: &Sender<Request>,
    plan: &Mutex<VecDeque<Behave>>,
    afterwards: &Behave,
) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut stream = stream;
    loop {
        let request = read(&mut reader)?;
        let behave = plan.lock().unwrap().pop_front();
        sender.send(request).ok()?;
        match behave.unwrap_or_else(|| afterwards.clone()) {
            Behave::Answer(status, headers) => answer(&mut stream, status, headers)?,
            Behave::Say(text) => {
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", text.len());
                stream.write_all((head + text).as_bytes()).ok()?;
            }
            Behave::Close => return None,
            Behave::Late(time) => {
                thread::sleep(time);
                answer(&mut stream, 200, &[])?;
            }
            Behave::Babble => stream.write_all(b"220 this is no web server\r\n\r\n").ok()?,
            Behave::Hang => {
                // Reading blocks until the other side gives up.
                let _ = reader.read(&mut [0; 1]);
                return None;
            }
        }
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|n| *n > 0)?;
    let path = line.split_whitespace().nth(1)?.to_owned();
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|n| *n > 0)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let mut request = Request { path, headers, body: Vec::new() };
    request.body.resize(request.header("content-length").parse().unwrap_or(0), 0);
    reader.read_exact(&mut request.body).ok()?;
    Some(request)
}

fn answer(stream: &mut TcpStream, status: u16, headers: &[(&str, &str)]) -> Option<()> {
    let mut text = format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\n");
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    stream.write_all((text + "\r\n").as_bytes()).ok()
}
