//! Reads the body of the `samples` channel: the hot path of a collector. Builds no tree; each
//! refusal names its field.

use std::{borrow::Cow, fmt};

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::{Entry, Lost, LostReason};
use crate::{
    BODY_BYTES_MAX, Clock, Error, Fault, Id, PointName, Sample,
    field::{Field, Key},
    read,
    sample::SAMPLE_POINTS_MAX,
};

/// Reads a body. An array keeps its order; an empty array is refused.
pub fn parse(body: &[u8]) -> Result<Vec<Entry>, Error> {
    if body.len() > BODY_BYTES_MAX {
        return Err(Error::TooLarge { bytes: body.len() });
    }
    let mut progress = Progress::default();
    let mut json = serde_json::Deserializer::from_slice(body);
    let read = Body(&mut progress).deserialize(&mut json).and_then(|entries| json.end().map(|()| entries));
    let entries = read.map_err(|error| progress.why(error))?;
    if entries.is_empty() {
        return Err(Error::BadValue { path: String::new(), reason: "an array without samples".into() });
    }
    Ok(entries)
}

/// What serde's own error cannot carry: which item is being read, and our refusal.
#[derive(Default)]
struct Progress {
    /// The item of the array that is being read.
    index: Option<usize>,
    refusal: Option<Error>,
}

impl Progress {
    /// Keeps our refusal and ends the reading.
    fn refuse<E: serde::de::Error>(&mut self, refusal: Error) -> E {
        self.refusal = Some(refusal);
        E::custom("refused")
    }

    fn why(self, error: serde_json::Error) -> Error {
        let error = self.refusal.unwrap_or_else(|| read::not_json(error));
        match self.index {
            Some(index) => error.within(&format!("[{index}]")),
            None => error,
        }
    }
}

/// Reads the whole body.
struct Body<'p>(&'p mut Progress);

impl<'de> DeserializeSeed<'de> for Body<'_> {
    type Value = Vec<Entry>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<Entry>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Body<'_> {
    type Value = Vec<Entry>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sample, or an array of samples")
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Vec<Entry>, A::Error> {
        entry(fields, self.0).map(|entry| vec![entry])
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<Entry>, A::Error> {
        let mut entries = Vec::new();
        self.0.index = Some(0);
        while let Some(entry) = items.next_element_seed(Item(self.0))? {
            entries.push(entry);
            self.0.index = Some(entries.len());
        }
        self.0.index = None;
        Ok(entries)
    }
}

/// Reads one item of an array.
struct Item<'p>(&'p mut Progress);

impl<'de> DeserializeSeed<'de> for Item<'_> {
    type Value = Entry;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Entry, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Item<'_> {
    type Value = Entry;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sample")
    }
    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Entry, A::Error> {
        entry(fields, self.0)
    }
}

/// The header fields of an entry as they come.
#[derive(Default)]
struct Header<'a> {
    at: Option<Field<'a>>,
    seq: Option<Field<'a>>,
    spool: Option<Field<'a>>,
    boot: Option<Field<'a>>,
    clock: Option<Field<'a>>,
    uncertainty_ms: Option<Field<'a>>,
    faults: Option<Field<'a>>,
    upto: Option<Field<'a>>,
    lost: Option<Field<'a>>,
}

impl<'a> Header<'a> {
    fn slot(&mut self, name: &str) -> Option<&mut Option<Field<'a>>> {
        Some(match name {
            "at" => &mut self.at,
            "seq" => &mut self.seq,
            "spool" => &mut self.spool,
            "boot" => &mut self.boot,
            "clock" => &mut self.clock,
            "uncertainty_ms" => &mut self.uncertainty_ms,
            "faults" => &mut self.faults,
            "upto" => &mut self.upto,
            "lost" => &mut self.lost,
            _ => return None,
        })
    }
}

fn entry<'de, A: MapAccess<'de>>(mut fields: A, progress: &mut Progress) -> Result<Entry, A::Error> {
    let mut header = Header::default();
    let mut points: Vec<(Cow<'de, str>, Field<'de>)> = Vec::with_capacity(16);
    while let Some(Key(name)) = fields.next_key()? {
        let value: Field<'de> = fields.next_value()?;
        match header.slot(&name) {
            Some(slot) if slot.is_some() => return Err(progress.refuse(bad(&name, "is there twice".into()))),
            Some(slot) => *slot = Some(value),
            // An extension of somebody else: theirs to read, whatever it is.
            None if name.starts_with('_') => {}
            // Here, not later: comparing thousands of names with each other would take long.
            None if points.len() == SAMPLE_POINTS_MAX => return Err(progress.refuse(too_many())),
            None => points.push((name, value)),
        }
    }
    let entry =
        if header.lost.is_some() { lost(&header).map(Entry::Lost) } else { sample(header, points).map(Entry::Sample) };
    entry.map_err(|refusal| progress.refuse(refusal))
}

fn sample<'a>(header: Header<'a>, fields: Vec<(Cow<'a, str>, Field<'a>)>) -> Result<Sample, Error> {
    if let Some(field) = &header.upto {
        return Err(bad("upto", format!("belongs to a lost run, which needs `lost`; found {}", field.found())));
    }
    let seq = unsigned("seq", header.seq.as_ref(), 1)?;
    let at = unsigned("at", header.at.as_ref(), 0)?;
    let at = i64::try_from(at).map_err(|_| bad("at", format!("{at} is no instant")))?;
    let mut points: Vec<(PointName, f64)> = Vec::with_capacity(fields.len());
    for (name, field) in fields {
        let point = PointName::parse(&name).map_err(|e| e.within(&cut(&name)))?;
        let value = match field {
            Field::Unsigned(n) => n as f64,
            Field::Signed(n) => n as f64,
            Field::Float(n) if n.is_finite() => n,
            other => return Err(wrong(&name, "a number", &other)),
        };
        if points.iter().any(|(known, _)| *known == point) {
            return Err(bad(&name, "is there twice".into()));
        }
        points.push((point, value));
    }
    let faults = faults(header.faults, &points)?;
    Ok(Sample {
        at,
        seq,
        spool: identifier("spool", header.spool.as_ref())?,
        boot: identifier("boot", header.boot.as_ref())?,
        clock: clock(header.clock.as_ref(), header.uncertainty_ms.as_ref())?,
        points,
        faults,
    })
}

fn clock(clock: Option<&Field<'_>>, uncertainty_ms: Option<&Field<'_>>) -> Result<Clock, Error> {
    match clock {
        Some(Field::Unsigned(1)) => Ok(Clock::Trusted),
        Some(Field::Unsigned(0)) => {
            Ok(Clock::Uncertain { uncertainty_ms: unsigned("uncertainty_ms", uncertainty_ms, 0)? })
        }
        Some(other) => Err(wrong("clock", "0 or 1", other)),
        None => Err(missing("clock")),
    }
}

fn faults(field: Option<Field<'_>>, points: &[(PointName, f64)]) -> Result<Vec<(PointName, Fault)>, Error> {
    let fields = match field {
        None => return Ok(Vec::new()),
        Some(Field::Object(fields)) => fields,
        Some(other) => return Err(wrong("faults", "an object", &other)),
    };
    if points.len() + fields.len() > SAMPLE_POINTS_MAX {
        return Err(too_many());
    }
    let mut faults: Vec<(PointName, Fault)> = Vec::with_capacity(fields.len());
    for (name, reason) in fields {
        let path = format!("faults.{}", cut(&name));
        let point = PointName::parse(&name).map_err(|e| e.within(&path))?;
        let Field::Text(reason) = reason else { return Err(wrong(&path, "a reason as text", &reason)) };
        if reason.is_empty() || reason.chars().count() > read::TEXT_CHARS_MAX {
            return Err(bad(&path, format!("a reason has 1 to {} characters", read::TEXT_CHARS_MAX)));
        }
        if points.iter().any(|(known, _)| *known == point) {
            return Err(bad(&path, "the point has a value as well".into()));
        }
        if faults.iter().any(|(known, _)| *known == point) {
            return Err(bad(&path, "is there twice".into()));
        }
        faults.push((point, Fault::from_wire(&reason)));
    }
    Ok(faults)
}

fn lost(header: &Header<'_>) -> Result<Lost, Error> {
    let reason = match &header.lost {
        Some(Field::Text(name)) => LostReason::ALL
            .into_iter()
            .find(|reason| reason.as_str() == name)
            .ok_or_else(|| bad("lost", format!("`{}` is no reason", cut(name))))?,
        Some(other) => return Err(wrong("lost", "a reason as text", other)),
        None => return Err(missing("lost")),
    };
    let seq = unsigned("seq", header.seq.as_ref(), 1)?;
    let upto = unsigned("upto", header.upto.as_ref(), 1)?;
    if upto < seq {
        return Err(bad("upto", format!("{upto} is before `seq`: {seq}")));
    }
    Ok(Lost { spool: identifier("spool", header.spool.as_ref())?, seq, upto, reason })
}

fn unsigned(path: &str, field: Option<&Field<'_>>, least: u64) -> Result<u64, Error> {
    match field {
        Some(Field::Unsigned(n)) if *n >= least => Ok(*n),
        Some(Field::Unsigned(n)) => Err(bad(path, format!("{n} is less than {least}"))),
        Some(other) => Err(wrong(path, "a whole number, not negative", other)),
        None => Err(missing(path)),
    }
}

fn identifier(path: &str, field: Option<&Field<'_>>) -> Result<Id, Error> {
    match field {
        Some(Field::Text(text)) => Id::parse(text).map_err(|e| e.within(path)),
        Some(other) => Err(wrong(path, "an identifier", other)),
        None => Err(missing(path)),
    }
}

fn missing(path: &str) -> Error {
    Error::Missing { path: path.into() }
}

fn too_many() -> Error {
    bad("", format!("values and faults are over the limit of {SAMPLE_POINTS_MAX} together"))
}

fn bad(path: &str, reason: String) -> Error {
    Error::BadValue { path: cut(path), reason }
}

fn wrong(path: &str, expected: &'static str, found: &Field<'_>) -> Error {
    Error::WrongType { path: cut(path), expected, found: found.found() }
}

/// A name from outside, cut so that no refusal is long.
fn cut(name: &str) -> String {
    name.chars().take(80).collect()
}
