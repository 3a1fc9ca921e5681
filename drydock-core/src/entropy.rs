//! Randomness as a port: ids, jitter, nonces and session numbers come from here, so that a test can repeat them.

use uuid::Uuid;

use crate::Timestamp;

/// Where random bytes come from.
pub trait Entropy: Send + Sync + 'static {
    /// Fills `bytes` with random ones.
    fn fill(&self, bytes: &mut [u8]);

    /// A `UUIDv7` (RFC 9562 section 5.7) for the moment `now`. Ids sort by their moments to a quarter of a microsecond: `rand_a` holds
    /// the part below the millisecond (section 6.2, method 3).
    fn uuid_v7(&self, now: Timestamp) -> Uuid {
        let millis = u64::try_from(now.timestamp_millis()).unwrap_or_default();
        let below = now.timestamp_subsec_nanos() % 1_000_000;
        let [.., high, low] = (u64::from(below) * 4096 / 1_000_000).to_be_bytes();
        let mut random = [0; 10];
        self.fill(&mut random);
        [random[0], random[1]] = [high, low];
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }

    /// A number in `0.0..1.0`, for jitter.
    fn fraction(&self) -> f64 {
        let mut bytes = [0; 4];
        self.fill(&mut bytes);
        f64::from(u32::from_le_bytes(bytes)) / (f64::from(u32::MAX) + 1.0)
    }
}

/// The operating system's random numbers.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        if let Err(problem) = getrandom::fill(bytes) {
            no_entropy(problem);
        }
    }
}

#[expect(clippy::panic, reason = "without random numbers neither ids nor sessions are safe")]
fn no_entropy(problem: getrandom::Error) -> ! {
    // PANIC: the operating system has no random numbers; going on would hand out equal ids.
    panic!("the operating system gives no random numbers: {problem}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_their_moments() {
        let start: Timestamp = "2026-01-01T00:00:00.999Z".parse().unwrap();
        let moments = (0..5_000).map(|micros| start + std::time::Duration::from_micros(micros));
        let ids: Vec<Uuid> = moments.map(|moment| SystemEntropy.uuid_v7(moment)).collect();
        assert!(ids.is_sorted());
        assert!(ids.iter().all(|id| id.get_version_num() == 7));
        assert_ne!(SystemEntropy.uuid_v7(start), SystemEntropy.uuid_v7(start));
    }
}
