//! The stored form of a workflow: plain data, hashed by content.
//!
//! COMPAT: what is added later has a default and is left out while it is not used, so that old definitions still read and
//! a workflow that does not use it keeps its hash.

use std::collections::HashSet;
use std::time::Duration;

use drydock_core::journal::{StoredWorkflow, TaskLimit};
use drydock_core::{ExecutorName, RetryPolicy, StepName, WorkflowName};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::limit::Limit;
use super::{Input, Rollout, Source};
use crate::class::Class;

/// A workflow as data: what a store keeps with its tasks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Definition {
    /// Its name.
    pub name: WorkflowName,
    /// Its version. A task stays with the version, and the very definition, with which it started.
    pub version: u32,
    /// Its steps.
    pub steps: Vec<StepDef>,
    /// What the task's output is; `null` when absent.
    pub output: Option<Source>,
    /// When steps are undone.
    #[serde(default, skip_serializing_if = "is_default")]
    pub unwind: Unwind,
    /// How many of its tasks may be under way together, and with which others they share these places.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepDef {
    /// Its key.
    pub name: StepName,
    /// What it does.
    pub kind: StepKind,
    /// What feeds it.
    pub input: Input,
    /// Steps that must have ended first, although nothing of theirs is needed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<StepName>,
    /// The gate that lets it run or has it skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Source>,
    /// Whether it runs at the end, however the task ends.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub finally: bool,
    /// Whether, and from which point on, it is undone when the workflow unwinds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<UndoScope>,
    /// What may be done when it may have run before.
    #[serde(default, skip_serializing_if = "is_default")]
    pub class: Class,
    /// How a children step starts its children, and when it is done.
    #[serde(default, skip_serializing_if = "Rollout::is_plain")]
    pub rollout: Rollout,
    /// What bounds how many of its like are under way together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<Limit>,
    /// The priority of the children that it starts; its own task's, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<i16>,
    /// How failures and time are treated.
    pub policy: StepPolicy,
    /// What runs it, when that is not code of this process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub executor: Option<ExecutorJob>,
}

/// An executor, and what it is to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecutorJob {
    /// The name under which the engine is given it.
    pub name: ExecutorName,
    /// What it gets beside the step's input.
    pub job: serde_json::Value,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// Runs the body that the code registers under the step's name.
    Run,
    /// Runs that body once for each item of its input list.
    Map {
        /// At most so many items are under way together; all, when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at_once: Option<u32>,
    },
    /// Starts one child task of this workflow for each item of its input list.
    Children(WorkflowName),
}

/// When the steps of a task that have an undo are undone. A task that completes never unwinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unwind {
    /// When the task failed or was cancelled.
    #[default]
    Always,
    /// When a step failed; not when somebody cancelled the task.
    OnFailure,
    /// When somebody cancelled the task; not when a step failed.
    OnCancel,
    /// Never: what was done stays, for a person to look at.
    Never,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Which steps an undo is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UndoScope {
    /// Steps that are done.
    Done,
    /// Steps that have begun, however far they came.
    Begun,
}

/// How a step's failures and time are treated.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct StepPolicy {
    /// When a failed attempt is tried again.
    pub retry: RetryPolicy,
    /// The longest that one attempt may run, without its waits.
    pub timeout: Option<Duration>,
    /// The longest from the first attempt's begin to the step's end, with all attempts and waits.
    pub deadline: Option<Duration>,
}

impl Default for StepPolicy {
    /// The default [`RetryPolicy`], no limits of time.
    fn default() -> Self {
        Self { retry: RetryPolicy::default(), timeout: None, deadline: None }
    }
}

impl StepDef {
    /// A step with nothing special about it.
    pub fn new(name: StepName, kind: StepKind, input: Input) -> Self {
        Self {
            name,
            kind,
            input,
            after: Vec::new(),
            when: None,
            finally: false,
            undo: None,
            class: Class::Replayable,
            rollout: Rollout::default(),
            limits: Vec::new(),
            priority: None,
            policy: StepPolicy::default(),
            executor: None,
        }
    }

    /// The steps that must have ended before this one, each once.
    pub fn dependencies(&self) -> Vec<&StepName> {
        let mut seen = HashSet::new();
        let wired = self.sources().filter_map(Source::step);
        wired.chain(&self.after).filter(|name| seen.insert(*name)).collect()
    }

    /// All that feeds it: its input, then its gate.
    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        self.input.sources().iter().chain(&self.when)
    }
}

impl Definition {
    /// The limit that its tasks are under, as stores know it.
    pub fn task_limit(&self) -> Option<TaskLimit> {
        self.limit.as_ref().map(|limit| TaskLimit { name: limit.name.clone(), places: limit.places })
    }

    /// The executors that its steps need.
    pub fn executors(&self) -> impl Iterator<Item = &ExecutorName> {
        self.steps.iter().filter_map(|step| step.executor.as_ref().map(|job| &job.name))
    }

    /// The form in which stores keep it.
    pub fn to_stored(&self) -> Result<StoredWorkflow, serde_json::Error> {
        let definition = serde_json::to_string(self)?;
        let hash = Sha256::digest(definition.as_bytes()).into();
        Ok(StoredWorkflow { name: self.name.clone(), version: self.version, hash, definition })
    }
}
