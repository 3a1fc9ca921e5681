//! Site designs by reference: fetched, read once per content, and kept so that a task under way goes on with the design with
//! which it began.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use drydock_core::design::{Note, Problems, Site};
use drydock_core::ingest::{SourceFile, ingest};
use drydock_core::task::DesignRef;
use drydock_core::{Classify, Disposition};
use sha2::{Digest, Sha256};
use url::Url;

/// How many designs are kept in memory.
const KEPT: usize = 8;

/// Why a design cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DesignError {
    /// No way is known to fetch such a reference.
    #[error("cannot fetch {reference}: give a file:///absolute/path reference")]
    Scheme {
        /// The reference, without a password.
        reference: String,
    },
    /// It could not be read.
    #[error("cannot read the design {reference}")]
    Read {
        /// The reference, without a password.
        reference: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It is no valid design.
    #[error("the design {reference} is not valid")]
    Invalid {
        /// The reference, without a password.
        reference: String,
        /// All that is wrong with it.
        #[source]
        source: Problems,
    },
    /// It is not the design any more with which the task began.
    #[error(
        "the design {reference} has changed since the task began; submit a new task to go on with the new design"
    )]
    Changed {
        /// The reference, without a password.
        reference: String,
    },
}

impl Classify for DesignError {
    fn disposition(&self) -> Disposition {
        match self {
            Self::Read { .. } => Disposition::Retryable,
            Self::Scheme { .. } | Self::Invalid { .. } | Self::Changed { .. } => Disposition::Permanent,
        }
    }
}

/// A design that was read and found valid.
#[derive(Debug)]
pub struct LoadedDesign {
    /// Its nodes, with their effective settings.
    pub site: Site,
    /// SHA-256 of its bytes, in hex.
    pub digest: String,
    /// What there was to say when it was read.
    pub notes: Vec<Note>,
}

/// Where designs come from.
#[async_trait]
pub trait DesignSource: Send + Sync + 'static {
    /// The design as it is now.
    async fn load(&self, reference: &DesignRef) -> Result<Arc<LoadedDesign>, DesignError>;

    /// The design with this digest: from memory, or fetched if it is still the same.
    async fn load_pinned(
        &self,
        reference: &DesignRef,
        digest: &str,
    ) -> Result<Arc<LoadedDesign>, DesignError>;
}

/// Designs in files, by `file://` references.
#[derive(Default)]
pub struct FileDesigns {
    /// The newest last.
    kept: Mutex<VecDeque<Arc<LoadedDesign>>>,
}

impl FileDesigns {
    /// Nothing read yet.
    pub fn new() -> Self {
        Self::default()
    }

    fn kept(&self, digest: &str) -> Option<Arc<LoadedDesign>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|design| design.digest == digest).cloned()
    }

    fn keep(&self, design: Arc<LoadedDesign>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|other| other.digest != design.digest);
        kept.push_back(design);
        if kept.len() > KEPT {
            kept.pop_front();
        }
    }
}

#[async_trait]
impl DesignSource for FileDesigns {
    async fn load(&self, reference: &DesignRef) -> Result<Arc<LoadedDesign>, DesignError> {
        let path = file_path(reference)?;
        let bytes = tokio::fs::read(&path)
            .await
            .map_err(|source| DesignError::Read { reference: reference.to_string(), source })?;
        let digest = hex(&Sha256::digest(&bytes));
        if let Some(design) = self.kept(&digest) {
            return Ok(design);
        }
        let invalid = |source| DesignError::Invalid { reference: reference.to_string(), source };
        let name = path.display().to_string();
        let read = ingest(&[SourceFile { name: &name, bytes: &bytes }]).map_err(invalid)?;
        let site = Site::new(read.design).map_err(invalid)?;
        let design = Arc::new(LoadedDesign { site, digest, notes: read.notes });
        self.keep(Arc::clone(&design));
        Ok(design)
    }

    async fn load_pinned(
        &self,
        reference: &DesignRef,
        digest: &str,
    ) -> Result<Arc<LoadedDesign>, DesignError> {
        if let Some(design) = self.kept(digest) {
            return Ok(design);
        }
        let design = self.load(reference).await?;
        if design.digest == digest {
            Ok(design)
        } else {
            Err(DesignError::Changed { reference: reference.to_string() })
        }
    }
}

fn file_path(reference: &DesignRef) -> Result<PathBuf, DesignError> {
    Url::parse(reference.as_str())
        .ok()
        .filter(|url| url.scheme() == "file")
        .and_then(|url| url.to_file_path().ok())
        .ok_or_else(|| DesignError::Scheme { reference: reference.to_string() })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _always_ok = write!(text, "{byte:02x}");
        text
    })
}
