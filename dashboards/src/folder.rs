//! Turns every board into its file: the path below the folder of dashboards, and the text. Never removes a file.

use std::path::Path;

use anyhow::Context;

use crate::{
    boards,
    texts::{Language, Texts},
};

/// Every file: its path below the folder, and what is in it.
#[must_use]
pub fn generate() -> Vec<(String, String)> {
    let texts = Texts::read();
    let mut files = Vec::new();
    for language in Language::ALL {
        for sheet in boards::all() {
            let json = sheet.json(&texts, language);
            let text = serde_json::to_string_pretty(&json).expect("a dashboard is JSON");
            files.push((format!("{}/{}.json", language.as_str(), sheet.name), text + "\n"));
        }
    }
    files
}

/// Writes every file below the folder.
///
/// # Errors
/// When a file or folder cannot be written.
pub fn write(folder: &Path) -> anyhow::Result<()> {
    for (path, text) in generate() {
        let path = folder.join(path);
        let parent = path.parent().expect("a file of a language is in its folder");
        std::fs::create_dir_all(parent).with_context(|| format!("`{}` cannot be made", parent.display()))?;
        std::fs::write(&path, text).with_context(|| format!("`{}` cannot be written", path.display()))?;
    }
    Ok(())
}
