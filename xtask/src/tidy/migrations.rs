//! Migrations are numbered 0001, 0002, ... without gaps: their order is the schema's history.

use super::Problem;
use super::tree::{Tree, has_extension};

const FOLDERS: [&str; 2] = ["drydock-store/migrations/postgres", "drydock-store/migrations/sqlite"];

/// The migrations with a number that is wrong, taken, or leaves a gap.
pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    FOLDERS.iter().flat_map(|folder| numbering(tree, folder)).collect()
}

fn numbering(tree: &Tree, folder: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    // Sorted by name, thus by number.
    for (last, name) in tree.below(folder).filter(|name| has_extension(name, "sql")).enumerate() {
        let expected = last + 1;
        if number(name) != Some(expected) {
            let text = format!(
                "is the migration at place {expected}, but is not numbered {expected:04}: two of one number, or a gap, leave their order to chance; rename it to {expected:04}_what_it_does.sql, unless it was released"
            );
            problems.push(Problem::new(format!("{folder}/{name}"), 1, text));
        }
    }
    problems
}

/// 1 from "`0001_initial.sql`".
fn number(name: &str) -> Option<usize> {
    let (digits, _) = name.split_once('_')?;
    if digits.len() == 4 { digits.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offenders(names: &[&str]) -> Vec<String> {
        let paths: Vec<String> = names.iter().map(|name| format!("{}/{name}", FOLDERS[1])).collect();
        let tree = paths.iter().fold(Tree::default(), |tree, path| tree.with(path, ""));
        check(&tree).into_iter().map(|p| p.file.replace(&format!("{}/", FOLDERS[1]), "")).collect()
    }

    #[test]
    fn dense_numbers_are_fine() {
        assert_eq!(offenders(&["0001_a.sql", "0002_b.sql", "0003_a.sql", "README.md"]), Vec::<String>::new());
    }

    #[test]
    fn gaps_doubles_and_other_names_are_problems() {
        assert_eq!(offenders(&["0001_a.sql", "0003_b.sql"]), ["0003_b.sql"]);
        assert_eq!(offenders(&["0001_a.sql", "0001_b.sql", "0002_c.sql"]), ["0001_b.sql", "0002_c.sql"]);
        assert_eq!(offenders(&["1_a.sql"]), ["1_a.sql"]);
    }
}
