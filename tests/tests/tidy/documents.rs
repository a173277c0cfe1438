//! Documents agree with each other and with the tree: both READMEs say the same, every link leads
//! somewhere, the page about the API names all of it, the runbook has the headings of the shipped rules and no others.

use std::collections::BTreeSet;

use crate::{
    caught, none,
    tree::{File, files, root},
};

/// What both READMEs must share.
#[derive(Debug, PartialEq)]
struct Shape {
    /// Depth of each heading.
    headings: Vec<usize>,
    /// Code for a shell, line by line; other blocks hold words of a language.
    code: Vec<String>,
    /// Targets of links, without those between the two.
    links: Vec<String>,
    /// Rows of tables.
    rows: usize,
}

fn shape(text: &str) -> Shape {
    let (mut shape, mut fence) = (Shape { headings: vec![], code: vec![], links: vec![], rows: 0 }, None);
    for line in text.lines() {
        match (line.strip_prefix("```"), fence) {
            (Some(language), None) => {
                fence = Some(language);
                shape.code.push(format!("```{language}"));
            }
            (Some(_), Some(_)) => fence = None,
            (None, Some("sh")) => shape.code.push(line.to_owned()),
            (None, Some(_)) => {}
            (None, None) => {
                let depth = line.chars().take_while(|c| *c == '#').count();
                shape.headings.extend((depth > 0).then_some(depth));
                shape.rows += usize::from(line.starts_with('|'));
                shape.links.extend(links(line).into_iter().filter(|link| !between_languages(link)));
            }
        }
    }
    shape
}

/// From a page to the same in the other language.
fn between_languages(link: &str) -> bool {
    ["README", "grafana.md", "grafana.zh-CN.md"].iter().any(|page| link.contains(page))
}

/// Targets of `[text](target)` and `![text](target)`.
fn links(line: &str) -> Vec<String> {
    let targets = line.split("](").skip(1);
    targets.filter_map(|rest| rest.split_once(')')).map(|(target, _)| target.to_owned()).collect()
}

/// Links to files that are not there.
fn dead_links(documents: &[File], exists: impl Fn(&str) -> bool) -> Vec<String> {
    let mut complaints = Vec::new();
    for document in documents {
        let folder = document.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for link in document.text.lines().flat_map(links) {
            let file = link.split('#').next().unwrap();
            if !link.contains("://") && !file.is_empty() && !exists(&format!("{folder}/{file}")) {
                complaints.push(format!("`{}` links to `{link}`, which does not exist", document.path));
            }
        }
    }
    complaints
}

/// Kinds of tickets that no pack has: what a person opens, and what comes of rounds.
const WITHOUT_RULE: [&str; 3] = ["by-hand", "round-missed", "round-failed"];

/// What the runbook lacks or has too much. A heading in more than small letters is no kind.
fn runbook_differs(runbook: &str, rules: &BTreeSet<String>) -> Vec<String> {
    let is_kind = |heading: &&str| heading.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    let headings: BTreeSet<String> =
        runbook.lines().filter_map(|line| line.strip_prefix("## ")).filter(is_kind).map(str::to_owned).collect();
    let lacking = rules.difference(&headings).map(|id| format!("the runbook has no heading `{id}`"));
    let too_much = headings.difference(rules).map(|id| format!("no rule is called `{id}`, the runbook has it"));
    lacking.chain(too_much).collect()
}

/// Paths and parameters of the OpenAPI document that a page does not name.
fn undescribed(openapi: &str, page: &str) -> Vec<String> {
    let document: serde_json::Value = serde_json::from_str(openapi).unwrap();
    let mut complaints = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        if !page.contains(&format!("`GET {path}`")) {
            complaints.push(format!("`docs/api.md` does not describe `{path}`"));
        }
        for parameter in methods["get"]["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap();
            if !page.contains(&format!("`{name}`")) && !page.contains(&format!("{{{name}}}")) {
                complaints.push(format!("`docs/api.md` does not describe `{name}` of `{path}`"));
            }
        }
    }
    complaints
}

#[test]
fn the_page_about_the_api_names_every_path_and_parameter() {
    let read = |path| std::fs::read_to_string(root().join(path)).unwrap();
    none(&undescribed(&read("collector/src/web/assets/openapi.json"), &read("docs/api.md")));
}

#[test]
fn pages_in_both_languages_have_one_shape() {
    let read = |name: String| shape(&std::fs::read_to_string(root().join(name)).unwrap());
    for page in ["README", "agent/README", "docs/grafana"] {
        assert_eq!(read(format!("{page}.md")), read(format!("{page}.zh-CN.md")));
    }
}

#[test]
fn every_link_of_a_document_leads_to_a_file() {
    none(&dead_links(&files(".md"), |path| root().join(path.trim_start_matches('/')).exists()));
}

#[test]
fn the_runbook_has_a_heading_for_each_kind_of_ticket_and_no_other() {
    let mut rules: BTreeSet<String> = WITHOUT_RULE.iter().map(|kind| (*kind).to_owned()).collect();
    for pack in files(".toml").iter().filter(|file| file.path.starts_with("collector/src/packs/")) {
        let ids = pack.text.lines().filter_map(|line| line.strip_prefix("id = \"")?.strip_suffix('"'));
        rules.extend(ids.map(str::to_owned));
    }
    assert!(rules.len() > WITHOUT_RULE.len());
    none(&runbook_differs(&std::fs::read_to_string(root().join("docs/runbook.md")).unwrap(), &rules));
}

#[test]
fn documents_that_disagree_are_caught() {
    let good = "# A\n\n[x](a.md)\n\n```sh\nrun\n```\n";
    assert_eq!(shape(good), shape("# 甲\n\n[甲](a.md)\n\n```sh\nrun\n```\n"));
    for other in ["# A\n## B", "# A\n[x](b.md)\n```sh\nrun\n```", "# A\n[x](a.md)\n```sh\nwalk\n```"] {
        assert_ne!(shape(good), shape(other), "{other}");
    }
    let planted = [File::planted("docs/a.md", "see [b](b.md#c), [d](https://d.example) and [here](#here)")];
    caught(&dead_links(&planted, |path| path != "docs/b.md"), "`b.md#c`");
    none(&dead_links(&planted, |path| path == "docs/b.md"));
    let openapi = r#"{"paths":{"/a":{"get":{"parameters":[{"name":"p"}]}}}}"#;
    caught(&undescribed(openapi, "`GET /a`"), "`p`");
    caught(&undescribed(openapi, "`GET /b` with `p`"), "`/a`");
    none(&undescribed(openapi, "`GET /a` with `p`"));
    let rules = BTreeSet::from(["wet".to_owned()]);
    caught(&runbook_differs("## How it goes", &rules), "`wet`");
    caught(&runbook_differs("## wet\n## dry", &rules), "`dry`");
}
