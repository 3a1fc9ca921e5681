//! Any JSON is a node filter that selects servers of a site, or is refused with a text.

use std::sync::LazyLock;

use drydock_core::design::Site;
use drydock_core::node_filter::NodeFilter;

use crate::site::site_with;

static SITE: LazyLock<Site> = LazyLock::new(|| site_with(b"").expect("the site of two racks"));

/// Reads a filter, and selects by it.
///
/// # Panics
///
/// If what the head of this file says does not hold.
pub fn filter(bytes: &[u8]) {
    let Ok(value) = serde_json::from_slice(bytes) else { return };
    match NodeFilter::from_json(&value) {
        Ok(filter) => assert!(filter.select(&SITE).len() <= SITE.nodes().len()),
        Err(problems) => assert!(problems.iter().all(|problem| !problem.text.is_empty())),
    }
}
