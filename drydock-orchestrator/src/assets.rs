//! What boot actions refer to by location: the port through which it is fetched, when a node asks for it.

use async_trait::async_trait;
use drydock_core::{Classify, Disposition};
use url::Url;

/// Why something cannot be fetched. No variant shows a password or a query, which may hold a token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AssetError {
    /// No way is known to fetch such a location.
    #[error("cannot fetch {location}: give a location that begins with http://, https:// or file:///")]
    Scheme {
        /// The location.
        location: String,
    },
    /// Whoever has it refuses.
    #[error("{location} is answered with status {status}")]
    Refused {
        /// The location.
        location: String,
        /// The status of HTTP.
        status: u16,
    },
    /// It has more bytes than an asset may have.
    #[error("{location} has more than {limit} bytes: fetch large files by other means")]
    TooLarge {
        /// The location.
        location: String,
        /// How many it may have.
        limit: usize,
    },
    /// It is not there, or no file.
    #[error("cannot read {location}")]
    Unreadable {
        /// The location.
        location: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It did not come, or not whole.
    #[error("{location} did not come")]
    Unreachable {
        /// The location.
        location: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Classify for AssetError {
    fn disposition(&self) -> Disposition {
        match self {
            // Of refusals, too early, too many, and the other side's own trouble pass.
            Self::Unreachable { .. } | Self::Refused { status: 408 | 425 | 429 | 500..=599, .. } => {
                Disposition::Retryable
            }
            Self::Scheme { .. } | Self::Refused { .. } | Self::TooLarge { .. } | Self::Unreadable { .. } => {
                Disposition::Permanent
            }
        }
    }
}

/// Where the content of assets comes from.
#[async_trait]
pub trait AssetSource: Send + Sync + 'static {
    /// What is at `location`, if that is at most `limit` bytes long.
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
