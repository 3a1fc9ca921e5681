//! The files of the repository, in memory: the checks are pure functions over them.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::error::Error;

/// The text files of the repository by their path from the root, with `/` between folders.
#[derive(Debug, Default)]
pub(super) struct Tree {
    files: BTreeMap<String, String>,
}

impl Tree {
    /// Reads what git tracks or would track; without git, everything but build results.
    pub(super) fn read(root: &Path) -> Result<Self, Error> {
        let mut names = Vec::new();
        match listed_by_git(root) {
            Some(listed) => names = listed,
            None => walk(root, "", &mut names)?,
        }
        let mut files = BTreeMap::new();
        for name in names {
            let path = root.join(&name);
            // Listed, but deleted in the work tree.
            if !path.is_file() {
                continue;
            }
            let bytes = std::fs::read(&path).map_err(|source| read_error(&path, source))?;
            // What is not text exists, for links to it, but has no lines.
            files.insert(name, String::from_utf8(bytes).unwrap_or_default());
        }
        Ok(Self { files })
    }

    /// All files, by path.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// The Rust files.
    pub(super) fn rust(&self) -> impl Iterator<Item = (&str, &str)> {
        self.iter().filter(|(path, _)| has_extension(path, "rs"))
    }

    /// A file's text.
    pub(super) fn get(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    /// The paths of all files below `folder`, from `folder`.
    pub(super) fn below(&self, folder: &str) -> impl Iterator<Item = &str> {
        self.files.keys().filter_map(move |path| path.strip_prefix(folder)?.strip_prefix('/'))
    }

    /// Whether there is such a file, or a folder with files.
    pub(super) fn has(&self, path: &str) -> bool {
        path.is_empty() || self.files.contains_key(path) || self.below(path).next().is_some()
    }

    /// How many files.
    pub(super) fn len(&self) -> usize {
        self.files.len()
    }
}

/// Whether `path` ends in `.extension`.
pub(super) fn has_extension(path: &str, extension: &str) -> bool {
    Path::new(path).extension().is_some_and(|found| found == extension)
}

fn listed_by_git(root: &Path) -> Option<Vec<String>> {
    let output = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .stderr(Stdio::null())
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.split('\0').filter(|name| !name.is_empty()).map(str::to_owned).collect())
}

fn walk(root: &Path, folder: &str, names: &mut Vec<String>) -> Result<(), Error> {
    let path = root.join(folder);
    let entries = std::fs::read_dir(&path).map_err(|source| read_error(&path, source))?;
    for entry in entries {
        let entry = entry.map_err(|source| read_error(&path, source))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let inside = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
        if !entry.path().is_dir() {
            names.push(inside);
        } else if name != ".git" && name != "target" {
            walk(root, &inside, names)?;
        }
    }
    Ok(())
}

fn read_error(path: &Path, source: std::io::Error) -> Error {
    Error::Read { path: path.display().to_string(), source }
}

#[cfg(test)]
impl Tree {
    /// The tree with one more file.
    pub(super) fn with(mut self, path: &str, text: &str) -> Self {
        self.files.insert(path.to_owned(), text.to_owned());
        self
    }
}

#[cfg(test)]
impl<const N: usize> From<[(&str, &str); N]> for Tree {
    fn from(files: [(&str, &str); N]) -> Self {
        files.iter().fold(Self::default(), |tree, (path, text)| tree.with(path, text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn git_and_a_walk_agree_that_this_file_exists() {
        let root = crate::root();
        let mut walked = Vec::new();
        walk(&root, "", &mut walked).unwrap();
        let here = "xtask/src/tidy/tree.rs";
        assert!(walked.iter().any(|name| name == here));
        assert!(Tree::read(&root).unwrap().get(here).is_some());
    }

    #[test]
    fn folders_exist_through_their_files() {
        let tree = Tree::from([("a/b/c.rs", "")]);
        assert!(tree.has("a") && tree.has("a/b") && tree.has("a/b/c.rs") && tree.has(""));
        assert!(!tree.has("a/b/c") && !tree.has("b"));
        assert_eq!(tree.below("a").collect::<Vec<_>>(), ["b/c.rs"]);
    }
}
