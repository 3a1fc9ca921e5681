//! Any bytes are a site that all rules can judge, or get few problems that each have a place in the file.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| drydock_fuzz::ingest(bytes));
