//! Any bytes are an inventory of a server, or are refused with a text; what a site learns from one are names without folders.

use std::sync::LazyLock;

use drydock_core::NodeName;
use drydock_core::design::Site;
use drydock_core::ingest::SourceFile;
use drydock_core::lshw::Lshw;

use crate::site::site_with;

static SITE: LazyLock<Site> = LazyLock::new(|| site_with(b"").expect("the site of two racks"));

/// Reads an inventory, and learns from it.
///
/// # Panics
///
/// If what the head of this file says does not hold.
pub fn lshw(bytes: &[u8]) {
    match Lshw::read(&SourceFile { name: "lshw", bytes }) {
        Ok(lshw) => {
            let mut site = SITE.clone();
            for name in SITE.nodes().keys().take(1).cloned().collect::<Vec<NodeName>>() {
                let problems = site.learn_devices(&name, &lshw);
                assert!(problems.iter().all(|problem| !problem.text.is_empty()));
                let node = site.node(&name).expect("a node that was there");
                assert!(node.devices.values().all(|known| !known.name.is_empty() && !known.name.contains('/')));
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
