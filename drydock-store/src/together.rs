//! Calls that come at the same time, made together: one after the other each would cost a commit, and whoever else needs the database
//! would stand behind them all. Who comes alone waits for nobody.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use drydock_core::journal::JournalError;
use tokio::sync::oneshot::error::TryRecvError;
use tokio::sync::{Semaphore, oneshot};

/// At most so many calls are made together: more would save little, and let others wait for longer.
const MOST: usize = 64;

/// A call that waits: what is asked, and who is told the answer.
type Waiting<T, A> = (T, oneshot::Sender<A>);

/// Those who ask for one kind of thing.
#[derive(Debug)]
pub(crate) struct Together<T, A> {
    waiting: Mutex<VecDeque<Waiting<T, A>>>,
    /// Whoever has it asks for all that wait.
    turn: Semaphore,
}

impl<T: Clone, A> Together<T, A> {
    pub(crate) fn new() -> Self {
        Self { waiting: Mutex::default(), turn: Semaphore::new(1) }
    }

    /// What `ask` answers to `what`: it is given all that is asked for at the time, and answers in that order. It may be asked the same twice:
    /// where it fails, or is dropped, each call asks once more, for itself alone, and has its own error.
    ///
    /// Cancel-safe as `ask` is: of a dropped call nobody knows whether it was made.
    pub(crate) async fn ask<F>(&self, what: T, ask: impl Fn(Arc<[T]>) -> F) -> Result<A, JournalError>
    where
        F: Future<Output = Result<Vec<A>, JournalError>>,
    {
        let (tell, mut told) = oneshot::channel();
        self.waiting().push_back((what.clone(), tell));
        let turn = tokio::select! {
            biased;
            answer = &mut told => match answer {
                Ok(answer) => return Ok(answer),
                Err(_) => return alone(what, ask).await,
            },
            turn = self.turn.acquire() => turn,
        };
        let _turn = turn.map_err(|closed| JournalError::Unavailable(closed.into()))?;
        loop {
            match told.try_recv() {
                Ok(answer) => return Ok(answer),
                Err(TryRecvError::Closed) => return alone(what, ask).await,
                Err(TryRecvError::Empty) => self.ask_for_those_who_wait(&ask).await,
            }
        }
    }

    /// Whoever is not told of an answer learns that there is none.
    async fn ask_for_those_who_wait<F>(&self, ask: impl Fn(Arc<[T]>) -> F)
    where
        F: Future<Output = Result<Vec<A>, JournalError>>,
    {
        let first = {
            let mut waiting = self.waiting();
            let first = waiting.len().min(MOST);
            waiting.drain(..first).filter(|(_, tell)| !tell.is_closed()).collect::<Vec<_>>()
        };
        let (asked, tell): (Vec<T>, Vec<oneshot::Sender<A>>) = first.into_iter().unzip();
        if let Ok(answers) = ask(asked.into()).await {
            for (tell, answer) in tell.into_iter().zip(answers) {
                let _gone = tell.send(answer).is_err();
            }
        }
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Waiting<T, A>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn alone<T, A, F>(what: T, ask: impl Fn(Arc<[T]>) -> F) -> Result<A, JournalError>
where
    F: Future<Output = Result<Vec<A>, JournalError>>,
{
    let answers = ask([what].into()).await?;
    answers.into_iter().next().ok_or_else(|| JournalError::Unavailable("there was no answer".into()))
}

#[cfg(test)]
mod tests {
    use tokio::task::{AbortHandle, JoinSet};

    use super::*;

    /// Doubles numbers, but for lists with a 13 in them; tells what it was asked. It is asked for nothing before `begin` is open.
    async fn doubled(
        all: Arc<[u32]>,
        begin: &Semaphore,
        log: &Mutex<Vec<Vec<u32>>>,
    ) -> Result<Vec<u32>, JournalError> {
        let _begun = begin.acquire().await.unwrap();
        log.lock().unwrap().push(all.to_vec());
        if all.contains(&13) {
            return Err(JournalError::Unavailable("it is unlucky".into()));
        }
        Ok(all.iter().map(|number| number * 2).collect())
    }

    struct Site {
        together: Together<u32, u32>,
        begin: Semaphore,
        log: Mutex<Vec<Vec<u32>>>,
    }

    impl Site {
        fn new() -> Arc<Self> {
            Arc::new(Self { together: Together::new(), begin: Semaphore::new(0), log: Mutex::default() })
        }

        async fn ask(self: Arc<Self>, number: u32) -> Result<u32, JournalError> {
            let ask = |all| doubled(all, &self.begin, &self.log);
            self.together.ask(number, ask).await
        }

        fn log(&self) -> Vec<Vec<u32>> {
            self.log.lock().unwrap().clone()
        }
    }

    /// Begins a call for each number: the first asks at once, and is held up until the others have come.
    async fn behind_the_first(
        site: &Arc<Site>,
        numbers: &[u32],
    ) -> (JoinSet<(usize, Option<u32>)>, AbortHandle) {
        let mut calls = JoinSet::new();
        let mut begin = |(place, number): (usize, &u32)| {
            let ask = Arc::clone(site).ask(*number);
            calls.spawn(async move { (place, ask.await.ok()) })
        };
        let handles: Vec<AbortHandle> = numbers.iter().enumerate().map(&mut begin).collect();
        while site.together.waiting().len() + 1 < numbers.len() {
            tokio::task::yield_now().await;
        }
        (calls, handles[0].clone())
    }

    /// The answers of those calls that were not given up, in their order.
    async fn answers(site: &Site, mut calls: JoinSet<(usize, Option<u32>)>) -> Vec<Option<u32>> {
        site.begin.add_permits(1);
        let mut answers = Vec::new();
        while let Some(ended) = calls.join_next().await {
            answers.extend(ended.ok());
        }
        answers.sort_unstable();
        answers.into_iter().map(|(_, answer)| answer).collect()
    }

    #[tokio::test]
    async fn who_comes_while_somebody_asks_is_asked_for_with_all_others() {
        let site = Site::new();
        let (calls, _) = behind_the_first(&site, &[1, 2, 3, 4]).await;
        assert_eq!(answers(&site, calls).await, [Some(2), Some(4), Some(6), Some(8)]);
        assert_eq!(site.log(), [vec![1], vec![2, 3, 4]]);
    }

    #[tokio::test]
    async fn what_fails_together_is_asked_for_one_by_one_and_only_the_bad_one_fails() {
        let site = Site::new();
        let (calls, _) = behind_the_first(&site, &[1, 2, 13, 4]).await;
        assert_eq!(answers(&site, calls).await, [Some(2), Some(4), None, Some(8)]);
    }

    #[tokio::test]
    async fn when_the_one_who_asks_is_dropped_the_others_still_have_their_answers() {
        let site = Site::new();
        let (calls, first) = behind_the_first(&site, &[1, 2, 3]).await;
        first.abort();
        assert_eq!(answers(&site, calls).await, [Some(4), Some(6)]);
    }
}
