//! What boot actions refer to by location: the port through which it is fetched, when a node asks for it.

use async_trait::async_trait;
use drydock_core::task::InvalidDesignRef;
use drydock_core::{Classify, Disposition};
use url::Url;

use crate::designs::FetchError;

/// Why something cannot be fetched. No variant shows a password or a query, which may hold a token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AssetError {
    /// The location is none that could be fetched from.
    #[error("the location {location} cannot be used: it {problem}")]
    Location {
        /// The location.
        location: String,
        /// What is wrong with it.
        problem: InvalidDesignRef,
    },
    /// It did not come, or not whole.
    #[error("cannot fetch {location}")]
    Fetch {
        /// The location.
        location: String,
        /// Why.
        #[source]
        source: Box<FetchError>,
    },
}

impl Classify for AssetError {
    fn disposition(&self) -> Disposition {
        match self {
            // The node that asks for it is told at once: it gives up sooner than somebody writes a file.
            Self::Fetch { source, .. } if matches!(**source, FetchError::File(_)) => Disposition::Permanent,
            Self::Fetch { source, .. } => source.disposition(),
            Self::Location { .. } => Disposition::Permanent,
        }
    }
}

/// Where the content of assets comes from.
#[async_trait]
pub trait AssetSource: Send + Sync + 'static {
    /// What is at `location`, if that is at most `limit` bytes long. Cancel-safe.
    async fn fetch(&self, location: &Url, limit: usize) -> Result<Vec<u8>, AssetError>;
}

/// A location as it may be shown: without user, password, query and fragment.
pub fn shown(location: &Url) -> String {
    let mut location = location.clone();
    // A location that can have neither has neither.
    let _cannot = (location.set_username(""), location.set_password(None));
    location.set_query(None);
    location.set_fragment(None);
    location.to_string()
}
