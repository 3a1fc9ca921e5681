//! What the tests share: an engine over a memory store, and a log of what steps did.

use std::sync::Arc;
use std::time::Duration;

use drydock_core::journal::{InstanceBeat, Journal, NewTask, TaskEnd, TaskEndKind};
use drydock_core::{Clock as _, InstanceName, Payload, SystemEntropy, TaskId};
use drydock_store::MemoryStore;
pub(crate) use drydock_workflow::testing::TokioClock;
use drydock_workflow::{
    ChildOutcome, ChildResult, Engine, EngineBuilder, EngineOptions, Outcome, Step, StepBuilder, StepContext,
    Workflow, WorkflowBuilder, step_fn,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::{Notify, watch};

use crate::faulty::{Call, Fault};

/// A world: one store, one clock, as many instances as a test wants.
pub(crate) struct World {
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) clock: Arc<TokioClock>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self { store: Arc::new(MemoryStore::new()), clock: TokioClock::new() }
    }

    pub(crate) fn instance(&self, name: &str) -> EngineBuilder {
        self.instance_over(self.store.clone(), name)
    }

    /// An instance that reaches the store through `journal`.
    pub(crate) fn instance_over(&self, journal: Arc<dyn Journal>, name: &str) -> EngineBuilder {
        Engine::builder(journal, InstanceName::new(name).unwrap())
            .clock(self.clock.clone())
            .options(EngineOptions { lease: Duration::from_secs(9), feed: true, ..EngineOptions::default() })
    }

    /// What the store has of the instance of this name.
    pub(crate) async fn beat(&self, name: &str) -> InstanceBeat {
        let all = self.store.instance_list().await.unwrap();
        all.into_iter().find(|instance| instance.name.as_str() == name).unwrap()
    }

    /// Takes an instance's lease away, as a rival does.
    pub(crate) async fn retire(&self, name: &str) {
        let instance = self.beat(name).await;
        assert!(self.store.instance_retire(instance.epoch, instance.beat).await.unwrap());
    }

    /// A task that is in the store already.
    pub(crate) async fn queue<I: Serialize, O>(&self, workflow: &Workflow<I, O>, input: &I) -> NewTask {
        let stored = workflow.definition().to_stored().unwrap();
        let workflow = self.store.workflow_put(&stored).await.unwrap();
        let created_at = self.clock.now();
        let id = TaskId::generate(created_at, &SystemEntropy);
        let task = NewTask::new(id, workflow, Payload::encode(input).unwrap(), created_at);
        self.store.task_submit(std::slice::from_ref(&task)).await.unwrap();
        task
    }
}

/// Makes an instance run what is submitted to it, and no children: it can claim none, and does not know how many others there are, so that
/// it does not know its share either.
pub(crate) fn childless(call: &Call<'_>) -> Option<Fault> {
    matches!(call, Call::Claim(_) | Call::Instances).then_some(Fault::Away)
}

/// A workflow of one step, which the task's input feeds.
pub(crate) fn single<S: Step>(name: &str, step: S) -> Workflow<S::Input, S::Output>
where
    S::Input: Serialize,
{
    single_with(name, step, |step| step)
}

/// The same, with a policy.
pub(crate) fn single_with<S: Step>(
    name: &str,
    step: S,
    policy: impl for<'a> FnOnce(StepBuilder<'a, S::Input, S::Output>) -> StepBuilder<'a, S::Input, S::Output>,
) -> Workflow<S::Input, S::Output>
where
    S::Input: Serialize,
{
    let mut builder = WorkflowBuilder::<S::Input>::new(name, 1);
    let input = builder.input();
    let step = policy(builder.step(name, step)).run(&input);
    builder.output(&step).unwrap()
}

/// A workflow that does nothing.
pub(crate) fn nothing() -> Workflow<(), ()> {
    single("nothing", step_fn(|_, (): ()| async { Ok(Outcome::Done(())) }))
}

/// A workflow of one step that goes on when `gate` is opened.
pub(crate) fn gated(gate: &Arc<Notify>, log: &Log) -> Workflow<(), ()> {
    let (gate, log) = (gate.clone(), log.clone());
    let step = step_fn(move |_: StepContext, (): ()| {
        let (gate, log) = (gate.clone(), log.clone());
        async move {
            log.note("began");
            gate.notified().await;
            log.note("ended");
            Ok(Outcome::Done(()))
        }
    });
    single("gated", step)
}

/// A workflow of one step that works for as many seconds as its input says, and gives them back.
pub(crate) fn works(log: &Log) -> Workflow<u64, u64> {
    let log = log.clone();
    let step = step_fn(move |_: StepContext, seconds: u64| {
        let log = log.clone();
        async move {
            log.note(format!("begins {seconds}"));
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            Ok(Outcome::Done(seconds))
        }
    });
    single("works", step)
}

/// A workflow with one child per item of its input, and their ends as its output.
pub(crate) fn parent_of<I, O>(child: &Workflow<I, O>) -> Workflow<Vec<I>, Vec<ChildResult<O>>>
where
    I: Serialize + DeserializeOwned,
{
    let mut builder = WorkflowBuilder::<Vec<I>>::new("parent", 1);
    let input = builder.input();
    let ends = builder.children("all", child).run(&input);
    builder.output(&ends).unwrap()
}

/// The outputs of children that all completed.
pub(crate) fn children<O: DeserializeOwned>(end: &TaskEnd) -> Vec<O> {
    let ends: Vec<ChildResult<O>> = serde_json::from_str(&output(end)).unwrap();
    let completed = |end: ChildResult<O>| match end.end {
        ChildOutcome::Completed(output) => output,
        ChildOutcome::Failed(failure) => panic!("child {} failed: {failure:?}", end.index),
        ChildOutcome::Cancelled(request) => panic!("child {} was cancelled: {request:?}", end.index),
    };
    ends.into_iter().map(completed).collect()
}

/// Waits until it is so, for an hour at most.
pub(crate) async fn until(so: impl Fn() -> bool) {
    let wait = async {
        while !so() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    assert!(within(Duration::from_hours(1), wait).await.is_some(), "it never came to be");
}

/// What comes of it, if it does within `limit`.
pub(crate) async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(limit, work).await.ok()
}

/// What steps did, in order.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<watch::Sender<Vec<String>>>);

impl Log {
    pub(crate) fn note(&self, line: impl Into<String>) {
        self.0.send_modify(|lines| lines.push(line.into()));
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.borrow().clone()
    }

    /// The same where the order is chance: that of siblings.
    pub(crate) fn sorted(&self) -> Vec<String> {
        let mut lines = self.lines();
        lines.sort();
        lines
    }

    /// Waits until so many lines are there, for a day at most.
    pub(crate) async fn reaches(&self, count: usize) {
        let mut log = self.0.subscribe();
        let enough = within(Duration::from_hours(24), log.wait_for(|lines| lines.len() >= count)).await;
        assert!(enough.is_some(), "only {:?}", self.lines());
    }
}

/// The output of a completed task, as text.
pub(crate) fn output(end: &TaskEnd) -> String {
    match &end.kind {
        TaskEndKind::Completed(output) => String::from_utf8(output.as_bytes().to_vec()).unwrap(),
        other => panic!("not completed: {other:?}"),
    }
}

/// Why a task failed.
pub(crate) fn failure(end: &TaskEnd) -> String {
    match &end.kind {
        TaskEndKind::Failed(failure) => failure.message.clone(),
        other => panic!("not failed: {other:?}"),
    }
}
