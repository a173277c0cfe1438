//! Reads JSON bodies by field, so that each refusal names its field. Builds no tree of the hot
//! path ([`crate::samples`]); the small bodies go through `serde_json` values.

use serde_json::{Map, Value};

use crate::{BODY_BYTES_MAX, Error, Id, UnixMs};

/// The longest text that a field of a small body may carry, in characters.
pub(crate) const TEXT_CHARS_MAX: usize = 256;

/// Reads a body that must be one JSON object.
pub(crate) fn object(body: &[u8]) -> Result<Map<String, Value>, Error> {
    if body.len() > BODY_BYTES_MAX {
        return Err(Error::TooLarge { bytes: body.len() });
    }
    match serde_json::from_slice(body).map_err(not_json)? {
        Value::Object(fields) => Ok(fields),
        other => Err(wrong("", "an object", &other)),
    }
}

pub(crate) fn not_json(error: serde_json::Error) -> Error {
    let text = error.to_string();
    let reason = text.split(" at line ").next().unwrap_or_default().chars().take(TEXT_CHARS_MAX).collect();
    if error.is_data() {
        // JSON it is, of another shape.
        return Error::BadValue { path: String::new(), reason };
    }
    Error::NotJson { line: error.line(), column: error.column(), reason }
}

/// Names what was found: the kind, and a short piece of a text or a number.
pub(crate) fn kind_of(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(b) => format!("{b}"),
        Value::Number(n) => format!("number {n}"),
        Value::String(s) => format!("text `{}`", s.chars().take(40).collect::<String>()),
        Value::Array(_) => "an array".into(),
        Value::Object(_) => "an object".into(),
    }
}

pub(crate) fn wrong(path: &str, expected: &'static str, found: &Value) -> Error {
    Error::WrongType { path: path.into(), expected, found: kind_of(found) }
}

/// The field that must be there.
pub(crate) fn required<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<&'a Value, Error> {
    fields.get(name).ok_or_else(|| Error::Missing { path: name.into() })
}

/// The field, unless it is absent or null.
pub(crate) fn optional<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    fields.get(name).filter(|value| !value.is_null())
}

pub(crate) fn text<'a>(path: &str, value: &'a Value) -> Result<&'a str, Error> {
    let text = value.as_str().ok_or_else(|| wrong(path, "a text", value))?;
    if text.chars().count() > TEXT_CHARS_MAX {
        return Err(Error::BadValue {
            path: path.into(),
            reason: format!("text of more than {TEXT_CHARS_MAX} characters"),
        });
    }
    Ok(text)
}

pub(crate) fn id(path: &str, value: &Value) -> Result<Id, Error> {
    let text = value.as_str().ok_or_else(|| wrong(path, "an identifier", value))?;
    Id::parse(text).map_err(|e| e.within(path))
}

pub(crate) fn instant(path: &str, value: &Value) -> Result<UnixMs, Error> {
    match value.as_i64() {
        Some(at) if at >= 0 => Ok(at),
        _ => Err(wrong(path, "milliseconds since 1970 as a whole number, not negative", value)),
    }
}

pub(crate) fn whole(path: &str, value: &Value) -> Result<u64, Error> {
    value.as_u64().ok_or_else(|| wrong(path, "a whole number, not negative", value))
}

pub(crate) fn number(path: &str, value: &Value) -> Result<f64, Error> {
    match value.as_f64() {
        Some(number) if number.is_finite() => Ok(number),
        _ => Err(wrong(path, "a number", value)),
    }
}

/// Prints what serde can print; the bodies of this crate have no key that is not a text.
pub(crate) fn print<T: serde::Serialize>(body: &T) -> String {
    serde_json::to_string(body).expect("bodies have text keys and no number that is not finite")
}
