//! Debian's real `snmpd`, which shows the objects that a test gives it beside those of this
//! computer, to a community and to users of SNMPv3. Everything of it lies in the test's house.

use std::{net::UdpSocket, process::Command};

use crate::{House, Process, port, wait};

/// The community that may read.
pub const COMMUNITY: &str = "hall-reads";
/// Of every user.
pub const AUTH_PASSWORD: &str = "eight or more";
/// Of those that hide.
pub const PRIVACY_PASSWORD: &str = "nine or more";

/// Users: name, what `createUser` takes behind it, and the least security that they must use.
const USERS: [(&str, &str, &str); 5] = [
    ("open", "", "noauth"),
    ("signs", "SHA \"eight or more\"", "auth"),
    ("signs5", "MD5 \"eight or more\"", "auth"),
    ("hides", "SHA \"eight or more\" AES \"nine or more\"", "priv"),
    ("hides256", "SHA-256 \"eight or more\" AES \"nine or more\"", "priv"),
];

/// A running `snmpd`.
#[derive(Debug)]
pub struct Snmpd {
    port: u16,
    process: Process,
}

impl Snmpd {
    /// Starts one whose configuration has these further lines, `override` directives for example.
    #[track_caller]
    #[must_use]
    pub fn start(house: &House, objects: &str) -> Self {
        let port = port::free();
        let process = Self::launch(house, port, objects);
        Self { port, process }
    }

    /// Starts it again on the same port, with other objects.
    #[track_caller]
    pub fn restart(&mut self, house: &House, objects: &str) {
        self.process.kill();
        self.process = Self::launch(house, self.port, objects);
    }

    #[track_caller]
    fn launch(house: &House, port: u16, objects: &str) -> Process {
        let store = house.path("snmp");
        std::fs::create_dir_all(&store).expect("the folder of the house is writable");
        let mut text = format!("agentAddress udp:127.0.0.1:{port}\nrocommunity {COMMUNITY} 127.0.0.1\n{objects}\n");
        for (name, passwords, least) in USERS {
            text += &format!("createUser {name} {passwords}\nrouser {name} {least}\n");
        }
        let configuration = house.write("snmpd.conf", &text);
        let mut command = Command::new("snmpd");
        // In the foreground, its log to standard output, no other configuration, no sockets of SMUX
        // and AgentX.
        command.args(["-f", "-Lo", "-C", "-I", "-smux", "-c"]).arg(configuration);
        command.env("SNMP_PERSISTENT_DIR", &store);
        // Debian puts it where only root's PATH looks.
        let path = std::env::var("PATH").unwrap_or_default();
        command.env("PATH", format!("{path}:/usr/sbin:/usr/local/sbin"));
        let mut process = house.start("snmpd", command);
        process.line_with("NET-SNMP version", wait::READY_WITHIN);
        // It says so before it listens as well as after; a bound port cannot be bound again.
        wait::until("snmpd listens", wait::READY_WITHIN, || UdpSocket::bind(port::local(port)).is_err().then_some(()));
        process
    }

    /// Where it listens.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The process.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }
}
