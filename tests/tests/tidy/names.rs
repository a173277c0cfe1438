//! What no tracked file may name: the machine it was written on, the places that one machine takes
//! its packages from, and the tools that one person writes with. The words stand here in pieces, so
//! that this file names none of them.

use crate::{
    caught, none,
    tree::{File, files},
};

/// Words that no file may have, in any case of letters.
const FORBIDDEN: &[&str] = &[
    // Folders of one machine.
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("/home/", "user"),
    concat!("/Us", "ers/"),
    // Hosts that packages come from.
    concat!("index.", "crates.io"),
    concat!("static.", "crates.io"),
    concat!("rs", "proxy"),
    concat!("arti", "factory"),
    concat!("py", "pi.org"),
    concat!("registry.", "npm"),
    concat!("proxy.", "golang"),
    concat!("deb.", "debian.org"),
    concat!("mirrors", "."),
    // Tools of a session.
    concat!("cla", "ude"),
    concat!("anth", "ropic"),
    concat!("open", "ai"),
    concat!("chat", "gpt"),
    concat!("co", "pilot"),
    concat!("note-from", "-lead"),
    concat!("issues ", "show"),
    concat!("far", "m-"),
];

fn forbidden(files: &[File]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files {
        let mut lines = vec![(0, file.path.to_lowercase())];
        lines.extend(file.text.lines().enumerate().map(|(i, line)| (i + 1, line.to_lowercase())));
        for (number, line) in lines {
            for word in FORBIDDEN.iter().filter(|word| line.contains(&word.to_lowercase())) {
                complaints.push(format!("`{}:{number}` names `{word}`", file.path));
            }
        }
    }
    complaints
}

#[test]
fn no_file_names_the_machine_or_the_tools_it_was_written_with() {
    none(&forbidden(&files("")));
}

#[test]
fn a_forbidden_name_is_caught() {
    let path = format!("cd {}wt", FORBIDDEN[0]);
    caught(&forbidden(&[File::planted("docs/a.md", &path)]), "`docs/a.md:1`");
    caught(&forbidden(&[File::planted("docs/a.md", &format!("fine\nsee {}", FORBIDDEN[4]))]), "`docs/a.md:2`");
    caught(&forbidden(&[File::planted(&format!("{}.md", FORBIDDEN[18].to_uppercase()), "fine")]), ":0`");
    none(&forbidden(&[File::planted("docs/a.md", "network, framework, a workshop")]));
}
