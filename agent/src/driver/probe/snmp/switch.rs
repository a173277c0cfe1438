//! A switch, a router or an access point (IF-MIB, RFC 2863; SNMPv2-MIB, RFC 3418): does it answer,
//! since when does it run, and is one port of it up and fast?

use std::{sync::Arc, time::Duration};

use wire::Fault;

use super::{
    Access, Memory, Session, Trouble, measured,
    message::{Name, Value},
    reading,
};
use crate::{
    config::Table,
    driver::{
        self, Error, Kind, Measured, Place, Probe, Quantity, Reader, Sits,
        probe::{LATENCY, REACHABLE},
    },
};

/// A switch.
pub static KIND: Kind = Kind {
    word: "snmp-switch",
    parts: [
        "a switch or access point with the IF-MIB (RFC 2863), SNMP v2c or v3",
        "支持 IF-MIB(RFC 2863)的交换机、无线接入点，SNMP v2c 或 v3",
    ],
    measures: ["port up, speed, uptime", "端口是否连通、速率、运行时间"],
    sits: Sits::Network,
    period: None,
    period_min: Some(Duration::from_secs(5)),
    read: |table| Some(Arc::new(Settings::read(table)?)),
    at: None,
};

/// What a `[[sensor]]` of this kind says.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Host and credentials.
    pub access: Access,
    /// The port that is watched, by its ifIndex or its ifName.
    pub interface: Option<String>,
}

impl Settings {
    fn read(table: &Table<'_>) -> Option<Self> {
        let interface = table.text("interface");
        Some(Self { access: Access::read(table)?, interface })
    }
}

/// The port carries packets.
pub const PORT_UP: Quantity = Quantity::flag("port_up");
/// What the two ends agreed on: 100 where it should be 1000 is a bad cable.
pub const SPEED: Quantity = Quantity::resting("speed_mbit_s", "Mbit/s", 0.0, 1_000_000.0, 0);
/// Since the device started. Its counter begins anew after 497 days.
pub const UPTIME: Quantity = Quantity::resting("uptime_seconds", "s", 0.0, 42_949_673.0, 0);

/// sysUpTime.0 (RFC 3418).
const SYS_UP_TIME: &[u32] = &[1, 3, 6, 1, 2, 1, 1, 3, 0];
/// Columns of ifTable and ifXTable (RFC 2863 §6); a port's row has its ifIndex.
const IF_DESCR: &[u32] = &[1, 3, 6, 1, 2, 1, 2, 2, 1, 2];
const IF_SPEED: &[u32] = &[1, 3, 6, 1, 2, 1, 2, 2, 1, 5];
const IF_OPER_STATUS: &[u32] = &[1, 3, 6, 1, 2, 1, 2, 2, 1, 8];
const IF_NAME: &[u32] = &[1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 1];
const IF_HIGH_SPEED: &[u32] = &[1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 15];
/// What ifSpeed says of everything that is faster.
const IF_SPEED_MAX: i64 = 4_294_967_295;

impl driver::Settings for Settings {
    fn kind(&self) -> &'static Kind {
        &KIND
    }
    fn place(&self) -> Place {
        Place::Host(self.access.host.clone())
    }
    fn print(&self, table: &mut toml::Table) {
        self.access.print(table);
        if let Some(interface) = &self.interface {
            table.insert("interface".into(), interface.as_str().into());
        }
    }
    fn quantities(&self) -> Vec<Quantity> {
        let mut quantities = vec![REACHABLE, LATENCY, UPTIME];
        if self.interface.is_some() {
            quantities.extend([PORT_UP, SPEED]);
        }
        quantities
    }
    fn patience(&self) -> Duration {
        self.access.patience()
    }
    fn start(&self) -> Reader {
        Reader::Alone(Box::new(Switch { settings: self.clone(), memory: Memory::default(), found: None }))
    }
}

/// One probe.
struct Switch {
    settings: Settings,
    memory: Memory,
    /// Where the port of that name was last, and in which column its name stands.
    found: Option<(&'static [u32], u32)>,
}

impl Probe for Switch {
    fn read(&mut self) -> Result<Vec<Measured>, Error> {
        let Self { settings, memory, found } = self;
        let quantities = driver::Settings::quantities(settings);
        reading(&settings.access, memory, &quantities, |session| {
            let ticks = session.get(&[SYS_UP_TIME.to_vec()])?;
            let mut measured = vec![measured(&UPTIME, ticks.first().map_or(Err(Fault::BadResponse), uptime))];
            if let Some(interface) = &settings.interface {
                measured.extend(match index(session, interface, found)? {
                    Some(index) => port(session, index)?,
                    None => [PORT_UP, SPEED].map(|quantity| Measured::fault(quantity.name, Fault::BadResponse)).into(),
                });
            }
            Ok(measured)
        })
    }
}

/// The ifIndex of a port. Switches may count their ports anew when they start, so a name is looked
/// at each time, and searched for only where it is no longer.
fn index(
    session: &mut Session<'_>,
    interface: &str,
    found: &mut Option<(&'static [u32], u32)>,
) -> Result<Option<u32>, Trouble> {
    if let Ok(index) = interface.parse() {
        return Ok(Some(index));
    }
    let is_it = |value: &Value| value.octets() == Ok(interface.as_bytes());
    if let Some((column, index)) = *found
        && session.get(&[row(column, index)])?.first().is_some_and(is_it)
    {
        return Ok(Some(index));
    }
    for column in [IF_NAME, IF_DESCR] {
        let rows = session.column(column)?;
        if let Some((row, _)) = rows.iter().find(|(_, value)| is_it(value))
            && let &[index] = row.as_slice()
        {
            *found = Some((column, index));
            return Ok(Some(index));
        }
    }
    tracing::debug!(interface, "a switch has no port of that name");
    Ok(None)
}

fn row(column: &[u32], index: u32) -> Name {
    [column, &[index]].concat()
}

fn port(session: &mut Session<'_>, index: u32) -> Result<Vec<Measured>, Trouble> {
    let values = session.get(&[IF_OPER_STATUS, IF_HIGH_SPEED, IF_SPEED].map(|column| row(column, index)))?;
    let [status, high_speed, speed] = values.as_slice() else { return Ok(Vec::new()) };
    Ok(vec![measured(&PORT_UP, port_up(status)), measured(&SPEED, speed_mbit_s(high_speed, speed))])
}

/// up 1, down 2, testing 3, unknown 4, dormant 5, notPresent 6, lowerLayerDown 7.
fn port_up(status: &Value) -> Result<f64, Fault> {
    status.flag(&[1], &[2, 3, 5, 6, 7])
}

/// ifHighSpeed in Mbit/s; small devices have only ifSpeed, in bit/s.
fn speed_mbit_s(high_speed: &Value, speed: &Value) -> Result<f64, Fault> {
    high_speed.scaled(1.0).or_else(|_| match speed.number()? {
        IF_SPEED_MAX => Err(Fault::BadResponse),
        bits => Ok(bits as f64 / 1e6),
    })
}

fn uptime(value: &Value) -> Result<f64, Fault> {
    match value {
        Value::Ticks(hundredths) => Ok(f64::from(*hundredths) / 100.0),
        _ => Err(Fault::BadResponse),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_port_that_carries_packets_is_up() {
        for (status, up) in [(1, Some(1.0)), (2, Some(0.0)), (3, Some(0.0)), (4, None), (5, Some(0.0)), (6, Some(0.0))]
        {
            assert_eq!(port_up(&Value::Number(status)), up.ok_or(Fault::BadResponse), "{status}");
        }
        assert_eq!(port_up(&Value::Number(7)), Ok(0.0));
        assert_eq!(port_up(&Value::Number(8)), Err(Fault::BadResponse));
        assert_eq!(port_up(&Value::Missing), Err(Fault::BadResponse));
    }

    #[test]
    fn the_speed_is_that_of_either_column() {
        let number = Value::Number;
        assert_eq!(speed_mbit_s(&number(1000), &number(IF_SPEED_MAX)), Ok(1000.0));
        assert_eq!(speed_mbit_s(&number(0), &number(100_000_000)), Ok(0.0), "down is down");
        assert_eq!(speed_mbit_s(&Value::Missing, &number(100_000_000)), Ok(100.0));
        assert_eq!(speed_mbit_s(&Value::Missing, &number(IF_SPEED_MAX)), Err(Fault::BadResponse));
        assert_eq!(speed_mbit_s(&Value::Missing, &Value::Missing), Err(Fault::BadResponse));
    }

    #[test]
    fn uptime_is_counted_in_hundredths() {
        assert_eq!(uptime(&Value::Ticks(12_345)), Ok(123.45));
        assert_eq!(uptime(&Value::Ticks(u32::MAX)).map(|seconds| seconds <= UPTIME.high), Ok(true));
        assert_eq!(uptime(&Value::Number(12_345)), Err(Fault::BadResponse));
    }
}
