//! By what the commands of this program fill in templates.

use super::failure::Failure;
use crate::templates::ChildProcess;

/// In a process of its own for each: this program once more.
pub(super) fn child_process() -> Result<ChildProcess, Failure> {
    ChildProcess::of_this_program().map_err(|error| {
        Failure::failed("cannot find the file of this program, which fills in templates").because(error)
    })
}
