//! Why a body, a topic or a name was refused, with the path of the field at fault.

/// A refusal. `path` is the field as a reader would find it: `[3].faults.co2_ppm`, or empty for
/// the whole body. The text never repeats more than a short piece of the input.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The body is larger than [`crate::BODY_BYTES_MAX`].
    #[error("body of {bytes} bytes is over the limit of {} bytes", crate::BODY_BYTES_MAX)]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// The body is not JSON.
    #[error("not JSON at line {line}, column {column}: {reason}")]
    NotJson {
        /// Line of the first offending byte, from 1.
        line: usize,
        /// Column of it, from 1.
        column: usize,
        /// What the JSON reader said.
        reason: String,
    },
    /// A field is absent that must be there.
    #[error("{}: missing", shown(path))]
    Missing {
        /// Where it should be.
        path: String,
    },
    /// A field has another type than the contract gives it.
    #[error("{}: expected {expected}, found {found}", shown(path))]
    WrongType {
        /// Where.
        path: String,
        /// What the contract says.
        expected: &'static str,
        /// What was there.
        found: String,
    },
    /// A field has the right type and a value that the contract excludes.
    #[error("{}: {reason}", shown(path))]
    BadValue {
        /// Where.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A topic is not one of ours.
    #[error("topic `{topic}`: {reason}")]
    BadTopic {
        /// The topic, cut to 256 characters.
        topic: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl Error {
    /// The same refusal, found one level further out: `within("[3]")` turns `faults.co2_ppm` into
    /// `[3].faults.co2_ppm`.
    #[must_use]
    pub fn within(mut self, outer: &str) -> Self {
        if let Error::Missing { path } | Error::WrongType { path, .. } | Error::BadValue { path, .. } = &mut self {
            *path = match (path.is_empty(), path.starts_with('[')) {
                (true, _) => outer.to_owned(),
                (false, true) => format!("{outer}{path}"),
                (false, false) => format!("{outer}.{path}"),
            };
        }
        self
    }
}

/// A path for people; the empty one is the body itself.
fn shown(path: &str) -> String {
    if path.is_empty() { "the body".into() } else { format!("`{path}`") }
}
