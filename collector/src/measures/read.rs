//! Reads line protocol back: what a line says, as a strict server understands it. Written apart from
//! [`super::line`], so that tests, and whoever reports a refused line, do not believe its own escapes.

use std::collections::BTreeMap;

/// The value of a field.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A number with a decimal point.
    Number(f64),
    /// Words.
    Text(String),
}

/// What a line says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parsed {
    /// Its measurement.
    pub measurement: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Its fields.
    pub fields: BTreeMap<String, Value>,
    /// Its time in nanoseconds.
    pub time_ns: i64,
}

impl Parsed {
    /// The number of a field.
    #[must_use]
    pub fn number(&self, field: &str) -> Option<f64> {
        match self.fields.get(field)? {
            Value::Number(number) => Some(*number),
            Value::Text(_) => None,
        }
    }

    /// The words of a field.
    #[must_use]
    pub fn text(&self, field: &str) -> Option<&str> {
        match self.fields.get(field)? {
            Value::Text(text) => Some(text),
            Value::Number(_) => None,
        }
    }
}

/// Reads one line without its end; `None` where it is not what [`super::line`] may write: a field or a tag
/// twice, an empty tag, a number without a point, no field, no time.
#[must_use]
pub fn parse(line: &str) -> Option<Parsed> {
    let mut out = Parsed::default();
    let mut rest = line;
    out.measurement = word(&mut rest, &[',', ' ']).filter(|name| !name.is_empty())?;
    while let Some(tags) = rest.strip_prefix(',') {
        rest = tags;
        let key = word(&mut rest, &['=', ',', ' '])?;
        rest = rest.strip_prefix('=')?;
        let value = word(&mut rest, &[',', ' ', '='])?;
        if key.is_empty() || value.is_empty() || out.tags.insert(key, value).is_some() {
            return None;
        }
    }
    rest = rest.strip_prefix(' ')?;
    loop {
        let key = word(&mut rest, &['=', ',', ' '])?;
        rest = rest.strip_prefix('=')?;
        let value = value(&mut rest)?;
        if key.is_empty() || out.fields.insert(key, value).is_some() {
            return None;
        }
        match rest.strip_prefix(',') {
            Some(more) => rest = more,
            None => break,
        }
    }
    out.time_ns = rest.strip_prefix(' ')?.parse().ok()?;
    Some(out)
}

/// Up to the first of `ends` that no backslash stands before.
fn word(rest: &mut &str, ends: &[char]) -> Option<String> {
    let mut out = String::new();
    let mut chars = rest.char_indices();
    while let Some((i, c)) = chars.next() {
        match c {
            '\\' => out.push(chars.next()?.1),
            c if ends.contains(&c) => {
                *rest = &rest[i..];
                return Some(out);
            }
            c => out.push(c),
        }
    }
    None
}

fn value(rest: &mut &str) -> Option<Value> {
    let Some(text) = rest.strip_prefix('"') else {
        let end = rest.find([',', ' '])?;
        let number = &rest[..end];
        *rest = &rest[end..];
        return number.contains('.').then(|| number.parse().ok().filter(|n: &f64| n.is_finite()).map(Value::Number))?;
    };
    let mut out = String::new();
    let mut chars = text.char_indices();
    while let Some((i, c)) = chars.next() {
        match c {
            '\\' => out.push(chars.next()?.1),
            '"' => {
                *rest = &text[i + 1..];
                return Some(Value::Text(out));
            }
            c => out.push(c),
        }
    }
    None
}
