//! The picture for Mermaid. Things have numbers there: their names might be words of its language.

use std::collections::BTreeMap;

use super::{Graph, Vertex, VertexKind};

pub(super) fn picture(graph: &Graph) -> String {
    let rack_of = |edge: &super::Edge| {
        graph.vertices.get(edge.from).filter(|it| it.kind == VertexKind::Rack).map(|_| edge.from)
    };
    let racks: BTreeMap<usize, usize> =
        graph.edges.iter().filter_map(|edge| Some((edge.to, rack_of(edge)?))).collect();
    let mut lines = vec!["flowchart LR".to_owned()];
    for (rack, vertex) in graph.of_kind(VertexKind::Rack) {
        lines.push(format!("  subgraph v{rack}[\"{}\"]", label(vertex)));
        let inside = graph.of_kind(VertexKind::Node).filter(|(place, _)| racks.get(place) == Some(&rack));
        lines.extend(inside.map(|(place, node)| format!("    v{place}[\"{}\"]", label(node))));
        lines.push("  end".to_owned());
    }
    for (place, node) in graph.of_kind(VertexKind::Node).filter(|(place, _)| !racks.contains_key(place)) {
        lines.push(format!("  v{place}[\"{}\"]", label(node)));
    }
    for (place, link) in graph.of_kind(VertexKind::Link) {
        lines.push(format!("  v{place}{{{{\"{}\"}}}}", label(link)));
    }
    for (place, network) in graph.of_kind(VertexKind::Network) {
        lines.push(format!("  v{place}([\"{}\"])", label(network)));
    }
    for edge in graph.edges.iter().filter(|edge| rack_of(edge).is_none()) {
        let why =
            if edge.label.is_empty() { String::new() } else { format!("|\"{}\"|", escaped(&edge.label)) };
        lines.push(format!("  v{} ---{why} v{}", edge.from, edge.to));
    }
    lines.push(String::new());
    lines.join("\n")
}

fn label(vertex: &Vertex) -> String {
    if vertex.detail.is_empty() {
        escaped(&vertex.name)
    } else {
        format!("{}<br/>{}", escaped(&vertex.name), escaped(&vertex.detail))
    }
}

/// A text in quotes, where Mermaid has entities that begin with `#`.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' => escaped.push_str("#quot;"),
            '#' => escaped.push_str("#35;"),
            '&' => escaped.push_str("#amp;"),
            '<' => escaped.push_str("#lt;"),
            '>' => escaped.push_str("#gt;"),
            '`' => escaped.push_str("#96;"),
            other if other.is_control() => escaped.push(' '),
            other => escaped.push(other),
        }
    }
    escaped
}
