//! Any bytes are an inventory of a server, or are refused with a text; what a site learns from one are names without folders.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| drydock_fuzz::lshw(bytes));
