//! The words of the v1.0 API about tasks, and how child tasks vote on their parent's result.

mod action;
mod design_ref;
mod design_request;
mod given_ref;
mod request;
mod result;

pub use action::{Action, UnknownAction};
pub use design_ref::{DesignRef, InvalidDesignRef};
pub use design_request::{NodeFilterRequest, ValidateDesignRequest};
pub use given_ref::{GivenRef, Login};
pub use request::NewTaskRequest;
pub use result::{ActionResult, ChildResult, TaskResult, TaskStatus};
