//! A PN532 as its user manual describes it, seen from the bus, with tags to put before it and to
//! take away.

use std::{collections::VecDeque, time::Duration};

use super::{
    Device, Moment,
    ntag::{Answer, Ntag},
};
use crate::driver::bus::BusError;

const ACK: [u8; 6] = [0x00, 0x00, 0xFF, 0x00, 0xFF, 0x00];
const NACK: [u8; 6] = [0x00, 0x00, 0xFF, 0xFF, 0x00, 0x00];
/// What an error looks like, 6.2.1.5.
const ERROR: [u8; 8] = [0x00, 0x00, 0xFF, 0x01, 0xFF, 0x7F, 0x81, 0x00];

/// After a command its address is not acknowledged for a moment.
const DEAF: Duration = Duration::from_micros(500);
/// From a command to its ACK, less than 15 ms.
const ACK_AFTER: Duration = Duration::from_millis(1);
/// From the ACK to the answer of a command that needs no radio.
const QUICK: Duration = Duration::from_millis(2);
/// One try to find a tag.
const TRY: Duration = Duration::from_millis(5);
/// One exchange with a tag.
const EXCHANGE: Duration = Duration::from_millis(5);

/// Ways in which a reader can be broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// The checksum of the length is wrong in each answer.
    LengthSum,
    /// The checksum of the data is wrong in the next answer only.
    OneDataSum,
    /// It acknowledges commands and never gets ready with an answer.
    NeverReady,
    /// Its RDY bit is on all the time.
    AlwaysReady,
    /// Answers end in the middle.
    Truncated,
}

/// One reader.
#[derive(Default)]
pub struct Pn532 {
    /// The tags before it.
    tags: Vec<Ntag>,
    field: bool,
    /// Index of the tag that is selected, and numbers of those that are listed.
    selected: Option<usize>,
    listed: usize,
    /// How often a tag is looked for beyond once; none: for ever.
    retries: Option<u32>,
    deaf_until: Duration,
    /// What it has to say, and from when on.
    answers: VecDeque<(Duration, Vec<u8>)>,
    last_answer: Vec<u8>,
    broken: Option<Broken>,
    /// Exchanges over the air until the tags are out of reach.
    reach: Option<u32>,
}

impl Pn532 {
    /// A reader without a tag.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a tag before the reader.
    pub fn put(&mut self, tag: Ntag) {
        self.tags.push(tag);
    }

    /// Takes the tag away that was put first.
    pub fn take(&mut self) -> Option<Ntag> {
        self.selected = None;
        if self.tags.is_empty() { None } else { Some(self.tags.remove(0)) }
    }

    /// The tag that was put first, with its memory.
    pub fn tag(&mut self) -> Option<&mut Ntag> {
        self.tags.first_mut()
    }

    /// Whether it sends.
    #[must_use]
    pub fn field(&self) -> bool {
        self.field
    }

    /// Breaks it, or mends it.
    pub fn break_by(&mut self, broken: Option<Broken>) {
        self.broken = broken;
    }

    /// Pulls the tags out of reach after so many exchanges over the air; none brings them back.
    pub fn out_of_reach_after(&mut self, exchanges: Option<u32>) {
        self.reach = exchanges;
    }

    /// What a whole command does: the data of its answer and how long it takes; none: it never ends.
    fn obey(&mut self, data: &[u8]) -> Option<(Option<Vec<u8>>, Duration)> {
        let answer = match *data {
            [0x02] => vec![0x03, 0x32, 0x01, 0x06, 0x07],
            [0x14, 0x01, _, ..] => vec![0x15],
            [0x32, 0x01, field] => {
                self.radio(field & 1 == 1);
                vec![0x33]
            }
            [0x32, 0x05, _, _, tries] => {
                self.retries = (tries != 0xFF).then_some(tries.into());
                vec![0x33]
            }
            [0x4A, most @ 1..=2, 0x00] => return self.list(most.into()),
            [0x54, target] => {
                self.selected = usize::from(target).checked_sub(1).filter(|index| *index < self.listed);
                vec![0x55, if self.selected.is_some() { 0x00 } else { 0x27 }]
            }
            [0x42, ref command @ ..] => return Some((Some(self.air(0x43, command)), EXCHANGE)),
            [0x40, target, ref command @ ..] => {
                self.selected = usize::from(target).checked_sub(1).filter(|index| *index < self.listed);
                return Some((Some(self.air(0x41, command)), EXCHANGE));
            }
            _ => return Some((None, QUICK)),
        };
        Some((Some(answer), QUICK))
    }

    fn radio(&mut self, on: bool) {
        if on != self.field {
            self.tags.iter_mut().for_each(Ntag::wake);
            (self.selected, self.listed) = (None, 0);
        }
        self.field = on;
    }

    fn list(&mut self, most: usize) -> Option<(Option<Vec<u8>>, Duration)> {
        self.radio(true);
        // Whoever was active or asleep is called again.
        self.tags.iter_mut().for_each(Ntag::wake);
        let there = if self.reach == Some(0) { 0 } else { self.tags.len().min(most) };
        let tries = if there == most { 1 } else { 1 + self.retries? };
        (self.listed, self.selected) = (there, there.checked_sub(1));
        let mut answer = vec![0x4B, u8::try_from(there).unwrap_or(2)];
        for (number, tag) in (1..).zip(&self.tags[..there]) {
            answer.extend([number, 0x00, 0x44, 0x00, 7]);
            answer.extend(tag.uid);
        }
        Some((Some(answer), TRY * tries))
    }

    /// One exchange with the tag that is selected.
    fn air(&mut self, code: u8, command: &[u8]) -> Vec<u8> {
        if let Some(left) = &mut self.reach {
            *left = left.saturating_sub(1);
        }
        let reachable = self.reach != Some(0) && self.field;
        let tag = self.selected.filter(|_| reachable).and_then(|index| self.tags.get_mut(index));
        match tag.map(|tag| tag.command(command)) {
            Some(Answer::Bytes(bytes)) => [&[code, 0x00], &bytes[..]].concat(),
            Some(Answer::Ack) => vec![code, 0x00],
            // Too short for an answer with a checksum.
            Some(Answer::Nak) => vec![code, 0x02],
            None => vec![code, 0x01],
        }
    }

    /// The frame around the data of an answer.
    fn frame(&mut self, data: &[u8]) -> Vec<u8> {
        let length = u8::try_from(data.len() + 1).unwrap_or(0xFF);
        let sum = data.iter().fold(0xD5u8, |sum, byte| sum.wrapping_add(*byte));
        let mut frame = vec![0x00, 0x00, 0xFF, length, length.wrapping_neg(), 0xD5];
        frame.extend_from_slice(data);
        frame.extend([sum.wrapping_neg(), 0x00]);
        match self.broken {
            Some(Broken::LengthSum) => frame[4] ^= 0x01,
            Some(Broken::Truncated) => frame.truncate(frame.len() / 2),
            _ => {}
        }
        frame
    }

    fn answer(&mut self, ready: Duration, mut frame: Vec<u8>) {
        self.last_answer.clone_from(&frame);
        if self.broken == Some(Broken::OneDataSum) {
            self.broken = None;
            let end = frame.len().saturating_sub(2);
            frame[end] ^= 0x80;
        }
        self.answers.push_back((ready, frame));
    }

    fn is_ready(&self, now: Duration) -> bool {
        self.answers.front().is_some_and(|(ready, _)| now >= *ready)
    }
}

/// The data of a frame from the host; none where a checksum does not fit.
fn unframe(bytes: &[u8]) -> Option<&[u8]> {
    let start = bytes.windows(2).position(|pair| pair == [0x00, 0xFF])? + 2;
    let [length, length_sum, rest @ ..] = &bytes[start..] else { return None };
    let data = rest.get(..usize::from(*length))?;
    let sum = data.iter().fold(*rest.get(data.len())?, |sum, byte| sum.wrapping_add(*byte));
    let fits = length.wrapping_add(*length_sum) == 0 && sum == 0;
    data.strip_prefix(&[0xD4]).filter(|_| fits)
}

impl Device for Pn532 {
    fn write(&mut self, bytes: &[u8], at: &Moment<'_>) -> Result<(), BusError> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.deaf_until = at.now + DEAF;
        if bytes == NACK {
            let again = self.last_answer.clone();
            self.answers.clear();
            self.answers.push_back((at.now + ACK_AFTER, again));
            return Ok(());
        }
        // Whatever it was doing ends here, 6.2.2.
        self.answers.clear();
        if bytes == ACK {
            return Ok(());
        }
        let Some(data) = unframe(bytes) else { return Ok(()) };
        let acknowledged = at.now + at.takes(ACK_AFTER);
        self.answers.push_back((acknowledged, ACK.to_vec()));
        let Some((answer, takes)) = self.obey(data) else { return Ok(()) };
        if self.broken == Some(Broken::NeverReady) {
            return Ok(());
        }
        let frame = answer.map_or_else(|| ERROR.to_vec(), |data| self.frame(&data));
        self.answer(acknowledged + at.takes(takes), frame);
        Ok(())
    }

    fn read(&mut self, bytes: &mut [u8], at: &Moment<'_>) -> Result<(), BusError> {
        if at.now < self.deaf_until {
            return Err(BusError::nack());
        }
        let ready = self.is_ready(at.now);
        bytes.fill(0);
        if let Some((status, rest)) = bytes.split_first_mut() {
            *status = u8::from(ready || self.broken == Some(Broken::AlwaysReady));
            // A read that ends after the status leaves the frame where it is.
            if ready && !rest.is_empty() {
                let frame = self.answers.pop_front().map(|(_, frame)| frame).unwrap_or_default();
                rest.iter_mut().zip(frame).for_each(|(to, from)| *to = from);
            }
        }
        Ok(())
    }

    fn power_on(&mut self, now: Duration) {
        let tags = std::mem::take(&mut self.tags);
        *self = Self { tags, deaf_until: now, ..Self::default() };
        self.tags.iter_mut().for_each(Ntag::wake);
    }

    /// The checksum of the data of an answer; an ACK has none. Elsewhere the last byte of what is long
    /// enough to be an answer.
    fn spoil(&self, bytes: &mut [u8]) {
        match bytes {
            [_, 0x00, 0x00, 0xFF, 0x00, ..] => {}
            [_, 0x00, 0x00, 0xFF, length, _, rest @ ..] if usize::from(*length) < rest.len() => {
                rest[usize::from(*length)] ^= 0x01;
            }
            [_, _, _, _, _, _, _, .., last] => *last ^= 0x01,
            _ => {}
        }
    }
}
