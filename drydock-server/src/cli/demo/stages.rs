//! What the demo has done, one task after the other: found where an earlier demo left it, else created; then followed.

use std::time::Duration;

use drydock_core::task::{Action, ActionResult, DesignRef};

use crate::api::document::TaskDocument;
use crate::cli::failure::Failure;
use crate::cli::progress::{Look, View, Watcher, follow};
use crate::client::{Client, NewTask};

/// The actions, in order.
pub(super) const ACTIONS: [Action; 3] = [Action::VerifySite, Action::PrepareNodes, Action::DeployNodes];

/// How often the tasks are looked at.
const PAUSE: Duration = Duration::from_millis(100);

/// Carries all out, up to the first that fails; the last look at each. Dropped at any moment, it is taken up by the next call.
pub(super) async fn carry_out(
    client: &Client,
    design: &DesignRef,
    view: &mut View,
) -> Result<Vec<Look>, Failure> {
    let mut looks = Vec::new();
    for action in ACTIONS {
        let task = match find(client, design, action).await? {
            Some(task) => task,
            None => create(client, design, action).await?,
        };
        let look = if task.status.is_final() {
            // An earlier demo has shown it.
            Watcher::new(client.clone(), &task.task_id).look().await?
        } else {
            view.say(&heading(action))?;
            let look = follow(client, &task.task_id, PAUSE, view).await?;
            view.clear();
            look
        };
        let good = is_success(&look.task);
        looks.push(look);
        if !good {
            break;
        }
    }
    Ok(looks)
}

/// The demo's task for `action`, if it was created already. An answer that a kill cut off left the task behind.
pub(super) async fn find(
    client: &Client,
    design: &DesignRef,
    action: Action,
) -> Result<Option<TaskDocument>, Failure> {
    let tasks = client.task_list().await?;
    Ok(tasks.into_iter().find(|task| {
        task.parent_task_id.is_none()
            && task.action == action.as_str()
            && task.design_ref.as_deref() == Some(design.as_str())
    }))
}

/// Whether a task came to a good end.
pub(super) fn is_success(task: &TaskDocument) -> bool {
    task.result.status == ActionResult::Success
}

async fn create(client: &Client, design: &DesignRef, action: Action) -> Result<TaskDocument, Failure> {
    Ok(client.task_create(&NewTask { action, design_ref: design.clone(), node_filter: None }).await?)
}

fn heading(action: Action) -> String {
    let what = match action {
        Action::VerifySite => "can the provisioner do its work?",
        Action::PrepareNodes => "boot every server from the network, enlist and commission it",
        Action::DeployNodes => "install every server",
        Action::ValidateDesign
        | Action::PrepareSite
        | Action::VerifyNodes
        | Action::DestroyNodes
        | Action::RelabelNodes => "",
    };
    format!("{action}: {what}")
}
