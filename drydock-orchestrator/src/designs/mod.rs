//! Site designs by reference: fetched, read once per content, and kept so that a task under way goes on with the design with
//! which it began.
//!
//! ```text
//! reference ─▶ fetch (file, http + redirects, credentials, keystone) ─▶ bytes ─▶ digest ─▶ memory, or read and resolved
//! ```

mod assets;
mod credentials;
mod error;
mod fetch;
mod file;
mod flights;
mod http;
mod keystone;
mod memory;
mod redirects;

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use drydock_core::design::{Note, Site};
use drydock_core::ingest::{SourceFile, ingest};
use drydock_core::rules::{Report, resolve_and_validate};
use drydock_core::task::{DesignRef, GivenRef, Login};
use drydock_core::{Clock, SystemClock};
use sha2::{Digest, Sha256};

pub use credentials::{Credentials, InvalidCredential};
pub use error::{DesignError, FetchError};
pub use fetch::{Content, Fetch, Fetched, Known, References};
pub use file::Files;
pub use http::{ClientError, HttpOptions};
pub use keystone::{KeystoneOptions, KeystoneTokens, TokenError, Tokens};
pub use redirects::RedirectError;

use flights::{Flights, Turn};
use memory::Memory;

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
    /// The design as it is now, for a task that begins: its server is asked, if only whether anything has changed.
    async fn load(&self, reference: &DesignRef) -> Result<Arc<LoadedDesign>, DesignError>;

    /// The design with this digest: from memory, or fetched if it is still the same.
    async fn load_pinned(
        &self,
        reference: &DesignRef,
        digest: &str,
    ) -> Result<Arc<LoadedDesign>, DesignError>;

    /// The design as it is now, or was a short while ago, for a question that starts no task. A login that was given with the
    /// reference is used for this alone; with one, the server is asked each time.
    async fn load_given(&self, given: &GivenRef) -> Result<Arc<LoadedDesign>, DesignError>;

    /// The reference without its login, for a task that is to keep it. Fails when it could not be fetched as well without.
    fn without_login(&self, given: GivenRef) -> Result<DesignRef, DesignError>;
}

/// Designs by whatever way of fetching.
pub struct Designs<F> {
    fetch: F,
    clock: Arc<dyn Clock>,
    fresh: Duration,
    memory: Mutex<Memory>,
    flights: Flights,
}

/// Designs in files, by `file://` references.
pub type FileDesigns = Designs<Files>;

impl FileDesigns {
    /// Nothing read yet.
    pub fn new() -> Self {
        Self::over(Files::default(), Arc::new(SystemClock), Duration::ZERO)
    }
}

impl Default for FileDesigns {
    fn default() -> Self {
        Self::new()
    }
}

impl<F: Fetch> Designs<F> {
    /// Nothing fetched yet. Questions are answered with what a server said less than `fresh` ago; files are
    /// always read.
    pub fn over(fetch: F, clock: Arc<dyn Clock>, fresh: Duration) -> Self {
        Self { fetch, clock, fresh, memory: Mutex::default(), flights: Flights::default() }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for one's turn with this reference, no longer than fetching may take: where its server is silent, all are told in time.
    async fn turn(&self, reference: &DesignRef) -> Result<Turn, DesignError> {
        let limit = self.fetch.limit();
        tokio::time::timeout(limit, self.flights.turn(reference)).await.map_err(|_| DesignError::Fetch {
            reference: reference.to_string(),
            source: FetchError::Timeout(limit),
        })
    }

    /// The content of a reference as it is now, read if it is new.
    async fn fetch(
        &self,
        reference: &DesignRef,
        login: Option<&Login>,
        last: Option<(Arc<LoadedDesign>, Known)>,
    ) -> Result<Arc<LoadedDesign>, DesignError> {
        let failed = |source| DesignError::Fetch { reference: reference.to_string(), source };
        let asked_at = self.clock.now();
        let known = last.as_ref().map(|(_, known)| known);
        let fetched = self.fetch.fetch(reference, login, known).await.map_err(failed)?;
        let content = match (fetched, last) {
            (Fetched::Content(content), _) => content,
            (Fetched::Unchanged, Some((design, known))) => {
                self.memory().remember(reference, &design.digest, Some(known), asked_at);
                return Ok(design);
            }
            // Nobody asked that.
            (Fetched::Unchanged, None) => {
                let source = std::io::Error::other("it says that nothing has changed, and was not asked");
                return Err(failed(source.into()));
            }
        };
        let digest = hex(&Sha256::digest(&content.bytes));
        let kept = self.memory().design(&digest);
        let design = match kept {
            Some(design) => design,
            None => Arc::new(read(reference, &content, digest)?),
        };
        let mut memory = self.memory();
        memory.keep(Arc::clone(&design));
        // What one may see with his own login is not there for others.
        if login.is_none() {
            memory.remember(reference, &design.digest, content.known, asked_at);
        }
        Ok(design)
    }
}

#[async_trait]
impl<F: Fetch> DesignSource for Designs<F> {
    async fn load(&self, reference: &DesignRef) -> Result<Arc<LoadedDesign>, DesignError> {
        let _turn = self.turn(reference).await?;
        let last = self.memory().last(reference);
        self.fetch(reference, None, last).await
    }

    async fn load_pinned(
        &self,
        reference: &DesignRef,
        digest: &str,
    ) -> Result<Arc<LoadedDesign>, DesignError> {
        let kept = || self.memory().design(digest);
        if let Some(design) = kept() {
            return Ok(design);
        }
        let _turn = self.turn(reference).await?;
        if let Some(design) = kept() {
            return Ok(design);
        }
        let design = self.fetch(reference, None, None).await?;
        if design.digest == digest {
            Ok(design)
        } else {
            Err(DesignError::Changed { reference: reference.to_string() })
        }
    }

    async fn load_given(&self, given: &GivenRef) -> Result<Arc<LoadedDesign>, DesignError> {
        let reference = &given.reference;
        if given.login.is_some() {
            return self.fetch(reference, given.login.as_ref(), None).await;
        }
        let recent = || self.memory().recent(reference, self.clock.now(), self.fresh);
        if let Some(design) = recent() {
            return Ok(design);
        }
        let _turn = self.turn(reference).await?;
        if let Some(design) = recent() {
            return Ok(design);
        }
        let last = self.memory().last(reference);
        self.fetch(reference, None, last).await
    }

    fn without_login(&self, given: GivenRef) -> Result<DesignRef, DesignError> {
        match given.login {
            Some(login) if !self.fetch.knows(&given.reference, &login) => {
                Err(DesignError::Login { reference: given.reference.to_string() })
            }
            _ => Ok(given.reference),
        }
    }
}

fn read(reference: &DesignRef, content: &Content, digest: String) -> Result<LoadedDesign, DesignError> {
    let invalid = |source| DesignError::Invalid { reference: reference.to_string(), source };
    let file = SourceFile { name: &content.name, bytes: &content.bytes };
    let read = ingest(&[file]).map_err(invalid)?;
    let (site, report) = resolve_and_validate(read.design, None);
    match site {
        Ok(site) => Ok(LoadedDesign { site, digest, notes: read.notes, report }),
        Err(problems) => Err(invalid(report.into_problems().unwrap_or(problems))),
    }
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
