//! The one place from which an instance writes: batch by batch, each a commit. It has the batches of all lanes in hand: what follows on the
//! one that is done is on its way before anybody hears that it is.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use drydock_core::journal::{FeedPlace, JournalError, StepEnd, TaskEndKind, Write};
use drydock_core::{Clock, Epoch, Payload};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::sync::mpsc;

use super::message::{Batch, Flushed};
use super::reach::Call;
use super::supervisor::Ports;

/// The first delay after the store did not answer; it doubles up to [`LONGEST_DELAY`].
const FIRST_DELAY: Duration = Duration::from_millis(50);
const LONGEST_DELAY: Duration = Duration::from_secs(2);

/// Commits batches until their channel closes. Returns early only with [`JournalError::Fenced`] or an inconsistency: the caller then gives
/// the instance's tasks up.
pub(super) async fn run(
    ports: Ports,
    epoch: Epoch,
    feed: bool,
    mut batches: mpsc::Receiver<Batch>,
    flushed: mpsc::Sender<Flushed>,
) -> Result<(), JournalError> {
    let places = feed.then(|| Places::new(&ports));
    let mut flusher = Flusher { ports, epoch, places, carried: Vec::new() };
    loop {
        let answers = tokio::select! {
            biased;
            answers = poll_fn(|context| flusher.poll_answers(context)) => answers?,
            batch = batches.recv() => match batch {
                Some(batch) => {
                    flusher.take(batch);
                    continue;
                }
                None => return Ok(()),
            },
        };
        for answer in answers {
            if flushed.send(answer).await.is_err() {
                return Ok(());
            }
        }
    }
}

struct Flusher {
    ports: Ports,
    epoch: Epoch,
    /// Where there is a feed.
    places: Option<Places>,
    /// What is under way, the oldest first.
    carried: Vec<Carried>,
}

/// A batch under way.
struct Carried {
    lane: usize,
    commit: Commit,
    /// Pieces of it that are yet to be committed; the next one is the last.
    rest: Vec<Vec<Write>>,
}

/// Gives the writes back, with the store's answer.
type Commit = BoxFuture<'static, (Vec<Write>, Result<(), JournalError>)>;

impl Flusher {
    fn take(&mut self, Batch { lane, writes }: Batch) {
        let commit = self.commit(writes);
        self.carried.push(Carried { lane, commit, rest: Vec::new() });
    }

    /// A commit, which begins when it is first polled.
    fn commit(&mut self, writes: Vec<Write>) -> Commit {
        let place = self.places.as_mut().map(Places::next);
        let (ports, epoch) = (self.ports.clone(), self.epoch);
        async move {
            let answer = commit(&ports, epoch, &writes, place).await;
            (writes, answer)
        }
        .boxed()
    }

    /// Goes on with all that is under way, until there is an answer to some of it.
    fn poll_answers(&mut self, context: &mut Context<'_>) -> Poll<Result<Vec<Flushed>, JournalError>> {
        let (mut answers, mut at) = (Vec::new(), 0);
        // Those behind one that has just ended are looked at after it: what waited for its end begins here and now.
        while let Some(carried) = self.carried.get_mut(at) {
            let Poll::Ready((writes, answer)) = carried.commit.as_mut().poll(context) else {
                at += 1;
                continue;
            };
            let Carried { lane, mut rest, .. } = self.carried.remove(at);
            match answer {
                Ok(()) => {
                    self.places.iter_mut().for_each(Places::taken);
                    answers.push(Flushed { lane, writes, refused: None, last: rest.is_empty() });
                }
                Err(JournalError::Rejected(cause)) => match split(writes) {
                    // One bad record must not take the others with it.
                    Ok((first, second)) => {
                        self.ports.meters.commit_splits.increment(1);
                        rest.extend([second, first]);
                    }
                    Err(writes) => {
                        self.ports.meters.commit_refusals.increment(1);
                        let refused = Some(JournalError::Rejected(cause));
                        answers.push(Flushed { lane, writes, refused, last: rest.is_empty() });
                    }
                },
                Err(error) => return Poll::Ready(Err(error)),
            }
            if let Some(next) = rest.pop() {
                let commit = self.commit(next);
                self.carried.insert(at, Carried { lane, commit, rest });
            }
        }
        if answers.is_empty() { Poll::Pending } else { Poll::Ready(Ok(answers)) }
    }
}

/// The places of this incarnation's commits in the feed: without a gap, and in time.
struct Places {
    clock: Arc<dyn Clock>,
    last: FeedPlace,
}

impl Places {
    fn new(ports: &Ports) -> Self {
        let clock = Arc::clone(&ports.clock);
        let at = clock.now();
        Self { clock, last: FeedPlace { seq: 0, at } }
    }

    /// The place of the next commit, now.
    fn next(&mut self) -> FeedPlace {
        // A clock that was set back must not make the feed's times run backwards.
        self.last.at = self.clock.now().max(self.last.at);
        FeedPlace { seq: self.last.seq + 1, at: self.last.at }
    }

    /// There is something at the next place now. A batch that is refused leaves its place to the one that follows.
    fn taken(&mut self) {
        self.last.seq += 1;
    }
}

/// Appends until the store has answered. A lost answer is asked for again: writes may be repeated.
async fn commit(
    ports: &Ports,
    epoch: Epoch,
    writes: &[Write],
    place: Option<FeedPlace>,
) -> Result<(), JournalError> {
    let mut delay = FIRST_DELAY;
    loop {
        let answer = ports.meters.commit(writes.len(), ports.journal.append_told(epoch, writes, place));
        match ports.reach.heard(Call::Commit, answer.await) {
            Err(JournalError::Unavailable(_)) => {
                ports.meters.commit_retries.increment(1);
                tokio::time::sleep(delay).await;
                delay = (delay * 2).min(LONGEST_DELAY);
            }
            answer => return answer,
        }
    }
}

/// Halves a batch between two tasks; a single task's writes are not torn apart.
fn split(mut writes: Vec<Write>) -> Result<(Vec<Write>, Vec<Write>), Vec<Write>> {
    let middle = writes.len() / 2;
    let border = |place: &usize| writes[*place - 1].owner() != writes[*place].owner();
    let after = (middle.max(1)..writes.len()).find(border);
    match after.or_else(|| (1..middle).rev().find(border)) {
        Some(place) => {
            let second = writes.split_off(place);
            Ok((writes, second))
        }
        None => Err(writes),
    }
}

/// Whether two writes of one task may go into two commits: what a step had to say goes with its record, and the task's end with the
/// record that it follows from.
pub(super) const fn may_part(before: &Write, next: &Write) -> bool {
    matches!(before, Write::StepEnded(..) | Write::AttemptFailed(..) | Write::StepWaits(..))
        && matches!(
            next,
            Write::SlotsFreed(..)
                | Write::MessageSaid(..)
                | Write::FactFound(..)
                | Write::StepProgressed(..)
                | Write::StepEnded(..)
                | Write::AttemptFailed(..)
                | Write::StepWaits(..)
        )
}

/// About how many bytes of payload a write carries to the store.
pub(super) fn weight(write: &Write) -> usize {
    match write {
        Write::TaskStarted(task) | Write::TaskQueued(task) => task.input.len(),
        Write::StepEnded(_, checkpoint) => match &checkpoint.end {
            StepEnd::Done(output) => output.len(),
            StepEnd::Failed(failure) => failure.message.len(),
            StepEnd::Skipped(reason) => reason.len(),
        },
        Write::AttemptFailed(_, record) | Write::StepReopened(_, record) => record.failure.message.len(),
        Write::StepWaits(_, record) => record.reason.len() + record.scratch.as_ref().map_or(0, Payload::len),
        Write::Marked(_, mark) => mark.value.len(),
        Write::SignalTaken(..) | Write::LocksFreed(..) | Write::SlotsFreed(..) | Write::TaskParked(..) => 0,
        Write::MessageSaid(_, message) => message.text.len(),
        Write::FactFound(_, record) => record.fact.data.len(),
        Write::StepProgressed(_, progress) => progress.figure.text.len(),
        Write::TaskEnded(_, _, end) => match &end.kind {
            TaskEndKind::Completed(output) => output.len(),
            TaskEndKind::Failed(failure) => failure.message.len(),
            TaskEndKind::Cancelled(_) => 0,
        },
    }
}
