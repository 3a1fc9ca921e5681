//! Where the database is.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use drydock_core::{ExposeSecret, SecretString};

/// A database's URL: `postgres://…`, `sqlite://path`, or just the path of an SQLite file.
///
/// It may hold a password, so it shows itself without: `Display` and `Debug` give the host, port and database only.
#[derive(Clone)]
pub struct DatabaseUrl(pub(crate) Place);

#[derive(Clone)]
pub(crate) enum Place {
    Postgres(SecretString),
    Sqlite(PathBuf),
}

/// Why a text is not a database's URL. It does not repeat the text, which may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidDatabaseUrl {
    /// Nothing at all.
    #[error("the database URL is empty: give postgres://…, sqlite://path or the path of a file")]
    Empty,
    /// A URL of another kind.
    #[error(
        "databases of kind {scheme:?} are not known: give postgres://…, sqlite://path or the path of a file"
    )]
    Scheme {
        /// What stands before the colon.
        scheme: String,
    },
}

impl DatabaseUrl {
    /// The SQLite file at `path`.
    pub fn sqlite(path: impl AsRef<Path>) -> Self {
        Self(Place::Sqlite(path.as_ref().to_owned()))
    }
}

impl FromStr for DatabaseUrl {
    type Err = InvalidDatabaseUrl;

    fn from_str(text: &str) -> Result<Self, InvalidDatabaseUrl> {
        match text.split_once("://") {
            Some(("postgres" | "postgresql", _)) => Ok(Self(Place::Postgres(text.into()))),
            Some(("sqlite", "")) | None if text.is_empty() || text == "sqlite://" => {
                Err(InvalidDatabaseUrl::Empty)
            }
            Some(("sqlite", path)) => Ok(Self::sqlite(path)),
            Some((scheme, _)) => Err(InvalidDatabaseUrl::Scheme { scheme: scheme.to_owned() }),
            None => Ok(Self::sqlite(text)),
        }
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            Place::Postgres(url) => {
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
        ];
        for (text, expected) in shown {
            let url: DatabaseUrl = text.parse().unwrap();
            assert_eq!(url.to_string(), expected);
            assert_eq!(format!("{url:?}"), format!("DatabaseUrl({expected})"));
        }
    }

    #[test]
    fn other_databases_are_refused_without_repeating_the_url() {
        for text in ["", "sqlite://"] {
            assert_eq!(text.parse::<DatabaseUrl>().unwrap_err(), InvalidDatabaseUrl::Empty);
        }
        let error = "mysql://ann:s3cret@db/yard".parse::<DatabaseUrl>().unwrap_err();
        assert!(error.to_string().contains("mysql") && !error.to_string().contains("s3cret"), "{error}");
    }
}
