//! Every library that the workspace takes in has its reason written down.

use std::collections::BTreeMap;

use super::Problem;
use super::tree::Tree;

const MANIFEST: &str = "Cargo.toml";
const REASONS: &str = "docs/dependencies.md";

/// The libraries without a reason, and the reasons without a library.
pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    let libraries = libraries(tree.get(MANIFEST).unwrap_or_default());
    let reasons = reasons(tree.get(REASONS).unwrap_or_default());
    let unexplained =
        libraries.iter().filter(|(name, _)| !reasons.contains_key(*name)).map(|(name, line)| {
            let text = format!(
                "{name} has no reason to be here: what nobody needs is never removed; add a line to {REASONS}"
            );
            Problem::new(MANIFEST, *line, text)
        });
    let idle = reasons.iter().filter(|(name, _)| !libraries.contains_key(*name)).map(|(name, line)| {
        Problem::new(
            REASONS,
            *line,
            format!("{name} is no library of the workspace any more; remove the line"),
        )
    });
    unexplained.chain(idle).collect()
}

/// The names under `[workspace.dependencies]` that are not this repository's own, with their lines.
fn libraries(manifest: &str) -> BTreeMap<&str, usize> {
    let mut inside = false;
    let mut found = BTreeMap::new();
    for (index, line) in manifest.lines().enumerate() {
        if line.starts_with('[') {
            inside = line.trim_end() == "[workspace.dependencies]";
        } else if inside
            && !line.contains("path = ")
            && let Some((name, _)) = line.split_once(" = ")
        {
            found.insert(name.trim(), index + 1);
        }
    }
    found
}

/// The names in the first column of the table, with their lines.
fn reasons(page: &str) -> BTreeMap<&str, usize> {
    let row = |(index, line)| Some((name_in(line)?, index + 1));
    page.lines().enumerate().filter_map(row).collect()
}

fn name_in(row: &str) -> Option<&str> {
    row.strip_prefix("| `")?.split_once('`').map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_lists_must_be_equal() {
        let manifest = "[workspace.dependencies]\nown = { path = \"own\" }\n\na = \"1\"\nb = { version = \"2\" }\n\n[lints]\nc = \"warn\"\n";
        let page = "| library | why |\n|---|---|\n| `a` | needed |\n| `gone` | was needed |\n";
        let tree = Tree::from([(MANIFEST, manifest), (REASONS, page)]);
        let found: Vec<(String, usize)> = check(&tree).into_iter().map(|p| (p.file, p.line)).collect();
        assert_eq!(found, [(MANIFEST.to_owned(), 5), (REASONS.to_owned(), 4)]);
    }
}
