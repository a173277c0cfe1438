//! Microchip MCP23017: turns the levels of an expander's pins into one point a contact, debounced
//! each by itself. Only ever listens: every pin is made an input before anything else, and nothing
//! here writes to an output register.
//!
//! Datasheet: DS20001952D, <https://www.microchip.com/en-us/product/mcp23017>. Since that revision
//! GPA7 and GPB7 are outputs only: a change on them while bit 7 is being sent can corrupt SDA. So
//! fourteen pins are inputs; the two stay unconnected, held by their pull-ups. The crates
//! `port-expander` and `mcp23017` are not used: neither proves what answers nor notices that the
//! chip lost its supply, which is most of this file.
//!
//! The chip has no name and no checksum. It is known by its two registers IOCON, which are one: what
//! is written to either is read from both, but for a bit that does not exist. The open-drain bit,
//! which moves nothing here, stays set as the mark that the chip was set up: gone, the chip has had
//! no supply since.

use std::{sync::Arc, time::Duration};

use embedded_hal::i2c::I2c;
use wire::{Fault, Id};

use super::{debounce::Debouncer, manner::Manner};
use crate::{
    config::{Expected, Problem, Table},
    driver::{Chip, Context, Error, Kind, Measured, Place, Pull, Quantity, Reader, Seat, Sits, simulated},
};

/// The expander. BH1750 (0x23) and PN532 (0x24) want two of its addresses. A scan never looks for it: a
/// PCF8574 at one of them, a relay board say, takes every byte for levels of its outputs.
pub static KIND: Kind = Kind {
    word: "mcp23017",
    parts: ["Microchip MCP23017"; 2],
    measures: ["up to 14 contacts", "最多 14 路触点"],
    sits: Sits::I2c(ADDRESSES),
    period: None,
    period_min: None,
    read: |table| Some(Arc::new(Settings::read(table)?)),
    at: None,
};
/// By the pins A2, A1 and A0.
const ADDRESSES: &[u8] = &[0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27];
/// Names of the pins, GPA0 to GPA6 and GPB0 to GPB6; their numbers are 0 to 6 and 8 to 14.
const PINS: &[&str] = &["a0", "a1", "a2", "a3", "a4", "a5", "a6", "b0", "b1", "b2", "b3", "b4", "b5", "b6"];
/// There is no resistor to ground.
const PULLS: &[&str] = &["up", "off"];

/// Between two looks: a contact is told within this and its debounce. A look keeps the bus for 1.4 ms
/// at 100 kHz.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// A pull-up of 100 kΩ (40 to 115 µA at 5 V, table 1-1) needs this long to lift 10 nF, 100 m of cable.
const SETTLE_MS: u32 = 5;

/// Registers, table 3-5 (IOCON.BANK = 0), port A; port B follows each.
const IODIR: u8 = 0x00;
const IOCON: u8 = 0x0A;
const GPIO: u8 = 0x12;
/// Registers from the first to OLATB.
const REGISTERS: usize = 0x16;
/// IOCON in the other map (IOCON.BANK = 1), table 3-4; in this one GPINTENB, which stays 0 anyway.
const IOCON_OTHER_BANK: [u8; 2] = [0x05, 0x15];
/// IOCON, register 3-6: bit 7 chooses the other map, bit 0 does not exist and reads 0.
const IOCON_BANK: u8 = 0x80;
const IOCON_MISSING: u8 = 0x01;
/// INT pins are open-drain; they are connected to nothing.
const IOCON_MARK: u8 = 0x04;

/// What a `[[sensor]]` of this kind says.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Where it sits.
    pub seat: Seat,
    /// The contacts, each at a pin of its own.
    pub inputs: Vec<Input>,
}

/// A contact at a pin.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    /// 0 to 6 for GPA0 to GPA6, 8 to 14 for GPB0 to GPB6.
    pub pin: u8,
    /// The asset it watches; its point then starts with the asset's name.
    pub asset: Option<Id>,
    /// How it is understood.
    pub manner: Manner,
}

impl Input {
    /// Its point: `present`, or `extinguisher_1_present` at an asset.
    fn point(&self) -> String {
        let point = &self.manner.point;
        self.asset
            .as_ref()
            .map_or_else(|| point.clone(), |asset| format!("{}_{point}", asset.as_str().replace('-', "_")))
    }
}

impl Settings {
    fn read(table: &Table<'_>) -> Option<Self> {
        let seat = Seat::read(table, ADDRESSES);
        let tables = table.tables("inputs");
        if tables.is_empty() {
            table.require("inputs", Expected::Tables, None::<()>);
        }
        let count = tables.len();
        // Each with the keys of its pin and its point.
        let mut inputs: Vec<(Input, [String; 2])> = Vec::new();
        for inner in tables {
            let index = inner.require("pin", Expected::OneOf(PINS), inner.word("pin", PINS, PINS));
            let index = index.and_then(|word| PINS.iter().position(|known| *known == word));
            let asset = inner.id("asset");
            if asset.is_some() && table.has("asset") {
                inner.note("asset", Problem::Either { or: table.key("asset") });
            }
            let manner = Manner::read(&inner, PULLS, "10s");
            inner.unknown();
            let (Some(index), Some(manner)) = (index, manner) else { continue };
            let input = Input { pin: pin(index), asset, manner };
            if let Some((_, [first, _])) = inputs.iter().find(|(known, _)| known.pin == input.pin) {
                inner.note("pin", Problem::Twice { value: PINS[index].to_owned(), first: first.clone() });
            } else if let Some((_, [_, first])) = inputs.iter().find(|(known, _)| known.point() == input.point()) {
                inner.note("point", Problem::Twice { value: input.point(), first: first.clone() });
            } else {
                inputs.push((input, ["pin", "point"].map(|key| inner.key(key))));
            }
        }
        let inputs: Vec<Input> = inputs.into_iter().map(|(input, _)| input).collect();
        (inputs.len() == count && count > 0).then_some(Self { seat: seat?, inputs })
    }
}

fn pin(index: usize) -> u8 {
    u8::try_from(if index < 7 { index } else { index + 1 }).expect("fourteen pins")
}

fn index_of(pin: u8) -> usize {
    usize::from(if pin < 7 { pin } else { pin - 1 })
}

impl crate::driver::Settings for Settings {
    fn kind(&self) -> &'static Kind {
        &KIND
    }
    fn place(&self) -> Place {
        Place::Chip(self.seat.clone())
    }
    fn print(&self, table: &mut toml::Table) {
        let input = |input: &Input| {
            let mut table = toml::Table::new();
            table.insert("pin".into(), PINS[index_of(input.pin)].into());
            if let Some(asset) = &input.asset {
                table.insert("asset".into(), asset.as_str().into());
            }
            input.manner.print(&mut table);
            toml::Value::Table(table)
        };
        table.insert("inputs".into(), toml::Value::Array(self.inputs.iter().map(input).collect()));
    }
    fn quantities(&self) -> Vec<Quantity> {
        self.inputs.iter().map(|input| Quantity::flag("").named(input.point())).collect()
    }
    fn asset_of(&self, quantity: &str) -> Option<Id> {
        self.inputs.iter().find(|input| input.point() == quantity)?.asset.clone()
    }
    fn start(&self) -> Reader {
        Reader::Chip(Box::new(Mcp23017::new(self)))
    }
    fn simulate(&self) -> Option<Box<dyn simulated::Device>> {
        let mut twin = simulated::mcp23017::Mcp23017::new();
        for input in &self.inputs {
            if let Some(high) = input.manner.at_rest() {
                use simulated::mcp23017::Pin;
                twin.wire(usize::from(input.pin), if high { Pin::Supply } else { Pin::Ground });
            }
        }
        Some(Box::new(twin))
    }
}

/// One chip.
#[derive(Debug)]
pub struct Mcp23017 {
    address: u8,
    inputs: Vec<(Input, Debouncer)>,
    /// What the registers from IODIRA to GPPUB must hold.
    setup: [u8; 14],
    /// It was proven and set up, and has kept that so far.
    ready: bool,
}

/// What a look at the registers shows.
enum Seen {
    /// Levels of the ports, A in the low byte.
    Levels(u16),
    /// It lost its supply: settings are those of power-on.
    PowerOn,
}

impl Mcp23017 {
    /// The chip as configured; no traffic yet.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        // Pins without a contact are held as well, so that they do not float.
        let off = settings.inputs.iter().filter(|input| input.manner.pull == Pull::Off);
        let pull_ups = off.fold(0xFFFF_u16, |bits, input| bits & !(1 << input.pin));
        let [a, b] = pull_ups.to_le_bytes();
        let setup = [0xFF, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0, IOCON_MARK, IOCON_MARK, a, b];
        let inputs = settings.inputs.iter().map(|input| (input.clone(), input.manner.debouncer())).collect();
        Self { address: settings.seat.address, inputs, setup, ready: false }
    }

    fn lose<B: I2c + ?Sized>(&mut self, error: &B::Error) -> Error {
        self.forget();
        Error::from_bus(self.address, error)
    }

    fn forget(&mut self) {
        self.ready = false;
        self.inputs.iter_mut().for_each(|(_, debouncer)| debouncer.forget());
    }

    fn wrong(&self, found: String) -> Error {
        Error::WrongDevice { address: self.address, expected: "MCP23017", found }
    }

    /// Both bytes of a register pair, each by a transaction of its own: whether the chip counts
    /// addresses up is a setting.
    fn pair<B: I2c + ?Sized>(&mut self, bus: &mut B, registers: [u8; 2]) -> Result<[u8; 2], Error> {
        let mut pair = [0; 2];
        for (register, byte) in registers.into_iter().zip(&mut pair) {
            let byte = std::slice::from_mut(byte);
            bus.write_read(self.address, &[register], byte).map_err(|error| self.lose::<B>(&error))?;
        }
        Ok(pair)
    }

    fn write<B: I2c + ?Sized>(&mut self, bus: &mut B, bytes: &[u8]) -> Result<(), Error> {
        bus.write(self.address, bytes).map_err(|error| self.lose::<B>(&error))
    }

    /// Proves that it is one, and sets it up.
    fn set_up<B: I2c + ?Sized>(&mut self, bus: &mut B, context: &mut Context<'_>) -> Result<(), Error> {
        const BOTH: [u8; 2] = [IOCON, IOCON + 1];
        let one = |pair: [u8; 2]| pair[0] == pair[1];
        let mut iocon = self.pair(bus, BOTH)?;
        if !one(iocon) || iocon[0] & (IOCON_BANK | IOCON_MISSING) != 0 {
            let other = self.pair(bus, IOCON_OTHER_BANK)?;
            if !one(other) || other[0] & (IOCON_BANK | IOCON_MISSING) != IOCON_BANK {
                return Err(self.wrong(format!("its registers 0x0a and 0x0b, which are one, read {iocon:02x?}")));
            }
            self.write(bus, &[IOCON_OTHER_BANK[0], 0])?;
            iocon = self.pair(bus, BOTH)?;
        }
        // A bit that does not exist must not come back, and both registers must have changed.
        self.write(bus, &[IOCON, IOCON_MARK | IOCON_MISSING])?;
        let answer = self.pair(bus, BOTH)?;
        if answer != [IOCON_MARK; 2] {
            return Err(self.wrong(format!("0x05 in its register 0x0a, which read {iocon:02x?}, reads {answer:02x?}")));
        }
        let mut bytes = [IODIR; 15];
        bytes[1..].copy_from_slice(&self.setup);
        self.write(bus, &bytes)?;
        context.delay.delay_ms(SETTLE_MS);
        self.ready = true;
        Ok(())
    }

    /// Reads registers from `first` to the last and judges them. The chip's pointer then stands at
    /// IODIRA, so that a driver that looks for another chip at this address and only reads sees 0xff.
    fn registers<B: I2c + ?Sized>(&mut self, bus: &mut B, first: u8) -> Result<Seen, Error> {
        let mut all = [0; REGISTERS];
        let from = usize::from(first);
        bus.write_read(self.address, &[first], &mut all[from..]).map_err(|error| self.lose::<B>(&error))?;
        let settings = &all[from..self.setup.len()];
        if settings == &self.setup[from..] {
            let [a, b] = [all[usize::from(GPIO)], all[usize::from(GPIO) + 1]];
            return Ok(Seen::Levels(u16::from_le_bytes([a, b])));
        }
        // After power-on every register up to GPPUB is 0 but IODIR.
        let power_on = |(index, byte): (usize, &u8)| *byte == if from + index < 2 { 0xFF } else { 0 };
        if settings.iter().enumerate().all(power_on) {
            return Ok(Seen::PowerOn);
        }
        let found = format!("its settings read {settings:02x?}");
        self.forget();
        Err(self.wrong(found))
    }

    /// Shows every contact its level; true if one counts anew.
    fn see(&mut self, levels: u16, now: Duration) -> bool {
        let mut changed = false;
        for (input, debouncer) in &mut self.inputs {
            changed |= debouncer.see(levels >> input.pin & 1 == 1, 0, now).is_some();
        }
        changed
    }
}

impl Chip for Mcp23017 {
    fn read<B: I2c + ?Sized>(&mut self, bus: &mut B, context: &mut Context<'_>) -> Result<Vec<Measured>, Error> {
        if !self.ready {
            self.set_up(bus, context)?;
        }
        match self.registers(bus, IODIR)? {
            Seen::Levels(levels) => drop(self.see(levels, context.now)),
            Seen::PowerOn => {
                // What its pins said meanwhile was said without pull-ups.
                self.forget();
                self.set_up(bus, context)?;
                tracing::warn!(address = self.address, "an MCP23017 lost its supply and was set up again");
                let text = "it lost its supply and was set up again".to_owned();
                return Err(Error::Other { fault: Fault::WarmingUp, text });
            }
        }
        let measured = |(input, debouncer): &(Input, Debouncer)| {
            debouncer.steady().map(|high| Measured::flag(input.point(), input.manner.is_active(high)))
        };
        Ok(self.inputs.iter().filter_map(measured).collect())
    }

    fn identity(&self) -> Option<String> {
        self.ready.then(|| "MCP23017".to_owned())
    }

    fn look_every(&self) -> Option<Duration> {
        Some(LOOK_EVERY)
    }

    fn look<B: I2c + ?Sized>(&mut self, bus: &mut B, context: &mut Context<'_>) -> Result<bool, Error> {
        if !self.ready {
            // Reading sets it up, at its own pace.
            return Ok(false);
        }
        match self.registers(bus, IOCON)? {
            Seen::Levels(levels) => Ok(self.see(levels, context.now)),
            Seen::PowerOn => Ok(true),
        }
    }
}
