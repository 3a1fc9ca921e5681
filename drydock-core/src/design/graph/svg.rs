//! The picture as an SVG document: a column for each kind of thing, a row for each thing, evenly spaced. The same site
//! is always the same document.

use super::{Graph, Vertex, VertexKind};

/// Lengths, in pixels.
const BOX_WIDTH: usize = 200;
const BOX_HEIGHT: usize = 36;
const ROW: usize = 48;
const COLUMN: usize = 340;
const MARGIN: usize = 24;
/// How many characters fit into a box; the whole text is its title.
const TEXT_MAX: usize = 30;

const STYLE: &str = "text{font:12px sans-serif;fill:#111}.detail{font-size:10px;fill:#555}\
                     path{fill:none;stroke:#999}rect{stroke:#555}.rack{fill:#eee}.node{fill:#dbeafe}\
                     .link{fill:#fef3c7}.network{fill:#dcfce7}.paper{fill:#fff;stroke:none}";

pub(super) fn picture(graph: &Graph) -> String {
    let rows = VertexKind::ALL.map(|kind| graph.of_kind(kind).count()).into_iter().max().unwrap_or_default();
    let (width, height) = (2 * MARGIN + 3 * COLUMN + BOX_WIDTH, 2 * MARGIN + rows * ROW);
    let places = places(graph, rows);
    let mut lines = vec![
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\">"
        ),
        format!("<style>{STYLE}</style>"),
        format!("<rect class=\"paper\" width=\"{width}\" height=\"{height}\"/>"),
    ];
    // Lines first, so that boxes stand over them.
    for edge in &graph.edges {
        let (Some(from), Some(to)) = (places.get(edge.from), places.get(edge.to)) else { continue };
        let (x1, x2, y1, y2) = (from.x + BOX_WIDTH, to.x, from.y + BOX_HEIGHT / 2, to.y + BOX_HEIGHT / 2);
        let bend = COLUMN / 4;
        lines.push(format!(
            "<path d=\"M{x1} {y1}C{} {y1} {} {y2} {x2} {y2}\"><title>{}</title></path>",
            x1 + bend,
            x2 - bend,
            escaped(&edge.label)
        ));
    }
    lines.extend(graph.vertices.iter().zip(&places).map(|(vertex, place)| drawn(vertex, *place)));
    lines.push("</svg>\n".to_owned());
    lines.join("\n")
}

/// The upper left corner of a box.
#[derive(Clone, Copy, Default)]
struct Place {
    x: usize,
    y: usize,
}

/// Where each thing is, in the order of the graph.
fn places(graph: &Graph, rows: usize) -> Vec<Place> {
    let mut places = vec![Place::default(); graph.vertices.len()];
    for (column, kind) in VertexKind::ALL.into_iter().enumerate() {
        let count = graph.of_kind(kind).count();
        for (row, (index, _)) in graph.of_kind(kind).enumerate() {
            // The middle of its share of the column.
            let middle = (2 * row + 1) * rows * ROW / (2 * count);
            if let Some(place) = places.get_mut(index) {
                *place = Place { x: MARGIN + column * COLUMN, y: MARGIN + middle - BOX_HEIGHT / 2 };
            }
        }
    }
    places
}

fn drawn(vertex: &Vertex, Place { x, y }: Place) -> String {
    let (kind, text) = (vertex.kind.as_str(), x + 8);
    let title = escaped(&format!("{kind} {} {}", vertex.name, vertex.detail));
    let (name, detail) = (escaped(&short(&vertex.name)), escaped(&short(&vertex.detail)));
    format!(
        "<g><title>{}</title>\
         <rect class=\"{kind}\" x=\"{x}\" y=\"{y}\" width=\"{BOX_WIDTH}\" height=\"{BOX_HEIGHT}\" rx=\"4\"/>\
         <text x=\"{text}\" y=\"{}\">{name}</text><text class=\"detail\" x=\"{text}\" y=\"{}\">{detail}</text></g>",
        title.trim_end(),
        y + 15,
        y + 29
    )
}

fn short(text: &str) -> String {
    if text.chars().count() <= TEXT_MAX {
        return text.to_owned();
    }
    text.chars().take(TEXT_MAX - 1).chain(['\u{2026}']).collect()
}

/// A text of XML 1.0, which has neither control characters nor the last two of the basic plane.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' => escaped.push_str("&quot;"),
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\u{fffe}' | '\u{ffff}' => escaped.push(' '),
            other if other.is_control() => escaped.push(' '),
            other => escaped.push(other),
        }
    }
    escaped
}
