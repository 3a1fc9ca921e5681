//! The reading side.

use async_trait::async_trait;
use drydock_core::TaskId;
use drydock_core::journal::{JournalError, NewTask, StoredWorkflow};

use super::claims::of;
use super::{MemoryStore, State};
use crate::batch::storable;
use crate::repo::{
    Cursor, FactPage, FactQuery, ParentFilter, SearchOrder, TaskHistory, TaskPage, TaskQuery, TaskRecord,
    TaskRepo, TaskSearch, cancellation_of, in_order, status_of,
};

#[async_trait]
impl TaskRepo for MemoryStore {
    async fn task_get(&self, id: TaskId) -> Result<Option<TaskRecord>, JournalError> {
        let state = self.state();
        state.tasks.get(&id).map(|task| state.record(task)).transpose()
    }

    async fn task_list(&self, query: &TaskQuery) -> Result<Vec<TaskRecord>, JournalError> {
        let state = self.state();
        let wanted = |task: &&NewTask| {
            let by_parent = match &query.parents {
                ParentFilter::Any => true,
                ParentFilter::Roots => task.parent.is_none(),
                ParentFilter::Of(parents) => {
                    task.parent.as_ref().is_some_and(|parent| parents.contains(&parent.task))
                }
            };
            by_parent && query.after.is_none_or(|after| task.id > after)
        };
        let limit = query.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
        state.tasks.values().filter(wanted).take(limit).map(|task| state.record(task)).collect()
    }

    async fn task_search(&self, search: &TaskSearch) -> Result<TaskPage, JournalError> {
        let state = self.state();
        let each = state.tasks.values().map(|task| Ok((task.id, state.record(task)?)));
        let mut records = each.collect::<Result<Vec<_>, JournalError>>()?;
        if search.order == SearchOrder::NewestFirst {
            records.reverse();
        }
        records.retain(|(_, record)| is_found(record, search));
        records.truncate(usize::try_from(search.limit).unwrap_or(usize::MAX).saturating_add(1));
        TaskPage::of(records.into_iter().map(|(id, record)| (id, Ok(record))).collect(), search.limit)
    }

    async fn task_history(&self, id: TaskId) -> Result<Option<TaskHistory>, JournalError> {
        let state = self.state();
        let Some(task) = state.tasks.get(&id) else { return Ok(None) };
        let mut history = TaskHistory {
            task: state.record(task)?,
            definition: state
                .workflows
                .get(&task.workflow)
                .map(|it| it.definition.clone())
                .unwrap_or_default(),
            checkpoints: of(id, &state.checkpoints, |(task, _)| *task),
            attempts: of(id, &state.attempts, |(task, _, _)| *task),
            waits: of(id, &state.waits, |(task, _)| *task),
            marks: of(id, &state.marks, |(task, _, _)| *task),
            signals: state.signals_of(id),
            progress: of(id, &state.progress, |(task, _)| *task),
            audit: state.audit.iter().filter(|(task, _)| *task == id).map(|(_, line)| line.clone()).collect(),
        };
        in_order(&mut history);
        Ok(Some(history))
    }

    async fn fact_list(&self, query: &FactQuery) -> Result<FactPage, JournalError> {
        Ok(self.state().facts_found(query))
    }
}

fn is_found(record: &TaskRecord, search: &TaskSearch) -> bool {
    let labelled = |(name, value): (&String, &String)| {
        record.labels.get(&*storable(name)).is_some_and(|kept| **kept == *storable(value))
    };
    let after = search.after.map(Cursor::task);
    search.labels.iter().all(labelled)
        && search.status.is_none_or(|status| record.status == status)
        && search.workflow.as_ref().is_none_or(|workflow| record.workflow == *workflow)
        && search.created_from.is_none_or(|from| record.created_at >= from)
        && search.created_before.is_none_or(|before| record.created_at < before)
        && after.is_none_or(|after| match search.order {
            SearchOrder::OldestFirst => record.id > after,
            SearchOrder::NewestFirst => record.id < after,
        })
}

impl State {
    fn record(&self, task: &NewTask) -> Result<TaskRecord, JournalError> {
        let id = task.id;
        let workflow = self.workflow_of(task)?;
        let (live, ended) = (self.live.get(&id), self.ends.get(&id));
        let end = ended.map(|ended| ended.end.clone());
        let recorded =
            live.map(|it| &it.cancellation).or(ended.map(|it| &it.cancellation)).cloned().flatten();
        let cancellation = cancellation_of(recorded, end.as_ref());
        let under_way = live.is_some_and(|live| live.owner.is_some() || live.sleep.is_some());
        let mut children: Vec<_> = self.children(id).filter_map(|child| self.tasks.get(&child)).collect();
        children.sort_by_key(|child| (child.parent.as_ref().map(|of| (of.step.clone(), of.index)), child.id));
        let checkpoints = of(id, &self.checkpoints, |(task, _)| *task).into_iter().map(|it| it.ended_at);
        let attempts = of(id, &self.attempts, |(task, _, _)| *task).into_iter().map(|it| it.ended_at);
        let waits = of(id, &self.waits, |(task, _)| *task).into_iter().map(|it| it.since);
        Ok(TaskRecord {
            id,
            parent: task.parent.clone(),
            workflow: workflow.name.clone(),
            version: workflow.version,
            input: task.input.clone(),
            key: task.key.clone(),
            priority: task.priority,
            labels: task.labels.clone(),
            status: status_of(end.as_ref(), under_way, cancellation.as_ref()),
            created_at: task.created_at,
            started_at: live.map(|it| it.started_at).or(ended.map(|it| it.started_at)).flatten(),
            updated_at: checkpoints.chain(attempts).chain(waits).chain(end.as_ref().map(|end| end.at)).max(),
            cancellation,
            pause: live.and_then(|live| live.pause.clone()),
            end,
            children: children.into_iter().map(|child| child.id).collect(),
            messages: of(id, &self.messages, |(task, _)| *task),
        })
    }

    /// Its stored workflow.
    pub(super) fn workflow_of(&self, task: &NewTask) -> Result<&StoredWorkflow, JournalError> {
        self.workflows.get(&task.workflow).ok_or_else(|| JournalError::Inconsistent {
            table: "tasks",
            column: "workflow_id",
            row: task.id.to_string(),
            problem: "no such workflow is stored".to_owned(),
        })
    }
}
