//! Rows of ended tasks, brought together for an archive; and trees of tasks, cut into pieces. The same for both databases.

#![expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the path of a reader's method binds one lifetime, a closure takes any"
)]

use std::collections::HashMap;

use drydock_core::TaskId;
use drydock_core::journal::{ArchivedTask, Claim, Due, JournalError, Piece};
use uuid::Uuid;

use crate::error::inconsistent;
use crate::gather::by_task;
use crate::row::{Columns, Reader};

/// So many tasks are removed together, where they go one by one: no write waits for long.
pub(crate) const TOGETHER: usize = 100;

/// The least id after `after`; `None` when there is none.
pub(crate) fn least_after(after: Option<TaskId>) -> Option<Uuid> {
    match after {
        Some(after) => after.as_uuid().as_u128().checked_add(1).map(Uuid::from_u128),
        None => Some(Uuid::nil()),
    }
}

/// Adds those trees to what is due of which nothing is too young, from the columns `root`, `task_id` and `young`, tree by tree, parents first.
/// Where there are `most`, there may be more after them.
pub(crate) fn trees<R: Columns>(rows: &[R], most: usize, due: &mut Due) -> Result<(), JournalError> {
    let mut all: Vec<(TaskId, Vec<TaskId>, bool)> = Vec::new();
    for row in rows {
        let row = Reader::new("tasks", row);
        let (root, task, young) = (row.id("root")?, row.id("task_id")?, row.truth("young")?);
        match all.last_mut() {
            Some((last, tasks, kept)) if *last == root => {
                tasks.push(task);
                *kept |= young;
            }
            _ => all.push((root, vec![task], young)),
        }
    }
    let last = all.last().map(|(root, ..)| *root);
    due.next = last.filter(|_| all.len() >= most);
    cut(all.into_iter().filter(|(.., young)| !young).map(|(_, tasks, _)| tasks), due);
    Ok(())
}

/// Cuts trees into pieces: several small ones together, a large one in parts, its root first. What is left of a tree whose root is gone
/// are trees themselves.
pub(crate) fn cut(trees: impl Iterator<Item = Vec<TaskId>>, due: &mut Due) {
    let mut piece = Vec::new();
    for tree in trees {
        if !piece.is_empty() && piece.len() + tree.len() > TOGETHER {
            due.pieces.push(Piece::Tasks(std::mem::take(&mut piece)));
        }
        if tree.len() > TOGETHER {
            due.pieces.extend(tree.chunks(TOGETHER).map(|part| Piece::Tasks(part.to_vec())));
        } else {
            piece.extend(tree);
        }
    }
    if !piece.is_empty() {
        due.pieces.push(Piece::Tasks(piece));
    }
}

/// The rows that belong to ended tasks, besides those of a claim.
pub(crate) struct ArchiveRows<R> {
    /// With their ends and workflows.
    pub(crate) lives: Vec<R>,
    pub(crate) messages: Vec<R>,
    pub(crate) facts: Vec<R>,
    pub(crate) audit: Vec<R>,
}

impl<R: Columns> ArchiveRows<R> {
    /// The tasks, by id. One that cannot be read is an error: it must not go without having been archived.
    pub(crate) fn gather(&self, claims: Vec<Claim>) -> Result<Vec<ArchivedTask>, JournalError> {
        let mut messages = by_task("messages", "task_id", &self.messages, |row| row.message())?;
        let mut facts = by_task("facts", "task_id", &self.facts, |row| row.fact())?;
        let mut audit = by_task("audit", "task_id", &self.audit, |row| row.audit())?;
        let lives = self.lives.iter().map(|row| Ok((Reader::new("tasks", row).id("task_id")?, row)));
        let lives: HashMap<TaskId, &R> = lives.collect::<Result<_, JournalError>>()?;
        let mut tasks = Vec::with_capacity(claims.len());
        for claim in claims {
            let task = claim.map_err(|unreadable| unreadable.error)?;
            let id = task.task.id;
            let missing = || inconsistent("ends", "task_id", id, "there is no such row");
            let row = *lives.get(&id).ok_or_else(missing)?;
            let (workflow, version, _) = Reader::new("tasks", row).whereabouts()?;
            let mut audit = audit.remove(&id).unwrap_or_default();
            audit.sort_by_key(|line| (line.request.at, line.verb));
            tasks.push(ArchivedTask {
                task,
                workflow,
                version,
                end: Reader::new("ends", row).end()?.ok_or_else(missing)?,
                messages: messages.remove(&id).unwrap_or_default(),
                facts: facts.remove(&id).unwrap_or_default(),
                audit,
            });
        }
        tasks.sort_by_key(|task| task.task.task.id);
        Ok(tasks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: usize) -> TaskId {
        TaskId::from_uuid(Uuid::from_u128(n as u128))
    }

    #[test]
    fn small_trees_go_together_and_large_ones_in_parts() {
        let tree = |from: usize, size: usize| (from..from + size).map(id).collect::<Vec<_>>();
        let mut due = Due::default();
        let trees = [tree(1, 1), tree(2, 98), tree(200, 2), tree(300, 250), tree(600, 1)];
        cut(trees.into_iter(), &mut due);
        let sizes = due.pieces.iter().map(|piece| match piece {
            Piece::Tasks(tasks) => tasks.len(),
            Piece::Span { .. } => 0,
        });
        assert_eq!(sizes.collect::<Vec<_>>(), [99, 2, 100, 100, 50, 1]);
        let of = |piece: &Piece| matches!(piece, Piece::Tasks(tasks) if tasks.first() == Some(&id(300)));
        assert!(due.pieces.get(2).is_some_and(of), "{due:?}");
    }

    #[test]
    fn after_the_greatest_id_there_is_none() {
        assert_eq!(least_after(Some(TaskId::from_uuid(Uuid::max()))), None);
        assert_eq!((least_after(None), least_after(Some(id(7)))), (Some(Uuid::nil()), Some(id(8).as_uuid())));
    }
}
