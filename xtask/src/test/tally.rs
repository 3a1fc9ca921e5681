//! The sum over the "test result: ..." lines that libtest prints, one for each test binary.

/// How many tests ended how.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    passed: u64,
    failed: u64,
    skipped: u64,
}

impl Tally {
    /// Counts a line of output, if it is a result: "test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; ...".
    pub(super) fn add(&mut self, line: &str) {
        let Some(result) = line.strip_prefix("test result: ") else { return };
        let Some((_, counts)) = result.split_once(". ") else { return };
        for part in counts.split(';') {
            let Some((number, kind)) = part.trim().split_once(' ') else { continue };
            let Ok(number) = number.parse::<u64>() else { continue };
            match kind {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.skipped += number,
                _ => {}
            }
        }
    }

    /// The last line. A run that went wrong without a failed test (it did not compile, or a test binary was killed) counts
    /// as one failure: the line never looks better than the exit code.
    pub(super) fn line(&self, ok: bool) -> String {
        let failed = if ok { self.failed } else { self.failed.max(1) };
        let skipped = match self.skipped {
            0 => String::new(),
            n => format!(", {n} skipped"),
        };
        format!("{} passed, {failed} failed{skipped}", self.passed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OK: &str =
        "test result: ok. 7 passed; 0 failed; 0 ignored; 0 measured; 3 filtered out; finished in 0.10s";
    const BAD: &str =
        "test result: FAILED. 2 passed; 1 failed; 4 ignored; 0 measured; 0 filtered out; finished in 1.2s";

    #[test]
    fn binaries_add_up_and_other_lines_do_not_count() {
        let mut tally = Tally::default();
        for line in ["running 7 tests", "test a ... ok", OK, "", "1 passed; 1 failed", "test result:", BAD] {
            tally.add(line);
        }
        assert_eq!(tally.line(false), "9 passed, 1 failed, 4 skipped");
    }

    #[test]
    fn nothing_skipped_is_not_mentioned() {
        let mut tally = Tally::default();
        tally.add(OK);
        assert_eq!(tally.line(true), "7 passed, 0 failed");
    }

    #[test]
    fn a_run_that_broke_counts_as_a_failure() {
        let mut tally = Tally::default();
        tally.add(OK);
        assert_eq!(tally.line(false), "7 passed, 1 failed");
    }
}
