//! The page about coverage is true: each duty stands in it once, each rule that it names is in the
//! pack that it says, each round exists, and no rule is left out.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    none,
    tree::{File, files, root},
};

/// Duties by letter, and how many of each there are.
const DUTIES: [(char, usize); 6] = [('K', 16), ('T', 17), ('G', 14), ('B', 10), ('R', 3), ('V', 6)];

/// Where the packs are.
const PACKS: &str = "collector/src/packs/";

/// Rules as `pack/rule`. A pack is a file, or a folder of files.
fn rules(files: &[File]) -> BTreeSet<String> {
    let mut rules = BTreeSet::new();
    for file in files {
        let Some(path) = file.path.strip_prefix(PACKS) else { continue };
        let pack = path.split('/').next().unwrap().trim_end_matches(".toml");
        let ids = file.text.lines().filter_map(|line| line.strip_prefix("id = \"")?.strip_suffix('"'));
        rules.extend(ids.map(|id| format!("{pack}/{id}")));
    }
    rules
}

/// Identifiers of the built-in rounds: of their tables, not of their questions.
fn rounds(templates: &str) -> BTreeSet<String> {
    let tables = templates.split("[[").filter_map(|table| table.strip_prefix("round]]"));
    let ids = tables.filter_map(|table| table.lines().find_map(|line| line.strip_prefix("id = \"")?.strip_suffix('"')));
    ids.map(str::to_owned).collect()
}

fn complaints(page: &str, rules: &BTreeSet<String>, rounds: &BTreeSet<String>) -> Vec<String> {
    let duties: BTreeSet<String> =
        DUTIES.iter().flat_map(|(letter, count)| (1..=*count).map(move |n| format!("{letter}{n:02}"))).collect();
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut complaints = Vec::new();
    for row in page.lines().filter_map(|line| line.strip_prefix("| ")) {
        let cells: Vec<&str> = row.trim_end_matches('|').split(" | ").map(str::trim).collect();
        if duties.contains(cells[0]) {
            *seen.entry(cells[0]).or_default() += 1;
            if cells.len() != 3 || cells.iter().any(|cell| cell.is_empty()) {
                complaints.push(format!("the row of `{}` has an empty cell, or more than three", cells[0]));
            }
        }
    }
    for duty in &duties {
        match seen.get(duty.as_str()) {
            Some(1) => {}
            count => complaints.push(format!("`{duty}` has {} rows", count.unwrap_or(&0))),
        }
    }
    let packs: BTreeSet<&str> = rules.iter().filter_map(|rule| Some(rule.split_once('/')?.0)).collect();
    let quoted = page.split('`').skip(1).step_by(2);
    let named: BTreeSet<&str> =
        quoted.filter(|words| words.split_once('/').is_some_and(|(pack, _)| packs.contains(pack))).collect();
    let unknown = named.iter().filter(|rule| !rules.contains(**rule));
    complaints.extend(unknown.map(|rule| format!("no pack has the rule `{rule}`")));
    let said = page.replace('\n', " ");
    let rounds_named = said.split("round `").skip(1).filter_map(|rest| rest.split('`').next());
    let unknown = rounds_named.filter(|round| !rounds.contains(*round));
    complaints.extend(unknown.map(|round| format!("there is no round `{round}`")));
    let left_out = rules.iter().filter(|rule| !named.contains(rule.as_str()));
    complaints.extend(left_out.map(|rule| format!("the page does not name the rule `{rule}`")));
    complaints
}

#[test]
fn every_duty_has_one_row_and_every_rule_its_place() {
    let rules = rules(&files(".toml"));
    assert!(rules.len() > 50, "the packs are there");
    let read = |path| std::fs::read_to_string(root().join(path)).unwrap();
    let rounds = rounds(&read("collector/src/rounds/templates.toml"));
    assert!(rounds.len() > 5, "the rounds are there: {rounds:?}");
    none(&complaints(&read("docs/coverage.md"), &rules, &rounds));
}

#[test]
fn a_page_that_lies_about_coverage_is_caught() {
    let rules = rules(&[File::planted("collector/src/packs/ktv.toml", "id = \"wet\"\n")]);
    let rows = |change: fn(String) -> String| -> String {
        let ids = DUTIES.iter().flat_map(|(letter, count)| (1..=*count).map(move |n| format!("{letter}{n:02}")));
        ids.map(|id| change(format!("| {id} | duty | `ktv/wet` |\n"))).collect()
    };
    let rounds = rounds("[[round]]\nid = \"walk\"\n[[round.check]]\nid = \"look\"\n");
    assert_eq!(rounds, BTreeSet::from(["walk".to_owned()]));
    none(&complaints(&rows(|row| row), &rules, &rounds));
    let says = |change: fn(String) -> String, word: &str| {
        let found = complaints(&rows(change), &rules, &rounds);
        assert!(found.iter().any(|complaint| complaint.contains(word)), "`{word}` was not caught: {found:?}");
    };
    says(|row| row.replace("K07", "K08"), "`K07` has 0 rows");
    says(|row| row.replace("K07", "K08"), "`K08` has 2 rows");
    says(|row| row.replace("ktv/wet", "ktv/dry"), "no pack has the rule `ktv/dry`");
    says(|row| row.replace("ktv/wet", "wet"), "does not name the rule `ktv/wet`");
    says(|row| row.replace("duty", "round `run`"), "no round `run`");
    says(|row| row.replace("| duty |", "|  |"), "empty cell");
}
