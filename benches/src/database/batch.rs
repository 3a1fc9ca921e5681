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
    /// The tasks that begin with these rows and those that end with them; only where their own rows are to be written too.
    pub(crate) tasks_too: Option<TasksToo>,
    /// The tasks under way, each with how many of its rows were made.
    under_way: Vec<(Uuid, usize)>,
    /// Whose turn it is.
    turn: usize,
    /// What a step's row holds whatever its task, by step.
    names: Vec<String>,
    values: Vec<Vec<u8>>,
}

/// Tasks that begin and end in a batch.
#[derive(Debug, Default)]
pub(crate) struct TasksToo {
    pub(crate) begun: Vec<Uuid>,
    pub(crate) ended: Vec<Uuid>,
}

impl Batch {
    /// As [`Batch::new`], with the tasks' own rows.
    pub(crate) fn with_tasks(tasks: usize, bytes: usize) -> Result<Self, Failure> {
        Ok(Self { tasks_too: Some(TasksToo::default()), ..Self::new(tasks, bytes)? })
    }

    /// Space for rows of `tasks` tasks that are under way at once, with outputs of `bytes` bytes.
    pub(crate) fn new(tasks: usize, bytes: usize) -> Result<Self, Failure> {
        let values: Result<Vec<Vec<u8>>, _> =
            (1..=STEPS).map(|step| serde_json::to_vec(&Output::of(step, bytes))).collect();
        Ok(Self {
            tasks: Vec::new(),
            steps: Vec::new(),
            kinds: Vec::new(),
            attempts: Vec::new(),
            outputs: Vec::new(),
            times: Vec::new(),
            tasks_too: None,
            under_way: vec![(Uuid::nil(), STEPS as usize); tasks.max(1)],
            turn: 0,
            names: (1..=STEPS).map(name).collect(),
            values: values?,
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Makes the next `rows` rows of it.
    pub(crate) fn renew(&mut self, rows: usize) {
        let now = SystemClock.now();
        self.tasks.resize(rows, Uuid::nil());
        self.steps.resize(rows, String::new());
        self.kinds.resize(rows, 0);
        self.attempts.resize(rows, 1);
        self.outputs.resize(rows, Vec::new());
        self.times.clear();
        self.times.resize(rows, now);
        let mut tasks_too = self.tasks_too.as_mut().map(|too| {
            *too = TasksToo::default();
            too
        });
        for row in 0..rows {
            let (task, made) = &mut self.under_way[self.turn];
            if *made == self.names.len() {
                (*task, *made) = (SystemEntropy.uuid_v7(now), 0);
                if let Some(too) = &mut tasks_too {
                    too.begun.push(*task);
                }
            }
            self.tasks[row] = *task;
            self.steps[row].clone_from(&self.names[*made]);
            self.outputs[row].clone_from(&self.values[*made]);
            *made += 1;
            if *made == self.names.len()
                && let Some(too) = &mut tasks_too
            {
                too.ended.push(*task);
            }
            self.turn = (self.turn + 1) % self.under_way.len();
        }
    }
}

/// Tasks as they are started, without the engine: a row that stays, and a row for as long as they live.
#[derive(Debug, Default)]
pub(crate) struct Starts {
    pub(crate) ids: Vec<Uuid>,
    pub(crate) times: Vec<Timestamp>,
    pub(crate) inputs: Vec<Vec<u8>>,
    pub(crate) numbers: Vec<i64>,
}

impl Starts {
    /// The next `rows` tasks.
    pub(crate) fn of(rows: usize) -> Self {
        let now = SystemClock.now();
        Self {
            ids: (0..rows).map(|_| SystemEntropy.uuid_v7(now)).collect(),
            times: vec![now; rows],
            inputs: vec![b"null".to_vec(); rows],
            numbers: vec![1; rows],
        }
    }
}
