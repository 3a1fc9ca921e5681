//! Links between documents lead somewhere.

use super::Problem;
use super::tree::{Tree, has_extension};

/// The links in Markdown files to local files that do not exist.
pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (path, text) in tree.iter().filter(|(path, _)| has_extension(path, "md")) {
        let mut fenced = false;
        for (number, line) in text.lines().enumerate() {
            fenced ^= line.trim_start().starts_with("```");
            if fenced {
                continue;
            }
            for target in targets(line).filter(|target| !exists(tree, path, target)) {
                let text =
                    format!("link to `{target}`, which does not exist: correct the path, or remove the link");
                problems.push(Problem::new(path, number + 1, text));
            }
        }
    }
    problems
}

/// What the inline links of a line point to, as far as it is local: no URLs, no anchors.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| {
        let (target, _) = rest.split_once(')')?;
        let target = target.split(['#', ' ']).next().unwrap_or_default();
        (!target.is_empty() && !target.contains("://") && !target.starts_with("mailto:")).then_some(target)
    })
}

/// Whether `target`, read from the folder of the file `from`, is in the repository.
fn exists(tree: &Tree, from: &str, target: &str) -> bool {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                if parts.pop().is_none() {
                    return false;
                }
            }
            name => parts.push(name),
        }
    }
    tree.has(&parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_links_are_found_with_their_line() {
        let text = "[a](b.md), [c](../README.md#part)\n[gone](nowhere.md) and [up](../../x.md)\n";
        let tree = Tree::from([("README.md", ""), ("docs/a.md", text), ("docs/b.md", "")]);
        let found: Vec<(usize, bool)> =
            check(&tree).iter().map(|p| (p.line, p.text.contains("nowhere.md"))).collect();
        assert_eq!(found, [(2, true), (2, false)]);
    }

    #[test]
    fn folders_urls_anchors_and_examples_in_fences_are_fine() {
        let text = "[d](docs/) [e](./docs) [u](https://example.org/x) [h](#here) [m](mailto:a@b)\n```\n[x](gone.md)\n```\n";
        let tree = Tree::from([("README.md", text), ("docs/a.md", ""), ("code.rs", "[x](gone.md)")]);
        assert_eq!(check(&tree), []);
    }
}
