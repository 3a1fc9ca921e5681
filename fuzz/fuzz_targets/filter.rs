//! Any JSON is a node filter that selects servers of a site, or is refused with a text.
#![no_main]

use std::sync::LazyLock;

use drydock_core::design::Site;
use drydock_core::node_filter::NodeFilter;
use drydock_fuzz::site_with;
use libfuzzer_sys::fuzz_target;

static SITE: LazyLock<Site> = LazyLock::new(|| site_with(b"").expect("the site of two racks"));

fuzz_target!(|bytes: &[u8]| {
    let Ok(value) = serde_json::from_slice(bytes) else { return };
    match NodeFilter::from_json(&value) {
        Ok(filter) => assert!(filter.select(&SITE).len() <= SITE.nodes().len()),
        Err(problems) => assert!(problems.iter().all(|problem| !problem.text.is_empty())),
    }
});
