//! The file by which an emulator can be found, and stopped.
//!
//! It appears in one piece and is locked as long as the emulator lives, so a file that an emulator left behind when it was
//! killed is not taken for a living one, whoever has its process id now. Whoever removes the file stops the emulator.

use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::cli::failure::Failure;

/// An emulator that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::cli) struct Running {
    /// Its process.
    pub(in crate::cli) pid: u32,
    /// Its MAAS.
    pub(in crate::cli) maas_url: String,
}

/// The file of this process.
#[derive(Debug)]
pub(in crate::cli) struct RunFile {
    path: PathBuf,
    _locked: File,
}

impl RunFile {
    /// Puts the file there, locked until the result is dropped.
    pub(in crate::cli) fn create(path: &Path, running: &Running) -> Result<Self, Failure> {
        Self::write(path, running)
            .map_err(|error| Failure::usage(format!("cannot write {}", path.display())).because(error))
    }

    fn write(path: &Path, running: &Running) -> io::Result<Self> {
        let new = path.with_extension(format!("new-{}", running.pid));
        let mut file = File::create(&new)?;
        file.try_lock()?;
        file.write_all(serde_json::to_string(running)?.as_bytes())?;
        std::fs::rename(&new, path)?;
        Ok(Self { path: path.to_owned(), _locked: file })
    }

    /// Whether nobody has removed it.
    pub(super) fn is_there(&self) -> bool {
        self.path.exists()
    }

    /// The living emulator that wrote `path`; none when there is no file, or only one left behind.
    pub(in crate::cli) fn find(path: &Path) -> io::Result<Option<Running>> {
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        match file.try_lock_shared() {
            Ok(()) => return Ok(None),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        Ok(Some(serde_json::from_str(&text)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_living_emulator_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("emulator.json");
        assert_eq!(RunFile::find(&path).unwrap(), None);
        let running = Running { pid: 7, maas_url: "http://127.0.0.1:1/MAAS".to_owned() };
        let file = RunFile::create(&path, &running).unwrap();
        assert_eq!(RunFile::find(&path).unwrap(), Some(running));
        assert!(file.is_there());
        drop(file);
        assert_eq!(RunFile::find(&path).unwrap(), None, "left behind");
    }

    #[test]
    fn a_removed_file_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("emulator.json");
        let running = Running { pid: 7, maas_url: String::new() };
        let file = RunFile::create(&path, &running).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert!(!file.is_there());
    }
}
