//! Each target holds for the inputs that are kept, with the stable compiler and without a fuzzer.

use std::fs;
use std::path::Path;

/// Gives a target all inputs of its corpus.
fn each(target: &str, check: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    let mut inputs = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        println!("{}", path.display());
        check(&fs::read(path).unwrap());
        inputs += 1;
    }
    assert!(inputs > 0, "{target} has no inputs");
}

/// As the fuzzer does: what is no text is no input of a target that takes texts.
fn text(check: fn(&str)) -> impl Fn(&[u8]) {
    move |bytes| {
        if let Ok(text) = std::str::from_utf8(bytes) {
            check(text);
        }
    }
}

#[test]
fn sites() {
    each("ingest", drydock_fuzz::ingest);
}

#[test]
fn filters() {
    each("filter", drydock_fuzz::filter);
}

#[test]
fn short_filters() {
    each("short_filter", text(drydock_fuzz::short_filter));
}

#[test]
fn inventories() {
    each("lshw", drydock_fuzz::lshw);
}

#[test]
fn templates_of_boot_actions() {
    each("boot_action_template", text(drydock_fuzz::boot_action_template));
}
