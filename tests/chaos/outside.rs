//! The world outside: somebody who sends signals to tasks and has some of them cancelled, while all else goes wrong. It keeps its own
//! books of what it was told; what it was not told, it asks for again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use drydock::core::journal::{Request, Signal};
use drydock::core::{Clock as _, Entropy as _, Payload, SignalId, SystemClock, SystemEntropy, TaskId};
use drydock::store::Store;
use drydock::store::repo::{SearchOrder, TaskSearch};
use tokio_util::sync::CancellationToken;

use crate::Failure;
use crate::shapes::{SIGNAL, SIGNAL_SAYS, SIGNALS};
use crate::workflows::Shape;

/// How often it looks for tasks that want something.
const LOOKS: Duration = Duration::from_millis(200);

/// What was done from outside, as it was answered.
#[derive(Debug, Default)]
pub(crate) struct Books {
    /// The signals that were sent, by task.
    pub(crate) signals: BTreeMap<TaskId, BTreeSet<SignalId>>,
    /// The tasks whose cancellation was accepted.
    pub(crate) cancelled: BTreeSet<TaskId>,
    /// What should not have been answered.
    pub(crate) odd: Vec<String>,
}

/// Something to be said.
struct Word {
    due: Instant,
    task: TaskId,
    /// The signal; none for a cancellation.
    signal: Option<SignalId>,
}

struct Outside {
    store: Arc<dyn Store>,
    known: BTreeSet<TaskId>,
    words: Vec<Word>,
    books: Books,
}

/// Speaks to tasks until `stop`, and then says what it did.
pub(crate) async fn run(store: Arc<dyn Store>, stop: CancellationToken) -> Books {
    let mut outside = Outside { store, known: BTreeSet::new(), words: Vec::new(), books: Books::default() };
    while !stop.is_cancelled() {
        // The database may be away: all of it is done again.
        let _away = outside.meet().await.is_err();
        outside.speak().await;
        tokio::time::sleep(LOOKS).await;
    }
    outside.books
}

fn within(most: Duration) -> Instant {
    Instant::now() + most.mul_f64(SystemEntropy.fraction())
}

impl Outside {
    /// Finds the tasks that it does not know, and plans what to say to them.
    async fn meet(&mut self) -> Result<(), Failure> {
        for shape in [Shape::Signalled, Shape::Stoppable] {
            let workflow = Some(shape.word().parse()?);
            let mut search =
                TaskSearch { workflow, order: SearchOrder::NewestFirst, limit: 200, ..TaskSearch::default() };
            loop {
                let page = self.store.task_search(&search).await?;
                let new: Vec<TaskId> =
                    page.tasks.iter().map(|task| task.id).filter(|id| self.known.insert(*id)).collect();
                let news = !new.is_empty();
                for task in new {
                    self.plan(shape, task);
                }
                if !news || page.next.is_none() {
                    break;
                }
                search.after = page.next;
            }
        }
        Ok(())
    }

    fn plan(&mut self, shape: Shape, task: TaskId) {
        if shape == Shape::Stoppable {
            // Some come to their end before it is said.
            self.words.push(Word { due: within(Duration::from_secs(4)), task, signal: None });
            return;
        }
        for _ in 0..SIGNALS {
            let id = SignalId::generate(SystemClock.now(), &SystemEntropy);
            self.books.signals.entry(task).or_default().insert(id);
            // Whoever sends is not sure that it came, and sends it again.
            let times = 1 + usize::from(SystemEntropy.fraction() < 0.5);
            for _ in 0..times {
                self.words.push(Word { due: within(Duration::from_millis(1_500)), task, signal: Some(id) });
            }
        }
    }

    /// Says what is due.
    async fn speak(&mut self) {
        let (due, later): (Vec<Word>, Vec<Word>) =
            std::mem::take(&mut self.words).into_iter().partition(|word| word.due <= Instant::now());
        self.words = later;
        for word in due {
            if self.say(&word).await.is_err() {
                self.words.push(Word { due: Instant::now() + LOOKS, ..word });
            }
        }
    }

    async fn say(&mut self, word: &Word) -> Result<(), Failure> {
        let (task, at, by) = (word.task, SystemClock.now(), "the world outside".to_owned());
        let Some(id) = word.signal else {
            if self.store.task_cancel(task, &Request { by, at }).await? {
                self.books.cancelled.insert(task);
            }
            return Ok(());
        };
        let (name, payload) = (SIGNAL.to_owned(), Payload::encode(&SIGNAL_SAYS)?);
        let signal = Signal { id, name, payload, sender: by, at, taken_by: None };
        // Sent again it may find that the task has ended with it.
        if !self.store.signal_send(task, &signal).await? && self.store.task_end(task).await?.is_none() {
            self.books.odd.push(format!("task {task} is there, and took no signal"));
        }
        Ok(())
    }
}
