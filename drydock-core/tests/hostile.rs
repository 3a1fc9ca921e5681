//! Hostile input: each kind of it gets a clear error at its place, or is read rightly; and whatever is done to a real
//! site, reading it ends, with few and short problems that all have a place in the file.

use drydock_core::design::{Problem, Site};
use drydock_core::ingest::{DOCUMENT_VALUES_MAX, INPUT_BYTES_MAX, KEY_BYTES_MAX, SourceFile, ingest};
use drydock_core::node_filter::{NodeFilter, ShortFilter};
use drydock_core::rules::validate;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// More problems than this are never told, and none is longer than this many bytes.
const PROBLEMS_MAX: usize = 1000;
const PROBLEM_BYTES_MAX: usize = 32 * KEY_BYTES_MAX;

fn problems(bytes: &[u8]) -> Vec<Problem> {
    ingest(&[SourceFile { name: "s", bytes }])
        .err()
        .map(|all| all.iter().cloned().collect())
        .unwrap_or_default()
}

/// A rack with this body.
fn rack(body: &str) -> String {
    format!("schema: drydock/Rack/v1\nmetadata: {{name: r}}\ndata: {body}\n")
}

/// What is wrong with the problems of a file, as problems: too many, too long, or not in it.
fn unclear(bytes: &[u8]) -> Option<String> {
    let found = problems(bytes);
    if found.len() > PROBLEMS_MAX {
        return Some(format!("{} problems", found.len()));
    }
    let lines = bytes.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count() + 1;
    found.iter().find_map(|problem| {
        let shown = problem.to_string();
        let in_file = (1..=u64::try_from(lines).unwrap_or(u64::MAX)).contains(&problem.origin.line);
        let clear = in_file && shown.len() <= PROBLEM_BYTES_MAX && !shown.contains(char::is_control);
        (!clear).then(|| format!("of {lines} lines: {shown:?}"))
    })
}

/// A file, and how its only problem begins; `None` where it is read.
type Case = (Vec<u8>, Option<&'static str>);

fn case(text: impl Into<String>, expected: &'static str) -> Case {
    (text.into().into_bytes(), Some(expected))
}

fn read(text: impl Into<String>) -> Case {
    (text.into().into_bytes(), None)
}

fn encodings() -> Vec<Case> {
    let crlf = |text: &str| format!("\u{feff}{}", text.replace('\n', "\r\n"));
    vec![
        read(crlf(&rack("{}"))),
        case(crlf(&rack("{local_networks: 7}")), "s:3:24: Rack/r: data.local_networks: must be a list"),
        case(
            rack("{local_networks: 7}").replace('\n', "\r"),
            "s:3:24: Rack/r: data.local_networks: must be a list",
        ),
        case(
            rack("{}") + "---\n\u{feff}" + &rack("{}"),
            "s:5:1: not valid YAML: a BOM must not appear inside",
        ),
        (b"a: 1\nb: \xc3\x28".to_vec(), Some("s:2: the file is not UTF-8")),
        (b"a: \xc0\x80".to_vec(), Some("s:1: the file is not UTF-8")),
        (b"a: \xed\xa0\x80".to_vec(), Some("s:1: the file is not UTF-8")),
        (b"\xff\xfea\0:\0".to_vec(), Some("s:1: the file is not UTF-8")),
    ]
}

fn characters() -> Vec<Case> {
    vec![
        case("\0\0\0", "s:1:1: not valid YAML: unexpected character: `\\u{0}'"),
        case(rack("{location: {a: \"b\0c\"}}"), "s:3:24: not valid YAML: unexpected character"),
        read(rack("{location: {a: \"b\\0c\"}}")),
        case(rack("{location: {\"b\\0c\": a}}"), "s:3:19: a key has a NUL character"),
        case("schema: a\nmetadata:\n\tname: r\n", "s:3:2: not valid YAML: tabs disallowed"),
        case("a:\n  labels:\n\ta: b\n", "s:3:2: not valid YAML: tabs disallowed"),
        read("schema:\tdrydock/Rack/v1\nmetadata: {name: r}\ndata:\t{}\n"),
        case(rack("{\"\\e[2J\": 1}"), "s:3:17: Rack/r: data. [2J: is not known here"),
        case(rack("7").replace("name: r", "name: \"\\e[2J\""), "s:3:7: Rack/ [2J: data: must be a mapping"),
    ]
}

fn depths_and_aliases() -> Vec<Case> {
    let mut doubling = "a0: &a0 {x: 1}\n".to_owned();
    let mut copies = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned();
    for level in 1..40 {
        let below = level - 1;
        doubling.extend([format!("a{level}: &a{level} {{<<: [*a{below}, *a{below}], z{level}: 1}}\n")]);
        copies.extend([format!("a{level}: &a{level} [{}]\n", vec![format!("*a{below}"); 9].join(","))]);
    }
    let block: String = (0..3000).flat_map(|depth| [" ".repeat(depth), "a:\n".to_owned()]).collect();
    vec![
        case(doubling, "s:13:17: YAML document too large"),
        case(copies, "s:6:10: YAML document too large"),
        case("a: &a [*a]\n", "s:1:8: not valid YAML: Recursive reference"),
        case("a: &a {<<: *a}\n", "s:1:12: not valid YAML: Recursive reference"),
        case(
            "[".repeat(1_000_000),
            "s:1:256: recursion limit exceeded; a document may have 100000 values, nested 24",
        ),
        case("{".repeat(1_000_000), "s:1:256: recursion limit exceeded"),
        case("a: {".repeat(30), "s:1:96: YAML document too large"),
        case("? ".repeat(100_000), "s:1:49: YAML document too large"),
        case(block, "s:25:25: YAML document too large"),
    ]
}

fn sizes() -> Vec<Case> {
    let long = "x".repeat(1 << 20);
    let key = format!("{{tor_switches: {{? {long} : {{mgmt_ip: 7}}}}}}");
    // Each of the problems would repeat the key.
    let slaves = format!("{{interfaces: {{? {long} : {{slaves: [{}]}}}}}}", "7,".repeat(2000));
    vec![
        read(rack(&format!("{{location: {{a: {}}}}}", long.repeat(8)))),
        read(format!("# {long}\n{}{}", "\n".repeat(100_000), rack("{}"))),
        read("---\n".repeat(1 << 20)),
        case(rack(&key), "s:3:25: a key has 1048576 bytes, and may have 1024"),
        case(rack(&slaves).replace("Rack", "HostProfile"), "s:3:23: a key has 1048576 bytes"),
        case(
            rack("{}").replace("name: r", &format!("name: {long}")),
            "s:2:18: Rack: metadata.name: has 1048576 bytes",
        ),
        case(rack("{}").replace("Rack", &long), "s:1:9: drydock/xxxxxxx"),
        // Of another schema: passed over.
        read(format!("schema: {long}\n")),
        case(format!("a: \"{long}"), "s:1:4: not valid YAML: unclosed quote"),
        case(":".repeat(1_000_000), "s:1:1000000: not valid YAML"),
        case(format!("[{}]", "a,".repeat(DOCUMENT_VALUES_MAX)), "s:1:200000: YAML document too large"),
    ]
}

#[test]
fn hostile_files_get_one_clear_error_at_its_place_or_are_read() {
    for (bytes, expected) in [encodings(), characters(), depths_and_aliases(), sizes()].concat() {
        let (found, beginning) = (problems(&bytes), String::from_utf8_lossy(&bytes[..bytes.len().min(80)]));
        assert_eq!(found.len(), usize::from(expected.is_some()), "{beginning:?}: {}", found.len());
        for (problem, expected) in found.iter().zip(expected) {
            let shown: String = problem.to_string().chars().take(200).collect();
            assert!(shown.starts_with(expected), "{beginning:?}: expected {expected:?}, found {shown:?}");
        }
        assert_eq!(unclear(&bytes), None, "{beginning:?}");
    }
}

#[test]
fn what_is_too_large_is_refused_unread_by_the_name_of_the_largest_file() {
    let scalar = vec![b'x'; 100 << 20];
    let files = [SourceFile { name: "small", bytes: b"a: 1" }, SourceFile { name: "large", bytes: &scalar }];
    let told = ingest(&files).err().map(|problems| problems.to_string());
    assert_eq!(
        told,
        Some(format!("large: the site has 104857604 bytes, and may have {INPUT_BYTES_MAX}: leave files out"))
    );
}

/// Real documents: all kinds, both envelopes, every field.
const CORPUS: [&str; 3] = [
    include_str!("../../tests/fixtures/sites/two-racks.yaml"),
    include_str!("documents/every-field.yaml"),
    include_str!("documents/boot-actions.yaml"),
];

/// What a value may be replaced with.
const HOSTILE: [&str; 24] = [
    "",
    "~",
    "!",
    "'!'",
    "\"\\0\"",
    "\"\\e[2J\"",
    "*a",
    "&a [*a]",
    "&a a",
    "<<: *a",
    "[[[[[[",
    "{a: {b: {c: [d]}}}",
    "- - - -",
    "|",
    ">+9",
    "!!binary a",
    "!!python/object:os.system x",
    "99999999999999999999999999",
    "-.inf",
    "0x7f",
    "\t",
    "\u{feff}",
    "\u{2028}",
    "? [a]",
];

/// One thing that is done to a file.
#[derive(Debug, Clone)]
enum Change {
    Flip(Index, u8),
    Cut(Index),
    Drop(Index),
    Double(Index),
    Move(Index, Index),
    Value(Index, &'static str),
    Indent(Index, usize),
}

impl Change {
    fn to(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        if bytes.is_empty() {
            return bytes;
        }
        match self {
            Self::Flip(at, bits) => {
                let at = at.index(bytes.len());
                bytes[at] ^= bits;
                return bytes;
            }
            Self::Cut(at) => {
                bytes.truncate(at.index(bytes.len()));
                return bytes;
            }
            _ => {}
        }
        let mut lines: Vec<Vec<u8>> = bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        let count = lines.len();
        match self {
            Self::Drop(at) => drop(lines.remove(at.index(count))),
            Self::Double(at) => lines.insert(at.index(count), lines[at.index(count)].clone()),
            Self::Move(from, to) => {
                let line = lines.remove(from.index(count));
                lines.insert(to.index(count), line);
            }
            Self::Value(at, value) => {
                let line = &mut lines[at.index(count)];
                let colon = line.iter().position(|byte| *byte == b':').map_or(line.len(), |colon| colon + 1);
                line.truncate(colon);
                line.extend(format!(" {value}").bytes());
            }
            Self::Indent(at, by) => drop(lines[at.index(count)].splice(0..0, vec![b' '; *by])),
            Self::Flip(..) | Self::Cut(_) => {}
        }
        lines.join(&b'\n')
    }
}

fn change() -> impl Strategy<Value = Change> {
    let at = any::<Index>;
    prop_oneof![
        2 => (at(), 1..=255_u8).prop_map(|(at, bits)| Change::Flip(at, bits)),
        1 => at().prop_map(Change::Cut),
        2 => at().prop_map(Change::Drop),
        1 => at().prop_map(Change::Double),
        2 => (at(), at()).prop_map(|(from, to)| Change::Move(from, to)),
        6 => (at(), select(&HOSTILE[..])).prop_map(|(at, value)| Change::Value(at, value)),
        2 => (at(), 1..5_usize).prop_map(|(at, by)| Change::Indent(at, by)),
    ]
}

/// A file of the corpus, from one of its documents on, so that each of them is reached.
fn spoiled() -> impl Strategy<Value = Vec<u8>> {
    let start = (select(&CORPUS[..]), any::<Index>()).prop_map(|(file, from)| {
        let documents: Vec<&str> = file.split("\n---\n").collect();
        let from = from.index(documents.len());
        documents.iter().skip(from).take(6).copied().collect::<Vec<_>>().join("\n---\n").into_bytes()
    });
    (start, prop::collection::vec(change(), 1..6))
        .prop_map(|(bytes, changes)| changes.iter().fold(bytes, |bytes, change| change.to(bytes)))
}

proptest! {
    // `PROPTEST_CASES` asks for more.
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases.max(1024)))]

    #[test]
    fn a_spoiled_site_is_read_or_told_clearly(bytes in spoiled()) {
        prop_assert_eq!(unclear(&bytes), None, "{}", String::from_utf8_lossy(&bytes));
        // What can be read goes through everything behind it.
        if let Ok(read) = ingest(&[SourceFile { name: "s", bytes: &bytes }]) {
            let report = validate(&read.design, None);
            let fallen = report.findings.iter().find(|it| it.text.starts_with("The rule could not be applied"));
            prop_assert!(fallen.is_none(), "{:?}", fallen);
            let _ = Site::new(read.design);
        }
    }

    #[test]
    fn any_short_filter_is_taken_or_told(kind in "nodes|tags|labels|racks|[a-z]{0,3}", text in "\\PC{0,40}|[a-c0-9\\[\\]*?,=-]{0,40}") {
        let mut filter = ShortFilter::default();
        let told = [filter.want(&kind, &text), filter.unwant(&format!("{kind}={text}"))];
        for problem in told.iter().filter_map(|answer| answer.as_ref().err()) {
            prop_assert!(!problem.text.is_empty() && problem.text.len() < 1024, "{:?}", problem);
        }
    }

    #[test]
    fn any_json_is_a_node_filter_or_told(body in "[\\[\\]{}:,\"0-9a-z_ ]{0,60}|\\{\"filter_set_type\":\"(union|x)\",\"filter_set\":(7|\\[\\]|\\[(7|\\{\\}|\\{\"filter_type\":\"union\",\"node_names\":(7|\\[7\\]|\\[\"a\"\\])\\})\\])\\}") {
        if let Ok(value) = serde_json::from_str(&body) {
            for problem in NodeFilter::from_json(&value).err().unwrap_or_default() {
                prop_assert!(!problem.text.is_empty() && problem.text.len() < 1024, "{:?}", problem);
            }
        }
    }
}

/// The first of the tests above would prove little if all spoiled sites were refused, or none.
#[test]
fn some_spoiled_sites_can_be_read_and_some_cannot() {
    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let refused = (0..200).filter(|_| {
        let bytes = spoiled().new_tree(&mut runner).map(|tree| tree.current()).unwrap_or_default();
        !problems(&bytes).is_empty()
    });
    let refused = refused.count();
    assert!((40..190).contains(&refused), "{refused} of 200");
}
