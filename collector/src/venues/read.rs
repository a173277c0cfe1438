//! The files of venues and holidays on disk: a path, a file or a folder, becomes texts in the order
//! of their names. The one place of venues that reads files; it understands none.

use std::path::{Path, PathBuf};

use super::error::Error;

/// The file `path`, or every file of the folder `path` that ends in `.ending`.
pub fn texts(path: &Path, ending: &str) -> Result<Vec<(PathBuf, String)>, Error> {
    let failed = |path: &Path, e: std::io::Error| Error {
        path: path.into(),
        key: String::new(),
        problem: "read",
        value: e.to_string(),
    };
    let mut files = vec![path.to_owned()];
    if path.is_dir() {
        files.clear();
        for entry in std::fs::read_dir(path).map_err(|e| failed(path, e))? {
            let file = entry.map_err(|e| failed(path, e))?.path();
            if file.extension().is_some_and(|e| e == ending) {
                files.push(file);
            }
        }
        files.sort();
    }
    files.into_iter().map(|f| Ok((f.clone(), std::fs::read_to_string(&f).map_err(|e| failed(&f, e))?))).collect()
}
