//! Publishes the samples of many devices over a few connections, as fast as the broker takes them
//! or at a steady rate.

use std::{
    io,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant, SystemTime},
};

use wire::UnixMs;

use super::{
    device::Device,
    mqtt::{self, Packet, Reader},
};

/// Publishes that may wait for the broker's PUBACK on one connection.
const INFLIGHT_MAX: u64 = 1_000;

/// How fast, and how far ahead of the collector.
#[derive(Clone, Copy)]
pub struct Pace<'a> {
    /// Samples a second over all connections; `None` for as fast as it goes.
    pub rate: Option<f64>,
    /// How many samples are committed; publishing stays at most `ahead_max` in front of it, below
    /// what the broker queues. `None` where nobody commits.
    pub committed: Option<&'a (dyn Fn() -> u64 + Sync)>,
    /// See `committed`.
    pub ahead_max: u64,
}

impl Pace<'_> {
    /// As fast as it goes, whoever listens.
    pub const FULL: Pace<'static> = Pace { rate: None, committed: None, ahead_max: 0 };
}

/// Wall time now.
#[must_use]
pub fn now_ms() -> UnixMs {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    UnixMs::try_from(since.as_millis()).unwrap_or(UnixMs::MAX)
}

/// Publishes `samples` samples of each device, round after round, over `connections` connections,
/// and returns when the broker has acknowledged all. `at` gives the time of a device's round.
pub fn publish(
    port: u16,
    devices: &mut [Device],
    samples: u64,
    connections: usize,
    pace: Pace<'_>,
    at: &(dyn Fn(u64) -> UnixMs + Sync),
) -> io::Result<()> {
    let published = AtomicU64::new(0);
    let share = devices.len().div_ceil(connections.max(1)).max(1);
    let started = Instant::now();
    let all = devices.len() as u64;
    std::thread::scope(|scope| {
        let threads: Vec<_> = devices
            .chunks_mut(share)
            .enumerate()
            .map(|(index, chunk)| {
                let published = &published;
                scope.spawn(move || {
                    let part = chunk.len() as f64 / all as f64;
                    let rate = pace.rate.map(|rate| rate * part);
                    one_connection(port, index, chunk, samples, Pace { rate, ..pace }, at, published, started)
                })
            })
            .collect();
        threads.into_iter().try_for_each(|thread| thread.join().expect("a publisher does not panic"))
    })
}

#[allow(clippy::too_many_arguments, reason = "one call, and a struct of the same eight fields would say no more")]
fn one_connection(
    port: u16,
    index: usize,
    devices: &mut [Device],
    samples: u64,
    pace: Pace<'_>,
    at: &(dyn Fn(u64) -> UnixMs + Sync),
    published: &AtomicU64,
    started: Instant,
) -> io::Result<()> {
    let (mut writer, reader) = mqtt::connect(port, &format!("load-{:x}-{index}", std::process::id()))?;
    let acknowledged = AtomicU64::new(0);
    let total = samples * devices.len() as u64;
    std::thread::scope(|scope| {
        let counting = scope.spawn(|| count_pubacks(reader, total, &acknowledged));
        let mut sent = 0u64;
        let outcome = (|| {
            for round in 0..samples {
                for device in &mut *devices {
                    if let Some(rate) = pace.rate {
                        let due = started + Duration::from_secs_f64(sent as f64 / rate);
                        if let Some(early) = due.checked_duration_since(Instant::now()) {
                            writer.flush()?;
                            std::thread::sleep(early);
                        }
                    }
                    while sent - acknowledged.load(Ordering::Acquire) >= INFLIGHT_MAX || too_far_ahead(&pace, published)
                    {
                        writer.flush()?;
                        std::thread::sleep(Duration::from_micros(200));
                        if counting.is_finished() {
                            return Err(io::Error::other("the broker closed the connection"));
                        }
                    }
                    let body = device.body(at(round));
                    writer.publish(&device.topic, body.as_bytes(), (sent % 65_535) as u16 + 1)?;
                    sent += 1;
                    published.fetch_add(1, Ordering::AcqRel);
                }
            }
            writer.flush()
        })();
        if outcome.is_err() {
            writer.close();
        }
        let counted = counting.join().expect("the counter does not panic");
        outcome.and(counted)
    })
}

fn too_far_ahead(pace: &Pace<'_>, published: &AtomicU64) -> bool {
    pace.committed.is_some_and(|committed| published.load(Ordering::Acquire) >= committed() + pace.ahead_max)
}

fn count_pubacks(mut reader: Reader, total: u64, acknowledged: &AtomicU64) -> io::Result<()> {
    while acknowledged.load(Ordering::Acquire) < total {
        if matches!(reader.packet()?, Packet::PubAck(_)) {
            acknowledged.fetch_add(1, Ordering::AcqRel);
        }
    }
    Ok(())
}
