//! NXP PN532 on I2C: turns calls into frames on the bus and answers into what they carry; never
//! waits without a bound and never takes a number from a frame whose checksums do not fit.
//!
//! NXP UM0701-02 (user manual), 6.2 for frames and hand-shake, 7 for commands. The crate `pn532` 0.5
//! is not used: it reads the RDY byte and the frame in two adjacent reads of one transaction, which
//! neither `rppal` nor `linux-embedded-hal` merge, so the chip begins its frame anew; and it takes a
//! chip that is gone for one that is not ready. Here both are one read.

use embedded_hal::{delay::DelayNs, i2c::I2c};
use wire::Fault;

use super::frame::{self, ACK, AROUND, Bad, NACK};
use crate::driver::Error;

/// Its only address (UM0701-02, 6.2.4 writes it as 0x48 with the direction bit).
pub const ADDRESS: u8 = 0x24;

/// A command is acknowledged within 15 ms, or must be sent again (6.2.3).
const ACK_MS_MAX: u32 = 20;
/// The slowest command, listing targets three times in vain, takes some 100 ms.
const ANSWER_MS_MAX: u32 = 500;
/// Between two looks at the RDY byte, which take 0.2 ms of the bus each.
const ANSWER_STEP_MS: u32 = 2;
/// A chip that sleeps wakes by its address, and acknowledges only afterwards (6.2.4, 7.2.11).
const WAKE_MS: u32 = 2;
/// Bits of the RDY byte that are nobody's: bit 0 is RDY, and the manual leaves the others open.
/// A port expander at this address answers with levels of pins or, after power-on, with ones.
const NOT_STATUS: u8 = 0x7E;

/// GetFirmwareVersion, 7.2.2.
const GET_FIRMWARE_VERSION: u8 = 0x02;
/// SAMConfiguration, 7.2.10.
const SAM_CONFIGURATION: u8 = 0x14;
/// RFConfiguration, 7.3.1.
const RF_CONFIGURATION: u8 = 0x32;
/// InDataExchange, 7.3.8.
const IN_DATA_EXCHANGE: u8 = 0x40;
/// InCommunicateThru, 7.3.9.
const IN_COMMUNICATE_THRU: u8 = 0x42;
/// InListPassiveTarget, 7.3.5.
const IN_LIST_PASSIVE_TARGET: u8 = 0x4A;
/// InSelect, 7.3.12.
const IN_SELECT: u8 = 0x54;

/// A target takes at most 5 bytes, a name of 10 and an answer to select of 20.
const TARGET_BYTES_MAX: usize = 35;

/// What GetFirmwareVersion says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Firmware {
    /// Version, 1.
    pub version: u8,
    /// Revision, 6.
    pub revision: u8,
}

/// A tag in the field, ISO/IEC 14443 type A.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The PN532's number for it, 1 or 2.
    pub number: u8,
    /// Its name, 4, 7 or 10 bytes.
    pub uid: Vec<u8>,
}

/// The radio's error code, UM0701-02, 7.1: 0x01 for silence, others for answers that are not whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the tag gives no whole answer (code {0:#04x})")]
pub struct RadioError(pub u8);

/// What came over the air, apart from what came over the bus.
pub type Heard = Result<Vec<u8>, RadioError>;

/// The reader, for as long as the bus is lent.
pub struct Pn532<'a, B: I2c + ?Sized> {
    bus: &'a mut B,
    delay: &'a mut dyn DelayNs,
    address: u8,
}

/// How a wait for the RDY byte ended.
enum Waited {
    Ready,
    /// It acknowledges, and is not ready.
    Never,
    /// It never acknowledged.
    Nobody,
}

impl<'a, B: I2c + ?Sized> Pn532<'a, B> {
    /// The reader at `address`; no traffic yet.
    pub fn new(bus: &'a mut B, delay: &'a mut dyn DelayNs, address: u8) -> Self {
        Self { bus, delay, address }
    }

    /// Makes sure that it is a PN532, and sets it up: no secure module, no search for a tag that lasts
    /// for ever. Reads before it writes, since a frame is an order to the port expander MCP23017,
    /// which can sit at this address and would make outputs of its pins.
    pub fn set_up(&mut self) -> Result<Firmware, Error> {
        let mut status = [0];
        if self.bus.read(self.address, &mut status).is_ok() && status[0] & NOT_STATUS != 0 {
            return Err(self.wrong(format!("its first byte is {:#04x}", status[0])));
        }
        let firmware = match self.ask(&[GET_FIRMWARE_VERSION], 4) {
            Ok(answer) => match answer[..] {
                [0x32, version, revision, _] => Firmware { version, revision },
                _ => return Err(self.wrong(format!("it names itself {answer:02x?}"))),
            },
            Err(Error::Other { fault: Fault::BadResponse, text }) => return Err(self.wrong(text)),
            Err(error) => return Err(error),
        };
        // Normal mode, the time-out of another mode, IRQ in use.
        self.ask(&[SAM_CONFIGURATION, 0x01, 0x14, 0x01], 0)?;
        // MaxRetries: MxRtyATR and MxRtyPSL as they are, MxRtyPassiveActivation 2 instead of for ever.
        self.ask(&[RF_CONFIGURATION, 0x05, 0xFF, 0x01, 0x02], 0)?;
        Ok(firmware)
    }

    /// Switches the field on and finds at most `most` tags, 1 or 2.
    pub fn targets(&mut self, most: u8) -> Result<Vec<Target>, Error> {
        let answer = self.ask(&[IN_LIST_PASSIVE_TARGET, most, 0x00], 1 + usize::from(most) * TARGET_BYTES_MAX)?;
        targets(&answer).ok_or_else(|| self.odd(format!("targets that make no sense: {answer:02x?}")))
    }

    /// Makes `target` the one that [`Pn532::through`] talks to.
    pub fn select(&mut self, target: u8) -> Result<Heard, Error> {
        self.over_the_air(&[IN_SELECT, target], 0)
    }

    /// Sends `data` to the tag that is selected, as it is, and hears at most `most` bytes.
    pub fn through(&mut self, data: &[u8], most: usize) -> Result<Heard, Error> {
        self.over_the_air(&[&[IN_COMMUNICATE_THRU], data].concat(), most)
    }

    /// Sends a command of the tag to `target`; the PN532 sees to its acknowledgement.
    pub fn exchange(&mut self, target: u8, data: &[u8], most: usize) -> Result<Heard, Error> {
        self.over_the_air(&[&[IN_DATA_EXCHANGE, target], data].concat(), most)
    }

    /// Waits.
    pub fn pause(&mut self, ms: u32) {
        self.delay.delay_ms(ms);
    }

    /// Switches the field off: it draws 100 mA and warms the tag. RFConfiguration, item 1.
    pub fn field_off(&mut self) -> Result<(), Error> {
        self.ask(&[RF_CONFIGURATION, 0x01, 0x00], 0).map(drop)
    }

    /// A command whose answer begins with the radio's error code; its upper two bits are not the code.
    fn over_the_air(&mut self, command: &[u8], most: usize) -> Result<Heard, Error> {
        let mut answer = self.ask(command, 1 + most)?;
        match answer.first().map(|status| status & 0x3F) {
            Some(0) => Ok(Ok(answer.split_off(1))),
            Some(code) => Ok(Err(RadioError(code))),
            None => Err(self.odd("an answer without its status".to_owned())),
        }
    }

    /// Sends a command, its code first, and gives the at most `most` bytes of its answer. One that
    /// fails is aborted, so that the next finds the chip idle.
    fn ask(&mut self, command: &[u8], most: usize) -> Result<Vec<u8>, Error> {
        let outcome = self.attempt(command, most);
        if matches!(outcome, Err(Error::Other { .. } | Error::Checksum { .. })) {
            // It may be beyond being told.
            let _ = self.bus.write(self.address, &ACK);
        }
        outcome
    }

    fn attempt(&mut self, command: &[u8], most: usize) -> Result<Vec<u8>, Error> {
        self.send_until_acknowledged(&frame::command(command))?;
        let code = command.first().copied().unwrap_or_default();
        match self.receive(code, most)? {
            Ok(answer) => Ok(answer),
            Err(Bad::Checksum) => {
                self.write(&NACK)?;
                match self.receive(code, most)? {
                    Ok(answer) => Ok(answer),
                    Err(Bad::Checksum) => Err(Error::Checksum { address: self.address }),
                    Err(bad) => Err(self.odd(bad.to_string())),
                }
            }
            Err(bad) => Err(self.odd(bad.to_string())),
        }
    }

    /// Sends a frame, once more where it is not acknowledged in time (6.2.3).
    fn send_until_acknowledged(&mut self, frame: &[u8]) -> Result<(), Error> {
        let mut heard = [0; 1 + ACK.len()];
        let mut waited = Waited::Nobody;
        for _ in 0..2 {
            self.write(frame)?;
            waited = self.wait(ACK_MS_MAX, 1)?;
            if matches!(waited, Waited::Ready) {
                self.read(&mut heard)?;
                if heard[1..] == ACK {
                    return Ok(());
                }
            }
        }
        match waited {
            Waited::Ready => Err(self.odd(format!("a command is answered with {:02x?}, not with an ACK", &heard[1..]))),
            Waited::Never => Err(self.silent("it does not acknowledge a command")),
            Waited::Nobody => Err(Error::NoAnswer { address: self.address }),
        }
    }

    /// The answer to `code`, which takes one read of the RDY byte and the frame together.
    fn receive(&mut self, code: u8, most: usize) -> Result<Result<Vec<u8>, Bad>, Error> {
        match self.wait(ANSWER_MS_MAX, ANSWER_STEP_MS)? {
            Waited::Ready => {}
            Waited::Never => return Err(self.silent("it never gets ready with its answer")),
            Waited::Nobody => return Err(Error::NoAnswer { address: self.address }),
        }
        let mut bytes = vec![0; 1 + AROUND + 1 + most];
        self.read(&mut bytes)?;
        Ok(frame::answer(&bytes[1..], code).map(<[u8]>::to_vec))
    }

    /// Waits until the RDY byte says so. A chip that is busy may leave its address unacknowledged, or
    /// stretch the clock, which computers with a BCM2835 to BCM2711 misread: so never looks at once.
    fn wait(&mut self, ms_max: u32, step_ms: u32) -> Result<Waited, Error> {
        let mut there = false;
        for _ in 0..ms_max / step_ms {
            self.delay.delay_ms(step_ms);
            let mut status = [0];
            match self.bus.read(self.address, &mut status).map_err(|error| Error::from_bus(self.address, &error)) {
                Ok(()) if status[0] & 1 == 1 => return Ok(Waited::Ready),
                Ok(()) => there = true,
                Err(Error::NoAnswer { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(if there { Waited::Never } else { Waited::Nobody })
    }

    /// Writes, once more where a sleeping chip was only woken.
    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let address = self.address;
        let failed = |error: B::Error| Error::from_bus(address, &error);
        match self.bus.write(self.address, bytes).map_err(failed) {
            Err(Error::NoAnswer { .. }) => {
                self.delay.delay_ms(WAKE_MS);
                self.bus.write(self.address, bytes).map_err(failed)
            }
            other => other,
        }
    }

    fn read(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        self.bus.read(self.address, bytes).map_err(|error| Error::from_bus(self.address, &error))
    }

    fn wrong(&self, found: String) -> Error {
        Error::WrongDevice { address: self.address, expected: "PN532", found }
    }

    fn odd(&self, text: String) -> Error {
        Error::Other { fault: Fault::BadResponse, text: format!("the reader at {:#04x}: {text}", self.address) }
    }

    fn silent(&self, text: &str) -> Error {
        Error::Other { fault: Fault::NoResponse, text: format!("the reader at {:#04x}: {text}", self.address) }
    }
}

/// The targets in an answer to InListPassiveTarget; none where its lengths do not fit.
#[must_use]
pub fn targets(answer: &[u8]) -> Option<Vec<Target>> {
    let (&count, mut rest) = answer.split_first()?;
    let mut targets = Vec::new();
    for _ in 0..count {
        let [number, _, _, sak, length, after @ ..] = rest else { return None };
        let uid = after.get(..usize::from(*length)).filter(|uid| matches!(uid.len(), 4 | 7 | 10))?;
        rest = &after[uid.len()..];
        if sak & 0x20 != 0 {
            // A smart card adds its answer to select, whose first byte counts itself too.
            let length = usize::from(*rest.first()?).max(1);
            rest = rest.get(length..)?;
        }
        targets.push(Target { number: *number, uid: uid.to_vec() });
    }
    (targets.len() <= 2).then_some(targets)
}
