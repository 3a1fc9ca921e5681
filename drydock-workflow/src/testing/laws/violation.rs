//! What a check of laws says.

use std::fmt;

/// A law.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Law {
    /// Without any fault the task ends.
    Ends,
    /// With a step that fails for good, the task fails, nothing that depends on the step begins, and the end is clean: what was done is
    /// undone backwards, and finally steps have run.
    FailEachStep,
    /// With a step that runs twice, the task ends as it does without.
    RepeatEachStep,
    /// With an undoing that fails for good, the task is stuck: what the step built on is not undone, and no finally step runs.
    FailEachUndo,
    /// With an undoing that runs twice, the task ends as it does without.
    RepeatEachUndo,
    /// Killed after any commit, the task ends as it does without, with one checkpoint per step.
    CrashAfterEachRecord,
}

impl fmt::Display for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ends => "without faults the task ends",
            Self::FailEachStep => "fail each step",
            Self::RepeatEachStep => "repeat each step",
            Self::FailEachUndo => "fail each undo",
            Self::RepeatEachUndo => "repeat each undo",
            Self::CrashAfterEachRecord => "crash after each record",
        })
    }
}

/// A law that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub law: Law,
    /// Where it was broken: the step that was failed or repeated, or the commit after which the instance died.
    pub at: String,
    /// What was seen instead.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.law, self.at, self.what)
    }
}

/// All that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violations(pub Vec<Violation>);

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} violations of the laws", self.0.len())?;
        self.0.iter().try_for_each(|violation| write!(f, "\n  {violation}"))
    }
}

impl std::error::Error for Violations {}

/// All laws hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Passed {
    /// How many times the workflow was run.
    pub trials: usize,
}
