//! How the point of a ticket went around its beginning: the readings as a chart and as a strip of blocks
//! for chats. Pure.

use wire::{PointName, UnixMs};

use crate::readings::{Mark, Series};

/// Before the violation began a course shows this much, in ms.
pub const BEFORE_MS: i64 = 2 * 3_600_000;
/// A course of an old ticket shows this much at most, in ms: a week.
pub const LONGEST_MS: i64 = 7 * 86_400_000;
/// Blocks of a strip: what a telephone shows in one line beside its words.
pub const CELLS_MAX: usize = 24;
/// How long a block can be, in ms.
const CELLS_MS: [i64; 13] = [
    300_000, 600_000, 900_000, 1_200_000, 1_800_000, 3_600_000, 7_200_000, 10_800_000, 14_400_000, 21_600_000,
    28_800_000, 43_200_000, 86_400_000,
];
/// From low to high. Only blocks that stand on the same line in the fonts of telephones.
const BLOCKS: [char; 6] = ['▁', '▂', '▃', '▅', '▆', '▇'];
/// Where nothing was read. Chats join plain spaces, not this one, which is as wide as a block.
pub const GAP: char = '\u{2002}';

/// The stretch of a point that a ticket is about.
#[derive(Debug, Clone, PartialEq)]
pub struct Course {
    /// The point.
    pub point: PointName,
    /// Where it begins, included.
    pub from: UnixMs,
    /// Where it ends, excluded.
    pub to: UnixMs,
    /// What was read.
    pub series: Series,
    /// The newest reading of all, with its instant.
    pub last: Option<(UnixMs, f64)>,
    /// The least and the greatest that the rule, or a rule about this point, expects.
    pub band: (Option<f64>, Option<f64>),
    /// Whether it is a 0/1 point.
    pub switch: bool,
    /// When the violation began.
    pub began_at: UnixMs,
    /// When the ticket ended.
    pub ended_at: Option<UnixMs>,
}

/// Where a course begins, for a violation that began at `began_at` and is told of at `at`.
#[must_use]
pub fn begins(began_at: UnixMs, at: UnixMs) -> UnixMs {
    let whole = began_at.min(at).saturating_sub(BEFORE_MS).max(at.saturating_sub(LONGEST_MS));
    let cell_ms = cell_ms(at.saturating_sub(whole));
    whole.div_euclid(cell_ms).saturating_mul(cell_ms)
}

/// How long a block is in a course of that length.
#[must_use]
pub fn cell_ms(length_ms: i64) -> i64 {
    // One more block comes from beginning at a full one.
    let fits = |cell: &&i64| length_ms / **cell < CELLS_MAX as i64 - 1;
    CELLS_MS.iter().find(fits).copied().unwrap_or(CELLS_MS[CELLS_MS.len() - 1])
}

impl Course {
    /// The least and the greatest reading; `None` where there is none.
    #[must_use]
    pub fn extremes(&self) -> Option<(f64, f64)> {
        let fold = |(low, high): (f64, f64), mark: &Mark| (low.min(mark.min), high.max(mark.max));
        (!self.series.marks.is_empty()).then(|| self.series.marks.iter().fold((f64::MAX, f64::MIN), fold))
    }

    /// The mean of each block; `None` where nothing was read.
    #[must_use]
    pub fn cells(&self) -> Vec<Option<f64>> {
        let cell_ms = self.cell_ms();
        let count = usize::try_from((self.to - 1 - self.from).div_euclid(cell_ms) + 1).unwrap_or(0);
        let mut sums = vec![(0.0, 0.0); count.min(CELLS_MAX)];
        for mark in &self.series.marks {
            let place = usize::try_from((mark.at - self.from).div_euclid(cell_ms));
            if let Some((sum, weight)) = place.ok().and_then(|place| sums.get_mut(place)) {
                *sum += mark.mean * f64::from(mark.count);
                *weight += f64::from(mark.count);
            }
        }
        sums.into_iter().map(|(sum, weight)| (weight > 0.0).then(|| sum / weight)).collect()
    }

    /// How long a block of the strip is.
    #[must_use]
    pub fn cell_ms(&self) -> i64 {
        cell_ms(self.to - self.from)
    }

    /// The strip: a block each, low to high between the least and the greatest of means and limits.
    #[must_use]
    pub fn strip(&self) -> String {
        let cells = self.cells();
        let limits = [self.band.0, self.band.1].into_iter().flatten().filter(|_| !self.switch);
        let values = cells.iter().flatten().copied().chain(limits);
        let (low, high) = match self.switch {
            true => (0.0, 1.0),
            false => values.fold((f64::MAX, f64::MIN), |(low, high), v| (low.min(v), high.max(v))),
        };
        let block = |value: f64| {
            let part = if high > low { (value - low) / (high - low) } else { 0.5 };
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of so many blocks")]
            let place = (part.clamp(0.0, 1.0) * BLOCKS.len() as f64) as usize;
            BLOCKS[place.min(BLOCKS.len() - 1)]
        };
        cells.into_iter().map(|cell| cell.map_or(GAP, block)).collect()
    }
}
