//! Connections: where to, what is set on each of them, and how long anything may take.

use std::io;
use std::time::Duration;

use drydock_core::journal::JournalError;
use drydock_core::{ExposeSecret, SecretString};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection as _};

use crate::error::journal_error;

/// How long a call waits for a free connection, or for a new one to be made.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// How long the removal of old history may look through what is to go.
const LONG: Duration = Duration::from_mins(10);

/// How long it waits for a table.
const IMPATIENCE: Duration = Duration::from_millis(300);

/// How long the database lets this store's sessions take. What takes longer fails with [`JournalError::Unavailable`], and leaves no
/// trace. A timeout of zero is none. Migrations have none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PgOptions {
    /// The longest statement (`statement_timeout`), 30 s unless said otherwise. A page of a large history may take seconds; the
    /// engine's own statements take milliseconds.
    pub statement_timeout: Duration,
    /// How long a transaction may stand open with nobody doing anything in it (`idle_in_transaction_session_timeout`), 10 s unless said
    /// otherwise. The rows that it has locked are free then: so a process that is stopped, or cut off, in the midst of a claim is
    /// in nobody's way for longer. Best less than the lease.
    pub idle_in_transaction_timeout: Duration,
    /// How long a statement waits for a row that another has locked (`lock_timeout`), 10 s unless said otherwise. Our transactions
    /// hold their rows for milliseconds.
    pub lock_timeout: Duration,
}

impl Default for PgOptions {
    fn default() -> Self {
        Self {
            statement_timeout: Duration::from_secs(30),
            idle_in_transaction_timeout: Duration::from_secs(10),
            lock_timeout: Duration::from_secs(10),
        }
    }
}

/// Nothing that is asked here runs for long enough to be worth compiling; yet where no index will do, a scan without one costs 10^10 by the
/// planner's books (`enable_seqscan`), and each new session would load the compiler for that (about 90 ms). Databases that are only
/// compatible with Postgres may not know the setting, and refuse to set it.
const UNCOMPILED: &str = "SELECT set_config(name, 'off', false) FROM pg_settings WHERE name = 'jit'";

/// What the connections of a pool are for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Use {
    Batches,
    /// All else that the engine and operators ask.
    Engine,
    /// The reading side.
    Queries,
    /// The removal of old history.
    Chores,
}

/// A pool whose connections are set up for `purpose`.
pub(super) fn pool(size: u32, purpose: Use, options: PgOptions) -> PgPoolOptions {
    let settings = settings(purpose, options);
    PgPoolOptions::new().max_connections(size).acquire_timeout(PATIENCE).after_connect(
        move |connection, _| {
            let settings = AssertSqlSafe(settings.clone());
            Box::pin(async move { sqlx::raw_sql(settings).execute(connection).await.map(drop) })
        },
    )
}

/// By a statement, and not when the connection is made: poolers pass no settings on.
fn settings(purpose: Use, options: PgOptions) -> String {
    let planned = match purpose {
        // A batch's statement has one good plan, by the indexes, whatever its arrays hold and however small the tables were when
        // it was made: nothing is gained by making a new one each time.
        Use::Batches => "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off",
        // A claim's good plan depends on how many tasks it may take: one made for any number reads the whole table. And what the
        // engine asks for is a few rows, by an index, also where statistics are old or wrong.
        Use::Engine => "SET plan_cache_mode = force_custom_plan; SET enable_seqscan = off",
        Use::Queries | Use::Chores => "SET plan_cache_mode = force_custom_plan",
    };
    // A week's history is looked through before it goes. Who waits to drop a table lets nobody else to it.
    let options = match purpose {
        Use::Batches | Use::Engine | Use::Queries => options,
        Use::Chores => PgOptions {
            statement_timeout: options.statement_timeout.max(LONG),
            lock_timeout: options.lock_timeout.min(IMPATIENCE),
            ..options
        },
    };
    // Less than a millisecond would be none at all.
    let millis = |timeout: Duration| timeout.as_micros().div_ceil(1000).min(i32::MAX.unsigned_abs().into());
    format!(
        "SET statement_timeout = {}; SET idle_in_transaction_session_timeout = {}; SET lock_timeout = {}; {planned}; \
         {UNCOMPILED}",
        millis(options.statement_timeout),
        millis(options.idle_in_transaction_timeout),
        millis(options.lock_timeout),
    )
}

/// Where `url` leads, once something has answered there.
pub(super) async fn reach(url: &SecretString) -> Result<PgConnectOptions, JournalError> {
    let options: PgConnectOptions = url.expose_secret().parse().map_err(journal_error)?;
    // No floating-point number is stored, and poolers refuse the setting for them.
    let options = options.application_name("drydock").extra_float_digits(None);
    // A pool asks again and again until its patience is at its end, and then does not tell why. One connection tells at once.
    let tried = tokio::time::timeout(PATIENCE, PgConnection::connect_with(&options)).await;
    let silent = || Err(io::Error::new(io::ErrorKind::TimedOut, "no answer in time").into());
    let connection = tried.unwrap_or_else(|_| silent()).map_err(journal_error)?;
    connection.close().await.map_err(journal_error)?;
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_is_never_rounded_to_none() {
        let options = PgOptions {
            statement_timeout: Duration::from_micros(1),
            idle_in_transaction_timeout: Duration::ZERO,
            lock_timeout: Duration::MAX,
        };
        let expected = "SET statement_timeout = 1; SET idle_in_transaction_session_timeout = 0; SET lock_timeout = 2147483647; \
                        SET plan_cache_mode = force_custom_plan";
        assert_eq!(settings(Use::Queries, options), format!("{expected}; {UNCOMPILED}"));
    }
}
