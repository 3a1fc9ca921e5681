//! Any template is rendered for a server within its fuel, or refused with a text.
#![no_main]

libfuzzer_sys::fuzz_target!(|template: &str| drydock_fuzz::boot_action_template(template));
