//! `drydock design diff`.

use serde_json::{Value, json};

use crate::program::{run, site, text};

#[test]
fn what_changes_is_told_for_people_and_programs() {
    let folder = tempfile::tempdir().unwrap();
    let (old, _) = site(folder.path());
    let source = std::fs::read_to_string(&old).unwrap();
    let changed = source.replace("credential: foghorn ", "credential: bell ").replace("row: b", "row: c");
    // The new design is a folder: its files are one design.
    let new = folder.path().join("new");
    std::fs::create_dir(&new).unwrap();
    std::fs::write(new.join("site.yaml"), changed).unwrap();
    std::fs::write(new.join("notes.txt"), "no part of it").unwrap();
    let ended = run(&["design", "diff", text(&old), text(&new)]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(
        ended.stdout,
        "~ BaremetalNode/r2n06\n    oob.credential: (not shown) -> (not shown)\n\
         ~ Rack/rack2\n    labels.row: b -> c\n"
    );
    assert_eq!(ended.stderr, "0 added, 0 removed, 2 changed\n");
    let ended = run(&["design", "diff", text(&old), text(&new), "--format", "json"]);
    let told: Value = serde_json::from_str(&ended.stdout).unwrap();
    let fields = json!([{"path": "labels.row", "old": "b", "new": "c"}]);
    let rack = json!({"kind": "Rack", "name": "rack2", "change": "changed", "fields": fields});
    assert_eq!(told["changes"][1], rack);
    let ended = run(&["design", "diff", text(&old), text(&old)]);
    assert_eq!(
        (ended.code, ended.stdout.as_str(), ended.stderr.as_str()),
        (Some(0), "", "nothing changes\n")
    );
}

#[test]
fn what_cannot_be_compared_is_told_by_the_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let (site, _) = site(folder.path());
    let empty = folder.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    let broken = folder.path().join("broken.yaml");
    std::fs::write(&broken, "schema: drydock/Rack/v2\n").unwrap();
    for (new, code, said) in
        [(text(&broken), 1, "broken.yaml"), ("no/such", 2, "no/such"), (text(&empty), 2, "has no files")]
    {
        let ended = run(&["design", "diff", text(&site), new]);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(code), ""), "{new}: {ended:?}");
        assert!(ended.stderr.contains(said), "{ended:?}");
    }
}
