//! `drivers`: prints every kind of sensor that this agent knows.

use std::process::ExitCode;

use agent::{
    driver::{Kind, Sits, table::TABLE},
    texts::{self, Lang, drivers as text},
};

use super::say;

pub(super) fn drivers(lang: Lang) -> ExitCode {
    let mut rows = vec![text::heads(lang).map(str::to_owned)];
    rows.extend(TABLE.iter().map(|kind| row(kind, lang)));
    let widths: Vec<usize> =
        (0..4).map(|column| rows.iter().map(|row| texts::columns(&row[column])).max().unwrap_or(0)).collect();
    for row in rows {
        let padded =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell}{}", " ".repeat(width - texts::columns(cell))));
        let line: Vec<String> = padded.chain([row[4].clone()]).collect();
        say(line.join("  ").trim_end());
    }
    say(&format!("\n{}", text::foot(lang)));
    ExitCode::SUCCESS
}

fn row(kind: &Kind, lang: Lang) -> [String; 5] {
    let period = kind.period.map_or_else(|| text::any_period(lang).to_owned(), agent::config::quantity::print_duration);
    let either = |[en, zh]: [&str; 2]| lang.pick(en, zh).to_owned();
    [kind.word.to_owned(), either(kind.measures), place(kind.sits, lang), period, either(kind.parts)]
}

fn place(sits: Sits, lang: Lang) -> String {
    match sits {
        Sits::I2c(addresses) => format!("I2C {}", ranges(addresses)),
        other => text::place(other, lang).to_owned(),
    }
}

/// `0x23 0x5c`, `0x48-0x4b`: neighbours are drawn together.
fn ranges(addresses: &[u8]) -> String {
    let mut sorted = addresses.to_vec();
    sorted.sort_unstable();
    let mut runs: Vec<(u8, u8)> = Vec::new();
    for address in sorted {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == address => *last = address,
            _ => runs.push((address, address)),
        }
    }
    let run = |(first, last): &(u8, u8)| match last - first {
        0 => format!("{first:#04x}"),
        1 => format!("{first:#04x} {last:#04x}"),
        _ => format!("{first:#04x}-{last:#04x}"),
    };
    runs.iter().map(run).collect::<Vec<_>>().join(" ")
}
