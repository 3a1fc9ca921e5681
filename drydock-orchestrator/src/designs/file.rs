//! Files, by `file://` references.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use drydock_core::ingest::INPUT_BYTES_MAX;
use drydock_core::task::{DesignRef, Login};
use tokio::io::AsyncReadExt as _;
use url::Url;

use super::error::FetchError;
use super::fetch::{Content, Fetch, Fetched, Known};

/// Fetches files of this machine, and nothing else.
#[derive(Debug, Clone, Copy)]
pub struct Files {
    /// The most bytes that a file may have; as many as a design.
    pub bytes_max: usize,
}

impl Default for Files {
    fn default() -> Self {
        Self { bytes_max: INPUT_BYTES_MAX }
    }
}

#[async_trait]
impl Fetch for Files {
    async fn fetch(
        &self,
        reference: &DesignRef,
        login: Option<&Login>,
        _known: Option<&Known>,
    ) -> Result<Fetched, FetchError> {
        if reference.scheme() != "file" {
            return Err(FetchError::NoFile);
        }
        if login.is_some() {
            return Err(FetchError::Login);
        }
        let path = path(reference)?;
        let bytes = read(&path, self.bytes_max).await?;
        // A file is asked for each time: that costs little, and whoever edits it expects it.
        Ok(Fetched::Content(Content { name: path.display().to_string(), bytes, known: None }))
    }
}

fn path(reference: &DesignRef) -> Result<PathBuf, FetchError> {
    let url = Url::parse(reference.as_str()).map_err(|_| FetchError::Scheme)?;
    url.to_file_path().map_err(|()| FetchError::Scheme)
}

/// Reads a regular file of at most `limit` bytes, and no more of any other: a reference may come from anybody who reaches the API.
async fn read(path: &Path, limit: usize) -> Result<Vec<u8>, FetchError> {
    // Looked at before it is opened, for opening a pipe waits for its writer.
    if !tokio::fs::metadata(path).await?.is_file() {
        return Err(io::Error::new(ErrorKind::InvalidInput, "it is not a regular file").into());
    }
    let one_more = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    tokio::fs::File::open(path).await?.take(one_more).read_to_end(&mut bytes).await?;
    if bytes.len() > limit {
        return Err(FetchError::TooLarge { limit });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use drydock_core::{Classify as _, Disposition, error_chain};

    use super::*;

    async fn problem(reference: &str) -> FetchError {
        Files::default().fetch(&reference.parse().unwrap(), None, None).await.unwrap_err()
    }

    #[tokio::test]
    async fn what_is_no_design_is_refused_without_reading_it_all() {
        for (reference, disposition, text) in [
            ("file:///dev/zero", Disposition::Permanent, "not a regular file"),
            ("file:///dev", Disposition::Permanent, "not a regular file"),
            ("file:///no/such/file", Disposition::Retryable, "No such file"),
            ("https://host/x", Disposition::Permanent, "file:///absolute/path"),
        ] {
            let error = problem(reference).await;
            let told = error_chain(&error);
            assert_eq!(error.disposition(), disposition, "{told}");
            assert!(told.contains(text), "{told}");
        }
        let large = tempfile::NamedTempFile::new().unwrap();
        large.as_file().set_len(INPUT_BYTES_MAX as u64 + 1).unwrap();
        let error = problem(&format!("file://{}", large.path().display())).await;
        assert!(matches!(error, FetchError::TooLarge { .. }), "{error:?}");
    }
}
