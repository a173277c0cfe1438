//! QEMU's control socket (QMP): sets what the emulated world is, while the guest runs.
//! <https://www.qemu.org/docs/master/interop/qmp-spec.html>

use std::{
    io::{BufRead, BufReader, Write},
    os::unix::net::UnixStream,
    path::Path,
    time::Duration,
};

use serde_json::{Value, json};

use crate::wait;

/// How long QEMU may take for one answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// An open control socket.
#[derive(Debug)]
pub(super) struct Qmp {
    reader: BufReader<UnixStream>,
}

impl Qmp {
    /// Connects as soon as QEMU listens.
    #[track_caller]
    pub(super) fn connect(path: &Path) -> Self {
        let stream =
            wait::until("QEMU's control socket is there", wait::READY_WITHIN, || UnixStream::connect(path).ok());
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket takes a time-out");
        let mut qmp = Self { reader: BufReader::new(stream) };
        let greeting = qmp.line();
        assert!(greeting.get("QMP").is_some(), "QEMU greets: {greeting}");
        qmp.ask("qmp_capabilities", json!({}));
        qmp
    }

    /// Sets a property of an object of the machine.
    #[track_caller]
    pub(super) fn set(&mut self, path: &str, property: &str, value: impl Into<Value>) {
        self.ask("qom-set", json!({"path": path, "property": property, "value": value.into()}));
    }

    /// Runs a command and gives what it returns.
    #[track_caller]
    pub(super) fn ask(&mut self, command: &str, arguments: Value) -> Value {
        let asked = json!({"execute": command, "arguments": arguments});
        writeln!(self.reader.get_mut(), "{asked}").expect("QEMU reads its control socket");
        loop {
            let answer = self.line();
            if let Some(returned) = answer.get("return") {
                return returned.clone();
            }
            assert!(answer.get("event").is_some(), "`{asked}` was answered with {answer}");
        }
    }

    #[track_caller]
    fn line(&mut self) -> Value {
        let mut line = String::new();
        self.reader.read_line(&mut line).expect("QEMU answers in time");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("QEMU said `{line}`: {error}"))
    }
}
