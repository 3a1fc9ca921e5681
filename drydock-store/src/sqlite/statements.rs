//! Many rows with one hop to the database library's thread, whose price does not depend on how much is said: a whole
//! transaction is one text of many statements. The lists of rows in it have few sizes only, so that the text is prepared
//! once and found in the cache again.

use std::sync::{Arc, OnceLock};

use drydock_core::journal::JournalError;
use sqlx::sqlite::{SqliteArguments, SqliteConnection};
use sqlx::{AssertSqlSafe, Sqlite};

/// The longest has fewer parameters than SQLite's limit of 32,766; more rows are several statements.
const SIZES: [usize; 22] =
    [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 40, 48, 64, 80, 96, 112, 128, 160, 192, 256, 384, 512];
const LARGEST: usize = SIZES[SIZES.len() - 1];

/// A statement with a list of rows in it, for instance `INSERT INTO t SELECT * FROM (VALUES (?,?),(?,?)) WHERE …`.
///
/// The list is filled up with rows of `NULL`, which the statement must leave out.
pub(super) struct Chunked {
    head: &'static str,
    columns: usize,
    tail: &'static str,
    texts: [OnceLock<Arc<str>>; SIZES.len()],
}

impl Chunked {
    /// The statement is `head`, then the rows, each of so many `columns`, then `tail`.
    pub(super) const fn new(head: &'static str, columns: usize, tail: &'static str) -> Self {
        Self { head, columns, tail, texts: [const { OnceLock::new() }; SIZES.len()] }
    }

    /// With as many rows as it can have at most.
    #[cfg(feature = "testing")]
    pub(super) fn longest(&self) -> &str {
        self.text(SIZES.len() - 1)
    }

    fn text(&self, size: usize) -> &str {
        self.texts[size].get_or_init(|| {
            let row = format!("({})", vec!["?"; self.columns].join(","));
            format!("{}{}{};", self.head, vec![row; SIZES[size]].join(","), self.tail).into()
        })
    }
}

/// The statements of one transaction, which are carried out in one go, and their arguments.
pub(super) struct Script {
    text: String,
    arguments: SqliteArguments,
    end: &'static str,
    problem: Option<JournalError>,
}

impl Script {
    pub(super) fn new() -> Self {
        Self::between("BEGIN IMMEDIATE", "COMMIT")
    }

    /// For a transaction that somebody else has begun, and ends.
    pub(super) fn within() -> Self {
        Self::between("SAVEPOINT drydock", "RELEASE drydock")
    }

    fn between(begin: &'static str, end: &'static str) -> Self {
        let arguments = SqliteArguments::default();
        let mut script = Self { text: String::new(), arguments, end, problem: None };
        script.say(begin);
        script
    }

    /// A statement with anonymous parameters only, as all of them: the arguments follow, in this order.
    pub(super) fn say(&mut self, statement: &'static str) {
        self.text.push_str(statement);
        self.text.push(';');
    }

    /// `statement` over all `rows`.
    pub(super) fn say_rows<T>(&mut self, statement: &Chunked, rows: &[T], bind: impl Fn(&mut Self, &T)) {
        for chunk in rows.chunks(LARGEST) {
            let size = SIZES.partition_point(|size| *size < chunk.len());
            self.text.push_str(statement.text(size));
            for row in chunk {
                bind(self, row);
            }
            for _ in 0..statement.columns * (SIZES[size] - chunk.len()) {
                self.add(None::<i64>);
            }
        }
    }

    /// The next argument.
    pub(super) fn add<'t, T: sqlx::Encode<'t, Sqlite> + sqlx::Type<Sqlite>>(&mut self, value: T) {
        if let Err(error) = sqlx::Arguments::add(&mut self.arguments, value) {
            self.fail(JournalError::Rejected(error));
        }
    }

    /// The script cannot be: a value has no form in the database.
    pub(super) fn fail(&mut self, problem: JournalError) {
        self.problem.get_or_insert(problem);
    }

    pub(super) fn finish(mut self) -> Result<Finished, JournalError> {
        self.say(self.end);
        match self.problem {
            Some(problem) => Err(problem),
            None => Ok(Finished { text: self.text, arguments: self.arguments }),
        }
    }
}

/// A script that can be run.
pub(super) struct Finished {
    text: String,
    arguments: SqliteArguments,
}

impl Finished {
    /// Runs the statements up to the first that fails.
    pub(super) async fn run(self, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        let query = sqlx::query_with(AssertSqlSafe(self.text), self.arguments);
        query.execute(connection).await.map(drop)
    }
}

#[cfg(feature = "testing")]
impl super::SqliteStore {
    /// The statements that run again and again and look for rows, for tests that ask how SQLite carries them out.
    #[doc(hidden)]
    pub fn hot_statements() -> Vec<(&'static str, &'static str)> {
        use super::{claims, instances, limits, locks, news, parts};
        vec![
            ("fence", parts::FENCE),
            ("renewal", instances::RENEW),
            ("batch: tasks", parts::LIVE.longest()),
            ("batch: reopened", parts::REOPENED.longest()),
            ("batch: taken", parts::TAKEN.longest()),
            ("batch: unlock", parts::UNLOCK.longest()),
            ("batch: unqueue", parts::UNQUEUE.longest()),
            ("batch: vacated", parts::VACATED.longest()),
            ("batch: ends", parts::ENDS.longest()),
            ("batch: leave", parts::LEAVE),
            ("batch: tell", parts::TELL),
            ("claim: limits", claims::LIMITS),
            ("claim: crowd", claims::CROWD),
            ("claim: queued", claims::QUEUED),
            ("claim: queued under a limit", claims::QUEUED_UNDER),
            ("claim: take", claims::TAKE),
            ("claim: tasks", claims::TASKS),
            ("claim: checkpoints", claims::CHECKPOINTS),
            ("claim: attempts", claims::ATTEMPTS),
            ("claim: waits", claims::WAITS),
            ("claim: marks", claims::MARKS),
            ("claim: signals", claims::SIGNALS),
            ("news: told", news::TOLD),
            ("news: untaken", news::UNTAKEN),
            ("news: open children", news::OPEN_CHILDREN),
            ("children", news::CHILDREN),
            ("lock: owner", locks::OWNED),
            ("lock: obstacles", locks::OBSTACLES),
            ("lock: leave", locks::LEAVE),
            ("slot: owners", limits::OWNED),
            ("slot: taken", limits::TAKEN),
            ("slot: own", limits::OWN),
        ]
    }
}
