//! `drydock design schema`.

use std::path::Path;

use serde_json::Value;

use crate::program::{run, text};

#[test]
fn it_prints_the_schema_that_selects_and_those_of_each_kind() {
    for (args, name) in [
        (&["design", "schema"][..], "site"),
        (&["design", "schema", "Network"], "Network"),
        (&["design", "schema", "BaremetalNode"], "BaremetalNode"),
    ] {
        let printed = run(args);
        assert_eq!(printed.code, Some(0), "{printed:?}");
        let checked_in = Path::new("docs/schemas").join(format!("{name}.schema.json"));
        assert_eq!(printed.stdout, std::fs::read_to_string(checked_in).unwrap());
    }
}

#[test]
fn it_writes_them_into_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let all = folder.path().join("deep/schemas");
    let ended = run(&["design", "schema", "--output", text(&all)]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.stdout.lines().count(), 9, "{ended:?}");
    for path in ended.stdout.lines() {
        let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#", "{path}");
    }
    let one = folder.path().join("one");
    let ended = run(&["design", "schema", "Rack", "--output", text(&one)]);
    let path = one.join("Rack.schema.json");
    assert_eq!(ended.stdout, format!("{}\n", path.display()), "{ended:?}");
    assert_eq!(std::fs::read_dir(&one).unwrap().count(), 1);
}

#[test]
fn what_cannot_be_printed_or_written_is_told_by_the_exit_code() {
    let ended = run(&["design", "schema", "Netwrok"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{ended:?}");
    assert!(ended.stderr.contains("did you mean `Network`?"), "{ended:?}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let ended = run(&["design", "schema", "--output", text(&file)]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{ended:?}");
    assert!(ended.stderr.starts_with(&format!("error: cannot write {}", text(&file))), "{ended:?}");
}
