//! Chance, from a seed: the same seed gives the same choices.

/// A source of choices.
#[derive(Debug)]
pub(super) struct Dice(fastrand::Rng);

impl Dice {
    /// The dice for the vector of this number.
    pub(super) fn new(seed: u64, number: u32) -> Self {
        // Each vector has dice of its own, so that it does not depend on those before it.
        Self(fastrand::Rng::with_seed(seed.wrapping_mul(1_000_003).wrapping_add(number.into())))
    }

    /// True in so many of a hundred cases.
    pub(super) fn chance(&mut self, percent: u32) -> bool {
        self.0.u32(0..100) < percent
    }

    /// A number below `end`, which is not 0.
    pub(super) fn below(&mut self, end: usize) -> usize {
        self.0.usize(0..end)
    }

    /// One of `all`, which is not empty, each as likely as any other.
    pub(super) fn one<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    /// One of `all`, which is not empty, by its weight.
    pub(super) fn weighted<'a, T>(&mut self, all: &'a [(u32, T)]) -> &'a T {
        let total = all.iter().map(|(weight, _)| weight).sum();
        let mut left = self.0.u32(0..total);
        for (weight, it) in all {
            if left < *weight {
                return it;
            }
            left -= weight;
        }
        &all[0].1
    }
}
