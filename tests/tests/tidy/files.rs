//! What every file of Rust looks like: it opens with what it is for, is short enough to be read at
//! once, and leaves nothing unfinished.

use crate::{
    caught,
    code::code,
    none,
    tree::{File, files},
};

/// A file longer than this wants to be two.
const LINES_MAX: usize = 400;

/// Files that may be longer, and why.
const LONG: &[(&str, &str)] = &[];

/// Calls that stand for code which does not exist, or for a person who is looking for a fault.
const UNFINISHED: [&str; 3] = ["todo!", "unimplemented!", "dbg!"];

/// Notes to oneself, in pieces so that this file has none.
const NOTES: [&str; 3] = [concat!("FIX", "ME"), concat!("XX", "X"), concat!("TO", "DO")];

fn untidy(files: &[File]) -> Vec<String> {
    let mut complaints = Vec::new();
    for File { path, text } in files {
        if !text.starts_with("//! ") {
            complaints.push(format!("`{path}` does not open with `//!`"));
        }
        let count = text.lines().count();
        if count > LINES_MAX && !LONG.iter().any(|(long, _)| long == path) {
            complaints.push(format!("`{path}` has {count} lines, {LINES_MAX} are enough"));
        }
        let code = code(text);
        for call in UNFINISHED.iter().filter(|call| code.contains(**call)) {
            complaints.push(format!("`{path}` has `{call}`"));
        }
        for note in NOTES.iter().filter(|note| text.split(|c: char| !c.is_alphanumeric()).any(|w| w == **note)) {
            complaints.push(format!("`{path}` has `{note}`"));
        }
    }
    complaints
}

#[test]
fn every_file_says_what_it_is_for_and_is_short_and_finished() {
    let files = files(".rs");
    none(&untidy(&files));
    for (path, why) in LONG {
        let long = files.iter().any(|f| f.path == *path && f.text.lines().count() > LINES_MAX);
        assert!(long, "`{path}` need not be excused ({why})");
    }
}

#[test]
fn an_untidy_file_is_caught() {
    let planted = |text: &str| untidy(&[File::planted("wire/src/id.rs", text)]);
    caught(&planted("use std::fmt;\n"), "`//!`");
    caught(&planted(&format!("//! Long.\n{}", "\n".repeat(LINES_MAX))), "401 lines");
    caught(&planted("//! Short.\nfn f() { todo!() }"), "`todo!`");
    caught(&planted(&format!("//! Short.\n// {}: later", NOTES[0])), NOTES[0]);
    none(&planted("//! Short.\nconst WORDS: [&str; 1] = [\"todo!\"];"));
}
