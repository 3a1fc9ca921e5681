//! Every Rust file says first what lives in it.

use super::Problem;
use super::tree::Tree;

/// How far down the header may begin: under a licence line or inner attributes.
const FIRST_LINES: usize = 5;

/// The Rust files without a header.
pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    let bare = |(path, text): (&str, &str)| {
        let has = text
            .lines()
            .take(FIRST_LINES)
            .any(|line| line.starts_with("//!") || line.starts_with("#![doc ="));
        (!has).then(|| {
            let text = "no `//!` header: a reader cannot tell what belongs here; begin with a sentence on what lives here and why";
            Problem::new(path, 1, text)
        })
    };
    tree.rust().filter_map(bare).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_without_a_header_are_problems() {
        let tree = Tree::from([
            ("good.rs", "//! What.\n"),
            ("lib.rs", "#![doc = include_str!(\"../README.md\")]\n"),
            ("late.rs", "\n\n\n\n\n//! What.\n"),
            ("bad.rs", "/// Not a header.\nfn f() {}\n"),
            ("empty.rs", ""),
            ("notes.txt", ""),
        ]);
        let found: Vec<String> = check(&tree).into_iter().map(|p| p.file).collect();
        assert_eq!(found, ["bad.rs", "empty.rs", "late.rs"]);
    }
}
