//! Recorded exchanges with a real MAAS 3.4.10, one per file: the request behind `>`, the answer behind `<`, then its body.

use crate::replay::Canned;

pub(crate) struct Recording {
    pub(crate) method: String,
    /// Path and query, from `/MAAS` on.
    pub(crate) target: String,
    pub(crate) request_headers: Vec<(String, String)>,
    pub(crate) request_body: String,
    pub(crate) answer: Canned,
}

impl Recording {
    /// The recording whose file name begins with `name`.
    pub(crate) fn load(name: &str) -> Self {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/maas/recordings");
        let matches = |file: &String| file.strip_prefix(name).is_some_and(|rest| rest.starts_with('-'));
        let file = names().into_iter().find(matches).unwrap_or_else(|| panic!("no recording {name}"));
        Self::parse(&std::fs::read_to_string(format!("{folder}/{file}")).unwrap())
    }

    fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\n<\n").expect("an answer has a body, if an empty one");
        let (request, answer) = head.split_once("\n< HTTP ").unwrap();
        let request: Vec<&str> = request
            .lines()
            .filter_map(|line| line.strip_prefix('>'))
            .map(|line| line.strip_prefix(' ').unwrap_or(line))
            .collect();
        let (method, url) = request[0].split_once(' ').unwrap();
        let end = request.iter().position(|line| line.is_empty()).unwrap_or(request.len());
        let raw = request.iter().position(|line| *line == "[raw body]").map(|at| &request[at + 1..]);
        let bytes = answer.contains("application/bson").then(|| bson(answer, body));
        let mut answer = answer.lines();
        let status = answer.next().unwrap().split(' ').next().unwrap().parse().unwrap();
        Self {
            method: method.to_owned(),
            target: url[url.find("/MAAS").unwrap()..].to_owned(),
            request_headers: request[1..end].iter().map(|line| header(line)).collect(),
            request_body: raw.map_or_else(String::new, |lines| lines.join("\r\n")),
            answer: Canned {
                status,
                headers: answer
                    .filter_map(|line| line.strip_prefix("< "))
                    .map(header)
                    .filter(is_kept)
                    .collect(),
                // The file ends with a newline that the answer did not have.
                body: body.trim_end().to_owned(),
                bytes,
            },
        }
    }

    pub(crate) fn request_header(&self, name: &str) -> Option<&str> {
        get(&self.request_headers, name)
    }

    /// The id in `…/machines/ID/…`.
    pub(crate) fn machine(&self) -> Option<&str> {
        let (_, rest) = self.target.split_once("/machines/")?;
        rest.split('/').next().filter(|id| !id.is_empty() && !id.starts_with('?'))
    }

    pub(crate) fn content_type(&self) -> &str {
        get(&self.answer.headers, "content-type").expect("an answer has a type")
    }
}

/// A body in BSON as it was sent. The recording is text, in which one byte that begins no character became U+FFFD: the first of the
/// length of what is last in the document, and so that of the whole without the other 27 bytes.
fn bson(answer: &str, body: &str) -> Vec<u8> {
    let (_, length) = answer.split_once("Content-Length: ").unwrap();
    let length: usize = length.lines().next().unwrap().parse().unwrap();
    let (before, after) = body.split_once('\u{fffd}').unwrap();
    let last = u8::try_from(length - 27).unwrap();
    let bytes = [before.as_bytes(), &[last], after.trim_end().as_bytes()].concat();
    assert_eq!(bytes.len(), length);
    bytes
}

/// The file names of all recordings.
pub(crate) fn names() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/maas/recordings");
    let files = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn header(line: &str) -> (String, String) {
    let (name, value) = line.split_once(": ").unwrap_or((line.trim_end_matches(':'), ""));
    (name.to_ascii_lowercase(), value.to_owned())
}

/// Whether the header belongs to the answer, rather than to the connection it came on.
fn is_kept((name, _): &(String, String)) -> bool {
    !matches!(name.as_str(), "content-length" | "transfer-encoding" | "connection")
}

fn get<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}
