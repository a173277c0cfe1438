//! Bodies of the `command` and `result` channels: a named request with an id, and its outcome.

use serde_json::{Map, Value};

use crate::{Error, Id, read};

/// `{"id":"c-17","name":"identify","args":{}}`
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Command {
    /// Given by the asker; the outcome repeats it.
    pub id: Id,
    /// What to do: `identify`, `sample`, `about` …
    pub name: Id,
    /// Arguments by name.
    #[serde(default)]
    pub args: Map<String, Value>,
}

/// `{"id":"c-17","ok":true}` or `{"id":"c-17","ok":false,"error":"unknown command `x`"}`
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Outcome {
    /// The command's id.
    pub id: Id,
    /// Whether it was done.
    pub ok: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What it found.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub data: Map<String, Value>,
}

/// Reads a command.
pub fn parse(body: &[u8]) -> Result<Command, Error> {
    let fields = read::object(body)?;
    Ok(Command {
        id: read::id("id", read::required(&fields, "id")?)?,
        name: read::id("name", read::required(&fields, "name")?)?,
        args: map("args", read::optional(&fields, "args"))?,
    })
}

/// Writes a command.
#[must_use]
pub fn print(command: &Command) -> String {
    read::print(command)
}

/// Reads an outcome.
pub fn parse_outcome(body: &[u8]) -> Result<Outcome, Error> {
    let fields = read::object(body)?;
    let ok = read::required(&fields, "ok")?;
    Ok(Outcome {
        id: read::id("id", read::required(&fields, "id")?)?,
        ok: ok.as_bool().ok_or_else(|| read::wrong("ok", "true or false", ok))?,
        error: read::optional(&fields, "error").map(|e| read::text("error", e)).transpose()?.map(str::to_owned),
        data: map("data", read::optional(&fields, "data"))?,
    })
}

/// Writes an outcome.
#[must_use]
pub fn print_outcome(outcome: &Outcome) -> String {
    read::print(outcome)
}

fn map(path: &str, value: Option<&Value>) -> Result<Map<String, Value>, Error> {
    match value {
        None => Ok(Map::new()),
        Some(Value::Object(fields)) => Ok(fields.clone()),
        Some(other) => Err(read::wrong(path, "an object", other)),
    }
}
