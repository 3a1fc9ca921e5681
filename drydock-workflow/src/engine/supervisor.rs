//! The life of an instance: it joins, works, and when it loses its lease gives everything up and joins anew.

use std::sync::Arc;
use std::time::Duration;

use drydock_core::journal::{Journal, JournalError};
use drydock_core::{Classify, Clock, Disposition, Entropy, Epoch, InstanceName, error_chain};
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::actor::{Actor, Quit};
use super::lanes::Lanes;
use super::message::Request;
use super::reach::{Call, Reach};
use super::registry::Registry;
use super::retention::Keeper;
use super::{EngineError, EngineOptions, Event, Stopped, flusher, lease, retention};
use crate::observe::Meters;

/// The outside, as an instance sees it.
#[derive(Clone)]
pub(super) struct Ports {
    pub(super) journal: Arc<dyn Journal>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) entropy: Arc<dyn Entropy>,
    pub(super) reach: Reach,
    pub(super) meters: Arc<Meters>,
}

pub(super) struct Supervisor {
    pub(super) ports: Ports,
    pub(super) name: InstanceName,
    pub(super) options: EngineOptions,
    pub(super) keeper: Option<Keeper>,
    /// From so many writes on a second commit is worth its while.
    pub(super) half: usize,
    pub(super) registry: Arc<Registry>,
    pub(super) requests: mpsc::Receiver<Request>,
    pub(super) events: broadcast::Sender<Event>,
    pub(super) hard: CancellationToken,
    pub(super) drain: CancellationToken,
}

/// Why one incarnation came to its end.
enum Ended {
    Drained,
    Dropped,
    LostLease,
    Failed(EngineError),
}

impl Supervisor {
    /// Joins for the first time, so that the caller learns of a store that cannot be used, and goes on in the background.
    pub(super) async fn start(mut self, stopped: watch::Sender<Stopped>) -> Result<(), EngineError> {
        let joined = Instant::now();
        let epoch = self.join().await?;
        let workflows = self.registry.load(&*self.ports.journal, &self.ports.meters).await?;
        // The set is moved into its own task, which ends with the instance; dropping a handle ends it too, through `hard`.
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut next = Some((epoch, joined, workflows));
            let end = loop {
                let (epoch, joined, workflows) = match next.take() {
                    Some(first) => first,
                    None => match self.rejoin().await {
                        Ok(Some(again)) => again,
                        Ok(None) => break Ok(()),
                        Err(error) => break Err(error),
                    },
                };
                let actor = Actor::new(&self, epoch, workflows);
                match self.live(actor, epoch, joined).await {
                    Ended::Drained | Ended::Dropped => break Ok(()),
                    Ended::Failed(error) => break Err(error),
                    Ended::LostLease if self.drain.is_cancelled() => break Ok(()),
                    Ended::LostLease => {
                        self.ports.meters.leases_lost.increment(1);
                        tracing::warn!(claim.epoch = %epoch, "lost the lease: all steps were stopped; joining anew");
                    }
                }
                tokio::select! {
                    biased;
                    () = self.hard.cancelled() => break Ok(()),
                    () = self.drain.cancelled() => break Ok(()),
                    ours = self.still_ours(epoch) => if let Err(error) = ours {
                        break Err(error);
                    },
                }
            };
            if let Err(error) = &end {
                tracing::error!(error = %error_chain(error), "the instance has stopped");
            }
            stopped.send_replace(Some(end.map_err(Arc::new)));
        });
        tasks.detach_all();
        Ok(())
    }

    async fn join(&self) -> Result<Epoch, JournalError> {
        self.ports.reach.heard(
            Call::Lease,
            self.ports
                .journal
                .instance_join(
                    &self.name,
                    self.ports.clock.now(),
                    self.options.lease,
                    &self.registry.offers(),
                )
                .await,
        )
    }

    /// One incarnation: actor, flusher and lease, until one of them ends.
    async fn live(&mut self, actor: Actor, epoch: Epoch, joined: Instant) -> Ended {
        let mut helpers = JoinSet::new();
        // The places of the feed have no gaps: the next is known when the last is taken.
        let count = if self.options.feed { 1 } else { self.ports.journal.lanes() };
        let ((to_flusher, batches), (answers, flushed)) = (mpsc::channel(count), mpsc::channel(count));
        helpers.spawn(flusher::run(self.ports.clone(), epoch, self.options.feed, batches, answers));
        let lanes = Lanes::new(count, to_flusher);
        let mut duty = JoinSet::new();
        if let Some(keeper) = &self.keeper {
            duty.spawn(retention::run(keeper.clone(), self.ports.clone(), epoch));
        }
        let lease = lease::run(self.ports.clone(), epoch, joined, self.options.lease, actor.inbox.clone());
        let mut actor = actor;
        let ended = tokio::select! {
            biased;
            () = self.hard.cancelled() => Ended::Dropped,
            () = lease => Ended::LostLease,
            Some(flush) = helpers.join_next() => match flush {
                Ok(Ok(())) => Ended::Dropped,
                Ok(Err(JournalError::Fenced { .. })) => Ended::LostLease,
                Ok(Err(error)) => Ended::Failed(error.into()),
                Err(_) => Ended::Failed(EngineError::Stopped),
            },
            quit = actor.run(&mut self.requests, lanes, flushed) => match quit {
                Quit::Drained => Ended::Drained,
                Quit::Dropped => Ended::Dropped,
                Quit::Failed(error) => Ended::Failed(error),
            },
        };
        // Steps end here, before the lease does; what they did not record, the next owner does again.
        actor.stop_all(self.options.lease / 3).await;
        // Nothing of this incarnation may still be written while it leaves.
        helpers.shutdown().await;
        duty.shutdown().await;
        if matches!(ended, Ended::Drained) {
            let leave = self.ports.journal.instance_leave(epoch);
            match tokio::time::timeout(self.options.lease / 3, leave).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    tracing::warn!(error = %error_chain(&error), "could not say good-bye; others take over after the lease");
                }
                Err(_) => {
                    tracing::warn!("the store does not answer to good-bye; others take over after the lease");
                }
            }
        }
        ended
    }

    /// After a lost lease: was it another process under the same name?
    async fn still_ours(&self, epoch: Epoch) -> Result<(), EngineError> {
        let taken = |error: &JournalError| error.disposition() != Disposition::Retryable;
        loop {
            match self.ports.reach.heard(Call::Read, self.ports.journal.instance_list().await) {
                Ok(all) if all.iter().any(|other| other.name == self.name && other.epoch > epoch) => {
                    return Err(EngineError::NameTaken(self.name.clone()));
                }
                Ok(_) => return Ok(()),
                Err(error) if taken(&error) => return Err(error.into()),
                Err(_) => tokio::time::sleep(Duration::from_millis(500)).await,
            }
        }
    }

    /// Joins again, as soon as the store answers. `None` when nobody holds the engine any more.
    async fn rejoin(&self) -> Result<Option<Incarnation>, EngineError> {
        loop {
            let joined = Instant::now();
            let again = async {
                let epoch = self.join().await?;
                let workflows = self.registry.load(&*self.ports.journal, &self.ports.meters).await?;
                Ok::<_, EngineError>((epoch, joined, workflows))
            };
            tokio::select! {
                biased;
                () = self.hard.cancelled() => return Ok(None),
                () = self.drain.cancelled() => return Ok(None),
                answer = again => match answer {
                    Ok(incarnation) => return Ok(Some(incarnation)),
                    Err(error) if error.disposition() == Disposition::Retryable => {
                        tokio::time::sleep(Duration::from_millis(500)).await;
                    }
                    Err(error) => return Err(error),
                },
            }
        }
    }
}

type Incarnation =
    (Epoch, Instant, std::collections::HashMap<drydock_core::WorkflowId, Arc<super::registry::Loaded>>);
