//! A printer of queue tickets, receipts or paper (HOST-RESOURCES-MIB, RFC 2790; Printer-MIB, RFC
//! 3805): what keeps it from printing, how much toner is left, how many pages it printed.

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

/// A printer.
pub static KIND: Kind = Kind {
    word: "snmp-printer",
    parts: [
        "a printer with the Printer-MIB (RFC 3805), SNMP v2c or v3",
        "支持 Printer-MIB(RFC 3805)的打印机，SNMP v2c 或 v3",
    ],
    measures: ["paper, toner, jam, cover, pages", "缺纸、碳粉、卡纸、开盖、页数"],
    sits: Sits::Network,
    period: Some(Duration::from_secs(30)),
    period_min: Some(Duration::from_secs(5)),
    read: |table| Some(Arc::new(Settings::read(table)?)),
    at: None,
};

/// What a `[[sensor]]` of this kind says.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Host and credentials.
    pub access: Access,
    /// Its hrDeviceIndex: 1, unless one box serves several printers.
    pub device: u32,
    /// Whether it measures its supplies; printers on thermal paper have none.
    pub supplies: bool,
    /// Whether it counts its pages.
    pub pages: bool,
}

impl Settings {
    fn read(table: &Table<'_>) -> Option<Self> {
        let device = table.whole("device", 1, i64::from(i32::MAX)).and_then(|n| u32::try_from(n).ok()).unwrap_or(1);
        let supplies = table.flag("supplies").unwrap_or(true);
        let pages = table.flag("pages").unwrap_or(true);
        Some(Self { access: Access::read(table)?, device, supplies, pages })
    }
}

/// The first eight bits of hrPrinterDetectedErrorState, in their order (RFC 2790 §6).
pub const STATES: [Quantity; 8] = [
    Quantity::flag("low_paper"),
    Quantity::flag("no_paper"),
    Quantity::flag("low_toner"),
    Quantity::flag("no_toner"),
    Quantity::flag("door_open"),
    Quantity::flag("jammed"),
    Quantity::flag("offline"),
    Quantity::flag("service_needed"),
];
/// What the emptiest supply has left.
pub const SUPPLY: Quantity = Quantity::resting("supply_percent", "%", 0.0, 100.0, 0);
/// Printed since it was made.
pub const PAGES: Quantity = Quantity::resting("page_count", "1", 0.0, 4_294_967_295.0, 0);

/// hrPrinterDetectedErrorState, then the device (RFC 2790 §6).
const DETECTED_ERRORS: &[u32] = &[1, 3, 6, 1, 2, 1, 25, 3, 5, 1, 2];
/// prtMarkerLifeCount, then the device and the marker (RFC 3805 §6).
const LIFE_COUNT: &[u32] = &[1, 3, 6, 1, 2, 1, 43, 10, 2, 1, 4];
/// Every printer has a first marker.
const FIRST_MARKER: u32 = 1;
/// Columns of prtMarkerSuppliesTable, then the device and the supply: class, unit, most, present.
const SUPPLIES: [&[u32]; 4] = [
    &[1, 3, 6, 1, 2, 1, 43, 11, 1, 1, 4],
    &[1, 3, 6, 1, 2, 1, 43, 11, 1, 1, 7],
    &[1, 3, 6, 1, 2, 1, 43, 11, 1, 1, 8],
    &[1, 3, 6, 1, 2, 1, 43, 11, 1, 1, 9],
];

impl driver::Settings for Settings {
    fn kind(&self) -> &'static Kind {
        &KIND
    }
    fn place(&self) -> Place {
        Place::Host(self.access.host.clone())
    }
    fn print(&self, table: &mut toml::Table) {
        self.access.print(table);
        table.insert("device".into(), i64::from(self.device).into());
        table.insert("supplies".into(), self.supplies.into());
        table.insert("pages".into(), self.pages.into());
    }
    fn quantities(&self) -> Vec<Quantity> {
        let mut quantities = vec![REACHABLE, LATENCY];
        quantities.extend(STATES);
        quantities.extend(self.supplies.then_some(SUPPLY));
        quantities.extend(self.pages.then_some(PAGES));
        quantities
    }
    fn patience(&self) -> Duration {
        self.access.patience()
    }
    fn start(&self) -> Reader {
        Reader::Alone(Box::new(Printer { settings: self.clone(), memory: Memory::default() }))
    }
}

/// One probe.
struct Printer {
    settings: Settings,
    memory: Memory,
}

impl Probe for Printer {
    fn read(&mut self) -> Result<Vec<Measured>, Error> {
        let Settings { access, device, supplies, pages } = &self.settings;
        let quantities = driver::Settings::quantities(&self.settings);
        reading(access, &mut self.memory, &quantities, |session| {
            let mut names = vec![[DETECTED_ERRORS, &[*device]].concat()];
            names.extend(pages.then(|| [LIFE_COUNT, &[*device, FIRST_MARKER]].concat()));
            let values = session.get(&names)?;
            let mut all = values.first().map(states).unwrap_or_default();
            all.extend(values.get(1).map(|count| measured(&PAGES, count.scaled(1.0))));
            if *supplies {
                all.push(measured(&SUPPLY, emptiest(&ask_supplies(session, *device)?)));
            }
            Ok(all)
        })
    }
}

/// Bit 0 is the most significant of the first octet (RFC 2790 §6). The second octet, whose bits are
/// about trays, is not there on all printers; without the first nothing is known.
fn states(value: &Value) -> Vec<Measured> {
    let first = value.octets().and_then(|octets| octets.first().copied().ok_or(Fault::BadResponse));
    let state = |(bit, quantity): (usize, &Quantity)| {
        measured(quantity, first.clone().map(|octet| f64::from(octet >> (7 - bit) & 1)))
    };
    STATES.iter().enumerate().map(state).collect()
}

/// One row of the table of supplies.
#[derive(Debug, Clone, PartialEq)]
struct Supply {
    class: Value,
    unit: Value,
    most: Value,
    level: Value,
}

fn ask_supplies(session: &mut Session<'_>, device: u32) -> Result<Vec<Supply>, Trouble> {
    let mut columns: Vec<Vec<(Name, Value)>> = Vec::with_capacity(SUPPLIES.len());
    for column in SUPPLIES {
        columns.push(session.column(&[column, &[device]].concat())?);
    }
    let cell = |column: usize, row: &Name| {
        let cell = columns[column].iter().find(|(index, _)| index == row);
        cell.map_or(Value::Missing, |(_, value)| value.clone())
    };
    let supply = |(row, level): &(Name, Value)| Supply {
        class: cell(0, row),
        unit: cell(1, row),
        most: cell(2, row),
        level: level.clone(),
    };
    Ok(columns[3].iter().map(supply).collect())
}

/// The least that a supply has left, of those that can tell.
fn emptiest(supplies: &[Supply]) -> Result<f64, Fault> {
    supplies.iter().filter_map(left).reduce(f64::min).ok_or(Fault::BadResponse)
}

/// In percent. prtMarkerSuppliesLevel and its greatest are 0 or more where they are known; -1 is no
/// limit, -2 unknown, and of the level -3 some, nobody knows how much.
fn left(supply: &Supply) -> Option<f64> {
    const RECEPTACLE_THAT_IS_FILLED: i64 = 4;
    const PERCENT: i64 = 19;
    // A box for waste is full or not; some makers tell what is in it, others what still goes in.
    if supply.class == Value::Number(RECEPTACLE_THAT_IS_FILLED) {
        return None;
    }
    let level = supply.level.number().ok().filter(|level| *level >= 0)? as f64;
    match (supply.most.number(), supply.unit.number()) {
        (Ok(most @ 1..), _) => Some(level * 100.0 / most as f64),
        (_, Ok(PERCENT)) => Some(level),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raised(octets: &[u8]) -> Vec<String> {
        let found = states(&Value::Octets(octets.to_vec()));
        assert_eq!(found.len(), 8);
        found.into_iter().filter(|state| state.value == Ok(1.0)).map(|state| state.quantity.into_owned()).collect()
    }

    #[test]
    fn bit_0_is_the_most_significant() {
        assert_eq!(raised(&[0x80]), ["low_paper"]);
        assert_eq!(raised(&[0x40, 0]), ["no_paper"]);
        assert_eq!(raised(&[0x20]), ["low_toner"]);
        assert_eq!(raised(&[0x10]), ["no_toner"]);
        assert_eq!(raised(&[0x08]), ["door_open"]);
        assert_eq!(raised(&[0x04]), ["jammed"]);
        assert_eq!(raised(&[0x02]), ["offline"]);
        assert_eq!(raised(&[0x01, 0x80]), ["service_needed"]);
        assert_eq!(raised(&[0x42, 0x04]), ["no_paper", "offline"]);
        assert_eq!(raised(&[0, 0xff]), [""; 0], "the second octet is about trays");
    }

    #[test]
    fn a_state_that_is_no_octets_is_no_state() {
        for value in [Value::Octets(vec![]), Value::Missing, Value::Number(0), Value::Strange] {
            let found = states(&value);
            assert_eq!(found.len(), 8);
            assert!(found.iter().all(|state| state.value == Err(Fault::BadResponse)), "{value:?}");
        }
    }

    fn supply(class: i64, unit: i64, most: i64, level: i64) -> Supply {
        let [class, unit, most, level] = [class, unit, most, level].map(Value::Number);
        Supply { class, unit, most, level }
    }

    #[test]
    fn a_level_is_a_share_of_the_most_there_can_be() {
        assert_eq!(left(&supply(3, 7, 5000, 1250)), Some(25.0));
        assert_eq!(left(&supply(3, 7, 5000, 0)), Some(0.0));
        assert_eq!(left(&supply(3, 19, -2, 40)), Some(40.0), "percent of a greatest that is not told");
        // More than there can be is not cut down to 100: the sampler finds it out of range.
        assert_eq!(left(&supply(3, 7, 100, 150)), Some(150.0));
    }

    #[test]
    fn special_values_are_no_levels() {
        for level in [-1, -2, -3] {
            assert_eq!(left(&supply(3, 19, 100, level)), None, "{level}");
        }
        for most in [0, -1, -2] {
            assert_eq!(left(&supply(3, 7, most, 50)), None, "of {most}");
        }
        assert_eq!(left(&Supply { level: Value::Missing, ..supply(3, 19, 100, 1) }), None);
    }

    #[test]
    fn the_emptiest_supply_counts_and_waste_does_not() {
        let supplies = [supply(3, 19, 100, 80), supply(3, 19, 100, -3), supply(4, 19, 100, 5), supply(3, 7, 400, 60)];
        assert_eq!(emptiest(&supplies), Ok(15.0));
        assert_eq!(emptiest(&[supply(3, 19, 100, -3)]), Err(Fault::BadResponse));
        assert_eq!(emptiest(&[]), Err(Fault::BadResponse));
    }
}
