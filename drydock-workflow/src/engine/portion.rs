//! How many tasks are claimed in one go. A claim reads all that was ever recorded of its tasks, and what it takes depends on these, on the database and
//! on who else is busy there; as long as it takes its tasks belong to nobody, and nobody's claim comes after it. So it is made smaller when
//! it takes long, and larger when it does not.

use std::time::Duration;

/// So many tasks repay the round trips of a claim.
const LEAST: usize = 16;
/// With more it would be no cheaper for each; and instances share what there is.
const MOST: usize = 256;
/// Where it begins.
const FIRST: usize = 64;
/// A claim that takes longer is too large.
const LONG: Duration = Duration::from_millis(20);
/// One that takes less might be larger.
const SHORT: Duration = Duration::from_millis(8);

/// How many tasks the next claim asks for, at most.
#[derive(Debug, Clone, Copy)]
pub(super) struct Portion(usize);

impl Default for Portion {
    fn default() -> Self {
        Self(FIRST)
    }
}

impl Portion {
    pub(super) const fn most(self) -> usize {
        self.0
    }

    /// A claim of so many tasks took so long. One that found none says nothing.
    pub(super) fn took(&mut self, claimed: usize, time: Duration) {
        if claimed > 0 && time > LONG {
            self.0 = (self.0.min(claimed) / 2).max(LEAST);
        } else if claimed >= self.0 && time < SHORT {
            self.0 = (self.0 * 2).min(MOST);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(claims: &[(usize, u64)]) -> usize {
        let mut portion = Portion::default();
        for (claimed, millis) in claims {
            portion.took(*claimed, Duration::from_millis(*millis));
        }
        portion.most()
    }

    #[test]
    fn quick_claims_that_are_full_make_it_larger_up_to_a_limit() {
        assert_eq!(after(&[(64, 5)]), 128);
        assert_eq!(after(&[(63, 5)]), 64);
        assert_eq!(after(&[(64, 5), (128, 5), (256, 5), (256, 5)]), 256);
    }

    #[test]
    fn slow_claims_make_it_smaller_down_to_a_limit() {
        assert_eq!(after(&[(64, 21)]), 32);
        assert_eq!(after(&[(40, 21)]), 20);
        assert_eq!(after(&[(64, 900), (32, 900), (16, 900), (3, 900)]), 16);
        assert_eq!(after(&[(64, 21), (32, 5)]), 64);
    }

    #[test]
    fn what_takes_its_time_leaves_it_as_it_is_and_so_does_a_claim_of_nothing() {
        assert_eq!(after(&[(64, 8), (64, 20), (0, 900), (0, 1)]), 64);
    }
}
