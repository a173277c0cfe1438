//! Body of the `samples` channel: one sample, or an array of samples and lost runs in the order
//! of their numbers. [`parse`] reads it, [`print`] writes it.

use std::{borrow::Cow, fmt, fmt::Write as _};

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use crate::{
    BODY_BYTES_MAX, Clock, Error, Fault, Id, PointName, Sample,
    field::{Field, Key},
    read,
    sample::SAMPLE_POINTS_MAX,
};

/// Why sample numbers have no sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LostReason {
    /// Reserved or in memory only when the power went.
    NeverDurable,
    /// Dropped as the oldest when the spool was full; counted.
    Evicted,
    /// On the card, and unreadable.
    Corrupt,
}

/// A run of numbers whose samples no longer exist:
/// `{"spool":"k3f9x0q2","seq":10,"upto":12,"lost":"evicted"}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Lost {
    /// The spool that gave the numbers.
    pub spool: Id,
    /// The first number.
    pub seq: u64,
    /// The last number, not before the first.
    pub upto: u64,
    /// Why.
    pub reason: LostReason,
}

/// One item of the body.
#[derive(Debug, Clone, PartialEq)]
pub enum Entry {
    /// A sample.
    Sample(Sample),
    /// Numbers without a sample.
    Lost(Lost),
}

impl Entry {
    /// The spool of the entry.
    #[must_use]
    pub fn spool(&self) -> &Id {
        match self {
            Self::Sample(s) => &s.spool,
            Self::Lost(l) => &l.spool,
        }
    }

    /// First and last number that the entry accounts for.
    #[must_use]
    pub fn seqs(&self) -> (u64, u64) {
        match self {
            Self::Sample(s) => (s.seq, s.seq),
            Self::Lost(l) => (l.seq, l.upto),
        }
    }
}

/// Reads a body. An array keeps its order; an empty array is refused.
pub fn parse(body: &[u8]) -> Result<Vec<Entry>, Error> {
    if body.len() > BODY_BYTES_MAX {
        return Err(Error::TooLarge { bytes: body.len() });
    }
    let mut refusal = None;
    let mut json = serde_json::Deserializer::from_slice(body);
    let entries = Body { refusal: &mut refusal }
        .deserialize(&mut json)
        .and_then(|entries| json.end().map(|()| entries))
        .map_err(|error| refusal.unwrap_or_else(|| read::not_json(error)))?;
    if entries.is_empty() {
        return Err(Error::BadValue { path: String::new(), reason: "an array without samples".into() });
    }
    Ok(entries)
}

/// Writes entries: one alone as an object, anything else as an array.
#[must_use]
pub fn print(entries: &[Entry]) -> String {
    // About 32 bytes a point.
    let mut body = String::with_capacity(64 + 320 * entries.len());
    let alone = entries.len() == 1;
    if !alone {
        body.push('[');
    }
    for (index, entry) in entries.iter().enumerate() {
        if index > 0 {
            body.push(',');
        }
        push_entry(&mut body, entry);
    }
    if !alone {
        body.push(']');
    }
    body
}

/// Writes as many entries as fit into `bytes_max`, in order, and says how many: at least the
/// first, however large it is; none only where there is none.
#[must_use]
pub fn fit(entries: &[Entry], bytes_max: usize) -> (String, usize) {
    let mut body = String::from("[");
    let mut taken = 0;
    for entry in entries {
        let before = body.len();
        if taken > 0 {
            body.push(',');
        }
        push_entry(&mut body, entry);
        // One more for the closing bracket.
        if taken > 0 && body.len() + 1 > bytes_max {
            body.truncate(before);
            break;
        }
        taken += 1;
    }
    match taken {
        0 => (String::new(), 0),
        1 => (body.split_off(1), 1),
        _ => {
            body.push(']');
            (body, taken)
        }
    }
}

fn push_entry(body: &mut String, entry: &Entry) {
    // Writing into a String cannot fail.
    let _ = match entry {
        Entry::Sample(sample) => push_sample(body, sample),
        Entry::Lost(lost) => write!(
            body,
            "{{\"spool\":\"{}\",\"seq\":{},\"upto\":{},\"lost\":\"{}\"}}",
            lost.spool,
            lost.seq,
            lost.upto,
            lost.reason.as_str()
        ),
    };
}

/// Identifiers and point names need no escapes; the name of a fault may.
fn push_sample(body: &mut String, sample: &Sample) -> fmt::Result {
    write!(
        body,
        "{{\"at\":{},\"seq\":{},\"spool\":\"{}\",\"boot\":\"{}\"",
        sample.at, sample.seq, sample.spool, sample.boot
    )?;
    match sample.clock {
        Clock::Trusted => body.push_str(",\"clock\":1"),
        Clock::Uncertain { uncertainty_ms } => write!(body, ",\"clock\":0,\"uncertainty_ms\":{uncertainty_ms}")?,
    }
    for (name, value) in &sample.points {
        debug_assert!(value.is_finite(), "a value that is no number belongs into `faults`: {name}");
        // JSON has no word for it; a point that is left out cannot be taken for a good one.
        if value.is_finite() {
            // `Display` of f64 is the shortest text that reads back the same, `612` for 612.0; but
            // it writes 1e300 with 300 zeros.
            if value.abs() < 1e16 && (value.abs() >= 1e-7 || *value == 0.0) {
                write!(body, ",\"{name}\":{value}")?;
            } else {
                write!(body, ",\"{name}\":{value:e}")?;
            }
        }
    }
    for (index, (name, fault)) in sample.faults.iter().enumerate() {
        body.push_str(if index == 0 { ",\"faults\":{" } else { "," });
        write!(body, "\"{name}\":{}", serde_json::Value::from(fault.as_str()))?;
    }
    body.push_str(if sample.faults.is_empty() { "}" } else { "}}" });
    Ok(())
}

impl LostReason {
    /// Every reason.
    pub const ALL: [LostReason; 3] = [Self::NeverDurable, Self::Evicted, Self::Corrupt];

    /// The reason as it stands on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NeverDurable => "never_durable",
            Self::Evicted => "evicted",
            Self::Corrupt => "corrupt",
        }
    }
}

/// Reads the whole body; a refusal of ours travels beside serde's own error.
struct Body<'r> {
    refusal: &'r mut Option<Error>,
}

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
        match entry(fields)? {
            Ok(entry) => Ok(vec![entry]),
            Err(error) => {
                *self.refusal = Some(error);
                Err(A::Error::custom("refused"))
            }
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<Entry>, A::Error> {
        let mut entries = Vec::new();
        while let Some(item) = items.next_element_seed(Item)? {
            match item {
                Ok(entry) => entries.push(entry),
                Err(error) => {
                    *self.refusal = Some(error.within(&format!("[{}]", entries.len())));
                    return Err(A::Error::custom("refused"));
                }
            }
        }
        Ok(entries)
    }
}

/// Reads one item of an array.
struct Item;

impl<'de> DeserializeSeed<'de> for Item {
    type Value = Result<Entry, Error>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Item {
    type Value = Result<Entry, Error>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sample")
    }
    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Self::Value, A::Error> {
        entry(fields)
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

fn entry<'de, A: MapAccess<'de>>(mut fields: A) -> Result<Result<Entry, Error>, A::Error> {
    let mut header = Header::default();
    let mut points: Vec<(Cow<'de, str>, Field<'de>)> = Vec::with_capacity(16);
    while let Some(Key(name)) = fields.next_key()? {
        let value: Field<'de> = fields.next_value()?;
        match header.slot(&name) {
            Some(slot) if slot.is_some() => return Ok(Err(bad(&name, "is there twice".into()))),
            Some(slot) => *slot = Some(value),
            // An extension of somebody else: theirs to read, whatever it is.
            None if name.starts_with('_') => {}
            None => points.push((name, value)),
        }
    }
    Ok(if header.lost.is_some() { lost(&header).map(Entry::Lost) } else { sample(header, points).map(Entry::Sample) })
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
    if points.len() + faults.len() > SAMPLE_POINTS_MAX {
        let count = points.len() + faults.len();
        return Err(bad("", format!("{count} points are over the limit of {SAMPLE_POINTS_MAX}")));
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = r#"{"at":1763880000123,"seq":4711,"spool":"k3f9x0q2","boot":"7c1e04aa","clock":1,"temperature_celsius":20.4,"co2_ppm":612,"faults":{"illuminance_lux":"no_response"}}"#;

    #[test]
    fn a_sample_prints_as_it_was_read() {
        let entries = parse(ONE.as_bytes()).unwrap();
        assert_eq!(print(&entries), ONE);
        let many = format!("[{ONE},{ONE}]");
        assert_eq!(print(&parse(many.as_bytes()).unwrap()), many);
    }

    #[test]
    fn as_many_entries_fit_as_the_limit_allows_and_never_none() {
        let entries = vec![parse(ONE.as_bytes()).unwrap().remove(0); 5];
        assert_eq!(fit(&entries, usize::MAX).1, 5);
        assert_eq!(fit(&entries, 1), (ONE.to_owned(), 1));
        assert_eq!(fit(&entries, 2 * ONE.len() + 3).1, 2);
        assert_eq!(fit(&entries, 2 * ONE.len() + 2).1, 1);
    }
}
