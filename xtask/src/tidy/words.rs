//! Words that must not be in the repository: what is unfinished, and paths of one machine.

use super::Problem;
use super::tree::Tree;

/// A word, why it must not be here, and files where it may.
type Word = (&'static str, &'static str, &'static [&'static str]);

const UNFINISHED: &str = "unfinished work hides in the code; finish it, or open an issue";
const ELSEWHERE: &str =
    "is a path of one machine, and means nothing on others; name things from the repository's root";

/// Put together from halves, or this list would be its own first offender.
const WORDS: [Word; 6] = [
    (concat!("TO", "DO"), UNFINISHED, &[]),
    (concat!("FIX", "ME"), UNFINISHED, &[]),
    (concat!("to", "do!("), UNFINISHED, &[]),
    (concat!("unimple", "mented!"), UNFINISHED, &[]),
    (concat!("/wo", "rk/"), ELSEWHERE, &[]),
    (concat!("../sha", "red"), ELSEWHERE, &[".ci/run"]),
];

/// The lines with such a word.
pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (path, text) in tree.iter() {
        for (number, line) in text.lines().enumerate() {
            for (word, why, allowed) in WORDS {
                if line.contains(word) && !allowed.contains(&path) {
                    problems.push(Problem::new(path, number + 1, format!("`{word}`: {why}")));
                }
            }
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_is_found_with_its_line() {
        for (word, _, _) in WORDS {
            let text = format!("fine\nsome {word} here\n");
            let found = check(&Tree::default().with("a/b.md", &text));
            assert_eq!(found.iter().map(|p| p.line).collect::<Vec<_>>(), [2], "{word}");
        }
    }

    #[test]
    fn a_word_is_allowed_only_where_the_list_says() {
        let (word, _, allowed) = WORDS[5];
        assert_eq!(check(&Tree::default().with(allowed[0], word)), []);
        assert_eq!(check(&Tree::default().with("other", word)).len(), 1);
    }
}
