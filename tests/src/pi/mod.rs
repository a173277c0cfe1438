//! A Raspberry Pi 3 in QEMU: a real kernel with its I2C, GPIO, SD card and network drivers runs the
//! agent as it would be installed, cross-built; the test holds the room's temperature, the sensor's
//! plug, the pins of the header and the power. It reaches the machine's loopback at 10.0.2.2.
//!
//! The guest's clock starts in 1970 and nobody sets it.

mod bench;
mod card;
mod header;
mod initramfs;
mod parts;
mod qmp;

use std::{
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

pub use self::parts::Bits;
use self::{bench::Place, card::Card, header::Header, initramfs::Initramfs, parts::Parts, qmp::Qmp};
use crate::{House, Process, program, wait};

/// From power-on to the agent's first word; some 10 s on an idle machine, emulated.
const UP_WITHIN: Duration = Duration::from_secs(180);

/// Address of the TMP105, and one where nothing asks.
const THERMOMETER: u8 = 0x48;
const NOWHERE: u8 = 0x7a;

/// Where the thermometer hangs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wiring {
    /// On the bus itself.
    Direct,
    /// At channel 3 of a PCA9548 at 0x70.
    BehindMux,
}

/// A running board.
#[derive(Debug)]
pub struct Pi {
    _place: Place,
    card: Card,
    console: PathBuf,
    qemu: Process,
    qmp: Qmp,
    header: Header,
    started: Instant,
}

impl Pi {
    /// Powers one on that runs the agent with this configuration. The room has 20 °C; the card is empty,
    /// or that of the Pi which had its power cut in this house before. It is mounted at `/run`.
    #[track_caller]
    #[must_use]
    pub fn start(house: &House, bits: Bits, wiring: Wiring, configuration: &str) -> Self {
        let parts = Parts::find(bits);
        let place = Place::take();
        let initramfs = house.path("initramfs");
        std::fs::write(&initramfs, archive(&parts, configuration)).expect("the folder of the house is writable");
        let card = Card::of(house);
        let console = house.path("pi-console.log");
        let (control, pins) = (house.path("qmp"), house.path("qtest"));

        // Without this test nobody would end it: the guest's power-off does not.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "qemu-system-aarch64", "-M", "raspi3b", "-m", "1G", "-display", "none"]);
        command.arg("-kernel").arg(&parts.kernel).arg("-dtb").arg(&parts.board).arg("-initrd").arg(&initramfs);
        // `iomem=relaxed`: Debian's kernel has no /dev/gpiomem, and rppal takes /dev/mem instead.
        command.args(["-append", "console=ttyS1,115200 iomem=relaxed panic=1 loglevel=3"]);
        command.args(["-serial", "null", "-serial", &format!("file:{}", console.display())]);
        command.arg("-drive").arg(format!("if=sd,format=raw,file={}", card.path().display()));
        command.args(["-netdev", "user,id=network", "-device", "usb-net,netdev=network"]);
        command.args(["-qmp", &format!("unix:{},server=on,wait=off", control.display())]);
        command.args(["-qtest", &format!("unix:{},server=on,wait=off", pins.display()), "-qtest-log", "none"]);
        let bus = match wiring {
            Wiring::Direct => "i2c-bus.1",
            Wiring::BehindMux => {
                command.args(["-device", "pca9548,bus=i2c-bus.1,address=0x70"]);
                "i2c.3"
            }
        };
        command.args(["-device", &format!("tmp105,id=thermometer,bus={bus},address={THERMOMETER:#x}")]);

        let qemu = house.start("qemu", command);
        let started = Instant::now();
        let mut pi = Self {
            _place: place,
            card,
            console,
            qemu,
            qmp: Qmp::connect(&control),
            header: Header::connect(&pins),
            started,
        };
        pi.set_room_celsius(20.0);
        pi
    }

    /// Waits until the guest has its devices and network and runs the agent; gives what its clock says.
    #[track_caller]
    pub fn wait_until_up(&mut self) -> String {
        let line = self.console_line("=== up: ", UP_WITHIN);
        assert!(!self.console().contains("=== failed"), "the guest lacks something:\n{}", self.console());
        line
    }

    /// A line on the guest's console, from `beginning` on.
    #[track_caller]
    pub fn console_line(&mut self, beginning: &str, within: Duration) -> String {
        wait::until(&format!("the guest's console says `{beginning}`"), within, || {
            if let Some(status) = self.qemu.ended() {
                panic!("QEMU ended ({status}):\n{}\n{}", self.qemu.output(), self.console());
            }
            let console = self.console();
            // A line that is not yet whole would be half a truth.
            let whole = console.rsplit_once('\n').map_or("", |(whole, _)| whole);
            // Before its first line the serial line may carry noise.
            whole.lines().find_map(|line| Some(line[line.find(beginning)?..].trim_end().to_owned()))
        })
    }

    /// All that the guest's console has said.
    #[must_use]
    pub fn console(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.console).unwrap_or_default()).into_owned()
    }

    /// Since power-on.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.started.elapsed()
    }

    /// Makes the room this warm.
    #[track_caller]
    pub fn set_room_celsius(&mut self, celsius: f64) {
        self.qmp.set(SENSOR, "temperature", (celsius * 1000.0).round() as i64);
    }

    /// Pulls the thermometer's plug: its address is acknowledged by nobody. QEMU cannot unplug from
    /// an I2C bus; a device that is off may change its address, and answers at the new one.
    #[track_caller]
    pub fn pull_thermometer(&mut self) {
        self.qmp.set(SENSOR, "realized", false);
        self.qmp.set(SENSOR, "address", NOWHERE);
    }

    /// Plugs it in again: it starts as after power-on, with 0 °C before its first conversion.
    #[track_caller]
    pub fn plug_thermometer(&mut self, celsius: f64) {
        self.qmp.set(SENSOR, "address", THERMOMETER);
        self.qmp.set(SENSOR, "realized", true);
        self.set_room_celsius(celsius);
    }

    /// Puts a pin of the header, an input of the guest, at a level.
    #[track_caller]
    pub fn drive_pin(&mut self, bcm: u32, high: bool) {
        self.header.drive(bcm, high);
    }

    /// Whether the card itself, not the guest's memory of it, has a sample with this value.
    #[must_use]
    pub fn card_has(&self, point: &str, value: f64) -> bool {
        self.card.has(point, value)
    }

    /// Cuts the power: what the guest had not written to its card is gone.
    pub fn cut_power(mut self) {
        self.qemu.kill();
    }
}

/// The thermometer among QEMU's objects.
const SENSOR: &str = "/machine/peripheral/thermometer";

fn archive(parts: &Parts, configuration: &str) -> Vec<u8> {
    let read = |path: &PathBuf| {
        std::fs::read(path).unwrap_or_else(|error| panic!("`{}` cannot be read: {error}", path.display()))
    };
    let mut archive = Initramfs::new();
    archive.file("init", &read(&program::workspace().join("tests/pi/init")));
    archive.file("bin/busybox", &read(&parts.busybox));
    for (folder, paths) in [("modules", &parts.modules), ("lib", &parts.libraries)] {
        for path in paths {
            let name = path.file_name().and_then(|name| name.to_str()).expect("files of packages have plain names");
            archive.file(&format!("{folder}/{name}"), &read(path));
        }
    }
    archive.file("agent", &read(&parts.agent));
    archive.file("agent.toml", configuration.as_bytes());
    archive.finish()
}
