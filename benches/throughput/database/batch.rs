//! Rows as the engine's checkpoints are, without the engine: the same rows, in the order in which the engine writes them. Many tasks
//! are under way, and each adds its next step in turn; a database that gets a task's rows one after the other has an easier life.

use drydock_core::{Clock as _, Entropy as _, SystemClock, SystemEntropy, Timestamp};
use uuid::Uuid;

use crate::Failure;
use crate::load::{Output, STEPS, name};

/// Rows, column by column.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) tasks: Vec<Uuid>,
    pub(crate) steps: Vec<String>,
    pub(crate) kinds: Vec<i16>,
    pub(crate) attempts: Vec<i64>,
    pub(crate) outputs: Vec<Vec<u8>>,
    pub(crate) times: Vec<Timestamp>,
    /// The tasks under way, each with how many of its rows were made.
    under_way: Vec<(Uuid, usize)>,
    /// Whose turn it is.
    turn: usize,
    /// What a step's row holds whatever its task, by step.
    names: Vec<String>,
    values: Vec<Vec<u8>>,
}

impl Batch {
    /// Space for `rows` rows of `tasks` tasks that are under way at once.
    pub(crate) fn of(rows: usize, tasks: usize) -> Result<Self, Failure> {
        let values: Result<Vec<Vec<u8>>, _> =
            (1..=STEPS).map(|step| serde_json::to_vec(&Output::of(step))).collect();
        Ok(Self {
            tasks: vec![Uuid::nil(); rows],
            steps: vec![String::new(); rows],
            kinds: vec![0; rows],
            attempts: vec![1; rows],
            outputs: vec![Vec::new(); rows],
            times: vec![Timestamp::UNIX_EPOCH; rows],
            under_way: vec![(Uuid::nil(), STEPS as usize); tasks.max(1)],
            turn: 0,
            names: (1..=STEPS).map(name).collect(),
            values: values?,
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Makes the next rows of it.
    pub(crate) fn renew(&mut self) {
        let now = SystemClock.now();
        for row in 0..self.len() {
            let (task, made) = &mut self.under_way[self.turn];
            if *made == self.names.len() {
                (*task, *made) = (SystemEntropy.uuid_v7(now), 0);
            }
            self.tasks[row] = *task;
            self.steps[row].clone_from(&self.names[*made]);
            self.outputs[row].clone_from(&self.values[*made]);
            *made += 1;
            self.turn = (self.turn + 1) % self.under_way.len();
        }
        self.times.fill(now);
    }
}
