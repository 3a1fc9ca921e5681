//! What operators do to tasks, and the trail that it leaves.

use std::collections::BTreeSet;

use drydock_core::TaskId;
use drydock_core::journal::{AuditRecord, Request, TaskEndKind, Verb};

use super::{Live, State};
use crate::batch::storable;

impl State {
    pub(super) fn cancel(&mut self, id: TaskId, request: &Request) -> bool {
        let request = cleaned(request);
        self.ask(id, Verb::Cancel, &request, |live| {
            live.cancellation.get_or_insert_with(|| request.clone());
            live.sleep = None;
        })
    }

    pub(super) fn pause(&mut self, id: TaskId, request: &Request) -> bool {
        let request = cleaned(request);
        self.ask(id, Verb::Pause, &request, |live| {
            live.pause.get_or_insert_with(|| request.clone());
        })
    }

    pub(super) fn resume(&mut self, id: TaskId, request: &Request) -> bool {
        self.ask(id, Verb::Resume, &cleaned(request), |live| live.pause = None)
    }

    /// Does `change` to a live task and its live descendants.
    fn ask(&mut self, id: TaskId, verb: Verb, request: &Request, change: impl Fn(&mut Live)) -> bool {
        if !self.live.contains_key(&id) {
            return false;
        }
        self.log(id, AuditRecord { request: request.clone(), verb, detail: String::new() });
        let mut seen = BTreeSet::from([id]);
        let mut tasks = vec![id];
        while let Some(id) = tasks.pop() {
            tasks.extend(self.children(id).filter(|child| seen.insert(*child)));
            if let Some(live) = self.live.get_mut(&id) {
                change(live);
            }
        }
        true
    }

    pub(super) fn reopen(&mut self, id: TaskId, request: &Request) -> bool {
        let line = AuditRecord { request: cleaned(request), verb: Verb::Reopen, detail: String::new() };
        if self.audit.contains(&(id, line.clone())) {
            return true;
        }
        let ended = self.ends.get(&id);
        let Some(ended) = ended.filter(|it| !matches!(it.end.kind, TaskEndKind::Completed(_))) else {
            return false;
        };
        let (fence, started_at) = (ended.fence, ended.started_at);
        self.live.insert(id, Live { fence, started_at, ..Live::default() });
        self.ends.remove(&id);
        self.log(id, line);
        true
    }

    /// Keeps a line, once.
    pub(super) fn log(&mut self, id: TaskId, line: AuditRecord) {
        if !self.audit.contains(&(id, line.clone())) {
            self.audit.push((id, line));
        }
    }
}

fn cleaned(request: &Request) -> Request {
    Request { by: storable(&request.by).into_owned(), at: request.at }
}
