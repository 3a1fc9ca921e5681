//! Many rows with few statements. A statement costs the thread hop of the database library, whatever its size, so rows go
//! in together; and in fixed sizes only, so that each statement is prepared once and found in the cache again.

use std::sync::{Arc, OnceLock};

use drydock_core::journal::JournalError;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, Sqlite, Transaction};

use crate::error::journal_error;

/// Any number of rows up to 512 takes four statements at most, mostly two or three. The longest has fewer parameters than
/// SQLite's limit of 32,766.
const SIZES: [usize; 22] =
    [512, 384, 256, 192, 160, 128, 112, 96, 80, 64, 48, 40, 32, 24, 16, 12, 8, 6, 4, 3, 2, 1];

/// A statement with a list of rows in it, for instance `INSERT INTO t VALUES (?,?),(?,?)`.
pub(super) struct Chunked {
    head: &'static str,
    row: &'static str,
    tail: &'static str,
    texts: [OnceLock<Arc<str>>; SIZES.len()],
}

impl Chunked {
    /// The statement is `head`, then `row` as often as there are rows, with commas, then `tail`.
    pub(super) const fn new(head: &'static str, row: &'static str, tail: &'static str) -> Self {
        Self { head, row, tail, texts: [const { OnceLock::new() }; SIZES.len()] }
    }

    fn text(&self, size: usize) -> Arc<str> {
        let make = || format!("{}{}{}", self.head, vec![self.row; SIZES[size]].join(","), self.tail).into();
        self.texts[size].get_or_init(make).clone()
    }

    /// Runs the statement over all `rows`, and gives the rows that it returned.
    pub(super) async fn run<T: Sync>(
        &self,
        tx: &mut Transaction<'static, Sqlite>,
        mut rows: &[T],
        bind: impl Fn(&mut Binder, &T) + Sync,
    ) -> Result<Vec<SqliteRow>, JournalError> {
        let mut returned = Vec::new();
        for (size, count) in SIZES.iter().enumerate() {
            while let Some((chunk, rest)) = rows.split_at_checked(*count) {
                rows = rest;
                let mut binder = Binder::default();
                for row in chunk {
                    bind(&mut binder, row);
                }
                let query = sqlx::query_with(AssertSqlSafe(self.text(size)), binder.finish()?);
                returned.extend(query.fetch_all(&mut **tx).await.map_err(journal_error)?);
            }
        }
        Ok(returned)
    }
}

/// The arguments of one statement, and the first thing that went wrong with them.
#[derive(Default)]
pub(super) struct Binder {
    arguments: SqliteArguments,
    problem: Option<JournalError>,
}

impl Binder {
    pub(super) fn add<'t, T: sqlx::Encode<'t, Sqlite> + sqlx::Type<Sqlite>>(&mut self, value: T) {
        if let Err(error) = sqlx::Arguments::add(&mut self.arguments, value) {
            self.fail(JournalError::Rejected(error));
        }
    }

    pub(super) fn fail(&mut self, problem: JournalError) {
        self.problem.get_or_insert(problem);
    }

    fn finish(self) -> Result<SqliteArguments, JournalError> {
        match self.problem {
            Some(problem) => Err(problem),
            None => Ok(self.arguments),
        }
    }
}
