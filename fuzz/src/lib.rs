//! What the fuzz targets share: a real site.

use drydock_core::design::Site;
use drydock_core::ingest::{SourceFile, ingest};

/// The site of two racks, and `more` documents.
///
/// None if they cannot be read, or make no site.
pub fn site_with(more: &[u8]) -> Option<Site> {
    let two_racks = include_bytes!("../../tests/fixtures/sites/two-racks.yaml");
    let files =
        [SourceFile { name: "two-racks.yaml", bytes: two_racks }, SourceFile { name: "more", bytes: more }];
    Site::new(ingest(&files).ok()?.design).ok()
}
