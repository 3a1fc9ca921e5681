//! What the fuzz targets check, each a function here, so that their corpora run as ordinary tests, too (`tests/corpora.rs`).

mod boot_action_template;
mod filter;
mod ingest;
mod lshw;
mod short_filter;
mod site;

pub use boot_action_template::boot_action_template;
pub use filter::filter;
pub use ingest::ingest;
pub use lshw::lshw;
pub use short_filter::short_filter;
