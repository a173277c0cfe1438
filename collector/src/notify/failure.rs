//! Why a delivery failed, in words without secrets, and whether the channel or the message is at fault.

/// A failed try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Whose fault it is.
    pub fault: Fault,
    /// In words for the log and the ledger. Never holds an address, a header or a body.
    pub reason: String,
    /// How long the receiver asked to be left alone, in milliseconds.
    pub retry_after_ms: Option<i64>,
}

/// Whose fault a failure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The channel is down or busy: the other messages wait too.
    Channel,
    /// It refused this message: the others are tried.
    Message,
}

impl Failure {
    /// The channel is down or busy.
    pub fn channel(reason: impl Into<String>) -> Self {
        Self { fault: Fault::Channel, reason: reason.into(), retry_after_ms: None }
    }

    /// The receiver refused the message.
    pub fn message(reason: impl Into<String>) -> Self {
        Self { fault: Fault::Message, reason: reason.into(), retry_after_ms: None }
    }
}
