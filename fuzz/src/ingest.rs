//! Any bytes are a site that all rules can judge, or get few problems that each have a place in the file.

use drydock_core::design::Site;
use drydock_core::ingest::SourceFile;
use drydock_core::rules::validate;

/// Reads a site, and judges it.
///
/// # Panics
///
/// If what the head of this file says does not hold.
pub fn ingest(bytes: &[u8]) {
    match drydock_core::ingest::ingest(&[SourceFile { name: "s", bytes }]) {
        Ok(read) => {
            let report = validate(&read.design, None);
            let fallen = |text: &str| text.starts_with("The rule could not be applied");
            assert!(!report.findings.iter().any(|finding| fallen(&finding.text)), "{report:?}");
            drop(Site::new(read.design));
        }
        Err(problems) => {
            assert!(problems.iter().count() <= 1000);
            for problem in problems.iter() {
                assert!(problem.origin.line > 0, "no place: {problem}");
                assert!(problem.to_string().len() < 32 << 10, "long: {problem}");
            }
        }
    }
}
