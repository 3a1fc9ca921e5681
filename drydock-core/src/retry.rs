//! When a failed attempt is tried again: pure arithmetic.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How often, and how soon, a step is tried again.
///
/// The delay before attempt `n + 1` is `first × factor^(n-1)`, at most `max`, less a random share of up to `jitter` of it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetryPolicy {
    /// How many attempts there are in all; at least 1.
    pub attempts: u32,
    /// The delay after the first failure.
    pub first: Duration,
    /// What each further delay is multiplied by; at least 1.
    pub factor: f64,
    /// No delay is longer.
    pub max: Duration,
    /// The share of a delay that chance may take away, 0 to 1.
    pub jitter: f64,
}

impl RetryPolicy {
    /// One attempt, no retry.
    pub const NEVER: Self =
        Self { attempts: 1, first: Duration::ZERO, factor: 1.0, max: Duration::ZERO, jitter: 0.0 };

    /// `attempts` attempts in all, 1 s after the first failure, doubling up to 60 s, with half of it left to chance.
    pub const fn attempts(attempts: u32) -> Self {
        Self {
            attempts,
            first: Duration::from_secs(1),
            factor: 2.0,
            max: Duration::from_mins(1),
            jitter: 0.5,
        }
    }

    /// The same, with delays from `first` up to `max`.
    #[must_use = "a policy is a value"]
    pub const fn delays(mut self, first: Duration, max: Duration) -> Self {
        self.first = first;
        self.max = max;
        self
    }

    /// How long to wait after failed attempt number `failed` (from 1), or `None` when that was the last.
    /// `chance` is in `0.0..1.0`, from [`Entropy::fraction`](crate::Entropy::fraction).
    pub fn delay_after(&self, failed: u32, chance: f64) -> Option<Duration> {
        if failed >= self.attempts {
            return None;
        }
        let exponent = i32::try_from(failed.saturating_sub(1)).unwrap_or(i32::MAX);
        let grown = self.first.as_secs_f64() * self.factor.max(1.0).powi(exponent).min(f64::MAX);
        let capped = grown.min(self.max.as_secs_f64());
        let share = self.jitter.clamp(0.0, 1.0) * chance.clamp(0.0, 1.0);
        // No number of attempts, and no factor, is too large for an answer.
        Some(Duration::try_from_secs_f64(capped * (1.0 - share)).unwrap_or(self.max).min(self.max))
    }
}

impl Default for RetryPolicy {
    /// Five attempts with the delays of [`RetryPolicy::attempts`].
    fn default() -> Self {
        Self::attempts(5)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_cap_and_end() {
        let policy = RetryPolicy::attempts(9).delays(Duration::from_secs(1), Duration::from_secs(10));
        let seconds: Vec<u64> =
            (1..9).map(|failed| policy.delay_after(failed, 0.0).unwrap().as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 10, 10, 10, 10]);
        assert_eq!(policy.delay_after(9, 0.0), None);
        assert_eq!(RetryPolicy::NEVER.delay_after(1, 0.0), None);
    }

    #[test]
    fn jitter_takes_at_most_its_share() {
        let policy = RetryPolicy::attempts(3).delays(Duration::from_secs(10), Duration::from_secs(10));
        let least = policy.delay_after(1, 0.999_999).unwrap();
        assert!(least >= Duration::from_secs(5) && least < Duration::from_secs(6), "{least:?}");
        assert_eq!(policy.delay_after(u32::MAX, 0.0), None);
    }

    #[test]
    fn nothing_is_too_large() {
        let longest = Duration::MAX;
        for first in [Duration::ZERO, Duration::from_secs(1), longest] {
            let policy =
                RetryPolicy { factor: f64::MAX, ..RetryPolicy::attempts(u32::MAX).delays(first, longest) };
            for failed in [0, 1, 2, u32::MAX - 1] {
                assert!(policy.delay_after(failed, 0.5).unwrap() <= longest);
            }
        }
    }
}
