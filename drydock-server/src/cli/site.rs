//! Site files as commands take them: read all, then resolved.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use drydock_core::design::{Note, Problems, Site};
use drydock_core::ingest::{INPUT_BYTES_MAX, Ingested, Places, SourceFile, ingest};

use drydock_core::rules::{Report, validate};

use super::failure::Failure;

/// Files that were read.
pub(super) struct SiteFiles {
    files: Vec<(String, Vec<u8>)>,
}

/// A design that was read and validated.
pub(super) struct Validated {
    /// What the rules say of it.
    pub(super) report: Report,
    /// How many nodes, racks, networks and host profiles it has.
    pub(super) counts: [(usize, &'static str); 4],
    /// What else there is to say.
    pub(super) notes: Vec<Note>,
}

impl SiteFiles {
    /// Reads `paths`; the failure names each that cannot be read.
    pub(super) fn read(paths: &[PathBuf]) -> Result<Self, Failure> {
        let mut files = Vec::new();
        let mut unreadable = Vec::new();
        for path in paths {
            match read(path) {
                Ok(bytes) => files.push((path.display().to_string(), bytes)),
                Err(error) => unreadable.push(format!("cannot read {}: {error}", path.display())),
            }
        }
        if unreadable.is_empty() { Ok(Self { files }) } else { Err(Failure::usage(unreadable.join("; "))) }
    }

    /// Reads a file, or all files of a folder whose names end with `.yaml` or `.yml`, in the order of names.
    pub(super) fn read_path(path: &Path) -> Result<Self, Failure> {
        if !path.is_dir() {
            return Self::read(&[path.to_owned()]);
        }
        let unreadable =
            |error: io::Error| Failure::usage(format!("cannot read {}", path.display())).because(error);
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(path).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path.extension().is_some_and(|it| it == "yaml" || it == "yml") {
                paths.push(path);
            }
        }
        if paths.is_empty() {
            let what = format!("{} has no files whose names end with .yaml or .yml", path.display());
            return Err(Failure::usage(what));
        }
        paths.sort();
        Self::read(&paths)
    }

    /// One file of this text.
    #[cfg(test)]
    pub(super) fn of(name: &str, text: &str) -> Self {
        Self { files: vec![(name.to_owned(), text.as_bytes().to_vec())] }
    }

    /// The file of this name, and what is in it.
    pub(super) fn source(&self, name: &str) -> Option<(&str, &[u8])> {
        let file = self.files.iter().find(|(known, _)| known == name);
        file.map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
    }

    /// The names of the files, with spaces between them.
    pub(super) fn names(&self) -> String {
        let names: Vec<&str> = self.files.iter().map(|(name, _)| name.as_str()).collect();
        names.join(" ")
    }

    /// All files as one design, with what the rules say of it. Fails with all that is wrong with its documents.
    pub(super) fn validate(&self) -> Result<Validated, Problems> {
        let Ingested { design, notes } = ingest(&self.sources())?;
        let counts = [
            (design.nodes.len(), "node"),
            (design.racks.len(), "rack"),
            (design.networks.len(), "network"),
            (design.host_profiles.len(), "host profile"),
        ];
        let mut report = validate(&design, None);
        report.place(&mut Places::new(&self.sources()));
        Ok(Validated { report, counts, notes })
    }

    /// The files as they are read.
    pub(super) fn sources(&self) -> Vec<SourceFile<'_>> {
        self.files.iter().map(|(name, bytes)| SourceFile { name, bytes }).collect()
    }

    /// All files as one site. Fails with all that is wrong with its documents, or with what they refer to.
    pub(super) fn resolve(&self) -> Result<Site, Problems> {
        Site::new(ingest(&self.sources())?.design)
    }

    /// As [`resolve`](Self::resolve), for a command that can do nothing with a broken design.
    pub(super) fn valid_site(&self) -> Result<Site, Failure> {
        let what = format!("the design is not valid: {}", self.names());
        self.resolve().map_err(|problems| Failure::failed(what).because(problems))
    }
}

/// Reads a file, up to a byte more than a site may have. What is no regular file may never end.
pub(super) fn read(path: &Path) -> io::Result<Vec<u8>> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    let mut bytes = Vec::new();
    let limit = u64::try_from(INPUT_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
    File::open(path)?.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}
