//! Any lines `kind=text` or `!kind=text` are a short filter that can say of each server why it is selected, or are refused.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| drydock_fuzz::short_filter(text));
