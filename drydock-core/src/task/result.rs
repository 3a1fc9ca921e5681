//! Where a task stands and how it ended, and how the results of child tasks make that of their parent.

use serde::{Deserialize, Serialize};

/// Where a task stands, in the words of the v1.0 API. The set is frozen with that API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskStatus {
    /// Asked for, not accepted yet.
    Requested,
    /// Accepted; waits for its turn.
    Queued,
    /// Worked on.
    Running,
    /// Told to stop; its steps are coming to an end.
    Terminating,
    /// Stopped before its end.
    Terminated,
    /// Ended by itself.
    Complete,
}

impl TaskStatus {
    /// The word of the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Terminating => "terminating",
            Self::Terminated => "terminated",
            Self::Complete => "complete",
        }
    }

    /// Whether nothing more happens to the task.
    pub const fn is_final(self) -> bool {
        match self {
            Self::Terminated | Self::Complete => true,
            Self::Requested | Self::Queued | Self::Running | Self::Terminating => false,
        }
    }
}

/// How a task ended, in the words of the v1.0 API. The set is frozen with that API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionResult {
    /// Nothing is known yet.
    #[default]
    Incomplete,
    /// All went well.
    Success,
    /// Some went well.
    PartialSuccess,
    /// Nothing went well.
    Failure,
}

impl ActionResult {
    /// The word of the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Incomplete => "incomplete",
            Self::Success => "success",
            Self::PartialSuccess => "partial_success",
            Self::Failure => "failure",
        }
    }

    /// The result after one more success.
    #[must_use = "the counted result is a new one"]
    pub const fn and_success(self) -> Self {
        match self {
            Self::Incomplete | Self::Success => Self::Success,
            Self::PartialSuccess | Self::Failure => Self::PartialSuccess,
        }
    }

    /// The result after one more failure.
    #[must_use = "the counted result is a new one"]
    pub const fn and_failure(self) -> Self {
        match self {
            Self::Incomplete | Self::Failure => Self::Failure,
            Self::Success | Self::PartialSuccess => Self::PartialSuccess,
        }
    }
}

/// What a task comes to: the heart of the v1.0 task document's `result`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TaskResult {
    /// How it ended.
    pub status: ActionResult,
    /// The things, mostly nodes, that it succeeded with. Each once.
    pub successes: Vec<String>,
    /// The things that it failed with. A name may be in both lists.
    pub failures: Vec<String>,
    /// What happened, for a person.
    pub message: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

impl TaskResult {
    /// Counts a success with `focus`.
    pub fn success(&mut self, focus: impl Into<String>) {
        self.status = self.status.and_success();
        append_once(&mut self.successes, focus.into());
    }

    /// Counts a failure with `focus`.
    pub fn failure(&mut self, focus: impl Into<String>) {
        self.status = self.status.and_failure();
        append_once(&mut self.failures, focus.into());
    }

    /// The result of a task whose children came to these. Those that are not at their end have no vote yet; a task
    /// without children has nothing that could fail. `message` and `reason` are for the caller to write.
    pub fn of_children<'c>(children: impl IntoIterator<Item = ChildResult<'c>>) -> Self {
        let mut children = children.into_iter().peekable();
        let mut parent = Self::default();
        if children.peek().is_none() {
            parent.status = ActionResult::Success;
        }
        let mut successes = indexmap::IndexSet::new();
        let mut failures = indexmap::IndexSet::new();
        for child in children.filter(|child| child.status.is_final()) {
            parent.status = match child.result.status {
                ActionResult::Incomplete => parent.status,
                ActionResult::Success => parent.status.and_success(),
                ActionResult::PartialSuccess => parent.status.and_success().and_failure(),
                ActionResult::Failure => parent.status.and_failure(),
            };
            successes.extend(child.result.successes.iter().cloned());
            failures.extend(child.result.failures.iter().cloned());
        }
        parent.successes = successes.into_iter().collect();
        parent.failures = failures.into_iter().collect();
        parent
    }
}

/// A child task, to its parent.
#[derive(Debug, Clone, Copy)]
pub struct ChildResult<'c> {
    /// Where it stands.
    pub status: TaskStatus,
    /// What it came to.
    pub result: &'c TaskResult,
}

fn append_once(names: &mut Vec<String>, name: String) {
    if !names.contains(&name) {
        names.push(name);
    }
}

#[cfg(test)]
mod tests {
    use super::ActionResult::{Failure, Incomplete, PartialSuccess, Success};
    use super::TaskStatus::{Complete, Running, Terminated};
    use super::*;

    fn result(status: ActionResult, successes: &[&str], failures: &[&str]) -> TaskResult {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        TaskResult { status, successes: owned(successes), failures: owned(failures), ..TaskResult::default() }
    }

    /// The truth table that the v1.0 service shows, row by row. Its last three rows are left out: they are about a
    /// task that runs again under the same id, and here a step is retried inside its task and ends once.
    #[test]
    fn children_vote_as_in_version_1_0() {
        let success = |name| (Complete, result(Success, &[name], &[]));
        let failure = |name| (Complete, result(Failure, &[], &[name]));
        let table = [
            (vec![], result(Success, &[], &[])),
            (vec![success("a"), success("b")], result(Success, &["a", "b"], &[])),
            (vec![success("a"), failure("b")], result(PartialSuccess, &["a"], &["b"])),
            (vec![failure("b"), success("a")], result(PartialSuccess, &["a"], &["b"])),
            (vec![failure("a"), failure("b")], result(Failure, &[], &["a", "b"])),
            (
                vec![(Complete, result(PartialSuccess, &["a"], &["b"]))],
                result(PartialSuccess, &["a"], &["b"]),
            ),
            (vec![success("a"), (Running, result(Incomplete, &[], &[]))], result(Success, &["a"], &[])),
            (vec![success("a"), (Running, result(Failure, &[], &["b"]))], result(Success, &["a"], &[])),
            (vec![(Running, result(Incomplete, &[], &[]))], result(Incomplete, &[], &[])),
            (vec![(Terminated, result(Failure, &[], &["a"]))], result(Failure, &[], &["a"])),
            (vec![(Complete, result(Incomplete, &[], &[]))], result(Incomplete, &[], &[])),
        ];
        for (children, expected) in table {
            let votes = children.iter().map(|(status, result)| ChildResult { status: *status, result });
            assert_eq!(TaskResult::of_children(votes), expected, "{children:?}");
        }
    }

    #[test]
    fn counting_follows_the_v1_0_counters_and_names_each_focus_once() {
        let mut counted = TaskResult::default();
        counted.success("a");
        counted.success("a");
        assert_eq!(counted, result(Success, &["a"], &[]));
        counted.failure("a");
        assert_eq!(counted, result(PartialSuccess, &["a"], &["a"]));
        counted.failure("b");
        assert_eq!(counted, result(PartialSuccess, &["a"], &["a", "b"]));
        let mut failed = TaskResult::default();
        failed.failure("a");
        failed.failure("b");
        assert_eq!(failed.status, Failure);
        failed.success("c");
        assert_eq!(failed.status, PartialSuccess);
    }

    #[test]
    fn words_are_those_of_the_api() {
        for status in [
            Complete,
            Running,
            Terminated,
            TaskStatus::Queued,
            TaskStatus::Requested,
            TaskStatus::Terminating,
        ] {
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
        for result in [Incomplete, Success, PartialSuccess, Failure] {
            assert_eq!(serde_json::to_value(result).unwrap(), result.as_str());
        }
    }
}
