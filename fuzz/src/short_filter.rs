//! Any lines `kind=text` or `!kind=text` are a short filter that can say of each server why it is selected, or are refused.

use std::sync::LazyLock;

use drydock_core::design::Site;
use drydock_core::node_filter::ShortFilter;

use crate::site::site_with;

static SITE: LazyLock<Site> = LazyLock::new(|| site_with(b"").expect("the site of two racks"));

/// Reads a short filter, and selects by it.
///
/// # Panics
///
/// If what the head of this file says does not hold.
pub fn short_filter(text: &str) {
    let mut filter = ShortFilter::default();
    for line in text.lines() {
        let taken = match line.strip_prefix('!') {
            Some(line) => filter.unwant(line),
            None => line.split_once('=').map_or(Ok(()), |(kind, text)| filter.want(kind, text)),
        };
        if let Err(problem) = taken {
            assert!(!problem.text.is_empty());
            return;
        }
    }
    let selected = filter.explain(&SITE).iter().filter(|verdict| verdict.selected).count();
    assert_eq!(selected, filter.to_filter(&SITE).select(&SITE).len());
}
