//! The two databases are the same store twice: what one has, the other has under the same name.

use std::collections::BTreeSet;

use super::Problem;
use super::tree::Tree;

/// Folders with equal lists of files.
const MIRRORS: [(&str, &str); 2] = [
    ("drydock-store/src/postgres", "drydock-store/src/sqlite"),
    ("drydock-store/migrations/postgres", "drydock-store/migrations/sqlite"),
];

/// The files without a counterpart.
pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    MIRRORS.iter().flat_map(|(a, b)| [lonely(tree, a, b), lonely(tree, b, a)].concat()).collect()
}

/// The files of `here` that `there` lacks.
fn lonely(tree: &Tree, here: &str, there: &str) -> Vec<Problem> {
    let others: BTreeSet<&str> = tree.below(there).collect();
    let problem = |name: &str| {
        let text = format!(
            "has no counterpart {there}/{name}: the databases drift apart where they are not mirrored; add it, or merge this file into one that both have"
        );
        Problem::new(format!("{here}/{name}"), 1, text)
    };
    tree.below(here).filter(|name| !others.contains(name)).map(problem).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_folders_and_absent_ones_are_fine() {
        assert_eq!(check(&Tree::default()), []);
        let tree =
            Tree::from([("drydock-store/src/postgres/a.rs", ""), ("drydock-store/src/sqlite/a.rs", "")]);
        assert_eq!(check(&tree), []);
    }

    #[test]
    fn a_file_on_one_side_only_is_a_problem() {
        let tree = Tree::from([
            ("drydock-store/src/postgres/a.rs", ""),
            ("drydock-store/src/sqlite/a.rs", ""),
            ("drydock-store/src/sqlite/b/c.rs", ""),
            ("drydock-store/migrations/postgres/0001_x.sql", ""),
        ]);
        let found: Vec<String> = check(&tree).into_iter().map(|p| p.file).collect();
        assert_eq!(
            found,
            ["drydock-store/src/sqlite/b/c.rs", "drydock-store/migrations/postgres/0001_x.sql"]
        );
    }
}
