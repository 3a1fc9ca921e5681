//! One trial: a task in a new store, run by one instance after the other until it ends.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use drydock_core::journal::{Journal, JournalError, NewTask, TaskEnd, Write};
use drydock_core::{
    Clock as _, InstanceName, InvalidName, Payload, StepKey, StepName, TaskId, WorkflowId, WorkflowName,
};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Notify, broadcast};

use super::seen::Seen;
use crate::context::StepContext;
use crate::dag::Definition;
use crate::engine::{Engine, EngineError, Event, EventKind};
use crate::outcome::StepError;
use crate::testing::probe::{BodyEnd, Offer, Watch};
use crate::testing::{Answer, Call, Fault, FaultyJournal, SeededEntropy, Tamper, TokioClock};

/// What a trial begins with.
pub(super) struct Ground<J> {
    pub(super) store: Arc<J>,
    pub(super) subject: Plain,
    pub(super) limit: Duration,
}

/// A subject without its types; the first definition is the root's.
pub(super) struct Plain {
    pub(super) offers: Vec<Offer>,
    pub(super) definitions: Vec<Definition>,
}

/// A step of a workflow, or its undoing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) workflow: WorkflowName,
    pub(super) step: StepName,
    pub(super) undo: bool,
}

impl Part {
    /// Whether it is this key, or one of a map's.
    fn is(&self, key: &StepKey) -> bool {
        key.name() == &self.step && key.is_undo() == self.undo
    }
}

/// What goes wrong in a trial.
#[derive(Debug, Clone, Default)]
pub(super) struct Plan {
    /// Every attempt of these fails for good.
    pub(super) fail: Vec<Part>,
    pub(super) crash: Crash,
}

/// When the instance dies.
#[derive(Debug, Clone, Default)]
pub(super) enum Crash {
    #[default]
    Never,
    /// When it is about to commit the first checkpoint of this.
    LoseEnd(Part),
    /// When so many of its commits have happened, before it hears of the last.
    After(usize),
}

/// What came of a trial.
pub(super) struct Came {
    /// `None`: the task did not end in time, or is stuck.
    pub(super) end: Option<TaskEnd>,
    /// What a stuck task has left to undo.
    pub(super) stuck: Vec<StepKey>,
    pub(super) seen: Seen,
    /// Whether something failed as the plan wants.
    pub(super) failed: bool,
    /// Whether the instance died as the plan wants.
    pub(super) struck: bool,
    pub(super) definitions: Vec<Definition>,
    ids: Vec<(WorkflowId, WorkflowName)>,
}

impl Came {
    /// Whether the task at `place` runs the workflow of this name.
    pub(super) fn is_of(&self, place: &str, workflow: &WorkflowName) -> bool {
        let id = self.seen.workflow_at(place);
        self.ids.iter().any(|(known, name)| Some(*known) == id && name == workflow)
    }
}

/// Why there was no trial.
#[derive(Debug, thiserror::Error)]
pub(super) enum TrialError {
    #[error("the store cannot be used")]
    Journal(#[from] JournalError),
    #[error("no instance could be started")]
    Engine(#[from] EngineError),
    #[error("the input or a definition is not JSON")]
    Json(#[from] serde_json::Error),
    #[error("the instance has no name")]
    Name(#[from] InvalidName),
}

/// What the incarnations of a trial share.
struct Trial {
    plan: Plan,
    /// The numbers that the store gave the workflows.
    ids: Vec<(WorkflowId, WorkflowName)>,
    seen: Mutex<Seen>,
    appends: Mutex<usize>,
    struck: AtomicBool,
    failed: AtomicBool,
    definitions: Vec<Definition>,
}

/// One incarnation of the instance; once dead, nothing of it reaches the store.
struct Life {
    trial: Arc<Trial>,
    dead: AtomicBool,
    died: Notify,
}

impl<J: Journal> Ground<J> {
    /// Runs a task with this input to its end.
    pub(super) async fn run(self, plan: Plan, input: Payload) -> Result<Came, TrialError> {
        let clock = TokioClock::new();
        let mut ids = Vec::new();
        for definition in &self.subject.definitions {
            let id = self.store.workflow_put(&definition.to_stored()?).await?;
            ids.push((id, definition.name.clone()));
        }
        let (now, entropy) = (clock.now(), Arc::new(SeededEntropy::new(1)));
        let id = TaskId::generate(now, &*entropy);
        let trial = Trial {
            plan,
            ids,
            seen: Mutex::default(),
            appends: Mutex::default(),
            struck: AtomicBool::new(false),
            failed: AtomicBool::new(false),
            definitions: self.subject.definitions.clone(),
        };
        if let Some((workflow, _)) = trial.ids.first() {
            let task = NewTask::new(id, *workflow, input, now);
            trial.seen().task(&task);
            self.store.task_submit(&[task]).await?;
        }
        let trial = Arc::new(trial);
        let lives = async {
            loop {
                let life = Arc::new(Life {
                    trial: Arc::clone(&trial),
                    dead: AtomicBool::new(false),
                    died: Notify::new(),
                });
                let engine = self.start(&life, &clock, &entropy).await?;
                tokio::select! {
                    biased;
                    () = life.died.notified() => {}
                    end = engine.wait(id) => return Ok::<_, TrialError>((Some(end?), Vec::new())),
                    left = stuck(engine.events()) => return Ok((None, left)),
                }
                drop(engine);
                // Nothing of the dead instance runs on beside the next.
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let (end, stuck) =
            tokio::time::timeout(self.limit, lives).await.ok().transpose()?.unwrap_or_default();
        let failed = trial.failed.load(Ordering::SeqCst);
        let struck = trial.struck.load(Ordering::SeqCst);
        let seen = std::mem::take(&mut *trial.seen());
        Ok(Came {
            end,
            stuck,
            seen,
            failed,
            struck,
            definitions: self.subject.definitions,
            ids: trial.ids.clone(),
        })
    }

    async fn start(
        &self,
        life: &Arc<Life>,
        clock: &Arc<TokioClock>,
        entropy: &Arc<SeededEntropy>,
    ) -> Result<Engine, TrialError> {
        let journal = FaultyJournal::watched(Arc::clone(&self.store) as Arc<dyn Journal>, Arc::clone(life));
        let builder = Engine::builder(journal, InstanceName::new("laws")?)
            .clock(Arc::clone(clock) as _)
            .entropy(Arc::clone(entropy) as _);
        let watch = Arc::clone(life) as Arc<dyn Watch>;
        let offered = self.subject.offers.iter().fold(builder, |builder, offer| offer(builder, &watch));
        Ok(offered.start().await?)
    }
}

impl Trial {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_of(&self, task: TaskId, workflow: &WorkflowName) -> bool {
        let id = self.seen().workflow(task);
        self.ids.iter().any(|(known, name)| Some(*known) == id && name == workflow)
    }

    fn strike(&self) -> bool {
        !self.struck.swap(true, Ordering::SeqCst)
    }
}

/// Waits until a task is stuck, and gives what it has left to undo. Cancel-safe, but for events that are lost.
async fn stuck(mut events: broadcast::Receiver<Event>) -> Vec<StepKey> {
    loop {
        match events.recv().await {
            Ok(Event { kind: EventKind::TaskStuck { left }, .. }) => return left,
            Ok(_) | Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

impl Life {
    fn die(&self) {
        self.dead.store(true, Ordering::SeqCst);
        self.died.notify_one();
    }
}

impl Tamper for Life {
    fn before(&self, call: &Call<'_>) -> Option<Fault> {
        if self.dead.load(Ordering::SeqCst) {
            return Some(Fault::Hang);
        }
        let Call::Append { writes, .. } = call else { return None };
        match &self.trial.plan.crash {
            Crash::LoseEnd(part) => {
                let ends_it = |write: &Write| match write {
                    Write::StepEnded(task, end) => {
                        part.is(&end.step) && self.trial.is_of(*task, &part.workflow)
                    }
                    _ => false,
                };
                if writes.iter().any(ends_it) && self.trial.strike() {
                    self.die();
                    return Some(Fault::Hang);
                }
                None
            }
            Crash::After(count) => {
                let mut appends = self.trial.appends.lock().unwrap_or_else(PoisonError::into_inner);
                *appends += 1;
                (*appends == *count && self.trial.strike()).then_some(Fault::HangAfter)
            }
            Crash::Never => None,
        }
    }

    fn after(&self, call: &Call<'_>, answer: Answer<'_>) {
        if let (Call::Cancel(task), Answer::Told(true)) = (call, &answer) {
            self.trial.seen().cancelled(*task);
        }
        let (Call::Append { writes, .. }, Answer::Done) = (call, answer) else { return };
        self.trial.seen().committed(writes);
        if let Crash::After(count) = self.trial.plan.crash
            && *self.trial.appends.lock().unwrap_or_else(PoisonError::into_inner) == count
        {
            self.die();
        }
    }
}

impl Watch for Life {
    fn begins(&self, workflow: &WorkflowName, ctx: &StepContext) -> Result<(), StepError> {
        let fails = self.trial.plan.fail.iter().any(|part| part.workflow == *workflow && part.is(ctx.key()));
        let definition = self.trial.definitions.iter().find(|known| known.name == *workflow);
        self.trial.seen().begins(ctx.task(), definition, ctx.key().clone());
        if fails {
            self.trial.failed.store(true, Ordering::SeqCst);
            return Err(StepError::permanent("failed on purpose"));
        }
        Ok(())
    }

    fn ends(&self, _ctx: &StepContext, _how: BodyEnd) {}
}
