//! The trait that a server holds.

use drydock_core::journal::Journal;

use crate::repo::TaskRepo;

/// A whole store: the engine's journal and the reading side.
pub trait Store: Journal + TaskRepo {}

impl<T: Journal + TaskRepo> Store for T {}
