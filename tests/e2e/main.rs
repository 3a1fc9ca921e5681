//! The whole, as real processes: `drydock emulate` plays the site, `drydock serve` works on it, and the tests kill it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod full_disk;
mod instances;
mod kill;
mod process;
mod references;
mod site;
mod store;
