//! What came of a demo, and what to try next.

use std::collections::BTreeMap;
use std::time::Duration;

use drydock_core::task::ActionResult;

use super::run::Run;
use crate::cli::emulate::{OPEN_KEY, Running};
use crate::cli::failure::Failure;
use crate::cli::keys;
use crate::cli::output;
use crate::cli::progress::{Look, Share};
use crate::cli::units;

/// What all tasks of one node came to.
#[derive(Default)]
struct Sum {
    result: ActionResult,
    why: String,
    steps: usize,
    time: Duration,
}

/// A line for each node, and commands that work on what is there.
pub(super) fn tell(looks: &[Look], run: &Run, emulator: Option<&Running>) -> Result<(), Failure> {
    let mut table = output::table(&["NODE", "RESULT", "STEPS", "TIME"]);
    for (node, sum) in sums(looks) {
        let result = if sum.why.is_empty() { sum.result.as_str().to_owned() } else { sum.why };
        table.add_row([node.to_owned(), result, sum.steps.to_string(), units::show(sum.time)]);
    }
    output::line("")?;
    output::rows(&table)?;
    output::line(&next(run, emulator))
}

fn sums(looks: &[Look]) -> BTreeMap<&str, Sum> {
    let mut sums: BTreeMap<&str, Sum> = BTreeMap::new();
    let of_nodes = |look: &&Look| !look.task.subtask_id_list.is_empty();
    for share in looks.iter().filter(of_nodes).flat_map(|look| &look.shares) {
        let sum = sums.entry(&share.name).or_default();
        sum.result = share.result;
        sum.why = if share.result == ActionResult::Success { String::new() } else { share.now.clone() };
        sum.steps += share.done;
        sum.time += took(share);
    }
    sums
}

fn took(share: &Share) -> Duration {
    let (Some(created), Some(updated)) = (share.created, share.updated) else { return Duration::ZERO };
    (updated - created).to_std().unwrap_or_default()
}

fn next(run: &Run, emulator: Option<&Running>) -> String {
    let (folder, drydock) = (run.path().display(), output::program());
    let database = if run.owns_database() { format!("{folder}/drydock.db") } else { "DATABASE".to_owned() };
    let mut lines = vec![
        String::new(),
        "What to try next:".to_owned(),
        "  # time enough to kill -9 it, and to start it again".to_owned(),
        format!("  {drydock} demo --speed 10s"),
        "  # all that was done to the servers".to_owned(),
        format!("  less {folder}/effects.jsonl"),
    ];
    match emulator {
        Some(emulator) => lines.extend([
            "  # work on the emulated servers, which are still there".to_owned(),
            format!("  export {}={OPEN_KEY}", keys::VARIABLE),
            format!(
                "  {drydock} serve --database {database} --maas-url {} --poll-interval 1s &",
                emulator.maas_url
            ),
            format!("  {drydock} task create destroy_nodes --design {folder}/site.yaml --nodes r1n01 --wait"),
            "  # end them".to_owned(),
            format!("  rm {folder}/emulator.json"),
        ]),
        None => lines.extend([
            "  # look at what was recorded".to_owned(),
            format!("  {drydock} serve --database {database} &"),
            format!("  {drydock} task list"),
            "  # the same, with servers that stay, to be worked on by hand".to_owned(),
            format!("  {drydock} demo --keep"),
        ]),
    }
    lines.join("\n")
}
