//! Patterns of names: `r1n0[2-9]`, `rack?`, `*-spare`.

use std::fmt;

/// The longest pattern, in bytes.
const LENGTH_MAX: usize = 253;

/// A pattern of names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    text: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    /// This character.
    One(char),
    /// Any character.
    Any,
    /// Any text, also none.
    Rest,
    /// One of these ranges of numbers.
    Numbers(Vec<Range>),
}

/// Numbers of so many digits, with zeros before them; 0 digits for those without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Range {
    first: u32,
    last: u32,
    digits: usize,
}

impl Pattern {
    /// Reads a pattern. Fails with what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.len() > LENGTH_MAX {
            return Err(format!("a pattern has at most {LENGTH_MAX} bytes"));
        }
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(next) = rest.chars().next() {
            rest = &rest[next.len_utf8()..];
            parts.push(match next {
                '*' => Part::Rest,
                '?' => Part::Any,
                '[' => {
                    let (inside, after) =
                        rest.split_once(']').ok_or_else(|| format!("{text:?} lacks a ]"))?;
                    rest = after;
                    let ranges = inside.split(',').map(|range| Range::parse(range.trim()));
                    let ranges: Option<Vec<_>> = ranges.collect();
                    Part::Numbers(ranges.ok_or_else(|| {
                        format!("[{inside}] is no range: write numbers such as [2-9] or [01,07-12]")
                    })?)
                }
                other => Part::One(other),
            });
        }
        // Two in a row mean the same, and would be tried in vain.
        parts.dedup_by(|later, part| *later == Part::Rest && *part == Part::Rest);
        Ok(Self { text: text.to_owned(), parts })
    }

    pub(super) fn matches(&self, name: &str) -> bool {
        // The ends of all beginnings of the name that the parts so far may be: no part is tried twice at one place.
        let mut ends = vec![0];
        for part in &self.parts {
            let mut next: Vec<usize> = ends.iter().flat_map(|end| part.ends(name, *end)).collect();
            next.sort_unstable();
            next.dedup();
            ends = next;
        }
        ends.contains(&name.len())
    }
}

impl Part {
    /// Where it may end, if it begins at `at`.
    fn ends(&self, name: &str, at: usize) -> Vec<usize> {
        let rest = &name[at..];
        let first = rest.chars().next();
        match self {
            Self::One(wanted) => {
                first.filter(|c| c == wanted).map(|c| at + c.len_utf8()).into_iter().collect()
            }
            Self::Any => first.map(|c| at + c.len_utf8()).into_iter().collect(),
            Self::Rest => rest.char_indices().map(|(place, _)| at + place).chain([name.len()]).collect(),
            Self::Numbers(ranges) => {
                let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
                let lengths =
                    (1..=digits).filter(|length| ranges.iter().any(|range| range.has(&rest[..*length])));
                lengths.map(|length| at + length).collect()
            }
        }
    }
}

impl Range {
    fn parse(text: &str) -> Option<Self> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number(first) || !is_number(last) {
            return None;
        }
        let padded = first.len() > 1 && first.starts_with('0');
        let range = Self {
            first: first.parse().ok()?,
            last: last.parse().ok()?,
            digits: if padded { first.len() } else { 0 },
        };
        (range.first <= range.last && (!padded || first.len() == last.len())).then_some(range)
    }

    fn has(&self, digits: &str) -> bool {
        let padded = digits.len() > 1 && digits.starts_with('0');
        let fits = if self.digits == 0 { !padded } else { digits.len() == self.digits };
        fits && digits.parse().is_ok_and(|number: u32| (self.first..=self.last).contains(&number))
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The values of a list with commas between them; those in brackets part nothing.
pub(super) fn split(text: &str) -> Vec<&str> {
    let mut is_inside = false;
    text.split(|c: char| {
        is_inside = (is_inside || c == '[') && c != ']';
        c == ',' && !is_inside
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_names() {
        for (pattern, matching, others) in [
            ("r1n01", &["r1n01"][..], &["r1n010", "r1n0", ""][..]),
            ("r1n0[2-9]", &["r1n02", "r1n09"], &["r1n01", "r1n010", "r1n002", "r1n0"]),
            ("n[08-11]", &["n08", "n11"], &["n8", "n12", "n008", "n"]),
            ("n[8-11]", &["n8", "n11"], &["n08", "n12"]),
            ("n[1,4-5]x", &["n1x", "n5x"], &["n2x", "n15x", "n1"]),
            ("*-spare", &["-spare", "a-spare", "a-spare-spare"], &["a-spare1"]),
            ("r?n*1", &["r1n1", "r2n01"], &["rn1", "r1n2"]),
            ("*", &["", "a", "é"], &[]),
            ("[1-2][1-2]", &["11", "22"], &["1", "13"]),
        ] {
            let parsed = Pattern::parse(pattern).unwrap();
            assert!(matching.iter().all(|name| parsed.matches(name)), "{pattern} {matching:?}");
            assert!(!others.iter().any(|name| parsed.matches(name)), "{pattern} {others:?}");
        }
    }

    #[test]
    fn hostile_patterns_end() {
        let pattern = Pattern::parse(&"*a".repeat(126)).unwrap();
        assert!(!pattern.matches(&"a".repeat(125)));
        assert!(pattern.matches(&"a".repeat(253)));
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for (pattern, expected) in [
            ("n[1-2", "lacks a ]"),
            ("n[]", "[] is no range"),
            ("n[a-b]", "[a-b] is no range"),
            ("n[9-2]", "[9-2] is no range"),
            ("n[08-9]", "[08-9] is no range"),
            ("n[1-99999999999]", "is no range"),
        ] {
            assert!(Pattern::parse(pattern).unwrap_err().contains(expected), "{pattern}");
        }
        assert!(Pattern::parse(&"x".repeat(254)).is_err());
    }

    #[test]
    fn commas_in_brackets_part_nothing() {
        assert_eq!(split("a,b[1,2],c"), ["a", "b[1,2]", "c"]);
        assert_eq!(split("a,,b"), ["a", "", "b"]);
    }
}
