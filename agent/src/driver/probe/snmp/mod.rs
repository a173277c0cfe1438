//! SNMP v2c and v3: turns the objects of switches, UPS and printers into points, and what a device
//! will not say into that one point's fault. Reads only; never sets anything.
//!
//! The protocol is ours, in four small files, since it needs so little of it: the crates that do v3
//! and are kept (`async-snmp`, `snmp2`) bring servers, traps, walks and every cipher, which is a
//! tenth of the agent's binary. [`ber`] has the bytes, [`message`] questions and answers, [`usm`]
//! keys, [`secure`] the messages of v3, [`session`] the talk.

mod access;
mod ber;
mod message;
pub mod printer;
mod secure;
mod session;
pub mod switch;
pub mod ups;
mod usm;

use std::time::Duration;

use wire::Fault;

pub use access::{Access, Credentials, Source, UserSettings};
use message::Value;
use session::{Memory, Session, Trouble};
pub use usm::Hash;

use super::{LATENCY, REACHABLE, milliseconds};
use crate::driver::{Error, Measured, Quantity};

/// Asks a device what `ask` asks; who is silent is not reachable, and has no other value.
fn reading(
    access: &Access,
    memory: &mut Memory,
    quantities: &[Quantity],
    ask: impl FnOnce(&mut Session<'_>) -> Result<Vec<Measured>, Trouble>,
) -> Result<Vec<Measured>, Error> {
    let mut session = match Session::open(access, memory) {
        Ok(session) => session,
        Err(Trouble::Failed(error)) => return Err(error),
        Err(Trouble::Silent) => return Ok(silence(quantities, None)),
    };
    let asked = ask(&mut session);
    match (asked, session.latency) {
        (Ok(measured), Some(latency)) => Ok(reached(latency).into_iter().chain(measured).collect()),
        (Err(Trouble::Failed(error)), _) => Err(error),
        (Ok(_) | Err(Trouble::Silent), latency) => Ok(silence(quantities, latency)),
    }
}

fn reached(latency: Duration) -> [Measured; 2] {
    [Measured::flag(REACHABLE.name, true), Measured::plain(LATENCY.name, milliseconds(latency))]
}

/// Nobody answered; or somebody did, and then no more.
fn silence(quantities: &[Quantity], latency: Option<Duration>) -> Vec<Measured> {
    let mut all = match latency {
        Some(latency) => reached(latency).into(),
        None => vec![Measured::flag(REACHABLE.name, false)],
    };
    let others = quantities.iter().filter(|quantity| ![REACHABLE.name, LATENCY.name].contains(&quantity.name));
    all.extend(others.map(|quantity| Measured::fault(quantity.name.clone(), Fault::NoResponse)));
    all
}

/// What an object gives a point.
fn measured(quantity: &Quantity, value: Result<f64, Fault>) -> Measured {
    Measured { quantity: quantity.name.clone(), value, raw: None }
}

impl Value {
    /// A number. An object that is not there, or of another type, is no answer.
    fn number(&self) -> Result<i64, Fault> {
        match self {
            Self::Number(number) => Ok(*number),
            _ => Err(Fault::BadResponse),
        }
    }

    /// A number in units of `step`.
    fn scaled(&self, step: f64) -> Result<f64, Fault> {
        self.number().map(|number| number as f64 * step)
    }

    /// The octets of a text or of a row of bits.
    fn octets(&self) -> Result<&[u8], Fault> {
        match self {
            Self::Octets(octets) => Ok(octets),
            _ => Err(Fault::BadResponse),
        }
    }

    /// 1 where the number is one of `ones`, 0 where it is one of `zeros`; others mean neither.
    fn flag(&self, ones: &[i64], zeros: &[i64]) -> Result<f64, Fault> {
        match self.number()? {
            number if ones.contains(&number) => Ok(1.0),
            number if zeros.contains(&number) => Ok(0.0),
            _ => Err(Fault::BadResponse),
        }
    }
}
