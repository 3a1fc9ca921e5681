//! Files stay small enough to be read in one go.

use super::Problem;
use super::tree::Tree;

/// Lines of a source file at most.
const SOURCE: usize = 700;
/// Lines of a file of tests at most: cases are data, and longer lists of them still read well.
const TESTS: usize = 900;

/// The Rust files that are too long.
pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    let too_long = |(path, text): (&str, &str)| {
        let limit = if is_tests(path) { TESTS } else { SOURCE };
        let lines = text.lines().count();
        (lines > limit).then(|| {
            let text = format!(
                "{lines} lines, where {limit} are the most: nobody reads such a file in one go; split it by concern into a folder of modules"
            );
            Problem::new(path, limit + 1, text)
        })
    };
    tree.rust().filter_map(too_long).collect()
}

/// How long the Rust files are, to compare with the aims: a median of 150 lines at most, and nine in ten under 400.
pub(super) fn summary(tree: &Tree) -> String {
    let mut lines: Vec<usize> = tree.rust().map(|(_, text)| text.lines().count()).collect();
    lines.sort_unstable();
    let at = |percent: usize| lines.get((lines.len() * percent / 100).min(lines.len().saturating_sub(1)));
    format!(
        "tidy: {} Rust files; median {} lines, 90th percentile {}, longest {}",
        lines.len(),
        at(50).unwrap_or(&0),
        at(90).unwrap_or(&0),
        lines.last().unwrap_or(&0),
    )
}

fn is_tests(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.starts_with("tests/") || path.contains("/tests/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_over_its_limit_is_a_problem() {
        let (a, b, c) = ("x\n".repeat(700), "x\n".repeat(701), "x\n".repeat(901));
        let tree = Tree::from([
            ("a/src/just.rs", a.as_str()),
            ("a/src/over.rs", b.as_str()),
            ("a/tests/fine.rs", b.as_str()),
            ("a/src/x/tests.rs", b.as_str()),
            ("tests/over.rs", c.as_str()),
            ("docs/long.md", c.as_str()),
        ]);
        let found: Vec<(String, usize)> = check(&tree).into_iter().map(|p| (p.file, p.line)).collect();
        assert_eq!(found, [("a/src/over.rs".to_owned(), 701), ("tests/over.rs".to_owned(), 901)]);
    }

    #[test]
    fn the_summary_holds_for_any_number_of_files() {
        assert_eq!(
            summary(&Tree::default()),
            "tidy: 0 Rust files; median 0 lines, 90th percentile 0, longest 0"
        );
        let tree = Tree::from([("a.rs", "1\n"), ("b.rs", "1\n2\n"), ("c.rs", "1\n2\n3\n")]);
        assert_eq!(summary(&tree), "tidy: 3 Rust files; median 2 lines, 90th percentile 3, longest 3");
    }
}
