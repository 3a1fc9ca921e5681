//! Timestamps as v1.0 writes them.

use chrono::Timelike as _;
use drydock_core::Timestamp;

/// The text that Python's `str()` gives for a `datetime` in UTC: microseconds only when there are some. v1.0 lost the offset once
/// a document came back from its database; here it is always there.
pub(crate) fn python_time(at: Timestamp) -> String {
    let form =
        if at.nanosecond() / 1_000 == 0 { "%Y-%m-%d %H:%M:%S+00:00" } else { "%Y-%m-%d %H:%M:%S%.6f+00:00" };
    at.format(form).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_as_python_writes_them() {
        for (at, text) in [
            ("2026-03-01T09:05:07Z", "2026-03-01 09:05:07+00:00"),
            ("2026-03-01T09:05:07.000120Z", "2026-03-01 09:05:07.000120+00:00"),
            ("2026-03-01T09:05:07.5+02:00", "2026-03-01 07:05:07.500000+00:00"),
        ] {
            assert_eq!(python_time(at.parse().unwrap()), text);
        }
    }
}
