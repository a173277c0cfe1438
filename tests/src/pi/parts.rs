//! Finds what an emulated Raspberry Pi is made of, and refuses what is missing or older than its
//! source. Fetches and builds nothing: `tests/pi/prepare` does.

use std::path::{Path, PathBuf};

use crate::program;

/// Where kernel and shell are kept, instead of `target/pi-cache`.
const CACHE_ENV: &str = "HALLWATCH_PI_CACHE";

/// The cross-built agent, as `deploy/cross --profile emulated 64` leaves it.
const AGENT: &str = "target/cross/aarch64-unknown-linux-musl/emulated/hallwatch-agent";

const HINT: &str = "hint: tests/run pi gets it";

/// Paths of the parts.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) kernel: PathBuf,
    pub(super) board: PathBuf,
    pub(super) busybox: PathBuf,
    /// In the order in which the guest loads them.
    pub(super) modules: Vec<PathBuf>,
    pub(super) agent: PathBuf,
}

impl Parts {
    /// All of them; a test without them has failed.
    #[track_caller]
    pub(super) fn find() -> Self {
        let workspace = program::workspace();
        let cache = std::env::var_os(CACHE_ENV).map_or_else(|| workspace.join("target/pi-cache"), PathBuf::from);
        let guest = workspace.join(cache).join("guest");
        let modules = std::fs::read_dir(guest.join("modules")).into_iter().flatten().flatten();
        let mut modules: Vec<PathBuf> = modules.map(|entry| entry.path()).collect();
        modules.sort();
        assert!(!modules.is_empty(), "`{}` has no modules\n{HINT}", guest.display());
        let agent = there(workspace.join(AGENT));
        program::not_older(&agent, &["agent/src", "wire/src"], HINT);
        Self {
            kernel: there(guest.join("kernel")),
            board: there(guest.join("board.dtb")),
            busybox: there(guest.join("busybox")),
            modules,
            agent,
        }
    }
}

#[track_caller]
fn there(path: PathBuf) -> PathBuf {
    assert!(Path::is_file(&path), "`{}` is missing\n{HINT}", path.display());
    path
}
