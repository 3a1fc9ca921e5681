//! Site files as commands take them: read all, then resolved.

use std::path::PathBuf;

use drydock_core::design::{Note, Problems, Site};
use drydock_core::ingest::{Ingested, SourceFile, ingest};

use super::failure::Failure;

/// Files that were read.
pub(super) struct SiteFiles {
    files: Vec<(String, Vec<u8>)>,
}

/// A site, or what is wrong with it.
pub(super) struct Resolved {
    /// The site; its problems when it has some.
    pub(super) site: Result<Site, Problems>,
    /// What else there is to say.
    pub(super) notes: Vec<Note>,
}

impl SiteFiles {
    /// Reads `paths`; the failure names each that cannot be read.
    pub(super) fn read(paths: &[PathBuf]) -> Result<Self, Failure> {
        let mut files = Vec::new();
        let mut unreadable = Vec::new();
        for path in paths {
            match std::fs::read(path) {
                Ok(bytes) => files.push((path.display().to_string(), bytes)),
                Err(error) => unreadable.push(format!("cannot read {}: {error}", path.display())),
            }
        }
        if unreadable.is_empty() { Ok(Self { files }) } else { Err(Failure::usage(unreadable.join("; "))) }
    }

    /// The names of the files, with spaces between them.
    pub(super) fn names(&self) -> String {
        let names: Vec<&str> = self.files.iter().map(|(name, _)| name.as_str()).collect();
        names.join(" ")
    }

    /// All files as one site.
    pub(super) fn resolve(&self) -> Resolved {
        let files: Vec<SourceFile<'_>> =
            self.files.iter().map(|(name, bytes)| SourceFile { name, bytes }).collect();
        match ingest(&files) {
            Ok(Ingested { design, notes }) => Resolved { site: Site::new(design), notes },
            Err(problems) => Resolved { site: Err(problems), notes: Vec::new() },
        }
    }
}
