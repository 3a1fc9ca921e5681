//! Any JSON is a node filter that selects servers of a site, or is refused with a text.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| drydock_fuzz::filter(bytes));
