//! Where the database is.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use drydock_core::{ExposeSecret, SecretString};

/// Where tasks are kept: `postgres://…`, `sqlite://PATH` (or `sqlite:PATH`, or just the path of a file), or `memory:`.
///
/// It may hold a password, so it shows itself without: `Display` and `Debug` give the host, port and database only.
#[derive(Clone)]
pub enum DatabaseUrl {
    /// Nowhere: nothing survives the process.
    Memory,
    /// A Postgres database, by the whole URL.
    Postgres(SecretString),
    /// An SQLite file.
    Sqlite(PathBuf),
}

/// Why a text is not a database's URL. It does not repeat the text, which may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidDatabaseUrl {
    /// Nothing at all.
    #[error("the database is not named: give postgres://…, sqlite://PATH, the path of a file, or memory:")]
    Empty,
    /// A URL of another kind.
    #[error(
        "databases of kind {scheme:?} are not known: give postgres://…, sqlite://PATH, the path of a file, or memory:"
    )]
    Scheme {
        /// What stands before the colon.
        scheme: String,
    },
}

impl FromStr for DatabaseUrl {
    type Err = InvalidDatabaseUrl;

    fn from_str(text: &str) -> Result<Self, InvalidDatabaseUrl> {
        if text == "memory:" {
            return Ok(Self::Memory);
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.into()));
        }
        let path = text.strip_prefix("sqlite://").or(text.strip_prefix("sqlite:")).unwrap_or(text);
        match path.split_once("://") {
            _ if path.is_empty() => Err(InvalidDatabaseUrl::Empty),
            Some((scheme, _)) => Err(InvalidDatabaseUrl::Scheme { scheme: scheme.to_owned() }),
            None => Ok(Self::Sqlite(path.into())),
        }
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory:"),
            Self::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            Self::Postgres(url) => {
                // A password may stand before the last `@`, or among the options after the `?`. Whichever comes first in the
                // text: what is left after both cuts holds neither.
                let rest = url.expose_secret().split_once("://").map_or("", |(_, rest)| rest);
                let rest = rest.split_once('?').map_or(rest, |(place, options)| {
                    if place.contains('@') || !options.contains('@') { place } else { "" }
                });
                let rest = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
                write!(f, "postgres://{rest}")
            }
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_shown_without_its_password() {
        let shown = [
            ("postgres://ann:s3cret@db.example:5432/yard?sslmode=require", "postgres://db.example:5432/yard"),
            ("postgresql://ann:s3@cret@db/yard", "postgres://db/yard"),
            ("postgres://db/yard?password=s3cret&user=ann", "postgres://db/yard"),
            ("postgres://db?password=s3@cret", "postgres://"),
            ("postgres://ann:s3?cret@db/yard", "postgres://"),
            ("postgres:///yard?host=/run/postgresql", "postgres:///yard"),
            ("sqlite:///var/lib/drydock.db", "sqlite:///var/lib/drydock.db"),
            ("yard.db", "sqlite://yard.db"),
            ("sqlite:yard.db", "sqlite://yard.db"),
            ("memory:", "memory:"),
        ];
        for (text, expected) in shown {
            let url: DatabaseUrl = text.parse().unwrap();
            assert_eq!(url.to_string(), expected);
            assert_eq!(format!("{url:?}"), format!("DatabaseUrl({expected})"));
        }
    }

    #[test]
    fn other_databases_are_refused_without_repeating_the_url() {
        for text in ["", "sqlite:", "sqlite://"] {
            assert_eq!(text.parse::<DatabaseUrl>().unwrap_err(), InvalidDatabaseUrl::Empty);
        }
        let error = "mysql://ann:s3cret@db/yard".parse::<DatabaseUrl>().unwrap_err();
        assert!(error.to_string().contains("mysql") && !error.to_string().contains("s3cret"), "{error}");
    }
}
