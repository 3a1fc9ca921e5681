//! The stores' SQL keeps to what databases that are only compatible with Postgres run too. What that is stands at the head of
//! `drydock-store/src/postgres/mod.rs`.

use super::Problem;
use super::tree::{Tree, has_extension};

const FOLDERS: [&str; 3] =
    ["drydock-store/src/postgres", "drydock-store/src/sqlite", "drydock-store/migrations"];

/// What must not be said, in capitals, and what to do instead.
const BANNED: [(&str, &str); 17] = [
    ("ADVISORY_", ONE_AT_A_TIME),
    ("LOCK TABLE", ONE_AT_A_TIME),
    ("CREATE FUNCTION", IN_THE_STATEMENT),
    ("CREATE OR REPLACE", IN_THE_STATEMENT),
    ("CREATE PROCEDURE", IN_THE_STATEMENT),
    ("CREATE TRIGGER", IN_THE_STATEMENT),
    ("CREATE RULE", IN_THE_STATEMENT),
    ("LANGUAGE PLPGSQL", IN_THE_STATEMENT),
    ("DO $$", IN_THE_STATEMENT),
    (" REFERENCES ", "a foreign key is looked up with each row; the conformance suite stands in for it"),
    ("CREATE TEMP", NO_SESSION),
    ("SET LOCAL", NO_SESSION),
    ("PG_NOTIFY", A_HINT),
    ("NOTIFY ", A_HINT),
    ("LISTEN ", A_HINT),
    ("PGLISTENER", A_HINT),
    ("NOW()", "clocks are not compared: take the time as an argument"),
];
const ONE_AT_A_TIME: &str = "not all databases have such a lock: lock a row, FOR UPDATE, or by updating it";
const IN_THE_STATEMENT: &str = "not all databases have it, and nobody sees it: say it in the statement";
const NO_SESSION: &str =
    "behind a pooler the next statement may be in another session: say it in the statement";
const A_HINT: &str = "not all databases and poolers have it: a poll finds everything";

/// The lines of SQL with something that not all have.
pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    let files =
        FOLDERS.iter().flat_map(|folder| tree.below(folder).map(move |name| format!("{folder}/{name}")));
    files
        .filter(|path| has_extension(path, "rs") || has_extension(path, "sql"))
        .flat_map(|path| lines(tree, &path))
        .collect()
}

fn lines(tree: &Tree, path: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (number, line) in tree.get(path).unwrap_or_default().lines().enumerate() {
        let code = line.trim_start();
        // Comments may name what is not done. Rust's calls of `now()` have something before it.
        if code.starts_with("//") || code.starts_with("--") {
            continue;
        }
        let said = code.replace(".now()", "").replace("::now()", "").to_uppercase();
        for (word, instead) in BANNED.iter().filter(|(word, _)| said.contains(word)) {
            problems.push(Problem::new(path, number + 1, format!("`{}`: {instead}", word.trim())));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<usize> {
        check(&Tree::default().with(path, text)).into_iter().map(|problem| problem.line).collect()
    }

    #[test]
    fn what_not_all_databases_have_is_found_in_statements_and_migrations() {
        let rust = "const A: &str = \"SELECT 1\";\nconst B: &str = \"select pg_advisory_xact_lock(1)\";\n";
        assert_eq!(found("drydock-store/src/postgres/a.rs", rust), [2]);
        for (word, _) in BANNED {
            let text = format!("SELECT 1;\nx {} y\n", word.to_lowercase());
            assert!(found("drydock-store/migrations/postgres/0001_a.sql", &text).contains(&2), "{word}");
        }
    }

    #[test]
    fn comments_clocks_and_other_folders_are_not_statements() {
        let fine = [
            (
                "drydock-store/src/sqlite/a.rs",
                "// no LOCK TABLE\n//! LISTEN not\nlet at = clock.now();\nlet at = Instant::now();\n",
            ),
            ("drydock-store/migrations/sqlite/0001_a.sql", "-- no CREATE TRIGGER\n"),
            ("drydock-store/tests/stores/a.rs", "\"CREATE TRIGGER refuse\""),
        ];
        for (path, text) in fine {
            assert!(found(path, text).is_empty(), "{path}");
        }
    }
}
