//! One task's state in memory, and the pure functions over it: `Run::fold_*` take a record in, [`Run::plan`] says what is to be
//! done next. No time passes here and nothing is awaited; the engine's shell carries the commands out.

mod fold;
mod plan;
mod recover;
#[cfg(test)]
mod tests;
mod verdict;

use std::sync::Arc;

use drydock_core::journal::{Cancellation, Failure, TaskEndKind, WaitKind};
use drydock_core::{Payload, StepName, Timestamp};

pub use fold::IllegalRecord;
pub(crate) use verdict::{Verdict, judge};

use crate::dag::{Dag, Input, Source, StepIndex};

/// What the shell is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Start an attempt of the step, or go on with one that waited.
    Start(StepIndex),
    /// Tell the attempts under way, and the children, that the task is being cancelled.
    Stop,
    /// Record the end of the task.
    End(TaskEndKind),
}

/// How far the current attempt of a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// The attempt, from 1; 0 before the first.
    pub attempt: u32,
    /// When the attempt first began.
    pub since: Option<Timestamp>,
    /// When the step must have ended.
    pub deadline: Option<Timestamp>,
    /// Whether the body may have run before.
    pub replayed: bool,
}

/// Where a step stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepState {
    /// Waits for other steps.
    Blocked,
    /// May start.
    Ready(Progress),
    /// An attempt is under way, or its record is on the way to the store.
    Running(Progress),
    /// Asked again at `until`, or when its children have ended.
    Waiting {
        /// The attempt that waits.
        progress: Progress,
        /// For what.
        kind: WaitKind,
        /// When it is asked again; `None` for children.
        until: Option<Timestamp>,
    },
    /// Failed, and tried again at `until`.
    Retrying {
        /// The next attempt.
        progress: Progress,
        /// When it may begin.
        until: Timestamp,
    },
    /// Ended with this output.
    Done(Payload),
    /// Ended in failure.
    Failed,
}

/// A task's state: everything that follows from its workflow, its input and its records.
#[derive(Debug)]
pub struct Run {
    dag: Arc<Dag>,
    input: Payload,
    steps: Vec<StepState>,
    /// For each step, how many of its dependencies have not ended.
    missing: Vec<usize>,
    /// Steps that became ready since the last plan.
    ready: Vec<StepIndex>,
    unfinished: usize,
    running: usize,
    /// Children steps whose children have not all ended.
    parents: usize,
    failure: Option<(StepName, Failure)>,
    cancellation: Option<Cancellation>,
    told_to_stop: bool,
    /// The end was decided; its record may still be on the way.
    ended: bool,
}

impl Run {
    /// A task that has just begun.
    pub fn new(dag: Arc<Dag>, input: Payload) -> Self {
        let count = dag.steps().len();
        let missing: Vec<usize> = (0..count).map(|step| dag.dependency_count(step)).collect();
        let mut run = Self {
            dag,
            input,
            steps: vec![StepState::Blocked; count],
            missing,
            ready: Vec::new(),
            unfinished: count,
            running: 0,
            parents: 0,
            failure: None,
            cancellation: None,
            told_to_stop: false,
            ended: false,
        };
        for step in 0..count {
            if run.missing[step] == 0 {
                run.make_ready(step, Progress::default());
            }
        }
        run
    }

    /// The workflow's graph.
    pub fn dag(&self) -> &Arc<Dag> {
        &self.dag
    }

    /// Where a step stands.
    pub fn step(&self, step: StepIndex) -> &StepState {
        &self.steps[step]
    }

    /// How many steps have done their work.
    pub fn steps_done(&self) -> usize {
        self.steps.len() - self.unfinished
    }

    /// How many attempts are under way.
    pub fn running(&self) -> usize {
        self.running
    }

    /// Whether a step waits for children.
    pub fn awaits_children(&self) -> bool {
        self.parents > 0
    }

    /// Whether nothing is left but to come to an end.
    pub fn is_ending(&self) -> bool {
        self.failure.is_some() || self.cancellation.is_some() || self.unfinished == 0
    }

    /// The steps that are to be asked again, and when.
    pub fn timers(&self) -> impl Iterator<Item = (Timestamp, StepIndex)> + '_ {
        self.steps.iter().enumerate().filter_map(|(step, state)| match state {
            StepState::Waiting { until: Some(until), .. } | StepState::Retrying { until, .. } => {
                Some((*until, step))
            }
            StepState::Waiting { until: None, .. }
            | StepState::Blocked
            | StepState::Ready(_)
            | StepState::Running(_)
            | StepState::Done(_)
            | StepState::Failed => None,
        })
    }

    /// Who asked for the task's cancellation.
    pub fn cancellation(&self) -> Option<&Cancellation> {
        self.cancellation.as_ref()
    }

    /// The input of a step whose dependencies have all ended.
    pub fn input_of(&self, step: StepIndex) -> Payload {
        match &self.dag.steps()[step].input {
            Input::None => Payload::NULL,
            Input::One(source) => self.value(source),
            Input::Many(sources) => {
                let values: Vec<Payload> = sources.iter().map(|source| self.value(source)).collect();
                let mut list =
                    Vec::with_capacity(values.iter().map(|value| value.len() + 1).sum::<usize>() + 1);
                for (place, value) in values.iter().enumerate() {
                    list.push(if place == 0 { b'[' } else { b',' });
                    list.extend_from_slice(value.as_bytes());
                }
                list.push(b']');
                list.into()
            }
        }
    }

    fn value(&self, source: &Source) -> Payload {
        match source {
            Source::TaskInput => self.input.clone(),
            Source::Step(name) => match self.dag.index_of(name).map(|step| &self.steps[step]) {
                Some(StepState::Done(output)) => output.clone(),
                // Not reached for a step that was planned: its dependencies are done.
                Some(_) | None => Payload::NULL,
            },
        }
    }

    fn make_ready(&mut self, step: StepIndex, progress: Progress) {
        self.steps[step] = StepState::Ready(progress);
        self.ready.push(step);
    }
}
