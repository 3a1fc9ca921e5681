//! Files to a gzip'ed GNU tar, as v1.0 delivers them: names with their leading `/`, root's, of the time 0.
//!
//! The same files make the same bytes. A list of files makes the same listing whatever the compressor's version.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use flate2::{Compression, GzBuilder};
use tar::{EntryType, Header};

use super::RenderedFile;
use super::error::ArchiveError;

/// The name of the entry that holds the name of the next, where that is too long for its header.
const LONG_NAME: &[u8] = b"././@LongLink";
/// "Unknown": the archive is the same wherever it is made.
const OS_UNKNOWN: u8 = 255;
/// The size of a tar's blocks, in bytes.
const BLOCK: usize = 512;

/// The archive of the files, in their order. Several of one path are all in it, as in v1.0.
pub fn archive<'f>(files: impl IntoIterator<Item = &'f RenderedFile>) -> Result<Vec<u8>, ArchiveError> {
    let gzip =
        GzBuilder::new().mtime(0).operating_system(OS_UNKNOWN).write(Vec::new(), Compression::default());
    let mut tar = tar(gzip, files)?;
    tar.flush()?;
    Ok(tar.finish()?)
}

fn tar<'f, W: io::Write>(mut to: W, files: impl IntoIterator<Item = &'f RenderedFile>) -> io::Result<W> {
    for file in files {
        let name = file.path.as_bytes();
        let mut header = header(EntryType::Regular, file.mode, file.content.len())?;
        let field = &mut header.as_old_mut().name;
        if name.len() > field.len() {
            let mut long = self::header(EntryType::GNULongName, 0, name.len() + 1)?;
            long.as_old_mut().name[..LONG_NAME.len()].copy_from_slice(LONG_NAME);
            long.set_cksum();
            to.write_all(long.as_bytes())?;
            padded(&mut to, &[name, b"\0"].concat())?;
        }
        let short = name.len().min(field.len());
        field[..short].copy_from_slice(&name[..short]);
        header.set_cksum();
        to.write_all(header.as_bytes())?;
        padded(&mut to, &file.content)?;
    }
    to.write_all(&[0; 2 * BLOCK])?;
    Ok(to)
}

fn header(kind: EntryType, mode: u32, size: usize) -> io::Result<Header> {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(u64::try_from(size).map_err(io::Error::other)?);
    Ok(header)
}

fn padded(to: &mut impl io::Write, bytes: &[u8]) -> io::Result<()> {
    to.write_all(bytes)?;
    to.write_all(&[0; BLOCK][..bytes.len().next_multiple_of(BLOCK) - bytes.len()])
}

/// What is in an archive of the files: a line for each, with its mode, its length and its boot action.
pub fn list<'f>(files: impl IntoIterator<Item = &'f RenderedFile>) -> String {
    let mut lines = String::new();
    for file in files {
        // Writing to a string does not fail.
        let _always_ok =
            writeln!(lines, "{:04o} {:>7} {} ({})", file.mode, file.content.len(), file.path, file.action);
    }
    lines
}
