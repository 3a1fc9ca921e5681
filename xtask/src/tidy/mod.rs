//! `cargo xtask tidy`: the rules of the house that the compiler does not know.
//!
//! Each check is a function from the tree of files to the problems in it, in a file of its own. All problems are shown at once.

mod headers;
mod layers;
mod libraries;
mod links;
mod migrations;
mod mirror;
mod sizes;
mod sql;
mod tree;
mod words;

use std::fmt;
use std::path::Path;
use std::process::ExitCode;

use crate::error::Error;
use tree::Tree;

/// A rule that is broken.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Problem {
    /// The file, from the root.
    file: String,
    /// The line, from 1.
    line: usize,
    /// What is wrong, why it matters, what to do: one sentence.
    text: String,
}

impl Problem {
    fn new(file: impl Into<String>, line: usize, text: impl Into<String>) -> Self {
        Self { file: file.into(), line, text: text.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.text)
    }
}

/// Checks the repository at `root`. The exit code says whether it is tidy.
pub(crate) fn run(root: &Path) -> Result<ExitCode, Error> {
    let tree = Tree::read(root)?;
    let mut problems = check(&tree);
    problems.extend(layers::check(&tree, &layers::packages(root)?));
    for problem in &problems {
        println!("{problem}");
    }
    println!("{}", sizes::summary(&tree));
    println!("tidy: {} files, {} problems", tree.len(), problems.len());
    Ok(if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn check(tree: &Tree) -> Vec<Problem> {
    [
        sizes::check,
        headers::check,
        mirror::check,
        migrations::check,
        words::check,
        links::check,
        libraries::check,
        sql::check,
    ]
    .iter()
    .flat_map(|check| check(tree))
    .collect()
}
