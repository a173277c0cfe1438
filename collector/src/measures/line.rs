//! Line protocol as text: turns a measurement, tags and fields into one line, escaped so that every
//! server reads back what was given. Floats always have a decimal point; what is not finite is left out, and so
//! are empty tags; a line without a field is no line. Times are nanoseconds, so that the digits below a
//! millisecond can keep apart what happened within the same one. Never sends anything.

use wire::UnixMs;

/// The unit of the times of every line, as `/write` and `/api/v2/write` name it.
pub const PRECISION: &str = "ns";
/// Nanoseconds of a millisecond.
const MS_NS: i64 = 1_000_000;
/// The instants that InfluxDB can hold, in nanoseconds: 1677 to 2262.
const TIMES_NS: std::ops::RangeInclusive<i64> = i64::MIN + 2..=i64::MAX - 1;
/// Words of one field, in characters: titles and reasons are shorter, InfluxDB takes 64 KiB.
const TEXT_CHARS_MAX: usize = 1_000;

/// A line that is being written at the end of a text.
#[derive(Debug)]
pub struct Line<'a> {
    out: &'a mut String,
    begin: usize,
    fields: usize,
}

impl<'a> Line<'a> {
    /// Begins a line of `measurement`.
    pub fn begin(out: &'a mut String, measurement: &str) -> Self {
        let begin = out.len();
        escape(out, measurement, &[',', ' ']);
        Self { out, begin, fields: 0 }
    }

    /// Adds a tag; before every field. An empty one is left out.
    pub fn tag(&mut self, key: &str, value: &str) -> &mut Self {
        if !value.is_empty() {
            self.out.push(',');
            escape(self.out, key, &[',', '=', ' ']);
            self.out.push('=');
            escape(self.out, value, &[',', '=', ' ']);
        }
        self
    }

    /// Adds a number; one that is not finite is left out.
    pub fn number(&mut self, key: &str, value: f64) -> &mut Self {
        self.number_of(key, "", value)
    }

    /// Adds the number of a point, `end` behind its name.
    pub fn number_of(&mut self, point: &str, end: &str, value: f64) -> &mut Self {
        if value.is_finite() {
            self.key(point, end);
            float(self.out, value);
        }
        self
    }

    /// Adds a number where it is known.
    pub fn known(&mut self, key: &str, value: Option<f64>) -> &mut Self {
        if let Some(value) = value {
            self.number(key, value);
        }
        self
    }

    /// Adds a whole number.
    #[expect(clippy::cast_precision_loss, reason = "counts and bytes are far below 2^52")]
    pub fn count(&mut self, key: &str, value: impl TryInto<i64>) -> &mut Self {
        self.number(key, value.try_into().unwrap_or(i64::MAX) as f64)
    }

    /// Adds a 0 or a 1.
    pub fn flag(&mut self, key: &str, value: bool) -> &mut Self {
        self.number(key, f64::from(u8::from(value)))
    }

    /// Adds a 0 or a 1 where it is known.
    pub fn known_flag(&mut self, key: &str, value: Option<bool>) -> &mut Self {
        if let Some(value) = value {
            self.flag(key, value);
        }
        self
    }

    /// Adds words.
    pub fn text(&mut self, key: &str, value: &str) -> &mut Self {
        self.text_of(key, "", value)
    }

    /// Adds the words of a point, `end` behind its name.
    pub fn text_of(&mut self, point: &str, end: &str, value: &str) -> &mut Self {
        self.key(point, end);
        self.out.push('"');
        for c in value.chars().take(TEXT_CHARS_MAX) {
            match c {
                '"' | '\\' => self.out.extend(['\\', c]),
                // A line ends with its line.
                c if c.is_control() => self.out.push(' '),
                c => self.out.push(c),
            }
        }
        self.out.push('"');
        self
    }

    /// Ends the line at an instant; `below` of its millisecond's nanoseconds keep it apart from others. What has
    /// no field is taken back. Says whether there is a line.
    pub fn end(self, at: UnixMs, below: i64) -> bool {
        if self.fields == 0 {
            self.out.truncate(self.begin);
            return false;
        }
        let at = at.saturating_mul(MS_NS).saturating_add(below.rem_euclid(MS_NS));
        self.out.push(' ');
        self.out.push_str(&at.clamp(*TIMES_NS.start(), *TIMES_NS.end()).to_string());
        self.out.push('\n');
        true
    }

    fn key(&mut self, key: &str, end: &str) {
        self.out.push(if self.fields == 0 { ' ' } else { ',' });
        escape(self.out, key, &[',', '=', ' ']);
        self.out.push_str(end);
        self.out.push('=');
        self.fields += 1;
    }
}

/// A float that no server takes for an integer.
fn float(out: &mut String, value: f64) {
    use std::fmt::Write;
    let begin = out.len();
    // Writing to a String cannot fail.
    let _ = write!(out, "{value:?}");
    let digits = &out[begin..];
    // `1e16` has no point; every other float of Rust has one.
    if let (None, Some(e)) = (digits.find('.'), digits.find('e')) {
        out.insert_str(begin + e, ".0");
    }
}

/// Names and tags. A backslash cannot be escaped in them, and a line end not at all: both become `_`.
fn escape(out: &mut String, text: &str, special: &[char]) {
    if text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.')) {
        out.push_str(text);
        return;
    }
    for c in text.chars() {
        match c {
            '\\' => out.push('_'),
            c if c.is_control() => out.push('_'),
            c if special.contains(&c) => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
}
