//! The handles of the metrics: taken once, when an engine starts, so that a figure on the way of a step is one atomic addition.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;

use ::metrics::{Counter, Gauge, Histogram, NoopRecorder};
use drydock_core::journal::{StepEnd, TaskEndKind};
use drydock_core::{Timestamp, WorkflowName};
use tokio::time::Instant;

use super::metrics as all;

/// What an instance counts and measures.
pub(crate) struct Meters {
    pub(crate) commit_seconds: Histogram,
    pub(crate) commit_writes: Histogram,
    pub(crate) commit_retries: Counter,
    pub(crate) commit_splits: Counter,
    pub(crate) commit_refusals: Counter,
    pub(crate) writes_waiting: Gauge,
    pub(crate) requests_waiting: Gauge,
    pub(crate) requests_held: Counter,
    pub(crate) tasks_live: Gauge,
    pub(crate) bodies_running: Gauge,
    pub(crate) claim_seconds: Histogram,
    pub(crate) claim_tasks: Histogram,
    pub(crate) lease_renewals: Counter,
    pub(crate) lease_left: Gauge,
    pub(crate) leases_lost: Counter,
    pub(crate) takeovers: Counter,
    pub(crate) locks_waiting: Gauge,
    pub(crate) locks_refused: Counter,
    pub(crate) slots_waiting: Gauge,
    pub(crate) slots_refused: Counter,
    pub(crate) store_unanswered: Counter,
    workflows: HashMap<WorkflowName, Arc<WorkflowMeters>>,
}

impl Meters {
    /// Handles of the recorder that stands now.
    pub(crate) fn new<'w>(workflows: impl Iterator<Item = &'w WorkflowName>) -> Self {
        all::METRICS.iter().for_each(all::Metric::describe);
        Self {
            commit_seconds: all::COMMIT_SECONDS.histogram(&[]),
            commit_writes: all::COMMIT_WRITES.histogram(&[]),
            commit_retries: all::COMMIT_RETRIES.counter(&[]),
            commit_splits: all::COMMIT_SPLITS.counter(&[]),
            commit_refusals: all::COMMIT_REFUSALS.counter(&[]),
            writes_waiting: all::WRITES_WAITING.gauge(&[]),
            requests_waiting: all::REQUESTS_WAITING.gauge(&[]),
            requests_held: all::REQUESTS_HELD.counter(&[]),
            tasks_live: all::TASKS_LIVE.gauge(&[]),
            bodies_running: all::BODIES_RUNNING.gauge(&[]),
            claim_seconds: all::CLAIM_SECONDS.histogram(&[]),
            claim_tasks: all::CLAIM_TASKS.histogram(&[]),
            lease_renewals: all::LEASE_RENEWALS.counter(&[]),
            lease_left: all::LEASE_LEFT.gauge(&[]),
            leases_lost: all::LEASES_LOST.counter(&[]),
            takeovers: all::TAKEOVERS.counter(&[]),
            locks_waiting: all::LOCKS_WAITING.gauge(&[]),
            locks_refused: all::LOCKS_REFUSED.counter(&[]),
            slots_waiting: all::SLOTS_WAITING.gauge(&[]),
            slots_refused: all::SLOTS_REFUSED.counter(&[]),
            store_unanswered: all::STORE_UNANSWERED.counter(&[]),
            workflows: workflows.map(|name| (name.clone(), Arc::new(WorkflowMeters::new(name)))).collect(),
        }
    }

    /// For an engine that has not started: nobody hears of it.
    pub(crate) fn silent() -> Self {
        ::metrics::with_local_recorder(&NoopRecorder, || Self::new(std::iter::empty()))
    }

    /// Those of one workflow, all its versions together.
    pub(crate) fn of(&self, workflow: &WorkflowName) -> Arc<WorkflowMeters> {
        let known = self.workflows.get(workflow).cloned();
        known.unwrap_or_else(|| Arc::new(WorkflowMeters::new(workflow)))
    }

    /// How long a claim took, and what it brought.
    pub(crate) async fn claim<T, E>(
        &self,
        claim: impl Future<Output = Result<Vec<T>, E>>,
    ) -> Result<Vec<T>, E> {
        let asked = Instant::now();
        let answer = claim.await;
        self.claim_seconds.record(asked.elapsed());
        if let Ok(tasks) = &answer {
            self.claim_tasks.record(number(tasks.len()));
        }
        answer
    }

    /// How large a commit was, and how long it took.
    pub(crate) async fn commit<T>(&self, writes: usize, commit: impl Future<Output = T>) -> T {
        let asked = Instant::now();
        let answer = commit.await;
        self.commit_seconds.record(asked.elapsed());
        self.commit_writes.record(number(writes));
        answer
    }
}

/// What is counted for each workflow.
pub(crate) struct WorkflowMeters {
    pub(crate) tasks_started: Counter,
    pub(crate) tasks_resumed: Counter,
    pub(crate) tasks_parked: Counter,
    pub(crate) tasks_stuck: Counter,
    completed: Counter,
    failed: Counter,
    cancelled: Counter,
    pub(crate) steps_started: Counter,
    steps_done: Counter,
    steps_failed: Counter,
    steps_skipped: Counter,
    pub(crate) retries: Counter,
    pub(crate) waits: Counter,
    step_seconds: Histogram,
}

impl WorkflowMeters {
    fn new(workflow: &WorkflowName) -> Self {
        let name = workflow.as_str();
        let ended = |outcome| all::TASKS_ENDED.counter(&[name, outcome]);
        let finished = |outcome| all::STEPS_FINISHED.counter(&[name, outcome]);
        Self {
            tasks_started: all::TASKS_STARTED.counter(&[name]),
            tasks_resumed: all::TASKS_RESUMED.counter(&[name]),
            tasks_parked: all::TASKS_PARKED.counter(&[name]),
            tasks_stuck: all::TASKS_STUCK.counter(&[name]),
            completed: ended("completed"),
            failed: ended("failed"),
            cancelled: ended("cancelled"),
            steps_started: all::STEPS_STARTED.counter(&[name]),
            steps_done: finished("done"),
            steps_failed: finished("failed"),
            steps_skipped: finished("skipped"),
            retries: finished("retries"),
            waits: finished("waits"),
            step_seconds: all::STEP_SECONDS.histogram(&[name]),
        }
    }

    /// A task was taken.
    pub(crate) fn taken(&self, resumed: bool) {
        if resumed { &self.tasks_resumed } else { &self.tasks_started }.increment(1);
    }

    /// A task ended.
    pub(crate) fn ended(&self, end: &TaskEndKind) {
        match end {
            TaskEndKind::Completed(_) => &self.completed,
            TaskEndKind::Failed(_) => &self.failed,
            TaskEndKind::Cancelled(_) => &self.cancelled,
        }
        .increment(1);
    }

    /// How long a body ran, by times that were taken anyway.
    pub(crate) fn ran(&self, from: Timestamp, to: Timestamp) {
        self.step_seconds.record((to - from).to_std().unwrap_or_default());
    }

    /// A step ended.
    pub(crate) fn step_ended(&self, end: &StepEnd) {
        match end {
            StepEnd::Done(_) => &self.steps_done,
            StepEnd::Failed(_) => &self.steps_failed,
            StepEnd::Skipped(_) => &self.steps_skipped,
        }
        .increment(1);
    }
}

/// A count as a figure; those of this process are far below the point where that would round.
#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
pub const fn number(count: usize) -> f64 {
    count as f64
}
