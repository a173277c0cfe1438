//! docs/data-model.md against the table: each measurement, its tags, its fields with kind and unit, and an
//! example that reads back.

use super::*;

const PAGE: &str = include_str!("../../../../docs/data-model.md");

/// A measurement as the page has it: name, tags, rows of field, kind and unit, example.
type Told = (String, Vec<String>, Vec<[String; 3]>, String);

/// Measurements as the page has them.
fn told(page: &str) -> Vec<Told> {
    let quoted = |text: &str| text.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let sections = page.split("\n## ").skip(1);
    sections
        .filter(|section| section.contains("\nTags: "))
        .map(|section| {
            let name = section.lines().next().unwrap().to_owned();
            let tags = quoted(section.lines().find(|line| line.starts_with("Tags: ")).unwrap());
            let table = section.split("| field |").nth(1).unwrap().split("\n\n").next().unwrap();
            let rows = table.lines().filter(|line| line.starts_with("| `"));
            let cells = |row: &str| row.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
            let row = |row| {
                let cells = cells(row);
                [cells[1].trim_matches('`').to_owned(), cells[2].clone(), cells[3].clone()]
            };
            let example = section.split("```text\n").nth(1).unwrap().lines().next().unwrap().to_owned();
            (name, tags, rows.map(row).collect(), example)
        })
        .collect()
}

#[test]
fn the_page_about_the_data_model_says_what_is_written() {
    let told = told(PAGE);
    assert_eq!(told.len(), table::ALL.len());
    for ((name, tags, rows, example), known) in told.iter().zip(table::ALL) {
        assert_eq!(
            (name.as_str(), tags.iter().map(String::as_str).collect::<Vec<_>>()),
            (known.name, known.tags.to_vec())
        );
        let point = |field: &table::Field| format!("{}{}", if field.each_point { "<point>" } else { "" }, field.name);
        let expected: Vec<_> =
            known.fields.iter().map(|f| [point(f), f.kind.as_str().to_owned(), f.unit.to_owned()]).collect();
        assert_eq!(*rows, expected, "fields of `{name}`");
        let line = &lines(example)[0];
        assert_eq!((line.measurement.as_str(), strangers(line)), (known.name, Vec::new()));
    }
    for event in names::event::ALL {
        assert!(PAGE.contains(&format!("| `{event}` |")), "`{event}` is not told");
    }
}

#[test]
fn the_sum_of_the_series_is_right() {
    let number = |row: &str| row.split('|').nth(2).unwrap().trim().replace(',', "").parse::<u64>().unwrap();
    let table = PAGE.split("## How many series").nth(1).unwrap();
    let (all, parts): (Vec<&str>, Vec<&str>) = table
        .lines()
        .filter(|line| line.starts_with("| `") || line.starts_with("| all"))
        .partition(|line| line.starts_with("| all"));
    assert_eq!(parts.len(), table::ALL.len());
    assert_eq!(number(all[0]), parts.into_iter().map(number).sum::<u64>());
}
