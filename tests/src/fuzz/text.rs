//! Breaks texts of lines and words: topics and configuration files.

use super::bytes;
use crate::Rng;

/// Words that stand where another was expected.
const ODD_WORDS: [&str; 24] = [
    "",
    "+",
    "#",
    "$SYS",
    "0",
    "-1",
    "1e400",
    "nan",
    "inf",
    "true",
    "\"\"",
    "[]",
    "{}",
    "[[]]",
    "99999999999999999999",
    "\"10s\"",
    "\"厅房\"",
    "../..",
    "\"\\u0000\"",
    "=",
    "[mqtt]",
    "[[sensor]]",
    "'''",
    "2026-11-23T00:00:00Z",
];

/// One of `corpus`, with lines doubled, dropped, swapped and moved and words replaced.
pub fn mutate(rng: &mut Rng, corpus: &[Vec<u8>]) -> Vec<u8> {
    let text = String::from_utf8_lossy(rng.pick::<Vec<u8>>(corpus)).into_owned();
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    for _ in 0..=rng.below(3) {
        let at = rng.below(lines.len());
        let other = rng.below(lines.len());
        match rng.below(8) {
            0 if lines.len() > 1 => drop(lines.remove(at)),
            1 => lines.insert(other, lines[at].clone()),
            2 => lines.swap(at, other),
            // A default behind `#` becomes a setting.
            3 => lines[at] = lines[at].trim_start_matches(['#', ' ']).to_owned(),
            _ => replace_a_word(rng, &mut lines[at]),
        }
    }
    let mut input = lines.join("\n").into_bytes();
    if rng.below(8) == 0 {
        bytes::wound(rng, &mut input, corpus);
    }
    input.truncate(bytes::INPUT_BYTES_MAX);
    input
}

fn replace_a_word(rng: &mut Rng, line: &mut String) {
    const BETWEEN: [char; 4] = ['/', '=', ',', ' '];
    let cuts: Vec<usize> = line.match_indices(BETWEEN).map(|(at, _)| at).collect();
    let begin = if cuts.is_empty() { 0 } else { *rng.pick(&cuts) + 1 };
    let end = line[begin..].find(BETWEEN).map_or(line.len(), |length| begin + length);
    line.replace_range(begin..end, rng.pick::<&str>(&ODD_WORDS));
}
