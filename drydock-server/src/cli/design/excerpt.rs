//! The lines of the files that a report is about, as they look on a terminal: the line, and a caret under the place.
//!
//! No excerpt shows a secret: what stands in `oob`, in the data of an asset, or near the word `credential` is left out.

use std::collections::HashMap;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use drydock_core::design::Origin;

use crate::cli::site::SiteFiles;

/// How many excerpts a report has. Whoever has more problems than this mends some of them first.
const EXCERPTS_MAX: usize = 100;
/// How many characters before the place, and after it, are shown.
const BEFORE_MAX: usize = 60;
const AFTER_MAX: usize = 60;
/// Where a value is looked for that somebody keeps to himself.
const PRIVATE_WORDS: [&str; 4] = ["credential", "password", "secret", "libvirt_uri"];

/// Excerpts of the files of one site, as many as are left.
pub(super) struct Excerpts<'f> {
    files: &'f SiteFiles,
    /// Where the lines of each file begin that was looked into.
    lines: HashMap<&'f str, Lines<'f>>,
    left: usize,
    renderer: Renderer,
}

/// The lines of a file.
struct Lines<'f> {
    text: &'f str,
    begins: Vec<usize>,
}

impl<'f> Lines<'f> {
    fn of(text: &'f str) -> Self {
        let after_ends = text.bytes().zip(1..).filter(|(byte, _)| *byte == b'\n').map(|(_, next)| next);
        Self { text, begins: std::iter::once(0).chain(after_ends).collect() }
    }

    /// The line `number`, counted from 1.
    fn line(&self, number: usize) -> Option<&'f str> {
        let begin = *self.begins.get(number.checked_sub(1)?)?;
        let end = self.begins.get(number).copied().unwrap_or(self.text.len());
        self.text.get(begin..end).map(|line| line.trim_end_matches(['\n', '\r']))
    }

    /// The last line before `number` that is not blank.
    fn before(&self, number: usize) -> Option<&'f str> {
        (1..number).rev().filter_map(|above| self.line(above)).find(|line| !line.trim().is_empty())
    }
}

impl<'f> Excerpts<'f> {
    /// Of these files, in colour or not.
    pub(super) fn new(files: &'f SiteFiles, coloured: bool) -> Self {
        let renderer = if coloured { Renderer::styled() } else { Renderer::plain() };
        Self { files, lines: HashMap::new(), left: EXCERPTS_MAX, renderer }
    }

    /// The place of something that is said of the field `path`; none if there is nothing to show, or nothing that should be.
    pub(super) fn of(&mut self, level: Level<'static>, origin: &Origin, path: &str) -> Option<String> {
        let (number, column) = (usize::try_from(origin.line).ok()?, usize::try_from(origin.column).ok()?);
        if self.left == 0 || number == 0 || is_private_path(path) {
            return None;
        }
        let (name, bytes) = self.files.source(&origin.file)?;
        let lines = match self.lines.entry(name) {
            std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::hash_map::Entry::Vacant(place) => {
                let text = std::str::from_utf8(bytes).ok()?;
                // Columns count without a byte order mark.
                place.insert(Lines::of(text.strip_prefix('\u{feff}').unwrap_or(text)))
            }
        };
        let line = lines.line(number)?;
        if is_private(line) || lines.before(number).is_some_and(is_private) {
            return None;
        }
        self.left -= 1;
        let cut = Cut::around(line, column.max(1) - 1);
        let annotation = AnnotationKind::Primary.span(cut.place);
        let snippet = Snippet::source(cut.text).line_start(number).annotation(annotation);
        Some(self.renderer.render(&[Group::with_level(level).element(snippet)]))
    }
}

fn is_private_path(path: &str) -> bool {
    path.split_once('.').is_some_and(|(_, below)| {
        let in_oob = below == "oob" || below.starts_with("oob.");
        in_oob || (below.starts_with("assets[") && below.contains("].data"))
    })
}

fn is_private(line: &str) -> bool {
    let line = line.to_ascii_lowercase();
    PRIVATE_WORDS.iter().any(|word| line.contains(word))
}

/// The part of a line that is shown, and where in it, in bytes, the place is.
struct Cut {
    text: String,
    place: std::ops::Range<usize>,
}

impl Cut {
    /// `column` is in characters, counted from 0.
    fn around(line: &str, column: usize) -> Self {
        let begin = column.saturating_sub(BEFORE_MAX);
        let mut text = if begin > 0 { "...".to_owned() } else { String::new() };
        let mut rest = line.chars().skip(begin);
        text.extend(rest.by_ref().take(column - begin));
        let start = text.len();
        let after: String = rest.by_ref().take(AFTER_MAX).collect();
        // The word at the place; of a text in quotes or a bracket, its first character.
        let word = after.find([' ', '\t', ',', ':', '}', ']', '"', '\'', '{', '[']).unwrap_or(after.len());
        let first = after.chars().next().map_or(0, char::len_utf8);
        text.push_str(&after);
        if rest.next().is_some() {
            text.push_str("...");
        }
        Self { place: start..start + word.max(first), text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excerpt(source: &str, line: u64, column: u64, path: &str) -> Option<String> {
        let files = SiteFiles::of("site.yaml", source);
        let origin = Origin { line, column, ..Origin::file("site.yaml") };
        Excerpts::new(&files, false).of(Level::ERROR, &origin, path)
    }

    #[test]
    fn the_line_and_a_caret_under_the_place_are_shown() {
        let source = "data:\r\n  cidr: 10.0.0.1/240\r\n  \u{e9}: [a, b]\n";
        for (line, column, expected) in [
            (1, 1, "  |\n1 | data:\n  | ^^^^"),
            (2, 9, "  |\n2 |   cidr: 10.0.0.1/240\n  |         ^^^^^^^^^^^^"),
            (3, 6, "  |\n3 |   \u{e9}: [a, b]\n  |      ^"),
            // Behind the end, as a text that ends too early is told.
            (1, 6, "  |\n1 | data:\n  |      ^"),
        ] {
            assert_eq!(excerpt(source, line, column, "data.x").as_deref(), Some(expected));
        }
        assert_eq!((excerpt(source, 0, 0, ""), excerpt(source, 9, 1, "")), (None, None));
    }

    #[test]
    fn long_lines_are_cut_and_what_moves_a_cursor_is_not_written() {
        let long = format!("{}: {}", "k".repeat(100_000), "v".repeat(100_000));
        let shown = excerpt(&long, 1, 100_003, "").unwrap();
        assert!(shown.contains("...kkk") && shown.ends_with('^'), "{shown}");
        assert!(shown.lines().all(|line| line.len() < 200), "{shown}");
        let shown = excerpt("a: \u{1b}[2Jx\u{7}\u{202e}y", 1, 4, "").unwrap();
        assert!(!shown.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{shown:?}");
    }

    #[test]
    fn secrets_are_not_shown() {
        for (source, line, path) in [
            ("credential: hush", 1, "data.x"),
            ("oob: {type: ipmi, Credential: hush}", 1, ""),
            ("credential:\n\n  'hush", 3, ""),
            ("pw: &p hush", 1, "data.oob.credential"),
            ("port: [hush]", 1, "data.oob.port"),
            ("- hush", 1, "spec.assets[0].data"),
        ] {
            assert_eq!(excerpt(source, line, 1, path), None, "{source}");
        }
        assert!(excerpt("outer: 1", 1, 1, "data.oobx").is_some());
    }

    #[test]
    fn there_are_only_so_many() {
        let files = SiteFiles::of("site.yaml", "a: 1\n");
        let mut excerpts = Excerpts::new(&files, true);
        let origin = Origin { line: 1, column: 1, ..Origin::file("site.yaml") };
        let shown = (0..1000).filter_map(|_| excerpts.of(Level::WARNING, &origin, ""));
        let shown: Vec<_> = shown.collect();
        assert_eq!(shown.len(), EXCERPTS_MAX);
        assert!(shown[0].contains("\u{1b}["), "{:?}", shown[0]);
    }
}
