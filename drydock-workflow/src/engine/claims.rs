//! What comes from the store: tasks to take, and news from others.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use drydock_core::journal::{Claim, ClaimedTask, JournalError, News};
use drydock_core::{Classify as _, Disposition, TaskId, WorkflowId, error_chain};
use tokio::time::Instant;

use super::actor::{Actor, Live};
use super::message::{Asked, Message};
use super::reach::Call;
use crate::run::Run;

/// Where children end, news of others' is asked for so soon again.
const NEWS_SOONEST: Duration = Duration::from_millis(50);

impl Actor {
    /// Looks for work and for news, unless it is looking already.
    pub(super) fn look(&mut self) {
        self.ask_locks_again();
        self.ask_slots_again();
        self.claim();
        self.ask_news();
    }

    /// Claims at once, or when the claim under way has been answered: what that sees may be older than what has come.
    pub(super) fn claim_soon(&mut self) {
        self.claim_again = self.claiming > 0;
        self.claim();
    }

    fn claim(&mut self) {
        let room = self.room().min(self.portion.most());
        // Whoever ends a task while there was no room looks again.
        self.look_again = room == 0 && !self.draining;
        if self.claiming > 0 || self.draining || room == 0 || self.workflows.is_empty() {
            return;
        }
        self.claiming = room;
        self.claim_again = false;
        let (journal, epoch, now) = (Arc::clone(&self.ports.journal), self.epoch, self.ports.clock.now());
        let workflows: Vec<WorkflowId> = self.workflows.keys().copied().collect();
        let meters = Arc::clone(&self.ports.meters);
        self.tell_later(async move {
            let begun = Instant::now();
            let answer = meters.claim(journal.task_claim(epoch, &workflows, now, room)).await;
            Message::Claimed { asked: room, took: begun.elapsed(), answer }
        });
    }

    pub(super) fn on_claimed(
        &mut self,
        asked: usize,
        took: Duration,
        answer: Result<Vec<Claim>, JournalError>,
    ) {
        self.claiming = 0;
        let claimed = match self.ports.reach.heard(Call::Claim, answer) {
            Ok(claimed) => claimed,
            Err(error) => return odd(&error, "no tasks could be claimed"),
        };
        self.portion.took(claimed.len(), took);
        let again = claimed.len() == asked || self.claim_again;
        for task in claimed {
            match task {
                // It has ended here, and was brought back: what it was comes to its end first.
                Ok(task)
                    if self.lives.contains_key(&task.task.id) || self.early.contains_key(&task.task.id) =>
                {
                    self.early.insert(task.task.id, Some(task));
                }
                Ok(task) => self.on_claimed_task(&task),
                Err(bad) => self.give_up(bad.task, error_chain(&bad)),
            }
        }
        if again {
            self.claim();
        }
    }

    pub(super) fn on_claimed_task(&mut self, claimed: &ClaimedTask) {
        let task = claimed.task.id;
        let Some(workflow) = self.workflows.get(&claimed.task.workflow).cloned() else { return };
        let run = match Run::recover(Arc::clone(&workflow.dag), claimed) {
            Ok(run) => run,
            Err(error) => {
                self.give_up(task, format!("the stored records do not fit the task's workflow: {error}"));
                return;
            }
        };
        self.timers.extend(run.timers().map(|(at, step)| (at, task, step)));
        if run.pause().is_some() {
            self.paused.insert(task);
        }
        let mut live = Live::new(run, workflow, claimed.fence, claimed.task.parent.clone());
        live.priority = claimed.task.priority;
        live.next_message = claimed.messages;
        live.next_fact = claimed.facts;
        live.find_broods(claimed);
        let asks = !live.broods.is_empty();
        self.adopt(task, live, claimed.resumed);
        if asks {
            self.ask_news();
        }
    }

    pub(super) fn ask_news(&mut self) {
        if self.asking || self.lives.is_empty() {
            return;
        }
        self.asking = true;
        let parents: Vec<TaskId> =
            self.lives.iter().filter(|(_, live)| live.run.awaits_children()).map(|(task, _)| *task).collect();
        let (journal, epoch) = (Arc::clone(&self.ports.journal), self.epoch);
        let paused = self.paused.iter().copied().collect();
        self.tell_later(async move {
            let begun = Instant::now();
            let answer = journal.news(epoch, &parents).await;
            Message::News { asked: Asked { parents, paused, took: begun.elapsed() }, answer }
        });
    }

    /// Asks for news before the next poll: children end, and those that others have may do so too. The question takes a small part of the time,
    /// however many parents it is about.
    pub(super) fn ask_news_soon(&mut self) {
        if !std::mem::replace(&mut self.news_soon, true) {
            let pause = (self.news_took * 20).clamp(NEWS_SOONEST, self.options.poll.max(NEWS_SOONEST));
            self.tell_later(async move {
                tokio::time::sleep(pause).await;
                Message::AskNews
            });
        }
    }

    pub(super) fn on_news(&mut self, asked: Asked, answer: Result<News, JournalError>) {
        (self.asking, self.news_took) = (false, asked.took);
        let news = match self.ports.reach.heard(Call::Read, answer) {
            Ok(news) => news,
            Err(error) => return odd(&error, "there is no news from the store"),
        };
        for (task, problem) in news.unreadable {
            if self.lives.contains_key(&task) {
                self.give_up(task, format!("what is stored of it cannot be read: {problem}"));
            }
        }
        for (task, request) in news.cancelled {
            if let Some(live) = self.lives.get_mut(&task)
                && live.run.cancellation().is_none()
            {
                live.run.fold_cancelled(request);
                self.advance(task);
            }
        }
        self.on_paused(asked.paused, news.paused);
        self.on_signals(news.signals);
        let open: HashMap<TaskId, u64> = news.open_children.into_iter().collect();
        for task in asked.parents {
            self.on_open_children(task, open.get(&task).copied().unwrap_or(0));
        }
    }
}

/// Logs an answer that is no answer. A store that is away is told of elsewhere, once; everything is asked again with the next poll.
pub(super) fn odd(error: &JournalError, what: &str) {
    if error.disposition() != Disposition::Retryable {
        tracing::warn!(error = %error_chain(error), "{what}; trying again with the next poll");
    }
}
