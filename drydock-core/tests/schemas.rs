//! The JSON Schemas of site documents: they are what the readers ask for, they are checked in as they are, and they judge
//! documents as reading does.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use drydock_core::ingest::{Kind, SourceFile, ingest, schema};
use jsonschema::Validator;
use serde_json::{Value, json};

const EVERY_FIELD: &str = include_str!("documents/every-field.yaml");
const BOOT_ACTIONS: &str = include_str!("documents/boot-actions.yaml");

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

fn validator(schema: &Value) -> Validator {
    jsonschema::draft7::meta::validate(schema).unwrap();
    jsonschema::validator_for(schema).unwrap()
}

/// The documents of a file, as an editor hands them to a schema.
fn documents(source: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(source).unwrap()
}

/// What reading says of a document that stands alone.
fn read(document: &Value) -> Result<(), Vec<String>> {
    let source = document.to_string();
    let read = ingest(&[SourceFile { name: "s", bytes: source.as_bytes() }]);
    read.map(|_| ()).map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

/// The document in the other form.
fn in_other_form(document: &Value) -> Value {
    let metadata = &document["metadata"];
    let kind = kind(document).as_str();
    if document["schema"].is_string() {
        json!({"apiVersion": "drydock/v1", "kind": kind, "metadata": metadata, "spec": document["data"]})
    } else {
        json!({"schema": format!("drydock/{kind}/v1"), "metadata": metadata, "data": document["spec"]})
    }
}

fn kind(document: &Value) -> Kind {
    let word = document["schema"].as_str().and_then(|schema| schema.split('/').nth(1));
    word.or_else(|| document["kind"].as_str()).unwrap().parse().unwrap()
}

/// Documents that have every field. Servers can have all that host profiles have.
fn every_field() -> Vec<Value> {
    let mut documents = documents(EVERY_FIELD);
    let profile = documents.iter().position(|document| kind(document) == Kind::HostProfile).unwrap();
    let mut node = documents.swap_remove(profile);
    node["schema"] = "drydock/BaremetalNode/v1".into();
    let body = node["data"].as_object_mut().unwrap();
    body.insert("host_profile".to_owned(), "base".into());
    body.insert("addressing".to_owned(), json!([{"network": "mgmt", "address": "10.0.0.20"}]));
    body["metadata"]["boot_mac"] = "52:54:00:aa:bb:cc".into();
    body["interfaces"]["bond0"]["sriov"] = json!({"vf_count": 2, "trustedmode": true, "trustmode": true});
    let filesystem = body["storage"]["physical_devices"]["sda"]["partitions"][0]["filesystem"].clone();
    body["storage"]["volume_groups"]["vg"]["logical_volumes"][0]["filesystem"] = filesystem;
    let mut profile = node.clone();
    profile["schema"] = "drydock/HostProfile/v1".into();
    profile["data"].as_object_mut().unwrap().remove("addressing");
    documents.extend([node, profile]);
    let filter = json!({"filter_type": "union", "rack_names": ["r"], "rack_labels": {"row": "a"}});
    documents.push(json!({"schema": "drydock/BootAction/v1", "metadata": {"name": "filter"}, "data": {
        "node_filter": {"filter_set_type": "union", "filter_set": [filter]},
    }}));
    documents
}

#[test]
fn the_schemas_that_are_checked_in_are_those_that_the_readers_make() {
    let folder = root().join("docs/schemas");
    let mut expected = BTreeSet::from(["README.md".to_owned()]);
    for (name, schema) in schema::files() {
        let written = fs::read_to_string(folder.join(&name)).unwrap_or_default();
        let made = format!("{schema:#}\n");
        assert!(written == made, "{name} is out of date: cargo run -- design schema --output docs/schemas");
        expected.insert(name);
    }
    let names = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(names.collect::<BTreeSet<_>>(), expected);
}

#[test]
fn what_is_read_without_a_problem_is_accepted_in_both_forms() {
    let any = validator(&schema::of_any());
    let mut sources = vec![EVERY_FIELD.to_owned(), BOOT_ACTIONS.to_owned()];
    sources.push(fs::read_to_string(root().join("tests/fixtures/sites/two-racks.yaml")).unwrap());
    for page in fs::read_dir(root().join("docs/rules")).unwrap() {
        let page = fs::read_to_string(page.unwrap().path()).unwrap();
        sources
            .extend(page.split("```yaml\n").skip(1).map(|part| part.split("```").next().unwrap().to_owned()));
    }
    let mut accepted = 0;
    for document in sources.iter().flat_map(|source| documents(source)).chain(every_field()) {
        let of_kind = validator(&schema::of(kind(&document)));
        for document in [in_other_form(&document), document] {
            assert_eq!(read(&document), Ok(()), "{document}");
            for validator in [&any, &of_kind] {
                let errors: Vec<_> =
                    validator.iter_errors(&document).map(|error| error.to_string()).collect();
                assert_eq!(errors, [""; 0], "{document:#}");
            }
            accepted += 1;
        }
    }
    assert!(accepted > 200, "{accepted}");
}

/// The fields of a schema that none of these values has.
fn absent(schema: &Value, values: &[&Value], path: &str, found: &mut Vec<String>) {
    let none = serde_json::Map::new();
    let properties = schema["properties"].as_object().unwrap_or(&none);
    for (key, schema) in properties {
        let inside: Vec<_> = values.iter().filter_map(|value| value.get(key)).collect();
        let path = format!("{path}.{key}");
        if inside.is_empty() {
            found.push(path);
        } else {
            absent(schema, &inside, &path, found);
        }
    }
    let entries = values.iter().filter_map(|value| value.as_object()).flatten();
    let others: Vec<_> = entries
        .filter(|(key, _)| !properties.contains_key(*key) && !key.starts_with('!'))
        .map(|(_, value)| value)
        .collect();
    absent_if_any(&schema["additionalProperties"], &others, &format!("{path}.*"), found);
    let entries: Vec<_> = values.iter().filter_map(|value| value.as_array()).flatten().collect();
    absent_if_any(&schema["items"], &entries, &format!("{path}[]"), found);
}

fn absent_if_any(schema: &Value, values: &[&Value], path: &str, found: &mut Vec<String>) {
    if !values.is_empty() {
        absent(schema, values, path, found);
    } else if schema.get("type").is_some() {
        found.push(path.to_owned());
    }
}

#[test]
fn the_documents_that_are_tried_have_every_field() {
    let documents = every_field();
    for wanted in Kind::ALL {
        let of_kind = documents.iter().filter(|document| kind(document) == wanted);
        let bodies: Vec<_> =
            of_kind.map(|document| document.get("data").unwrap_or(&document["spec"])).collect();
        let body = &schema::of(wanted)["definitions"][format!("{}Body", wanted.as_str())];
        let mut found = Vec::new();
        absent(body, &bodies, "", &mut found);
        assert_eq!(found, [""; 0], "{wanted:?}");
    }
}

/// What may stand anywhere by mistake.
fn mistakes() -> Vec<Value> {
    vec![
        Value::Null,
        json!(true),
        json!(7),
        json!(-1),
        json!(1.5),
        json!(70_000_000_000_i64),
        json!(""),
        json!("!"),
        json!("word"),
        json!("10.0.0.1"),
        json!("10.0.0.300"),
        json!("10.0.0.0/24"),
        json!("10.0.0.0/40"),
        json!("0777"),
        json!("+77"),
        json!([]),
        json!([7]),
        json!(["word"]),
        json!([null]),
        json!([{}]),
        json!({}),
        json!({"a": "b"}),
        json!({"a": null}),
        json!({"a": [7]}),
        json!({"a": {}}),
        json!({"!a": [7]}),
        json!([{"name": "!a", "b": 7}]),
    ]
}

/// The paths of all values in a document, as JSON pointers.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(entries) => {
            for (key, value) in entries {
                pointers(value, &format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), found);
            }
        }
        Value::Array(entries) => {
            for (index, value) in entries.iter().enumerate() {
                pointers(value, &format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

/// The document with each mistake that can be made at this place: another value, a key too many, a key too few.
fn spoiled(document: &Value, at: &str) -> Vec<Value> {
    let with = |change: &dyn Fn(&mut Value)| {
        let mut document = document.clone();
        change(document.pointer_mut(at).unwrap());
        document
    };
    let mut spoiled: Vec<_> =
        mistakes().into_iter().map(|mistake| with(&|value| *value = mistake.clone())).collect();
    if let Some(entries) = document.pointer(at).and_then(Value::as_object) {
        for mistake in [json!("b"), json!([7]), Value::Null] {
            for key in ["zzz", "!zzz"] {
                spoiled.push(with(&|value| value[key] = mistake.clone()));
            }
        }
        for key in entries.keys() {
            spoiled.push(with(&|value| {
                value.as_object_mut().unwrap().remove(key);
            }));
        }
    }
    spoiled
}

#[test]
fn every_mistake_at_every_place_is_judged_alike() {
    let any = validator(&schema::of_any());
    let (mut refused, mut passed) = (0, 0);
    for document in every_field() {
        let of_kind = validator(&schema::of(kind(&document)));
        let mut places = Vec::new();
        pointers(&document, "", &mut places);
        // Disks are those of host profiles, which are tried.
        places.retain(|at| kind(&document) != Kind::BaremetalNode || !at.starts_with("/data/storage/"));
        for at in places {
            for spoiled in spoiled(&document, &at) {
                // With another envelope it may be no document of this kind any more.
                let is_body = at.starts_with("/data") || at.starts_with("/spec");
                let schema = if is_body { &of_kind } else { &any };
                let (read, accepted) = (read(&spoiled), schema.is_valid(&spoiled));
                assert_eq!(accepted, read.is_ok(), "{at}: {spoiled}: {read:?}");
                *if accepted { &mut passed } else { &mut refused } += 1;
            }
        }
    }
    assert!(refused > 5000 && passed > 1000, "{refused} {passed}");
}

#[test]
fn what_is_wrong_is_told_at_its_place() {
    let any = validator(&schema::of_any());
    let region =
        |body: Value| json!({"schema": "drydock/Region/v1", "metadata": {"name": "r"}, "data": body});
    let network = |body: Value| json!({"apiVersion": "drydock/v1", "kind": "Network", "metadata": {"name": "n"}, "spec": body});
    let cidr = "10.0.0.0/24";
    for (document, place) in [
        // A misspelt field, a wrong type, a word that there is not, a field that is missing.
        (network(json!({"cidr": cidr, "vlna": 7})), "/spec"),
        (network(json!({"cidr": cidr, "routes": [{"gatway": "10.0.0.1"}]})), "/spec/routes/0"),
        (region(json!({"authorized_keys": "key"})), "/data/authorized_keys"),
        (network(json!({"cidr": cidr, "vlan": 4095})), "/spec/vlan"),
        (
            network(
                json!({"cidr": cidr, "ranges": [{"type": "fixed", "start": "10.0.0.1", "end": "10.0.0.2"}]}),
            ),
            "/spec/ranges/0/type",
        ),
        (network(json!({})), "/spec"),
        (json!({"schema": "drydock/Rack/v1", "metadata": {}, "data": {}}), "/metadata"),
        (json!({"schema": "drydock/Rack/v2", "metadata": {"name": "r"}, "data": {}}), "/schema"),
        (json!({"schema": "drydock/Rack/v1", "metadata": {"name": "r"}}), ""),
        (json!({"apiVersion": "drydock/v2"}), "/apiVersion"),
        (json!({"apiVersion": "drydock/v1", "kind": "Server"}), "/kind"),
        (json!({"metadata": {"name": "r"}}), ""),
        (json!([]), ""),
    ] {
        assert!(read(&document).is_err(), "{document}");
        let errors: Vec<_> =
            any.iter_errors(&document).map(|error| error.instance_path().to_string()).collect();
        assert!(errors.iter().any(|at| at == place), "{document}: {errors:?}");
    }
}

#[test]
fn documents_of_others_may_be_anything() {
    let any = validator(&schema::of_any());
    for document in [
        Value::Null,
        json!({"schema": "deckhand/LayeringPolicy/v1", "metadata": {"name": "l"}, "data": {"layerOrder": ["site"]}}),
        json!({"schema": "promenade/PKICatalog/v1", "metadata": 7}),
        json!({"schema": "drydocks/Rack/v1"}),
        json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {}}),
    ] {
        assert_eq!(read(&document), Ok(()), "{document}");
        assert!(any.is_valid(&document), "{document}");
    }
}
