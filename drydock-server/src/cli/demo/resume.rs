//! What a demo that is started again goes on with.

use drydock_core::Timestamp;
use drydock_core::task::DesignRef;

use super::stages;
use crate::api::document::{StepDocument, StepStatus};
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::cli::progress::{Share, Watcher, parse_time};
use crate::client::Client;

/// Says which tasks are done, and how far the nodes of the others had come before `started`; nothing on a first start.
pub(super) async fn tell(client: &Client, design: &DesignRef, started: Timestamp) -> Result<(), Failure> {
    for action in stages::ACTIONS {
        let Some(task) = stages::find(client, design, action).await? else { continue };
        let look = Watcher::new(client.clone(), &task.task_id).look().await?;
        if parse_time(&task.created).is_none_or(|created| created >= started) {
            continue;
        }
        let ended_before =
            |share: &Share| share.ended && share.updated.is_some_and(|updated| updated < started);
        let open: Vec<&Share> = look.shares.iter().filter(|share| !ended_before(share)).collect();
        if open.is_empty() && look.is_final() {
            output::line(&format!("{action}: done already ({})", look.task.result.status.as_str()))?;
            continue;
        }
        output::line(&format!("resuming {action} (task {}):", look.task.task_id))?;
        let done = look.shares.len() - open.len();
        if done > 0 {
            output::line(&format!("  {done} of {} are done already", look.shares.len()))?;
        }
        for share in open {
            output::line(&format!("  {}", how_far(share, started)))?;
        }
    }
    Ok(())
}

/// `r1n01: 3 of 9 steps done, goes on at power_off`.
fn how_far(share: &Share, started: Timestamp) -> String {
    let was_done = |step: &&StepDocument| {
        let ended = step.ended.as_deref().and_then(parse_time);
        step.status == StepStatus::Done && ended.is_some_and(|ended| ended < started)
    };
    let done = share.steps.iter().filter(was_done).count();
    let next = share.steps.iter().find(|step| !was_done(step)).map_or("its end", |step| step.name.as_str());
    format!("{}: {done} of {} steps done, goes on at {next}", share.name, share.steps.len())
}
