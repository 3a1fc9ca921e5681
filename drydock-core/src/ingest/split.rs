//! Cuts a file into its YAML documents before any of them is parsed, so that a syntax error in one hides nothing in
//! the others.
//!
//! A line that begins with `---` or `...`, followed by a space or the end of the line, is a document marker wherever
//! it stands, also inside quoted and block scalars (YAML 1.2.2 section 9.1.2, `c-forbidden`). So no parser is needed
//! to find it.

/// One document of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Chunk<'s> {
    /// Its text, with its own `---` line and directives.
    pub(super) text: &'s str,
    /// How many lines of the file stand before it.
    pub(super) lines_before: u64,
}

/// The documents of `source`, without those that are only comments, blank lines and markers.
pub(super) fn split(source: &str) -> Vec<Chunk<'_>> {
    let mut chunks = Vec::new();
    let mut start = Cut { offset: 0, line: 0 };
    let mut here = Cut { offset: 0, line: 0 };
    // What the document that began at `start` holds so far.
    let (mut content, mut directives) = (false, false);
    for line in source.split_inclusive('\n') {
        let next = Cut { offset: here.offset + line.len(), line: here.line + 1 };
        if is_marker(line, "---") {
            if content {
                chunks.extend(start.until(here, source));
            }
            // Directives belong to the document that their `---` line begins.
            if content || !directives {
                start = here;
            }
            let text = line.get(3..).unwrap_or_default().trim();
            (content, directives) = (!(text.is_empty() || text.starts_with('#')), false);
        } else if is_marker(line, "...") {
            if content {
                chunks.extend(start.until(here, source));
            }
            start = next;
            (content, directives) = (false, false);
        } else if !content {
            let text = line.trim();
            directives |= line.starts_with('%');
            content = !(text.is_empty() || text.starts_with('#') || line.starts_with('%'));
        }
        here = next;
    }
    if content {
        chunks.extend(start.until(here, source));
    }
    chunks
}

#[derive(Clone, Copy)]
struct Cut {
    offset: usize,
    line: u64,
}

impl Cut {
    fn until(self, end: Self, source: &str) -> Option<Chunk<'_>> {
        source.get(self.offset..end.offset).map(|text| Chunk { text, lines_before: self.line })
    }
}

fn is_marker(line: &str, marker: &str) -> bool {
    line.strip_prefix(marker).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_cut_and_comments_alone_are_no_document() {
        for (source, expected) in [
            ("", &[][..]),
            ("# only\n\n", &[]),
            ("a: 1", &[("a: 1", 0)]),
            ("# head\n---\na: 1\n---\nb: 2\n", &[("---\na: 1\n", 1), ("---\nb: 2\n", 3)]),
            ("a: 1\n...\n# between\n---\nb: 2\n...\n", &[("a: 1\n", 0), ("---\nb: 2\n", 3)]),
            ("%YAML 1.2\n---\na: 1\n", &[("%YAML 1.2\n---\na: 1\n", 0)]),
            ("---\r\na: 1\r\n---\r\nb: 2", &[("---\r\na: 1\r\n", 0), ("---\r\nb: 2", 2)]),
            ("--- |\n ---\n----\n", &[("--- |\n ---\n----\n", 0)]),
            ("---", &[]),
            ("---\n--- # nothing\n\n---\na: 1\n---\n", &[("---\na: 1\n", 3)]),
            ("%YAML 1.2\n---\n---\na: 1\n", &[("---\na: 1\n", 2)]),
        ] {
            let found: Vec<_> =
                split(source).into_iter().map(|chunk| (chunk.text, chunk.lines_before)).collect();
            assert_eq!(found, expected, "{source:?}");
        }
    }
}
