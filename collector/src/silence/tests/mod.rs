//! Accounts of silence against an independent brute force: [`brute`] reads the definition a second at a
//! time, [`life`] makes up the life of an agent, [`property`] compares, [`small`] has cases by hand.

mod brute;
mod life;
mod property;
mod small;

use wire::{Id, PointName, Source};

/// A small generator of our own (splitmix64), so that a seed means the same for ever.
struct Random(u64);

impl Random {
    fn below(&mut self, n: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        i64::try_from((z ^ (z >> 31)) % n as u64).unwrap()
    }

    fn one_in(&mut self, n: i64) -> bool {
        self.below(n) == 0
    }
}

fn point(name: &str) -> PointName {
    PointName::parse(name).unwrap()
}

fn source() -> Source {
    let id = |text| Id::parse(text).unwrap();
    Source { venue: id("nanshan"), room: id("k01"), agent: id("pi-1") }
}

/// The live horizon of these tests, in milliseconds.
const HORIZON_MS: i64 = 300_000;
