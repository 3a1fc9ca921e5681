//! Which nodes a filter of the v1.0 API selects, and which filters are refused.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use drydock_core::NodeName;
use drydock_core::design::Site;
use drydock_core::ingest::{SourceFile, ingest};
use drydock_core::node_filter::NodeFilter;
use serde_json::{Value, json};

fn site() -> Site {
    let bytes = include_bytes!("../../tests/fixtures/sites/two-racks.yaml");
    Site::new(ingest(&[SourceFile { name: "two-racks.yaml", bytes }]).unwrap().design).unwrap()
}

fn selected(site: &Site, filter: &Value) -> String {
    let names = NodeFilter::from_json(filter).unwrap().select(site);
    names.into_iter().map(NodeName::as_str).collect::<Vec<_>>().join(" ")
}

fn one(entry: Value) -> Value {
    json!({"filter_set_type": "intersection", "filter_set": [entry]})
}

#[test]
fn criteria_combine_as_the_entry_says() {
    let site = site();
    for (entry, expected) in [
        (json!({"filter_type": "union", "node_names": ["r1n02", "nobody", "r1n01"]}), "r1n01 r1n02"),
        (json!({"filter_type": "union", "node_names": ["nobody"]}), ""),
        (json!({"filter_type": "union", "node_names": []}), ""),
        (json!({"filter_type": "union", "node_names": null, "unknown": 1}), ""),
        (json!({"filter_type": "union"}), ""),
        (json!({"filter_type": "union", "node_tags": ["control", "spare"]}), "r1n01 r2n01 r2n06"),
        (json!({"filter_type": "intersection", "node_tags": ["control", "spare"]}), "r1n01 r2n01 r2n06"),
        (json!({"filter_type": "union", "node_labels": {"role": "control", "site": "x"}}), "r1n01 r2n01"),
        (
            json!({"filter_type": "intersection", "node_labels": {"role": "control", "site": "yard"}}),
            "r1n01 r2n01",
        ),
        (json!({"filter_type": "intersection", "node_labels": {"role": "control", "site": "x"}}), ""),
        (json!({"filter_type": "intersection", "rack_names": ["rack2"], "node_tags": ["control"]}), "r2n01"),
        (json!({"filter_type": "union", "rack_labels": {"row": "b"}}), "r2n01 r2n02 r2n03 r2n04 r2n05 r2n06"),
        (
            json!({"filter_type": "intersection", "rack_labels": {"row": "a"}, "node_tags": ["control"]}),
            "r1n01",
        ),
        (json!({"filter_type": "intersection", "rack_labels": {"row": "a", "hall": "1"}}), ""),
        (json!({"filter_type": "intersection", "node_names": [], "node_tags": ["spare"]}), "r2n06"),
    ] {
        assert_eq!(selected(&site, &one(entry.clone())), expected, "{entry}");
    }
}

#[test]
fn entries_combine_as_the_filter_says() {
    let site = site();
    let control = json!({"filter_type": "union", "node_tags": ["control"]});
    let rack2 = json!({"filter_type": "union", "rack_names": ["rack2"], "node_names": ["r1n06"]});
    let neutral = json!({"filter_type": "intersection"});
    for (combine, entries, expected) in [
        ("union", json!([control, rack2]), "r1n01 r1n06 r2n01 r2n02 r2n03 r2n04 r2n05 r2n06"),
        ("intersection", json!([control, rack2]), "r2n01"),
        ("intersection", json!([control, neutral]), "r1n01 r2n01"),
    ] {
        let filter = json!({"filter_set_type": combine, "filter_set": entries});
        assert_eq!(selected(&site, &filter), expected, "{filter}");
    }
    assert_eq!(site.select(None).len(), 12);
}

#[test]
fn filters_that_mean_nothing_are_refused() {
    for (filter, expected) in [
        (json!("all"), "must be an object, and is a string"),
        (json!({}), "filter_set_type: must be \"union\" or \"intersection\"; filter_set: has no entries"),
        (
            json!({"filter_set_type": "or", "filter_set": [{"filter_type": "union"}]}),
            "filter_set_type: must be",
        ),
        (json!({"filter_set_type": "union", "filter_set": []}), "filter_set: has no entries"),
        (json!({"filter_set_type": "intersection", "filter_set": null}), "filter_set: has no entries"),
        (
            json!({"filter_set_type": "union", "filter_set": {}}),
            "filter_set: must be an array of objects, and is an object",
        ),
        (one(json!({})), "filter_set[0].filter_type: must be"),
        (one(json!({"filter_type": "any"})), "filter_set[0].filter_type: must be"),
        (one(json!(7)), "filter_set[0]: must be an object, and is a number"),
        (one(json!({"filter_type": "intersection"})), "filter_set: an intersection of no criteria"),
        (
            one(json!({"filter_type": "intersection", "node_names": []})),
            "filter_set: an intersection of no criteria",
        ),
        (
            json!({"filter_set_type": "union", "filter_set": [{"filter_type": "intersection"}]}),
            "filter_set[0]: an intersection of no criteria",
        ),
        (
            one(
                json!({"filter_type": "union", "node_names": "a", "node_tags": [1], "node_labels": {"a": true}, "rack_labels": []}),
            ),
            "filter_set[0].node_names: must be an array of strings, and is a string; \
             filter_set[0].node_tags[0]: must be a string, and is a number; \
             filter_set[0].node_labels.a: must be a string, and is true or false; \
             filter_set[0].rack_labels: must be an object of strings, and is an array",
        ),
    ] {
        let problems = NodeFilter::from_json(&filter).unwrap_err();
        let found = problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        assert!(found.starts_with(expected), "{filter}: {found}");
        assert!(serde_json::from_value::<NodeFilter>(filter).is_err());
    }
}

#[test]
fn filters_of_names_survive_a_journey_through_json() {
    let site = site();
    let all: Vec<NodeName> = site.select(None).into_iter().cloned().collect();
    for names in [&all[..0], &all[..1], &all[..]] {
        let filter = NodeFilter::names(names);
        let text = serde_json::to_string(&filter).unwrap();
        assert_eq!(serde_json::from_str::<NodeFilter>(&text).unwrap(), filter);
        assert_eq!(filter.select(&site), names.iter().collect::<Vec<_>>(), "{text}");
    }
}
