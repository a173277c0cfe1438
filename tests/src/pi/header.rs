//! The pins of the 40-pin header as something outside would drive them. The emulated GPIO has no
//! such input, but keeps the level that an output was driven to: through QEMU's test socket the
//! pin is made an output, driven, and made an input again, in the registers that the guest has.
//! BCM2835 ARM Peripherals, chapter 6; the test socket: <https://www.qemu.org/docs/master/devel/testing/qtest.html>

use std::{
    io::{BufRead, BufReader, Write},
    os::unix::net::UnixStream,
    path::Path,
    time::Duration,
};

use crate::wait;

/// Where the GPIO registers of a Raspberry Pi 2 and 3 are.
const GPIO: u64 = 0x3f20_0000;
/// GPFSEL0: three bits a pin, ten pins a register.
const FUNCTION_SELECT: u64 = GPIO;
/// GPSET0 and GPCLR0: one bit a pin.
const SET: u64 = GPIO + 0x1c;
const CLEAR: u64 = GPIO + 0x28;
/// GPLEV0: one bit a pin.
const LEVEL: u64 = GPIO + 0x34;

const OUTPUT: u32 = 0b001;
const FUNCTION_MASK: u32 = 0b111;

/// How long QEMU may take for one answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// An open test socket.
#[derive(Debug)]
pub(super) struct Header {
    reader: BufReader<UnixStream>,
}

impl Header {
    /// Connects as soon as QEMU listens.
    #[track_caller]
    pub(super) fn connect(path: &Path) -> Self {
        let stream = wait::until("QEMU's test socket is there", wait::READY_WITHIN, || UnixStream::connect(path).ok());
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket takes a time-out");
        Self { reader: BufReader::new(stream) }
    }

    /// Puts `pin`, one of BCM 0 to 27, at a level, and leaves it an input.
    #[track_caller]
    pub(super) fn drive(&mut self, pin: u32, high: bool) {
        assert!(pin < 28, "the header has BCM 0 to 27, not {pin}");
        let register = FUNCTION_SELECT + u64::from(pin / 10) * 4;
        let shift = pin % 10 * 3;
        let others = self.read(register) & !(FUNCTION_MASK << shift);
        self.write(register, others | OUTPUT << shift);
        self.write(if high { SET } else { CLEAR }, 1 << pin);
        self.write(register, others);
        assert_eq!(self.read(LEVEL) >> pin & 1 == 1, high, "GPIO {pin} keeps the level it was driven to");
    }

    #[track_caller]
    fn read(&mut self, address: u64) -> u32 {
        let answer = self.ask(&format!("readl {address:#x}"));
        let hexadecimal = answer.trim_start_matches("0x");
        u32::from_str_radix(hexadecimal.trim_start_matches('0'), 16)
            .or_else(|error| if hexadecimal.bytes().all(|b| b == b'0') { Ok(0) } else { Err(error) })
            .unwrap_or_else(|error| panic!("QEMU read `{answer}`: {error}"))
    }

    #[track_caller]
    fn write(&mut self, address: u64, value: u32) {
        self.ask(&format!("writel {address:#x} {value:#x}"));
    }

    /// What stands behind `OK`.
    #[track_caller]
    fn ask(&mut self, command: &str) -> String {
        writeln!(self.reader.get_mut(), "{command}").expect("QEMU reads its test socket");
        let mut line = String::new();
        self.reader.read_line(&mut line).expect("QEMU answers in time");
        let answer = line.trim_end().strip_prefix("OK");
        answer.unwrap_or_else(|| panic!("`{command}` was answered with `{line}`")).trim().to_owned()
    }
}
