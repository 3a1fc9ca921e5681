//! Why a task is where it is: a sentence for each cause, with since when, and what would end it.

use std::fmt;
use std::sync::Arc;

use drydock_core::journal::{
    AttemptRecord, Crowd, InstanceBeat, LockClaim, Obstacle, TaskEndKind, TaskState, WaitKind, WaitRecord,
};
use drydock_core::{StepKey, TaskId, Timestamp};

use crate::dag::{Dag, StepKind};
use crate::run::{Run, SlotIndex, StepState};

/// The answer to [`Engine::explain`](crate::Engine::explain): what was true of a task at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The task.
    pub task: TaskId,
    /// Its causes; the first ones keep it as a whole from moving, the others its steps.
    pub causes: Vec<Cause>,
}

/// Why a task, or a step of it, does not go on, or where it is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// The step, where it is about one.
    pub step: Option<StepKey>,
    /// What is the matter, in a sentence without its end.
    pub text: String,
    /// Since when.
    pub since: Option<Timestamp>,
    /// What would end it.
    pub ends_with: String,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        if let Some(since) = self.since {
            write!(f, " (since {})", since.format("%Y-%m-%d %H:%M:%S UTC"))?;
        }
        if self.ends_with.is_empty() { Ok(()) } else { write!(f, "; {}", self.ends_with) }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.causes.iter().try_for_each(|cause| writeln!(f, "{cause}"))
    }
}

fn time(at: Timestamp) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn cause(text: impl Into<String>, since: Option<Timestamp>, ends_with: impl Into<String>) -> Cause {
    Cause { step: None, text: text.into(), since, ends_with: ends_with.into() }
}

/// Explains a task from all that is stored of it. `dag` is nothing when its stored workflow cannot be read.
pub(crate) fn explain(state: &TaskState, dag: Option<Arc<Dag>>, instances: &[InstanceBeat]) -> Explanation {
    let task = state.task.task.id;
    if let Some(end) = &state.end {
        let how = match &end.kind {
            TaskEndKind::Completed(_) => cause("it has completed", Some(end.at), ""),
            TaskEndKind::Failed(failure) => {
                let text = format!("it has failed: {} (decided by {})", failure.message, failure.decided_by);
                cause(text, Some(end.at), "`retry` brings it back")
            }
            TaskEndKind::Cancelled(request) => {
                cause(format!("{} cancelled it", request.by), Some(end.at), "`retry` brings it back")
            }
        };
        return Explanation { task, causes: vec![how] };
    }
    let mut causes = as_a_whole(state, dag.as_deref(), instances);
    match dag.map(|dag| Run::recover(dag, &state.task)) {
        Some(Ok(run)) => causes.extend(Steps { state, instances, run }.causes()),
        Some(Err(error)) => {
            let text = format!("what is stored of it does not fit its workflow: {error}");
            causes.push(cause(text, None, "whoever has it gives it up as failed"));
        }
        None => causes.push(cause(
            "its stored workflow cannot be read",
            None,
            "an operator has to look at the database",
        )),
    }
    Explanation { task, causes }
}

/// What keeps the whole task.
fn as_a_whole(state: &TaskState, dag: Option<&Dag>, instances: &[InstanceBeat]) -> Vec<Cause> {
    let mut causes = Vec::new();
    if let Some(pause) = &state.task.pause {
        causes.push(cause(format!("{} has paused it", pause.by), Some(pause.at), "`resume` lets it go on"));
    }
    if let Some(request) = &state.task.cancellation {
        let text = format!("{} asked for its end; what is under way is being stopped", request.by);
        causes.push(cause(text, Some(request.at), "it ends when that has stopped, and been undone"));
    }
    match state.owner {
        None => causes.extend(without_owner(state, dag, instances)),
        Some(owner) if instances.iter().all(|instance| instance.epoch != owner) => causes.push(cause(
            format!("the instance that had it (epoch {owner}) is gone"),
            None,
            "another takes it over with its next look",
        )),
        Some(_) => {}
    }
    causes
}

/// Why nobody has it.
fn without_owner(state: &TaskState, dag: Option<&Dag>, instances: &[InstanceBeat]) -> Vec<Cause> {
    let since = Some(state.task.task.created_at);
    let knows = |it: &&InstanceBeat| {
        it.offers.workflows.iter().any(|(name, version)| *name == state.workflow && *version == state.version)
    };
    let able: Vec<&InstanceBeat> = instances.iter().filter(knows).collect();
    if able.is_empty() {
        let text = format!("no live instance knows workflow {} version {}", state.workflow, state.version);
        return vec![cause(text, since, "an instance whose code has it takes it")];
    }
    let steps = dag.map(Dag::steps).unwrap_or_default();
    let lacking: Vec<Cause> = steps
        .iter()
        .filter_map(|step| step.executor.as_ref().map(|executor| (&step.name, executor.name.as_str())))
        .filter(|(_, executor)| !able.iter().any(|it| it.offers.executors.iter().any(|has| has == executor)))
        .map(|(step, executor)| {
            let text = format!("no live instance has executor {executor}, which step {step} needs");
            cause(text, since, "an instance that has it takes the task")
        })
        .collect();
    if !lacking.is_empty() {
        return lacking;
    }
    if let Some(crowded) = crowded(state) {
        return vec![crowded];
    }
    if state.asleep {
        // Its steps tell what they wait for, and that is all.
        return Vec::new();
    }
    let names: Vec<&str> = able.iter().map(|it| it.name.as_str()).collect();
    let text = format!("it is queued, with priority {}", state.task.task.priority);
    vec![cause(text, since, format!("the first of {} that has room takes it", names.join(", ")))]
}

/// That all places of its limit are taken, if they are.
fn crowded(state: &TaskState) -> Option<Cause> {
    let (limit, Crowd { size, some }) = (state.task.task.limit.as_ref()?, &state.crowd);
    if *size < limit.places.into() {
        return None;
    }
    let own = *limit.name == *state.workflow.as_str();
    let of = if own { format!("of workflow {}", limit.name) } else { format!("under limit {}", limit.name) };
    let named: Vec<String> = some.iter().map(ToString::to_string).collect();
    let more = size.saturating_sub(u64::try_from(some.len()).unwrap_or(u64::MAX));
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    let text = format!(
        "it waits for a place among the {} tasks {of} that may be under way at once; {}{more} are",
        limit.places,
        named.join(", ")
    );
    let since = Some(state.task.task.created_at);
    Some(cause(text, since, "it is taken when one of them ends, in its turn by priority and age"))
}

/// What its steps do, or wait for.
struct Steps<'s> {
    state: &'s TaskState,
    instances: &'s [InstanceBeat],
    run: Run,
}

impl Steps<'_> {
    fn causes(mut self) -> Vec<Cause> {
        // Only to see which phase the task is in; nobody carries anything out here.
        self.run.plan_ending(&mut Vec::new());
        let mut causes: Vec<Cause> = Vec::new();
        for slot in 0..self.run.slot_count() {
            if let Some(found) = self.cause(slot).filter(|_| !self.run.is_past(slot)) {
                causes.push(Cause { step: Some(self.run.key(slot)), ..found });
            }
        }
        let regained = self.run.uncertain_locks();
        if regained.iter().any(|name| self.state.obstacles.iter().any(|it| it.lock == *name)) {
            let text = format!("it waits{}, which it had before its end", self.locks(regained));
            causes.push(cause(text, None, "it goes on when it has them all"));
        }
        if self.run.is_stuck() {
            let left: Vec<String> = self.run.left_to_undo().iter().map(ToString::to_string).collect();
            causes.push(cause(
                format!("an undoing failed for good, and it is stuck; left are {}", left.join(", ")),
                None,
                "`retry` or `skip` of what is left lets it go on",
            ));
        }
        causes
    }

    fn cause(&self, slot: SlotIndex) -> Option<Cause> {
        let key = self.run.key(slot);
        let found = self.cause_of(slot, &key)?;
        // What a map's items tell is theirs.
        let told = self.state.progress.iter().find(|it| it.step == key);
        let progress = told.map_or_else(String::new, |it| format!("; it was at {}", it.figure));
        Some(Cause { text: format!("{}{progress}", found.text), ..found })
    }

    fn cause_of(&self, slot: SlotIndex, key: &StepKey) -> Option<Cause> {
        match self.run.step(slot) {
            StepState::Ready(_) | StepState::Running(_) => self.under_way(slot, key),
            StepState::Waiting { kind, until, .. } => {
                let record = self.state.task.waits.iter().find(|wait| wait.step == *key)?;
                Some(self.waits(*kind, *until, record))
            }
            StepState::Retrying { progress, until } => {
                let failed = |it: &&AttemptRecord| it.step == *key && it.attempt + 1 == progress.attempt;
                let why = self.state.task.attempts.iter().find(failed);
                let why = why.map_or_else(String::new, |it| format!(": {}", it.failure.message));
                let text = format!("attempt {} of step {key} failed{why}", progress.attempt - 1);
                Some(cause(text, None, format!("the next begins at {}", time(*until))))
            }
            StepState::Blocked
            | StepState::Mapping
            | StepState::Mapped
            | StepState::Done(_)
            | StepState::Skipped
            | StepState::Failed => None,
        }
    }

    /// It is known who has the task; what its steps do at this moment, only there.
    fn under_way(&self, slot: SlotIndex, key: &StepKey) -> Option<Cause> {
        let owner = self.instances.iter().find(|it| Some(it.epoch) == self.state.owner)?;
        let definition = &self.run.dag().steps()[self.run.step_of(slot)];
        if matches!(definition.kind, StepKind::Map { .. }) && self.run.key(slot).index().is_none() {
            return None;
        }
        let limits: Vec<&str> = definition.limits.iter().map(|limit| limit.name.as_str()).collect();
        let limited = if limits.is_empty() {
            String::new()
        } else {
            format!(", or waits for a place under {}", limits.join(", "))
        };
        let executor = definition.executor.as_ref();
        let by = executor.map_or_else(String::new, |executor| format!(", by executor {}", executor.name));
        let text = format!("step {key} is under way on instance {}{by}{limited}", owner.name);
        Some(cause(text, None, ""))
    }

    fn waits(&self, kind: WaitKind, until: Option<Timestamp>, record: &WaitRecord) -> Cause {
        let WaitRecord { step: key, reason, on, .. } = record;
        let latest = until.map_or_else(String::new, |until| format!(", or at {}", time(until)));
        let (what, ends) = match kind {
            WaitKind::Timer => {
                let at = until.map_or_else(String::new, time);
                (String::new(), format!("it is asked again at {at}"))
            }
            WaitKind::Children => {
                (" for its child tasks".to_owned(), "it goes on with their ends".to_owned())
            }
            WaitKind::Signal => {
                (format!(" for signal {}", on.join(", ")), format!("it goes on when that is sent{latest}"))
            }
            WaitKind::Lock => (self.locks(on), format!("it goes on when it has them all{latest}")),
            WaitKind::Operator => {
                (" for an operator".to_owned(), "`retry`, `settle`, `skip` or `fail` ends it".to_owned())
            }
            WaitKind::Limit | WaitKind::Executor => (format!(" for {}", on.join(", ")), String::new()),
        };
        cause(format!("step {key} waits{what}: {reason}"), Some(record.since), ends)
    }

    fn locks(&self, names: &[String]) -> String {
        let ways: Vec<String> = names.iter().map(|name| self.lock(name)).collect();
        format!(" for {}", ways.join(" and "))
    }

    fn lock(&self, name: &str) -> String {
        match self.state.obstacles.iter().find(|it| it.lock == name) {
            Some(Obstacle { task, claim: LockClaim::Holds, since, .. }) => {
                format!("lock {name}, which task {task} holds since {}", time(*since))
            }
            Some(Obstacle { task, claim: LockClaim::Waits, since, .. }) => {
                format!("lock {name}, for which the older task {task} waits since {}", time(*since))
            }
            None => format!("lock {name}, which is free"),
        }
    }
}
