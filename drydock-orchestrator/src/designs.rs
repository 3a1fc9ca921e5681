//! Site designs by reference: fetched, read once per content, and kept so that a task under way goes on with the design with
//! which it began.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use drydock_core::design::{Note, Problems, Site};
use drydock_core::ingest::{INPUT_BYTES_MAX, SourceFile, ingest};
use drydock_core::rules::{Report, resolve_and_validate};
use drydock_core::task::DesignRef;
use drydock_core::{Classify, Disposition};
use sha2::{Digest, Sha256};
use tokio::io::AsyncReadExt as _;
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
        source: io::Error,
    },
    /// It is nothing that a design could be in.
    #[error("the design {reference} cannot be used")]
    Unfit {
        /// The reference, without a password.
        reference: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It cannot be read, or not be resolved.
    #[error("the design {reference} is not valid")]
    Invalid {
        /// The reference, without a password.
        reference: String,
        /// All that is wrong with it, what the rules say included.
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
            Self::Scheme { .. } | Self::Unfit { .. } | Self::Invalid { .. } | Self::Changed { .. } => {
                Disposition::Permanent
            }
        }
    }
}

/// A design that was read and resolved. Rules may still find it invalid.
#[derive(Debug)]
pub struct LoadedDesign {
    /// Its nodes, with their effective settings.
    pub site: Site,
    /// SHA-256 of its bytes, in hex.
    pub digest: String,
    /// What there was to say when it was read.
    pub notes: Vec<Note>,
    /// What the rules say of it.
    pub report: Report,
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
        let bytes = read(&path).await.map_err(|source| match source.kind() {
            ErrorKind::InvalidInput | ErrorKind::FileTooLarge | ErrorKind::IsADirectory => {
                DesignError::Unfit { reference: reference.to_string(), source }
            }
            _ => DesignError::Read { reference: reference.to_string(), source },
        })?;
        let digest = hex(&Sha256::digest(&bytes));
        if let Some(design) = self.kept(&digest) {
            return Ok(design);
        }
        let invalid = |source| DesignError::Invalid { reference: reference.to_string(), source };
        let name = path.display().to_string();
        let read = ingest(&[SourceFile { name: &name, bytes: &bytes }]).map_err(invalid)?;
        let (site, report) = resolve_and_validate(read.design, None);
        let site = match site {
            Ok(site) => site,
            Err(problems) => return Err(invalid(report.into_problems().unwrap_or(problems))),
        };
        let design = Arc::new(LoadedDesign { site, digest, notes: read.notes, report });
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

/// Reads a regular file, and no more of it than a design may have: a reference may come from anybody who reaches the API.
async fn read(path: &Path) -> io::Result<Vec<u8>> {
    // Looked at before it is opened, for opening a pipe waits for its writer.
    if !tokio::fs::metadata(path).await?.is_file() {
        return Err(io::Error::new(ErrorKind::InvalidInput, "it is not a regular file"));
    }
    let limit = u64::try_from(INPUT_BYTES_MAX).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    tokio::fs::File::open(path).await?.take(limit + 1).read_to_end(&mut bytes).await?;
    if bytes.len() > INPUT_BYTES_MAX {
        let text = format!("it has more than the {limit} bytes that a design may have");
        return Err(io::Error::new(ErrorKind::FileTooLarge, text));
    }
    Ok(bytes)
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

#[cfg(test)]
mod tests {
    use super::*;

    async fn problem(reference: &str) -> DesignError {
        FileDesigns::new().load(&reference.parse().unwrap()).await.unwrap_err()
    }

    #[tokio::test]
    async fn what_is_no_design_is_refused_without_reading_it_all() {
        for (reference, disposition, text) in [
            ("file:///dev/zero", Disposition::Permanent, "not a regular file"),
            ("file:///dev", Disposition::Permanent, "not a regular file"),
            ("file:///no/such/file", Disposition::Retryable, "No such file"),
            ("https://user:secret@host/x", Disposition::Permanent, "file:///absolute/path"),
        ] {
            let error = problem(reference).await;
            let told = drydock_core::error_chain(&error);
            assert_eq!(error.disposition(), disposition, "{told}");
            assert!(told.contains(text) && !told.contains("secret"), "{told}");
        }
        let large = tempfile::NamedTempFile::new().unwrap();
        large.as_file().set_len(INPUT_BYTES_MAX as u64 + 1).unwrap();
        let error = problem(&format!("file://{}", large.path().display())).await;
        assert!(drydock_core::error_chain(&error).contains("more than"), "{error:?}");
    }

    #[tokio::test]
    async fn a_pinned_design_is_kept_and_a_changed_one_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let region =
            |name: &str| format!("schema: drydock/Region/v1\nmetadata: {{name: {name}}}\ndata: {{}}\n");
        std::fs::write(file.path(), region("one")).unwrap();
        let reference: DesignRef = format!("file://{}", file.path().display()).parse().unwrap();
        let source = FileDesigns::new();
        let first = source.load(&reference).await.unwrap();
        std::fs::write(file.path(), region("two")).unwrap();
        assert_ne!(source.load(&reference).await.unwrap().digest, first.digest);
        assert_eq!(source.load_pinned(&reference, &first.digest).await.unwrap().digest, first.digest);
        let restarted = FileDesigns::new().load_pinned(&reference, &first.digest).await;
        assert!(matches!(restarted, Err(DesignError::Changed { .. })), "{restarted:?}");
    }
}
