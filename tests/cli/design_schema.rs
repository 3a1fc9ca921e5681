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
fn as_a_table_it_lists_the_kinds_and_the_fields_of_one() {
    let kinds = run(&["design", "schema", "--format", "table"]);
    assert_eq!((kinds.code, kinds.stdout.lines().count()), (Some(0), 1 + 8), "{kinds:?}");
    let fields = run(&["design", "schema", "BootAction", "--format", "table"]);
    let lines: Vec<_> = fields
        .stdout
        .lines()
        .map(|line| line.split("  ").map(str::trim).filter(|it| !it.is_empty()))
        .collect();
    let rows: Vec<Vec<_>> = lines.into_iter().map(Iterator::collect).collect();
    for row in [
        ["FIELD", "VALUE", "WHAT IT IS"],
        ["assets", "list", "What a server gets."],
        [
            "assets[].type",
            "unit | file | pkg_list, required",
            "What it is: a `file`, a systemd `unit`, or packages to install.",
        ],
        [
            "signaling",
            "true or false",
            "Whether the server tells what came of it; yes unless it says otherwise.",
        ],
    ] {
        assert!(rows.contains(&row.to_vec()), "{row:?}: {}", fields.stdout);
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
