//! Typed handles: values that will exist when the task runs, and the wires that carry them into steps.

use std::marker::PhantomData;

use drydock_core::StepName;

use super::Source;

/// A value that will exist when the task runs: the task's input, or a step's output.
pub struct Handle<T> {
    pub(super) builder: u64,
    pub(super) source: Source,
    /// Steps to wait for besides: an included workflow's other ends.
    pub(super) after: Vec<StepName>,
    value: PhantomData<fn() -> T>,
}

impl<T> Clone for Handle<T> {
    fn clone(&self) -> Self {
        self.cast(self.source.clone())
    }
}

impl<T> Handle<T> {
    pub(super) const fn new(builder: u64, source: Source, after: Vec<StepName>) -> Self {
        Self { builder, source, after, value: PhantomData }
    }

    /// The value if its step ended well, `None` if it did not or never ran: for steps that run
    /// [however the task ends](crate::WorkflowBuilder::finally).
    pub fn maybe(&self) -> Handle<Option<T>> {
        self.cast(match self.source.clone() {
            Source::Step(name) => Source::Maybe(name),
            always @ (Source::TaskInput | Source::Maybe(_) | Source::Null) => always,
        })
    }

    fn cast<U>(&self, source: Source) -> Handle<U> {
        Handle { builder: self.builder, source, after: self.after.clone(), value: PhantomData }
    }

    pub(super) fn wire(&self) -> Wire {
        Wire { builder: self.builder, source: self.source.clone(), after: self.after.clone() }
    }

    /// The steps behind it.
    pub(super) fn steps(&self) -> impl Iterator<Item = &StepName> {
        self.source.step().into_iter().chain(&self.after)
    }
}

/// One end of a wire, with the builder that made it.
pub struct Wire {
    pub(super) builder: u64,
    pub(super) source: Source,
    pub(super) after: Vec<StepName>,
}

/// What can feed a step whose input is `T`: nothing for `()`, one handle, or a tuple of handles for a tuple.
#[diagnostic::on_unimplemented(
    message = "these wires do not carry the step's input `{T}`",
    note = "a step with input `()` takes `()`, one with input `A` takes `&Handle<A>`, one with input `(A, B)` takes `(&Handle<A>, &Handle<B>)`"
)]
pub trait Wires<T> {
    /// The wires, and whether they are one value or a list.
    fn into_wires(self) -> (Vec<Wire>, bool);
}

impl Wires<()> for () {
    fn into_wires(self) -> (Vec<Wire>, bool) {
        (Vec::new(), false)
    }
}

impl<T> Wires<T> for &Handle<T> {
    fn into_wires(self) -> (Vec<Wire>, bool) {
        (vec![self.wire()], false)
    }
}

macro_rules! tuple_wires {
    ($($name:ident $field:tt),+) => {
        impl<$($name),+> Wires<($($name,)+)> for ($(&Handle<$name>,)+) {
            fn into_wires(self) -> (Vec<Wire>, bool) {
                (vec![$(self.$field.wire()),+], true)
            }
        }
    };
}
tuple_wires!(A 0, B 1);
tuple_wires!(A 0, B 1, C 2);
tuple_wires!(A 0, B 1, C 2, D 3);
tuple_wires!(A 0, B 1, C 2, D 3, E 4);
tuple_wires!(A 0, B 1, C 2, D 3, E 4, F 5);
