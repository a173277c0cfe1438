//! Hears the collector's acks and knows how many samples are committed, in total and by device.

use std::{
    collections::HashMap,
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use wire::{Channel, Topic};

use super::mqtt::{self, Packet, Writer};
use crate::wait;

#[derive(Debug, Default)]
struct Heard {
    total: AtomicU64,
    /// By topic and spool: up to where, and when that was heard.
    upto: Mutex<HashMap<(String, String), (u64, Instant)>>,
    /// When the first and the newest ack that moved anything came, with the total then.
    first: Mutex<Option<(Instant, u64)>>,
    last: Mutex<Option<Instant>>,
}

/// A listener on every device's `ack` topic; closes when dropped.
#[derive(Debug)]
pub struct Acks {
    heard: Arc<Heard>,
    writer: Arc<Mutex<Writer>>,
    thread: Option<JoinHandle<()>>,
}

impl Acks {
    /// Connects and subscribes.
    pub fn listen(port: u16) -> io::Result<Self> {
        let (mut writer, mut reader) = mqtt::connect(port, &format!("acks-{:x}", std::process::id()))?;
        writer.subscribe(&Topic::filter(None, Channel::Ack))?;
        while reader.packet()? != Packet::SubAck {}
        let heard = Arc::new(Heard::default());
        let writer = Arc::new(Mutex::new(writer));
        let (ours, acknowledger) = (Arc::clone(&heard), Arc::clone(&writer));
        let thread = std::thread::spawn(move || {
            loop {
                let packet = match reader.packet() {
                    Ok(packet) => packet,
                    Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                        continue;
                    }
                    Err(_) => return,
                };
                let Packet::Publish { topic, body, id } = packet else { continue };
                ours.hear(topic, &body);
                let mut writer = acknowledger.lock().expect("no holder panics");
                let _ = id.map_or(Ok(()), |id| writer.acknowledge(id));
                if !reader.has_more() && writer.flush().is_err() {
                    return;
                }
            }
        });
        Ok(Self { heard, writer, thread: Some(thread) })
    }

    /// Samples committed so far.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.heard.total.load(Ordering::Acquire)
    }

    /// Up to where a spool is committed, and when that was heard.
    #[must_use]
    pub fn of(&self, ack_topic: &str, spool: &str) -> Option<(u64, Instant)> {
        let upto = self.heard.upto.lock().expect("no holder panics");
        upto.get(&(ack_topic.to_owned(), spool.to_owned())).copied()
    }

    /// Time of the first ack with the total it brought, and time of the last.
    #[must_use]
    pub fn span(&self) -> Option<((Instant, u64), Instant)> {
        let first = *self.heard.first.lock().expect("no holder panics");
        let last = *self.heard.last.lock().expect("no holder panics");
        Some((first?, last?))
    }

    /// Waits until `total` samples are committed; says whether they were.
    #[must_use]
    pub fn reach(&self, total: u64, within: Duration) -> bool {
        wait::try_until(within, || (self.total() >= total).then_some(())).is_some()
    }
}

impl Heard {
    fn hear(&self, topic: String, body: &[u8]) {
        let Ok(ack) = wire::ack::parse(body) else { return };
        let now = Instant::now();
        let mut upto = self.upto.lock().expect("no holder panics");
        let known = upto.entry((topic, ack.spool.to_string())).or_insert((0, now));
        if ack.upto > known.0 {
            let more = ack.upto - known.0;
            *known = (ack.upto, now);
            let total = self.total.fetch_add(more, Ordering::AcqRel) + more;
            self.first.lock().expect("no holder panics").get_or_insert((now, total));
            *self.last.lock().expect("no holder panics") = Some(now);
        }
    }
}

impl Drop for Acks {
    fn drop(&mut self) {
        if let Ok(mut writer) = self.writer.lock() {
            writer.close();
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
