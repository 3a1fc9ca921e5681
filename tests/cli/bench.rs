//! `drydock bench`: each scenario works on each database and loses no step. How fast is not asked here.

use serde_json::Value;

use crate::program::drydock;

/// The scenarios of a report, with how many figures each has.
fn short(store: &str) -> Vec<(String, usize)> {
    let output =
        drydock(&["bench", "--all", "--short", "--store", store, "--format", "json"]).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    assert!(stderr.contains(&format!("{store} steady: engine: ")), "it tells how far it is: {stderr}");
    let reports: Value = serde_json::from_slice(&output.stdout).unwrap();
    let [report] = reports.as_array().unwrap().as_slice() else { panic!("{reports}") };
    assert_eq!(report["store"], store);
    let of = |section: &Value| {
        let figures = section["figures"].as_array().unwrap();
        for figure in figures.iter().filter(|figure| !figure["ratio"].is_null()) {
            assert!(figure["ratio"]["median"].as_f64().unwrap() > 0.0, "{figure}");
        }
        (section["scenario"].as_str().unwrap().to_owned(), figures.len())
    };
    report["scenarios"].as_array().unwrap().iter().map(of).collect()
}

fn names(scenarios: &[(String, usize)]) -> Vec<&str> {
    assert!(scenarios.iter().all(|(_, figures)| *figures > 0), "{scenarios:?}");
    scenarios.iter().map(|(name, _)| &**name).collect()
}

#[test]
fn every_scenario_works_on_postgres() {
    let all = short("postgres");
    for name in ["steady", "alone", "pace", "children", "history", "instances", "observed", "takeover"] {
        assert!(names(&all).contains(&name), "{all:?}");
    }
}

#[test]
fn every_scenario_that_suits_sqlite_works_there() {
    let all = short("sqlite");
    assert!(names(&all).contains(&"takeover") && !names(&all).contains(&"instances"), "{all:?}");
}
