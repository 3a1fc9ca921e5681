//! What happened to an instance's tasks through others' hands.

use super::{Cancellation, Request, Signal};
use crate::TaskId;

/// The answer to [`Journal::news`](super::Journal::news). All of it is about tasks that the asking instance owns, but for the
/// parents, which it names. It tells what is, not what is new: whoever asks compares with what it knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct News {
    /// Tasks whose cancellation was asked for, with who asked, by id.
    pub cancelled: Vec<(TaskId, Cancellation)>,
    /// Tasks that are paused, with who asked for it, by id.
    pub paused: Vec<(TaskId, Request)>,
    /// Signals that no step has taken, by task, time and id.
    pub signals: Vec<(TaskId, Signal)>,
    /// Of the parents asked about, those with children that have not ended, and how many, by id.
    pub open_children: Vec<(TaskId, u64)>,
    /// Tasks of which something cannot be read, and what is wrong, by id. What else there is to tell of them is left out.
    pub unreadable: Vec<(TaskId, String)>,
}
