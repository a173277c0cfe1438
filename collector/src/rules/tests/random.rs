//! Chance that can be repeated: a small generator of our own, and a runner of cases.
//!
//! `HALLWATCH_CASES` asks for more cases, `HALLWATCH_SEED` for a certain run; a failure prints both.

/// A generator of our own (splitmix64), so that a seed means the same for ever.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: i64) -> i64 {
        i64::try_from(self.next() % n as u64).unwrap()
    }

    pub fn one_in(&mut self, n: i64) -> bool {
        self.below(n) == 0
    }

    pub fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.below(all.len() as i64)).unwrap()]
    }
}

/// Runs `case` for `usual` seeds, or for as many as were asked for, and prints the seed of the one that
/// fails.
pub fn for_some_cases(usual: u64, case: impl Fn(&mut Random)) {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let (cases, first) = (number("HALLWATCH_CASES").unwrap_or(usual), number("HALLWATCH_SEED").unwrap_or(1));
    for seed in first..first + cases {
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| case(&mut Random(seed))));
        if let Err(panic) = caught {
            eprintln!("HALLWATCH_SEED={seed} HALLWATCH_CASES=1 runs this case alone");
            std::panic::resume_unwind(panic);
        }
    }
}
