//! As much MQTT 3.1.1 as a load generator needs: connect, subscribe, publish, acknowledge.
//! Never reconnects and never resends: a lost connection ends a measurement.
//!
//! Source of the packet layout: MQTT 3.1.1, OASIS standard, chapters 2 and 3.

use std::{
    io::{self, BufReader, Read, Write},
    net::TcpStream,
    time::Duration,
};

/// The half that writes.
#[derive(Debug)]
pub struct Writer {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// The half that reads.
#[derive(Debug)]
pub struct Reader {
    stream: BufReader<TcpStream>,
}

/// What a broker sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Packet {
    /// The connection is accepted (0) or not.
    ConnAck(u8),
    /// It has the publish of this id.
    PubAck(u16),
    /// It has the subscription.
    SubAck,
    /// A message; with an id where it wants to be acknowledged.
    Publish {
        /// Its topic.
        topic: String,
        /// Its body.
        body: Vec<u8>,
        /// Its id, for QoS 1.
        id: Option<u16>,
    },
    /// Something else.
    Other(u8),
}

/// Writes go out when this much waits, or when told.
const FLUSH_BYTES: usize = 16 * 1024;

/// Connects and waits for the broker's word.
pub fn connect(port: u16, client_id: &str) -> io::Result<(Writer, Reader)> {
    let stream = TcpStream::connect(crate::port::local(port))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    let mut writer = Writer { stream: stream.try_clone()?, buffer: Vec::with_capacity(2 * FLUSH_BYTES) };
    let mut reader = Reader { stream: BufReader::with_capacity(64 * 1024, stream) };
    // Protocol level 4, clean session, no keep-alive.
    let mut body = vec![0, 4, b'M', b'Q', b'T', b'T', 4, 2, 0, 0];
    put_text(&mut body, client_id);
    writer.packet(0x10, &[&body])?;
    writer.flush()?;
    match reader.packet()? {
        Packet::ConnAck(0) => Ok((writer, reader)),
        other => Err(io::Error::other(format!("the broker answered {other:?}"))),
    }
}

fn put_text(body: &mut Vec<u8>, text: &str) {
    let length = u16::try_from(text.len()).expect("texts of MQTT are short");
    body.extend(length.to_be_bytes());
    body.extend(text.as_bytes());
}

impl Writer {
    fn packet(&mut self, head: u8, parts: &[&[u8]]) -> io::Result<()> {
        self.buffer.push(head);
        let mut length: usize = parts.iter().map(|part| part.len()).sum();
        loop {
            let more = if length > 127 { 0x80 } else { 0 };
            self.buffer.push((length & 127) as u8 | more);
            length >>= 7;
            if length == 0 {
                break;
            }
        }
        for part in parts {
            self.buffer.extend(*part);
        }
        if self.buffer.len() >= FLUSH_BYTES { self.flush() } else { Ok(()) }
    }

    /// Subscribes at QoS 1.
    pub fn subscribe(&mut self, filter: &str) -> io::Result<()> {
        let mut body = vec![0, 1];
        put_text(&mut body, filter);
        body.push(1);
        self.packet(0x82, &[&body])?;
        self.flush()
    }

    /// Publishes at QoS 1; leaves with the next [`Writer::flush`] at the latest.
    pub fn publish(&mut self, topic: &str, body: &[u8], id: u16) -> io::Result<()> {
        let length = u16::try_from(topic.len()).expect("topics are short");
        self.packet(0x32, &[&length.to_be_bytes(), topic.as_bytes(), &id.to_be_bytes(), body])
    }

    /// Acknowledges a message.
    pub fn acknowledge(&mut self, id: u16) -> io::Result<()> {
        self.packet(0x40, &[&id.to_be_bytes()])
    }

    /// Sends what waits.
    pub fn flush(&mut self) -> io::Result<()> {
        self.stream.write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }

    /// Closes both halves; the reader ends with an error.
    pub fn close(&mut self) {
        let _ = self.packet(0xe0, &[]).and_then(|()| self.flush());
        let _ = self.stream.shutdown(std::net::Shutdown::Both);
    }
}

impl Reader {
    /// Whether bytes wait that need no further system call.
    #[must_use]
    pub fn has_more(&self) -> bool {
        !self.stream.buffer().is_empty()
    }

    /// The next packet.
    pub fn packet(&mut self) -> io::Result<Packet> {
        let mut byte = [0];
        self.stream.read_exact(&mut byte)?;
        let head = byte[0];
        let (mut length, mut shift) = (0usize, 0);
        loop {
            self.stream.read_exact(&mut byte)?;
            length |= usize::from(byte[0] & 127) << shift;
            shift += 7;
            if byte[0] < 128 || shift > 21 {
                break;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        let number = |at: usize| body.get(at..at + 2).map_or(0, |two| u16::from_be_bytes([two[0], two[1]]));
        Ok(match head >> 4 {
            2 => Packet::ConnAck(*body.get(1).unwrap_or(&255)),
            4 => Packet::PubAck(number(0)),
            9 => Packet::SubAck,
            3 => {
                let end = 2 + usize::from(number(0));
                let topic = String::from_utf8_lossy(body.get(2..end).unwrap_or_default()).into_owned();
                let wants_ack = head & 6 != 0;
                let id = wants_ack.then(|| number(end));
                let from = if wants_ack { end + 2 } else { end };
                Packet::Publish { topic, body: body.get(from..).unwrap_or_default().to_vec(), id }
            }
            other => Packet::Other(other),
        })
    }
}
