//! Rust text without what is no code, and the paths in it. Not a parser: it knows comments, strings
//! and braces, which is enough to see who names whom.

/// The code alone: comments gone, contents of strings and characters gone, line breaks kept.
pub fn code(text: &str) -> String {
    let bytes: Vec<char> = text.chars().collect();
    let (mut out, mut i) = (String::with_capacity(text.len()), 0);
    while i < bytes.len() {
        let next = bytes.get(i + 1).copied().unwrap_or(' ');
        let begins_word = i == 0 || !(bytes[i - 1].is_alphanumeric() || bytes[i - 1] == '_');
        match bytes[i] {
            '/' if next == '/' => {
                while i < bytes.len() && bytes[i] != '\n' {
                    i += 1;
                }
            }
            '/' if next == '*' => i = after_block_comment(&bytes, i, &mut out),
            'r' if begins_word && (next == '"' || next == '#') => i = after_raw(&bytes, i, &mut out),
            '"' => i = after_string(&bytes, i, &mut out),
            // A lifetime has no second quote so near.
            '\'' if next == '\\' || bytes.get(i + 2) == Some(&'\'') => {
                let begin = i + if next == '\\' { 3 } else { 2 };
                i = (begin..bytes.len()).find(|i| bytes[*i] == '\'').unwrap_or(bytes.len()) + 1;
                out.push_str("' '");
            }
            c => {
                out.push(c);
                i += 1;
            }
        }
    }
    out
}

fn after_block_comment(text: &[char], mut i: usize, out: &mut String) -> usize {
    let mut depth = 0;
    while i < text.len() {
        match (text[i], text.get(i + 1)) {
            ('/', Some('*')) => (depth, i) = (depth + 1, i + 2),
            ('*', Some('/')) => (depth, i) = (depth - 1, i + 2),
            (c, _) => {
                out.extend((c == '\n').then_some(c));
                i += 1;
            }
        }
        if depth == 0 {
            break;
        }
    }
    i
}

fn after_string(text: &[char], mut i: usize, out: &mut String) -> usize {
    out.push('"');
    i += 1;
    while i < text.len() && text[i] != '"' {
        i += if text[i] == '\\' { 2 } else { 1 };
        out.extend((text.get(i - 1) == Some(&'\n')).then_some('\n'));
    }
    out.push('"');
    i + 1
}

fn after_raw(text: &[char], i: usize, out: &mut String) -> usize {
    let hashes = text[i + 1..].iter().take_while(|c| **c == '#').count();
    if text.get(i + 1 + hashes) != Some(&'"') {
        // A raw name such as `r#type`.
        out.push('r');
        return i + 1;
    }
    let mut j = i + 2 + hashes;
    while j < text.len() {
        if text[j] == '"' && text[j + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes {
            break;
        }
        out.extend((text[j] == '\n').then_some('\n'));
        j += 1;
    }
    out.push_str("\"\"");
    j + 1 + hashes
}

/// Code without the tests that stand at the end of a file.
pub fn without_tests(code: &str) -> &str {
    match code.find("#[cfg(test)]\nmod tests {") {
        Some(at) => &code[..at],
        None => code,
    }
}

/// Whether a file holds tests only.
pub fn is_test(path: &str) -> bool {
    let outside = ["/tests/", "/benches/", "/examples/"].iter().any(|folder| path.contains(folder));
    outside || path.starts_with("tests/") || path.ends_with("/tests.rs") || path.ends_with("_test.rs")
}

/// Every module right below the crate that this code of the file at `path` names: by `crate::a`,
/// `crate::{a, b::c}`, and by as many `super::` as lead there.
pub fn crate_modules(path: &str, code: &str) -> Vec<String> {
    let mut found = heads(code, "crate");
    let inside = path.split_once("/src/").map_or(path, |(_, inside)| inside).trim_end_matches(".rs");
    let depth = inside.split('/').filter(|part| *part != "mod").count();
    found.extend(heads(code, &vec!["super"; depth].join("::")));
    found
}

/// First names after `root::`, in braces too.
fn heads(code: &str, root: &str) -> Vec<String> {
    let (mut found, prefix) = (Vec::new(), format!("{root}::"));
    for (at, _) in code.match_indices(&prefix) {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        let rest = code[at + prefix.len()..].trim_start();
        let Some(group) = rest.strip_prefix('{') else {
            found.push(word(rest));
            continue;
        };
        let (mut depth, mut begins) = (0, true);
        for (i, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => begins = true,
                c if begins && !c.is_whitespace() => {
                    found.push(word(&group[i..]));
                    begins = false;
                }
                _ => {}
            }
        }
    }
    found
}

fn word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// Whether a path of this code begins with `library`, or imports it whole.
pub fn names_library(code: &str, library: &str) -> bool {
    code.match_indices(library).any(|(at, _)| {
        let (before, after) = (&code[..at], &code[at + library.len()..]);
        // `::axum::x` is the library, `crate::axum::x` is not.
        let root = before.strip_suffix("::").unwrap_or(before);
        let starts = !root.ends_with(|c: char| c.is_alphanumeric() || "_.>".contains(c));
        let imported = before.trim_end().ends_with("use") || before.trim_end().ends_with("extern crate");
        let whole = imported && (after.starts_with(';') || after.starts_with(" as "));
        starts && (after.starts_with("::") || whole)
    })
}

#[test]
fn comments_and_strings_are_no_code() {
    let text =
        "a /* crate::x /* y */ */ b // crate::z\n\"crate::s \\\" t\" r#\"crate::r \" u\"# 'c' '\\'' &'a d r#type";
    assert_eq!(code(text), "a  b \n\"\" \"\" ' ' ' ' &'a d r#type");
}

#[test]
fn paths_are_found_however_they_are_written() {
    let found = |path, text| crate_modules(path, &code(text));
    assert_eq!(
        found("agent/src/a/b.rs", "use crate::{\n  spool::{self, Spool},\n  world::World,\n};"),
        ["spool", "world"]
    );
    assert_eq!(found("agent/src/a/b.rs", "let x = crate::uplink::y(); my_crate::no();"), ["uplink"]);
    assert_eq!(found("agent/src/a/b.rs", "use super::super::driver::C; use super::own;"), ["driver"]);
    assert_eq!(found("agent/src/a/mod.rs", "use super::driver::C;"), ["driver"]);
}

#[test]
fn libraries_are_found_however_they_are_written() {
    for text in ["use axum::Router;", "let x = axum::serve(y);", "use axum;", "use axum as web;", "f(::axum::x)"] {
        assert!(names_library(text, "axum"), "{text}");
    }
    for text in ["my_axum::x", "crate::axum::y", "let axum = 1;", "axum_extra::x"] {
        assert!(!names_library(text, "axum"), "{text}");
    }
}
