//! An MCP23017 as its data sheet describes it, seen from the bus: the register map with
//! IOCON.BANK = 0, and sixteen pins that a test connects to ground or to the supply.

use std::time::Duration;

use super::{Device, Moment};
use crate::driver::bus::BusError;

const IODIR: usize = 0x00;
const IPOL: usize = 0x02;
const IOCON: usize = 0x0A;
const GPPU: usize = 0x0C;
const INTF: usize = 0x0E;
const INTCAP: usize = 0x10;
const GPIO: usize = 0x12;
const OLAT: usize = 0x14;
const REGISTERS: usize = 0x16;

/// What is wired to a pin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pin {
    /// Nothing, or a cable that ends in the air.
    Open,
    /// A closed contact to ground.
    Ground,
    /// The supply.
    Supply,
}

/// The chip.
#[derive(Debug)]
pub struct Mcp23017 {
    registers: [u8; REGISTERS],
    pointer: usize,
    pins: [Pin; 16],
    /// Whether a pin ever was an output since power-on: a listener must never make it one.
    drove: bool,
}

impl Mcp23017 {
    /// As after power-on, with nothing wired to it.
    #[must_use]
    pub fn new() -> Self {
        Self { registers: power_on(), pointer: 0, pins: [Pin::Open; 16], drove: false }
    }

    /// Wires a pin: 0 to 7 are GPA, 8 to 15 GPB.
    pub fn wire(&mut self, pin: usize, to: Pin) {
        self.pins[pin] = to;
    }

    /// Whether any pin was an output since the chip was made.
    #[must_use]
    pub fn drove(&self) -> bool {
        self.drove
    }

    fn level(&self, pin: usize) -> bool {
        let (port, bit) = (pin / 8, 1_u8 << (pin % 8));
        let high = match self.pins[pin] {
            // Without its pull-up an open pin picks up anything; here, ground.
            Pin::Open => self.registers[GPPU + port] & bit != 0,
            Pin::Ground => false,
            Pin::Supply => true,
        };
        high != (self.registers[IPOL + port] & bit != 0)
    }

    fn port(&self, port: usize) -> u8 {
        (0..8).fold(0, |byte, bit| byte | u8::from(self.level(port * 8 + bit)) << bit)
    }

    fn set(&mut self, register: usize, byte: u8) {
        match register {
            // One register at two addresses; bit 0 does not exist.
            r if r & !1 == IOCON => self.registers[IOCON..=IOCON + 1].fill(byte & 0xFE),
            r if (INTF..INTF + 2).contains(&r) || (INTCAP..INTCAP + 2).contains(&r) => {}
            // Writing a port writes its latch.
            r if r & !1 == GPIO => self.registers[OLAT + (r & 1)] = byte,
            r => self.registers[r] = byte,
        }
        self.drove |= self.registers[IODIR] != 0xFF || self.registers[IODIR + 1] != 0xFF;
    }

    /// Counts on, or stays within the pair where sequential operation is disabled.
    fn step(&mut self) {
        let sequential = self.registers[IOCON] & 0x20 == 0;
        self.pointer = if sequential { (self.pointer + 1) % REGISTERS } else { self.pointer ^ 1 };
    }
}

impl Default for Mcp23017 {
    fn default() -> Self {
        Self::new()
    }
}

fn power_on() -> [u8; REGISTERS] {
    let mut registers = [0; REGISTERS];
    registers[IODIR..IODIR + 2].fill(0xFF);
    registers
}

impl Device for Mcp23017 {
    fn write(&mut self, bytes: &[u8], _at: &Moment<'_>) -> Result<(), BusError> {
        if let Some((register, values)) = bytes.split_first() {
            self.pointer = usize::from(*register) % REGISTERS;
            for value in values {
                self.set(self.pointer, *value);
                self.step();
            }
        }
        Ok(())
    }

    fn read(&mut self, bytes: &mut [u8], _at: &Moment<'_>) -> Result<(), BusError> {
        for byte in bytes {
            *byte = match self.pointer {
                pointer if pointer & !1 == GPIO => self.port(pointer & 1),
                pointer => self.registers[pointer],
            };
            self.step();
        }
        Ok(())
    }

    fn power_on(&mut self, _now: Duration) {
        (self.registers, self.pointer) = (power_on(), 0);
    }

    /// It has no checksums.
    fn spoil(&self, _bytes: &mut [u8]) {}
}
