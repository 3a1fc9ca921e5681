//! What an undoing gets: the input and the output of the step that it takes back.

use drydock_core::Payload;
use serde::{Deserialize, Serialize};

/// The input of an undo step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undo<In, Out> {
    /// What fed the step that is to be undone.
    pub input: In,
    /// What it gave.
    pub output: Out,
}

/// The same without its types.
pub(crate) fn payload(input: &Payload, output: &Payload) -> Payload {
    [br#"{"input":"#, input.as_bytes(), br#","output":"#, output.as_bytes(), b"}"].concat().into()
}
