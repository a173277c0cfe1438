//! Body of the `status` channel: retained, and the agent's last will.

use crate::{Error, Id, UnixMs, read};

/// Whether the agent is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Running and connected.
    Online,
    /// Ended as asked.
    Stopped,
    /// The broker lost it (last will).
    Lost,
}

/// `{"state":"online","boot":"7c1e04aa","spool":"k3f9x0q2","since":1763880000123,"version":"0.1.0"}`
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Status {
    /// Whether it is there.
    pub state: State,
    /// The boot that speaks.
    pub boot: Id,
    /// The spool now in use.
    pub spool: Id,
    /// Since when the state holds; absent where the agent has no trusted clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<UnixMs>,
    /// Version of the agent.
    pub version: String,
}

/// Reads a body.
pub fn parse(body: &[u8]) -> Result<Status, Error> {
    let fields = read::object(body)?;
    let state = match read::text("state", read::required(&fields, "state")?)? {
        "online" => State::Online,
        "stopped" => State::Stopped,
        "lost" => State::Lost,
        other => {
            let reason = format!("`{other}` is none of `online`, `stopped`, `lost`");
            return Err(Error::BadValue { path: "state".into(), reason });
        }
    };
    Ok(Status {
        state,
        boot: read::id("boot", read::required(&fields, "boot")?)?,
        spool: read::id("spool", read::required(&fields, "spool")?)?,
        since: read::optional(&fields, "since").map(|value| read::instant("since", value)).transpose()?,
        version: read::text("version", read::required(&fields, "version")?)?.to_owned(),
    })
}

/// Writes a body.
#[must_use]
pub fn print(status: &Status) -> String {
    read::print(status)
}
