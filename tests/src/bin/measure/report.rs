//! Prints figures in lines that a person and a document can take over, and sorts what was measured.

use std::fmt::Display;

/// A heading.
pub fn heading(text: &str) {
    println!("\n## {text}");
}

/// A figure.
pub fn figure(name: &str, value: impl Display, unit: &str) {
    println!("{name:<58} {value:>12} {unit}");
}

/// A ratio and its goal.
pub fn goal(name: &str, ratio: f64, goal: &str, met: bool) {
    println!("{name:<58} {ratio:>12.2} goal {goal}: {}", if met { "met" } else { "MISSED" });
}

/// The value at `share` (0 to 1) of the sorted values; 0 where there is none.
pub fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    values.get((last as f64 * share).round() as usize).copied().unwrap_or(0.0)
}

/// The middle value.
pub fn median(values: &mut [f64]) -> f64 {
    quantile(values, 0.5)
}
