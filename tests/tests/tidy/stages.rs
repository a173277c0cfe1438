//! Stages do not import each other; `run.rs` and `step/` compose them. Modules that are no stage
//! hold words that stages share (a draft, an episode, the world) and may be named by all.

use crate::{
    caught,
    code::{code, crate_modules, is_test, without_tests},
    none,
    tree::{File, files},
};

/// The stages of each crate in the order of the data.
const STAGES: [(&str, &[&str]); 2] = [
    ("agent", &["driver", "sampler", "spool", "uplink"]),
    ("collector", &["ingest", "rules", "causes", "rounds", "tickets", "notify", "web"]),
];

/// Who may import another stage all the same: beginning of the importer's path, the stage, why.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("agent/src/sampler/", "driver", "asks drivers for their values; `check` and the threads of buses are its loop"),
    ("agent/src/uplink/core.rs", "spool", "decides what of the spool to send and to free, over any storage"),
    ("agent/src/uplink/pump.rs", "spool", "runs the spool on its thread, so that no connection waits for a card"),
    ("collector/src/notify/words.rs", "tickets", "fills in messages with a ticket's own words"),
    ("collector/src/rounds/text.rs", "tickets", "says instants as tickets do; words only, decides nothing"),
    ("collector/src/tickets/figures.rs", "rules", "says what the number of a kind is; words only, decides nothing"),
    ("collector/src/tickets/text.rs", "rules", "says what was expected; words only, decides nothing"),
    ("collector/src/web/", "rounds", "shows rounds and their words; changes none"),
    ("collector/src/web/", "tickets", "shows tickets and their words; changes none"),
];

/// Imports of one stage by another that nothing excuses.
fn between_stages(files: &[File], exceptions: &[(&str, &str, &str)]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| !is_test(&file.path)) {
        for (name, stages) in STAGES {
            let Some(inside) = file.path.strip_prefix(&format!("{name}/src/")) else { continue };
            let own = inside.split(['/', '.']).next().unwrap();
            if !stages.contains(&own) {
                continue;
            }
            let mut others = crate_modules(&file.path, without_tests(&code(&file.text)));
            others.sort();
            others.dedup();
            for other in others.iter().filter(|other| stages.contains(&other.as_str()) && *other != own) {
                if !exceptions.iter().any(|(path, stage, _)| file.path.starts_with(path) && stage == other) {
                    complaints.push(format!("`{}`: stage `{own}` imports stage `{other}`", file.path));
                }
            }
        }
    }
    complaints
}

/// Exceptions that excuse nothing any more.
fn outlived(files: &[File]) -> Vec<String> {
    let rest = |i| [&EXCEPTIONS[..i], &EXCEPTIONS[i + 1..]].concat();
    let mut complaints = Vec::new();
    for (i, (path, stage, why)) in EXCEPTIONS.iter().enumerate() {
        if between_stages(files, &rest(i)).is_empty() {
            complaints.push(format!("the exception of `{path}` for `{stage}` ({why}) is not needed"));
        }
    }
    complaints
}

#[test]
fn stages_do_not_import_each_other() {
    let files = files(".rs");
    none(&between_stages(&files, EXCEPTIONS));
    none(&outlived(&files));
}

#[test]
fn a_stage_that_imports_another_is_caught() {
    for text in ["use crate::{draft, uplink::pump};", "fn f() { crate::uplink::g() }", "use super::uplink;"] {
        let planted = [File::planted("agent/src/spool/mod.rs", text), File::planted("agent/src/run.rs", text)];
        caught(&between_stages(&planted, &[]), "`uplink`");
        none(&between_stages(&planted, &[("agent/src/spool/", "uplink", "planted")]));
    }
    none(&between_stages(&[File::planted("agent/src/spool/mod.rs", "// crate::uplink\nuse crate::draft;")], &[]));
}
