//! The stored form of a workflow: plain data, hashed by content.

use std::time::Duration;

use drydock_core::journal::StoredWorkflow;
use drydock_core::{ExecutorName, RetryPolicy, StepName, WorkflowName};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

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
    /// Starts one child task of this workflow for each item of its input list, and ends when all have ended.
    Children(WorkflowName),
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The task's input.
    TaskInput,
    /// A step's output.
    Step(StepName),
}

/// How a step's input is put together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// `null`.
    None,
    /// One value as it is.
    One(Source),
    /// A list of values.
    Many(Vec<Source>),
}

impl Input {
    /// The sources, in order.
    pub fn sources(&self) -> &[Source] {
        match self {
            Self::None => &[],
            Self::One(source) => std::slice::from_ref(source),
            Self::Many(sources) => sources,
        }
    }
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
    /// The steps that must have ended before this one, each once.
    pub fn dependencies(&self) -> Vec<&StepName> {
        let mut names: Vec<&StepName> = Vec::new();
        let wired = self.input.sources().iter().filter_map(|source| match source {
            Source::TaskInput => None,
            Source::Step(name) => Some(name),
        });
        for name in wired.chain(&self.after) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}

impl Definition {
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
