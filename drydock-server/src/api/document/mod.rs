//! The documents that the API speaks, field by field. Both the server and its client use them.
//!
//! Names, kinds and nulls are those of the v1.0 service; what it had no document for is marked as an extension.

mod boot_action;
mod build_data;
mod error;
mod events;
mod status;
mod steps;
mod task;
mod time;
mod tree;
mod validation;

pub use boot_action::BootActionDocument;
pub use build_data::BuildDataDocument;
pub use error::{ErrorDetail, ErrorDocument};
pub use events::EventsDocument;
pub use status::{HealthDetails, HealthDocument, HealthMessage};
pub use steps::{StepDocument, StepError, StepProgress, StepStatus, StepWait, StepsDocument};
pub use task::{MessageDocument, ResultDetails, ResultDocument, SubtaskErrors, TaskDocument};
pub(crate) use time::python_time;
pub(crate) use tree::{TreeDocument, Wanted};
pub use validation::ValidationDocument;
