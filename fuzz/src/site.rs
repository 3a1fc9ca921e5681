//! A real site, for targets that need one.

use std::sync::LazyLock;

use drydock_core::design::{Design, Site};
use drydock_core::ingest::{SourceFile, ingest};

static TWO_RACKS: LazyLock<Option<Design>> = LazyLock::new(|| {
    let bytes = include_bytes!("../../tests/fixtures/sites/two-racks.yaml");
    read(bytes)
});

fn read(bytes: &[u8]) -> Option<Design> {
    ingest(&[SourceFile { name: "site", bytes }]).ok().map(|read| read.design)
}

/// The site of two racks, and the boot actions of `more` documents.
///
/// None if they cannot be read, or make no site.
pub(crate) fn site_with(more: &[u8]) -> Option<Site> {
    let mut design = TWO_RACKS.clone()?;
    design.boot_actions.extend(read(more)?.boot_actions);
    Site::new(design).ok()
}
