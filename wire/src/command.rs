//! Bodies of the `command` and `result` channels: a named request with an id, and its outcome.

use crate::{Error, Id};

/// `{"id":"c-17","name":"identify","args":{}}`
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Command {
    /// Given by the asker; the outcome repeats it.
    pub id: Id,
    /// What to do: `identify`, `sample`, `about` …
    pub name: Id,
    /// Arguments by name.
    #[serde(default)]
    pub args: serde_json::Map<String, serde_json::Value>,
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
    pub data: serde_json::Map<String, serde_json::Value>,
}

/// Reads a command.
pub fn parse(_body: &[u8]) -> Result<Command, Error> {
    Err(Error::Missing { path: String::new() })
}

/// Writes a command.
#[must_use]
pub fn print(_command: &Command) -> String {
    String::new()
}

/// Reads an outcome.
pub fn parse_outcome(_body: &[u8]) -> Result<Outcome, Error> {
    Err(Error::Missing { path: String::new() })
}

/// Writes an outcome.
#[must_use]
pub fn print_outcome(_outcome: &Outcome) -> String {
    String::new()
}
