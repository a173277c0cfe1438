//! An uninterruptible power supply that speaks the UPS-MIB (RFC 1628): is the mains there, and how
//! long does the battery last?

use std::{sync::Arc, time::Duration};

use wire::Fault;

use super::{
    Access, Memory, measured,
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

/// A UPS.
pub static KIND: Kind = Kind {
    word: "snmp-ups",
    parts: ["a UPS with the UPS-MIB (RFC 1628), SNMP v2c or v3", "支持 UPS-MIB(RFC 1628)的不间断电源，SNMP v2c 或 v3"],
    measures: ["on battery, charge, time left, alarms", "是否电池供电、电量、剩余时间、告警数"],
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
    /// Whether it has a thermometer at its battery; many have none.
    pub battery_temperature: bool,
}

impl Settings {
    fn read(table: &Table<'_>) -> Option<Self> {
        let battery_temperature = table.flag("battery_temperature").unwrap_or(true);
        Some(Self { access: Access::read(table)?, battery_temperature })
    }
}

/// The mains is away: the output comes from the battery.
pub const ON_BATTERY: Quantity = Quantity::flag("on_battery");
/// The battery is low or empty.
pub const BATTERY_LOW: Quantity = Quantity::flag("battery_low");
/// Of a full battery.
pub const CHARGE: Quantity = Quantity::resting("charge_percent", "%", 0.0, 100.0, 0);
/// At the present load, if the mains went now.
pub const MINUTES: Quantity = Quantity::resting("minutes_remaining", "min", 0.0, 100_000.0, 0);
/// At or near the battery; each 10 K above 25 °C halve its life.
pub const TEMPERATURE: Quantity = Quantity::resting("battery_temperature_celsius", "Cel", -20.0, 100.0, 0);
/// Alarms that stand.
pub const ALARMS: Quantity = Quantity::resting("alarm_count", "1", 0.0, 1000.0, 0);
/// Of the battery.
pub const VOLTAGE: Quantity = Quantity::resting("battery_voltage_volt", "V", 0.0, 1000.0, 1);

/// upsObjects (RFC 1628 §4).
const UPS: &[u32] = &[1, 3, 6, 1, 2, 1, 33, 1];
/// upsBatteryStatus.0, upsEstimatedMinutesRemaining.0, upsEstimatedChargeRemaining.0,
/// upsBatteryVoltage.0, upsBatteryTemperature.0, upsSecondsOnBattery.0, upsOutputSource.0,
/// upsAlarmsPresent.0, in the order in which [`judged`] takes them.
const OBJECTS: [[u32; 3]; 8] = [[2, 1, 0], [2, 3, 0], [2, 4, 0], [2, 5, 0], [2, 7, 0], [2, 2, 0], [4, 1, 0], [6, 1, 0]];

impl driver::Settings for Settings {
    fn kind(&self) -> &'static Kind {
        &KIND
    }
    fn place(&self) -> Place {
        Place::Host(self.access.host.clone())
    }
    fn print(&self, table: &mut toml::Table) {
        self.access.print(table);
        table.insert("battery_temperature".into(), self.battery_temperature.into());
    }
    fn quantities(&self) -> Vec<Quantity> {
        let mut quantities = vec![REACHABLE, LATENCY, ON_BATTERY, BATTERY_LOW, CHARGE, MINUTES, ALARMS, VOLTAGE];
        quantities.extend(self.battery_temperature.then_some(TEMPERATURE));
        quantities
    }
    fn patience(&self) -> Duration {
        self.access.patience()
    }
    fn start(&self) -> Reader {
        Reader::Alone(Box::new(Ups { settings: self.clone(), memory: Memory::default() }))
    }
}

/// One probe.
struct Ups {
    settings: Settings,
    memory: Memory,
}

impl Probe for Ups {
    fn read(&mut self) -> Result<Vec<Measured>, Error> {
        let quantities = driver::Settings::quantities(&self.settings);
        reading(&self.settings.access, &mut self.memory, &quantities, |session| {
            let names: Vec<Name> = OBJECTS.iter().map(|object| [UPS, object].concat()).collect();
            let mut measured = judged(&session.get(&names)?);
            measured.retain(|measured| quantities.iter().any(|quantity| quantity.name == measured.quantity));
            Ok(measured)
        })
    }
}

/// What the [`OBJECTS`] say.
fn judged(values: &[Value]) -> Vec<Measured> {
    let [status, minutes, charge, voltage, temperature, seconds, source, alarms] = values else { return Vec::new() };
    vec![
        measured(&ON_BATTERY, on_battery(source, seconds)),
        // batteryNormal 2, batteryLow 3, batteryDepleted 4; unknown 1 is no answer.
        measured(&BATTERY_LOW, status.flag(&[3, 4], &[2])),
        measured(&CHARGE, charge.scaled(1.0)),
        measured(&MINUTES, minutes.scaled(1.0)),
        measured(&TEMPERATURE, temperature.scaled(1.0)),
        measured(&ALARMS, alarms.scaled(1.0)),
        measured(&VOLTAGE, voltage.scaled(0.1)),
    ]
}

/// upsOutputSource: none 2, normal 3, bypass 4, battery 5, booster 6, reducer 7; other 1 may be
/// anything. Where it says nothing, upsSecondsOnBattery is 0 unless the battery is at work.
fn on_battery(source: &Value, seconds: &Value) -> Result<f64, Fault> {
    source.flag(&[5], &[2, 3, 4, 6, 7]).or_else(|_| match seconds.number()? {
        0 => Ok(0.0),
        1.. => Ok(1.0),
        _ => Err(Fault::BadResponse),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A battery that is well: 27.3 V, 25 °C, 100 %, 42 min.
    const WELL: [i64; 8] = [2, 42, 100, 273, 25, 0, 3, 0];

    fn check(changed: &[(usize, Value)], expected: &[(&Quantity, Result<f64, Fault>)]) {
        let mut values = WELL.map(Value::Number).to_vec();
        for (at, value) in changed {
            values[*at] = value.clone();
        }
        let found = judged(&values);
        assert_eq!(found.len(), 7);
        for (quantity, value) in expected {
            let measured = found.iter().find(|measured| measured.quantity == quantity.name).unwrap();
            assert_eq!(&measured.value, value, "{}", quantity.name);
        }
    }

    #[test]
    fn a_ups_that_is_well_says_so() {
        let well = [(&ON_BATTERY, 0.0), (&BATTERY_LOW, 0.0), (&CHARGE, 100.0), (&MINUTES, 42.0), (&TEMPERATURE, 25.0)];
        check(&[], &well.map(|(quantity, value)| (quantity, Ok(value))));
        check(&[], &[(&ALARMS, Ok(0.0)), (&VOLTAGE, Ok(273.0 * 0.1))]);
    }

    #[test]
    fn the_mains_is_away_when_the_output_comes_from_the_battery() {
        let number = Value::Number;
        for (source, on_battery) in [(2, 0.0), (3, 0.0), (4, 0.0), (5, 1.0), (6, 0.0), (7, 0.0)] {
            check(&[(6, number(source)), (5, number(9))], &[(&ON_BATTERY, Ok(on_battery))]);
        }
    }

    #[test]
    fn a_ups_that_does_not_tell_its_source_tells_its_seconds() {
        for silent in [Value::Missing, Value::Number(1), Value::Number(99), Value::Strange] {
            check(&[(6, silent.clone()), (5, Value::Number(0))], &[(&ON_BATTERY, Ok(0.0))]);
            check(&[(6, silent.clone()), (5, Value::Number(61))], &[(&ON_BATTERY, Ok(1.0))]);
            for bad in [Value::Missing, Value::Number(-1)] {
                check(&[(6, silent.clone()), (5, bad)], &[(&ON_BATTERY, Err(Fault::BadResponse))]);
            }
        }
    }

    #[test]
    fn an_unknown_battery_is_no_good_battery() {
        for (status, low) in [(1, None), (2, Some(0.0)), (3, Some(1.0)), (4, Some(1.0)), (5, None), (0, None)] {
            check(&[(0, Value::Number(status))], &[(&BATTERY_LOW, low.ok_or(Fault::BadResponse))]);
        }
    }

    #[test]
    fn one_object_that_is_missing_costs_no_other_its_value() {
        let text = Value::Octets(b"25".to_vec());
        for bad in [Value::Missing, Value::End, Value::Strange, Value::Ticks(25), text] {
            check(&[(4, bad)], &[(&TEMPERATURE, Err(Fault::BadResponse)), (&CHARGE, Ok(100.0)), (&MINUTES, Ok(42.0))]);
        }
    }
}
