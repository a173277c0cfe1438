//! Finds what an emulated Raspberry Pi is made of, and refuses what is missing or older than its
//! source. Fetches and builds nothing: `tests/pi/prepare` does.

use std::path::{Path, PathBuf};

use crate::program;

/// Where kernel and shell are kept, instead of `target/pi-cache`.
const CACHE_ENV: &str = "HALLWATCH_PI_CACHE";

/// What of the cache fits these tests; `tests/pi/prepare` writes it.
const RECIPE: &str = "recipe-3";

/// Which agent runs; both as `deploy/cross --profile emulated` leaves them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bits {
    /// For aarch64, static.
    SixtyFour,
    /// For armv7, with the guest's C library; the kernel stays a 64-bit one, as on Raspberry Pi OS.
    ThirtyTwo,
}

impl Bits {
    fn program(self) -> &'static str {
        match self {
            Self::SixtyFour => "target/cross/aarch64-unknown-linux-musl/emulated/hallwatch-agent",
            Self::ThirtyTwo => "target/cross/armv7-unknown-linux-gnueabihf/emulated/hallwatch-agent",
        }
    }
}

const HINT: &str = "hint: tests/run pi gets it";

/// Paths of the parts.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) kernel: PathBuf,
    pub(super) board: PathBuf,
    pub(super) busybox: PathBuf,
    /// In the order in which the guest loads them.
    pub(super) modules: Vec<PathBuf>,
    /// Libraries that the agent is linked with.
    pub(super) libraries: Vec<PathBuf>,
    pub(super) agent: PathBuf,
}

impl Parts {
    /// All of them; a test without them has failed.
    #[track_caller]
    pub(super) fn find(bits: Bits) -> Self {
        let workspace = program::workspace();
        let cache = std::env::var_os(CACHE_ENV).map_or_else(|| workspace.join("target/pi-cache"), PathBuf::from);
        let guest = workspace.join(cache).join("guest");
        there(guest.join(RECIPE));
        let agent = there(workspace.join(bits.program()));
        program::not_older(&agent, &["agent/src", "wire/src"], HINT);
        Self {
            kernel: there(guest.join("kernel")),
            board: there(guest.join("board.dtb")),
            busybox: there(guest.join("busybox")),
            modules: all(&guest.join("modules")),
            libraries: if bits == Bits::ThirtyTwo { all(&guest.join("lib32")) } else { Vec::new() },
            agent,
        }
    }
}

#[track_caller]
fn there(path: PathBuf) -> PathBuf {
    assert!(Path::is_file(&path), "`{}` is missing\n{HINT}", path.display());
    path
}

/// The files of a folder, by name.
#[track_caller]
fn all(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "`{}` is empty\n{HINT}", folder.display());
    paths
}
