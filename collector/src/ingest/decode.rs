//! Turns a topic and a body into what the message says, or into a quarantine row with the reason.
//! Pure: knows nothing of brokers, spools or time, and never panics whatever comes in.

use wire::{
    About, BODY_BYTES_MAX, Channel, Entry, Error, Outcome, Source, Status, Topic, UnixMs, about, command, samples,
    status,
};

use crate::ledger::Quarantined;

/// Bytes of a refused body that quarantine keeps.
pub const QUARANTINE_BODY_BYTES_MAX: usize = 4 * 1024;
/// Sequence numbers end here: every store holds signed 64 bits.
pub const SEQ_MAX: u64 = i64::MAX as u64;

/// What a message says.
#[derive(Debug, Clone, PartialEq)]
pub enum Decoded {
    /// Samples and lost runs, in the order of their numbers, each with the hash of its content.
    Samples(Source, Vec<(Entry, u32)>),
    /// How an agent is.
    Status(Source, Status),
    /// What an agent is.
    About(Source, About),
    /// The outcome of a command.
    Result(Source, Outcome),
    /// A retained message on `samples`: somebody's mistake, or poison. It is old by nature and
    /// would come again with each subscription, so it is counted and nothing else.
    RetainedSamples,
}

/// Reads a message.
pub fn decode(topic: &str, body: &[u8], retained: bool, at: UnixMs) -> Result<Decoded, Quarantined> {
    let refuse = |reason: &'static str, detail: String| Quarantined {
        at,
        topic: topic.chars().take(512).collect(),
        reason,
        detail,
        body: body[..body.len().min(QUARANTINE_BODY_BYTES_MAX)].to_vec(),
    };
    let Topic { source, channel } = Topic::parse(topic).map_err(|e| refuse("bad_topic", e.to_string()))?;
    if body.len() > BODY_BYTES_MAX {
        return Err(refuse("too_large", Error::TooLarge { bytes: body.len() }.to_string()));
    }
    let undecodable = |e: Error| refuse("undecodable", e.to_string());
    match channel {
        Channel::Samples if retained => Ok(Decoded::RetainedSamples),
        Channel::Samples => {
            let entries = samples::parse(body).map_err(undecodable)?;
            if let Some(entry) = entries.iter().find(|e| e.seqs().1 > SEQ_MAX || e.seqs().0 == 0) {
                return Err(refuse(
                    "bad_run",
                    format!("sequence numbers run from 1 to {SEQ_MAX}, found {:?}", entry.seqs()),
                ));
            }
            Ok(Decoded::Samples(
                source,
                entries
                    .into_iter()
                    .map(|e| {
                        let h = content_hash(&e);
                        (e, h)
                    })
                    .collect(),
            ))
        }
        Channel::Status => Ok(Decoded::Status(source, status::parse(body).map_err(undecodable)?)),
        Channel::About => Ok(Decoded::About(source, about::parse(body).map_err(undecodable)?)),
        Channel::Result => Ok(Decoded::Result(source, command::parse_outcome(body).map_err(undecodable)?)),
        Channel::Ack | Channel::Command => Err(refuse("bad_topic", "this channel goes from the collector".into())),
    }
}

/// A hash of what may not change when a sample is sent again: values, faults and boot. The instant
/// is left out, since an agent that learns the time re-places what it has not sent for good.
/// Never 0, which stands for numbers without a sample.
#[must_use]
pub fn content_hash(entry: &Entry) -> u32 {
    let Entry::Sample(sample) = entry else { return 0 };
    let mut hash = Fold(0x9e37_79b9_7f4a_7c15);
    hash.text(sample.boot.as_str());
    for (name, value) in &sample.points {
        hash.text(name.as_str());
        hash.number(value.to_bits());
    }
    for (name, fault) in &sample.faults {
        hash.text(name.as_str());
        hash.text(fault.as_str());
    }
    ((hash.0 >> 32) as u32 ^ hash.0 as u32).max(1)
}

/// A quick multiply-and-rotate hash; it guards against mistakes, not against forgery.
struct Fold(u64);

impl Fold {
    fn number(&mut self, n: u64) {
        self.0 = (self.0.rotate_left(5) ^ n).wrapping_mul(0x517c_c1b7_2722_0a95);
    }

    fn text(&mut self, text: &str) {
        let mut chunks = text.as_bytes().chunks_exact(8);
        for chunk in &mut chunks {
            self.number(u64::from_le_bytes(chunk.try_into().expect("chunks of eight")));
        }
        let mut last = [0u8; 8];
        let rest = chunks.remainder();
        last[..rest.len()].copy_from_slice(rest);
        self.number(u64::from_le_bytes(last) ^ (text.len() as u64) << 56);
    }
}
