//! Turns a seed into numbers that look random and are the same each time (SplitMix64); never for
//! secrets. A failing run prints its seed, and `HALLWATCH_SEED` repeats it.

/// A generator; copies go on alike.
#[derive(Debug, Clone)]
pub struct Rng {
    state: u64,
}

impl Rng {
    /// The generator of `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The seed of `HALLWATCH_SEED`, or a new one from the system; say it so that it can be repeated.
    ///
    /// # Panics
    /// When the variable is no number.
    #[must_use]
    pub fn seed_from_env() -> u64 {
        match std::env::var("HALLWATCH_SEED") {
            Ok(text) => text.parse().unwrap_or_else(|_| panic!("`HALLWATCH_SEED` is no number: {text}")),
            Err(_) => getrandom::u64().expect("the system gives random numbers"),
        }
    }

    /// Any number.
    pub fn next_u64(&mut self) -> u64 {
        // Constants of SplitMix64: https://prng.di.unimi.it/splitmix64.c
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number in `0..bound`; 0 for an empty range.
    pub fn below(&mut self, bound: usize) -> usize {
        if bound == 0 { 0 } else { (self.next_u64() % bound as u64) as usize }
    }

    /// A number in `[0, 1)`.
    pub fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Close to a normal distribution of mean 0 and deviation 1 (twelve uniform numbers).
    pub fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }

    /// One of `items`.
    ///
    /// # Panics
    /// When there is none.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}
