//! Steps about what a node does when it comes up first: it gets a key, and what it reports is waited for.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use drydock_core::boot_action::{BootReport, KeptKey, NodeKey, ReportStatus};
use drydock_core::task::TaskResult;
use drydock_core::{NodeName, after};
use drydock_workflow::{Outcome, StepContext, StepResult};
use serde::{Deserialize, Serialize};

use super::node::{Found, installation_has_begun};
use crate::boot_actions::{BootActionFact, NodeKeyFact, REPORT_SIGNAL};
use crate::tools::{Tools, node_name};
use crate::{HeardReport, TaskInput};

/// A boot action on which the node reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Awaited {
    /// Its id.
    id: String,
    /// Its name.
    name: String,
}

/// Gives the machine of a node that has boot actions a new key, and records what is kept of it and what the actions are.
/// Gives those that are to be waited for.
///
/// Until this step is on record no installation begins, so nothing has read a key that a crash left on the machine.
pub(crate) async fn boot_key(
    tools: Arc<Tools>,
    ctx: StepContext,
    (input, machine): (TaskInput, Found),
) -> StepResult<Vec<Awaited>> {
    let share = tools.share(&input, ctx.task()).await?;
    let actions = share.actions()?;
    if machine.is_controller || actions.is_empty() {
        return Ok(Outcome::Done(Vec::new()));
    }
    let (driver, node) = (&tools.drivers.node, node_name(&input)?);
    let now = driver.machine(&machine.id).await?;
    if installation_has_begun(&now)? {
        let text = format!(
            "Node is {} already: its boot actions are those of the task that began its installation",
            now.state_name
        );
        ctx.say_about("node", node.as_str(), text);
        return Ok(Outcome::Done(Vec::new()));
    }
    let key = NodeKey::generate(&*tools.boot.entropy);
    driver.put_key(&machine.id, node, &key).await?;
    let kept = KeptKey::of(&key, after(ctx.now(), tools.options.boot_key));
    ctx.record(NodeKeyFact { key: kept }.about(node))?;
    let mut awaited = Vec::new();
    for (id, action) in actions {
        let (name, signaling) = (action.name.clone(), action.signaling);
        ctx.record(BootActionFact { node: node.clone(), name: name.clone(), signaling }.about(id))?;
        if signaling {
            awaited.push(Awaited { id: id.to_string(), name });
        }
    }
    Ok(Outcome::Done(awaited))
}

/// What the step has heard so far.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Heard {
    /// How actions ended, by id.
    ended: BTreeMap<String, ReportStatus>,
    /// The report that was read last: the context shows it until the next has come.
    last: Option<String>,
    /// The time is over, and whatever has come by now is read.
    closing: bool,
}

/// Waits until the node has said of each of its actions how it ended, or until the time is over; passes on what it says.
pub(crate) async fn await_boot_actions(
    tools: Arc<Tools>,
    ctx: StepContext,
    (input, awaited, deployed): (TaskInput, Vec<Awaited>, TaskResult),
) -> StepResult<TaskResult> {
    if awaited.is_empty() {
        return Ok(Outcome::Done(deployed));
    }
    let mut heard: Heard = ctx.scratch().unwrap_or_default();
    let news = ctx.signal().filter(|signal| heard.last.as_deref() != Some(&signal.id.to_string()));
    if let Some(signal) = news {
        heard.last = Some(signal.id.to_string());
        if let Ok(report) = signal.payload.decode::<HeardReport>() {
            heard.read(&ctx, &awaited, report);
        }
    }
    let open: Vec<&str> = awaited
        .iter()
        .filter(|action| !heard.ended.contains_key(&action.id))
        .map(|action| action.name.as_str())
        .collect();
    let left = tools.options.boot_actions.saturating_sub(ctx.elapsed());
    if open.is_empty() || (heard.closing && news.is_none()) {
        return Ok(Outcome::Done(told(&ctx, node_name(&input)?, &awaited, &heard)));
    }
    heard.closing = left.is_zero();
    let reason = format!("the node to report on its boot actions: {}", open.join(", "));
    let wait = Outcome::signal(REPORT_SIGNAL, reason).or_after(left.max(Duration::from_millis(1)));
    Ok(wait.keep(&heard))
}

impl Heard {
    fn read(&mut self, ctx: &StepContext, awaited: &[Awaited], report: HeardReport) {
        let HeardReport { action, report: BootReport { status, details } } = report;
        // After its last word an action has nothing more to say.
        if awaited.iter().all(|known| known.id != action) || self.ended.contains_key(&action) {
            return;
        }
        for said in details {
            if said.error {
                ctx.complain_about("bootaction", &action, said.message);
            } else {
                ctx.say_about("bootaction", &action, said.message);
            }
        }
        if let Some(status) = status {
            self.ended.insert(action, status);
        }
    }
}

/// The node has succeeded when all its actions have.
fn told(ctx: &StepContext, node: &NodeName, awaited: &[Awaited], heard: &Heard) -> TaskResult {
    let mut failed = Vec::new();
    for Awaited { id, name } in awaited {
        match heard.ended.get(id) {
            Some(ReportStatus::Success) => {
                ctx.say_about("node", node.as_str(), format!("Boot action {name} succeeded."));
                continue;
            }
            Some(ReportStatus::Failure) => {
                ctx.complain_about("node", node.as_str(), format!("Boot action {name} failed."));
            }
            None => ctx.complain_about("node", node.as_str(), format!("Boot action {name} timed out.")),
        }
        failed.push(name.as_str());
    }
    let mut result = TaskResult::default();
    if failed.is_empty() {
        result.success(node.as_str());
    } else {
        result.failure(node.as_str());
        result.message = Some(format!("boot actions did not succeed: {}", failed.join(", ")));
        result.reason = Some("boot actions".to_owned());
    }
    result
}
