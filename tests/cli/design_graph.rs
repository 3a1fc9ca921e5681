//! `drydock design graph`.

use serde_json::Value;

use crate::program::{run, site, text};

#[test]
fn a_site_is_drawn_in_each_form() {
    let folder = tempfile::tempdir().unwrap();
    let (site, _) = site(folder.path());
    let mermaid = run(&["design", "graph", text(&site)]);
    assert_eq!(mermaid.code, Some(0), "{mermaid:?}");
    assert!(mermaid.stdout.starts_with("flowchart LR\n  subgraph v0[\"rack1\"]\n"), "{mermaid:?}");
    assert!(mermaid.stdout.contains("[\"r2n06<br/>r2n06.yard.example.net\"]"), "{mermaid:?}");
    let svg = run(&["design", "graph", text(&site), "--format", "svg"]);
    assert!(svg.stdout.starts_with("<svg ") && svg.stdout.ends_with("</svg>\n"), "{svg:?}");
    assert_eq!(svg.stdout.matches("<rect class=\"node\"").count(), 12);
    let json = run(&["design", "graph", text(&site), "--format", "json"]);
    let graph: Value = serde_json::from_str(&json.stdout).unwrap();
    let vertices = graph["vertices"].as_array().unwrap();
    assert_eq!(vertices.len(), 2 + 12 + 3 + 3);
    // The first edge ties the first rack to the first node.
    let place = |end: &str| usize::try_from(graph["edges"][0][end].as_u64().unwrap()).unwrap();
    assert_eq!(
        (&vertices[place("from")]["name"], &vertices[place("to")]["name"]),
        (&"rack1".into(), &"r1n01".into())
    );
}

#[test]
fn what_cannot_be_drawn_is_told_by_the_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken.yaml");
    std::fs::write(&broken, "schema: drydock/Rack/v2\n").unwrap();
    for (file, code) in [(text(&broken), 1), ("no/such.yaml", 2)] {
        let ended = run(&["design", "graph", file]);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(code), ""), "{ended:?}");
        assert!(ended.stderr.contains(file), "{ended:?}");
    }
}
