//! Many seeds, and those that once failed.

use std::ops::Range;
use std::path::{Path, PathBuf};

use drydock_workflow::testing::sim::{Scenario, SimulationError, Tally};

use crate::dags::simulation;

/// How many seeds are played when nothing is said.
const USUAL: u64 = 5_000;

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable}={text} is not a number")))
}

fn play(seeds: Range<u64>) -> Tally {
    match simulation().play_seeds(seeds, 2) {
        Ok(tally) => {
            println!("{tally:#?}");
            tally
        }
        Err(SimulationError::Broken(failure)) => {
            let file = folder().join(format!("{}.json", failure.scenario.seed));
            let kept = serde_json::to_string_pretty(&failure.scenario).unwrap() + "\n";
            let kept = std::fs::write(&file, kept);
            panic!("{failure}\nkept as {} ({kept:?}): from now on it is played in every run", file.display());
        }
        Err(error) => panic!("{error:?}"),
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sim/regressions")
}

#[test]
fn worlds_from_many_seeds_keep_all_rules() {
    if number("DRYDOCK_SIM_SEED").is_some() {
        return;
    }
    let first = number("DRYDOCK_SIM_FROM").unwrap_or(0);
    let count = number("DRYDOCK_SIM_SEEDS").unwrap_or(USUAL);
    let tally = play(first..first + count);
    // What is rare is in many worlds all the same.
    if count >= USUAL {
        assert!(tally.beside > count && tally.started_here > count / 10, "{tally:#?}");
    }
}

#[test]
fn the_seed_that_was_asked_for_is_told_in_full() {
    let Some(seed) = number("DRYDOCK_SIM_SEED") else { return };
    let scenario = simulation().scenario(seed);
    println!("{}", serde_json::to_string_pretty(&scenario).unwrap());
    simulation().trace(&scenario).unwrap().iter().for_each(|line| println!("{line}"));
    play(seed..seed + 1);
}

#[test]
fn scenarios_that_once_broke_a_rule_keep_them_all() {
    let mut files: Vec<_> = std::fs::read_dir(folder()).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty());
    for file in files {
        let scenario: Scenario = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        simulation().play(&scenario).unwrap_or_else(|error| panic!("{}:\n{error}", file.display()));
    }
}

#[test]
fn a_seed_always_tells_the_same_story() {
    for seed in 0..200 {
        let tell = || {
            let simulation = simulation();
            simulation.trace(&simulation.scenario(seed)).unwrap()
        };
        let (first, second) = (tell(), tell());
        assert!(first.len() > 1, "seed {seed}: {first:?}");
        assert_eq!(first, second, "seed {seed}");
    }
}
