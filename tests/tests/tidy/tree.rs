//! The tracked files of this repository as texts. Files that are new and not ignored count too, so
//! that a mistake is seen before it is committed.

use std::{fs, path::PathBuf, process::Command};

/// One file.
pub struct File {
    /// From the root of the repository, with `/`.
    pub path: String,
    /// What is in it; bytes that are no UTF-8 are replaced.
    pub text: String,
}

impl File {
    /// A planted one.
    pub fn planted(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }
}

/// The root of the repository.
pub fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Every file, or those whose path ends so.
pub fn files(ending: &str) -> Vec<File> {
    // The tree may belong to another user than the one who tests.
    let listed = Command::new("git")
        .args(["-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("`git` is installed");
    assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
    let paths = String::from_utf8(listed.stdout).unwrap();
    let mut files = Vec::new();
    for path in paths.split('\0').filter(|p| !p.is_empty() && p.ends_with(ending)) {
        // A file that was deleted and not yet committed is still listed.
        if let Ok(bytes) = fs::read(root().join(path)) {
            files.push(File { path: path.to_owned(), text: String::from_utf8_lossy(&bytes).into_owned() });
        }
    }
    assert!(!files.is_empty(), "no file ends with `{ending}`");
    files
}
