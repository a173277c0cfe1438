//! Finds the programs under test where cargo put them, and refuses ones older than their source:
//! a test that runs yesterday's binary proves nothing. Never builds anything.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::SystemTime,
};

/// Folder with the binaries, instead of the one beside the test (benchmarks name `target/release`).
const FOLDER_ENV: &str = "HALLWATCH_PROGRAMS";

/// A command that runs `hallwatch-agent`.
#[track_caller]
#[must_use]
pub fn agent() -> Command {
    Command::new(find("hallwatch-agent", &["agent/src", "wire/src"]))
}

/// A command that runs `hallwatch-collector`.
#[track_caller]
#[must_use]
pub fn collector() -> Command {
    Command::new(find("hallwatch-collector", &["collector/src", "wire/src"]))
}

/// A command that runs `hallwatch-demo`.
#[track_caller]
#[must_use]
pub fn demo() -> Command {
    Command::new(find("hallwatch-demo", &["demo/src", "collector/src", "agent/src", "wire/src"]))
}

/// The root of the workspace.
///
/// # Panics
/// Never: this crate is a member of it.
#[must_use]
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate sits in the workspace")
}

#[track_caller]
fn find(name: &str, sources: &[&str]) -> PathBuf {
    if let Some(folder) = std::env::var_os(FOLDER_ENV) {
        let path = PathBuf::from(folder).join(name);
        assert!(path.is_file(), "`{}` is missing\nhint: `{FOLDER_ENV}` names the folder", path.display());
        return path;
    }
    // target/debug/deps/chain-0123 → target/debug/hallwatch-agent; programs of this crate sit in
    // target/debug itself.
    let me = std::env::current_exe().expect("a running program has a path");
    let path = me.ancestors().skip(1).take(2).map(|folder| folder.join(name)).find(|path| path.is_file());
    let hint = "hint: build the programs first: cargo build --workspace --bins (tests/run does)";
    let Some(path) = path else { panic!("`{name}` is not beside `{}`\n{hint}", me.display()) };
    not_older(&path, sources, hint);
    path
}

/// Fails unless a program is as new as its sources.
#[track_caller]
pub(crate) fn not_older(path: &Path, sources: &[&str], hint: &str) {
    let built = modified(path);
    for source in sources {
        let newest = newest(&workspace().join(source));
        assert!(newest <= built, "`{}` is older than `{source}`\n{hint}", path.display());
    }
}

fn modified(path: &Path) -> SystemTime {
    path.metadata().and_then(|data| data.modified()).unwrap_or(SystemTime::UNIX_EPOCH)
}

fn newest(folder: &Path) -> SystemTime {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| {
            let path = entry.path();
            if path.is_dir() { newest(&path) } else { modified(&path) }
        })
        .max()
        .unwrap_or(SystemTime::UNIX_EPOCH)
}
