//! What the database library's errors mean to the engine.

use std::fmt::Display;

use drydock_core::journal::JournalError;
use sqlx::error::ErrorKind;

/// The journal's word for `error`: may the same call succeed later, or never?
pub(crate) fn journal_error(error: sqlx::Error) -> JournalError {
    if may_pass(&error) {
        JournalError::Unavailable(error.into())
    } else {
        JournalError::Rejected(error.into())
    }
}

fn may_pass(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(database) => match database.kind() {
            ErrorKind::UniqueViolation
            | ErrorKind::ForeignKeyViolation
            | ErrorKind::NotNullViolation
            | ErrorKind::ExclusionViolation => false,
            _ => database.code().is_some_and(|code| code_may_pass(&code)),
        },
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::BeginFailed
        // What an unsteady connection leaves behind: the next one may be well.
        | sqlx::Error::Protocol(_) => true,
        _ => false,
    }
}

/// Postgres speaks in five-character classes (<https://www.postgresql.org/docs/current/errcodes-appendix.html>),
/// SQLite in numbers whose low byte is the kind (<https://www.sqlite.org/rescode.html>).
fn code_may_pass(code: &str) -> bool {
    const SQLITE: [i32; 8] = [
        5,  // BUSY
        6,  // LOCKED
        7,  // NOMEM
        8,  // READONLY: a failover, or a recovery that another process must do
        9,  // INTERRUPT
        10, // IOERR
        13, // FULL: an operator makes room
        14, // CANTOPEN
    ];
    if code.len() == 5 {
        // 40: deadlock, serialization.
        let classes = ["08", "40", "53", "57", "58", "XX"];
        // A standby after a failover, two timeouts of transactions, one of locks. And, as no table has checks of its own, a row
        // whose partition was made at that very moment: sent again, it goes there.
        let codes = ["25006", "25P03", "25P04", "55P03", "23514"];
        return classes.iter().any(|class| code.starts_with(class)) || codes.contains(&code);
    }
    code.parse::<i32>().is_ok_and(|number| SQLITE.contains(&(number & 0xff)))
}

/// A value in the database that no version of this program writes.
pub(crate) fn inconsistent(
    table: &'static str,
    column: &'static str,
    row: impl Display,
    problem: impl Display,
) -> JournalError {
    JournalError::Inconsistent { table, column, row: row.to_string(), problem: problem.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_that_pass_with_time_and_codes_that_do_not() {
        for passing in [
            "40001", "40P01", "08006", "53300", "57P01", "57014", "25006", "25P03", "23514", "5", "261",
            "517", "13",
        ] {
            assert!(code_may_pass(passing), "{passing}");
        }
        for lasting in ["22021", "42P01", "23505", "54000", "18", "1555", "20", "1", "275"] {
            assert!(!code_may_pass(lasting), "{lasting}");
        }
    }
}
