//! Tasks: create, list, show, cancel.

use drydock_core::TaskId;
use drydock_core::task::NewTaskRequest;
use drydock_orchestrator::TaskInput;
use drydock_store::repo::{FoundFact, ParentFilter, TaskQuery, TaskRecord};

use super::{App, AppError, Step, steps_of};

/// One page of tasks, by id.
#[derive(Debug)]
pub(crate) struct Page {
    /// The tasks.
    pub(crate) tasks: Vec<TaskRecord>,
    /// The `after` of the next page, if there is one.
    pub(crate) next: Option<TaskId>,
}

/// A task with some of its descendants: first the task itself, then its children, then theirs …
#[derive(Debug)]
pub(crate) struct TaskTree {
    /// Layer by layer, as deep as was asked for. The first layer holds the task alone.
    pub(crate) layers: Vec<Vec<TaskRecord>>,
    /// What they found out about nodes, if that was asked for: of each task the oldest first.
    pub(crate) facts: Vec<FoundFact>,
}

impl App {
    /// Starts a task for the user `by`, and shows it.
    pub(crate) async fn task_create(
        &self,
        request: NewTaskRequest,
        by: String,
    ) -> Result<TaskRecord, AppError> {
        let design_ref = self.orchestrator.designs().without_login(request.design_ref)?;
        let input = TaskInput {
            action: request.action,
            design_ref,
            node_filter: request.node_filter,
            created_by: by,
            job: None,
        };
        let id = self.orchestrator.submit(&self.engine, &input).await?;
        tracing::info!(task.id = %id, task.action = %input.action, actor = input.created_by, "task {id} created");
        self.record(id).await
    }

    /// The tasks with an id greater than `after`, at most `limit` of them.
    pub(crate) async fn task_list(
        &self,
        after: Option<TaskId>,
        limit: Option<u32>,
    ) -> Result<Page, AppError> {
        // One more than asked for tells whether there is another page.
        let query = TaskQuery { parents: ParentFilter::Any, after, limit: limit.map(|limit| limit + 1) };
        let mut tasks = self.store.task_list(&query).await?;
        let mut next = None;
        if let Some(limit) = limit.and_then(|limit| usize::try_from(limit).ok())
            && tasks.len() > limit
        {
            tasks.truncate(limit);
            next = tasks.last().map(|task| task.id);
        }
        Ok(Page { tasks, next })
    }

    /// A task and its descendants, `depth` layers of them in all; every layer when `None`.
    pub(crate) async fn task_tree(&self, id: TaskId, depth: Option<usize>) -> Result<TaskTree, AppError> {
        let mut tree = TaskTree { layers: vec![vec![self.record(id).await?]], facts: Vec::new() };
        while depth.is_none_or(|depth| tree.layers.len() < depth) {
            let parents = tree.layers.last().into_iter().flatten();
            let parents: Vec<_> =
                parents.filter(|task| !task.children.is_empty()).map(|task| task.id).collect();
            if parents.is_empty() {
                break;
            }
            let query = TaskQuery { parents: ParentFilter::Of(parents), ..TaskQuery::default() };
            tree.layers.push(self.store.task_list(&query).await?);
        }
        Ok(tree)
    }

    /// The steps of a task, in the order of its workflow.
    pub(crate) async fn task_steps(&self, id: TaskId) -> Result<Vec<Step>, AppError> {
        let history = self.store.task_history(id).await?;
        let history = history.ok_or_else(|| AppError::NoSuchTask(id.to_string()))?;
        steps_of(&history, self.clock.now()).map_err(AppError::Record)
    }

    /// Asks for the end of a task and of its descendants on behalf of `by`, and shows it. Asking again changes nothing.
    pub(crate) async fn task_cancel(&self, id: TaskId, by: &str) -> Result<TaskRecord, AppError> {
        let asked = self.engine.cancel(id, by).await?;
        let task = self.record(id).await?;
        if !asked {
            return Err(AppError::HasEnded(id.to_string()));
        }
        tracing::info!(task.id = %id, actor = by, "the end of task {id} was asked for");
        Ok(task)
    }

    pub(super) async fn record(&self, id: TaskId) -> Result<TaskRecord, AppError> {
        let task = self.store.task_get(id).await?;
        task.ok_or_else(|| AppError::NoSuchTask(id.to_string()))
    }
}
