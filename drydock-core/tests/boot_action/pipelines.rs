//! Pipelines, and what is told when a segment, a location or a path does not fit.

use drydock_core::boot_action::Fetched;

use crate::support::one_file;

fn fetched() -> Fetched {
    [("https://files/r1n01", "ghi")].into_iter().map(|(at, text)| (at.to_owned(), text.into())).collect()
}

#[test]
fn segments_follow_each_other() {
    for (asset, expected) in [
        ("{type: file, path: /a, data: abc}", "abc"),
        ("{type: file, path: /a, data: abc, data_pipeline: []}", "abc"),
        ("{type: file, path: /a, data: abc, data_pipeline: [base64_encode]}", "YWJj"),
        ("{type: file, path: /a, data: YWJj, data_pipeline: [base64_decode]}", "abc"),
        ("{type: file, path: /a, data: \"YW\\nJj\\n\", data_pipeline: [base64_decode]}", "abc"),
        (
            "{type: file, path: /a, data: abc, data_pipeline: [base64_encode, base64_encode, base64_decode]}",
            "YWJj",
        ),
        (
            "{type: file, path: /a, data: abc, data_pipeline: [utf8_decode, utf8_encode, base64_encode]}",
            "YWJj",
        ),
        (
            "{type: file, path: /a, data: 'a{{ 1 }}', data_pipeline: [utf8_decode, template, utf8_encode]}",
            "a1",
        ),
        (
            "{type: unit, path: /a, location: 'https://files/{{ node.hostname }}', location_pipeline: [template]}",
            "ghi",
        ),
        (
            "{type: unit, path: /a, location: https://files/r1n01, data: not this, data_pipeline: [base64_encode]}",
            "Z2hp",
        ),
    ] {
        let file = one_file(asset, &fetched()).unwrap();
        assert_eq!(String::from_utf8(file.content).unwrap(), expected, "{asset}");
        assert_eq!(file.mode, 0o600, "{asset}");
    }
}

#[test]
fn what_does_not_fit_is_told_with_asset_and_stage() {
    for (asset, expected) in [
        (
            "{type: file, path: /a, data: x, data_pipeline: [template]}",
            "asset /a, data_pipeline[0] template: needs text and got bytes",
        ),
        (
            "{type: file, path: /a, data: x, data_pipeline: [utf8_encode]}",
            "asset /a, data_pipeline[0] utf8_encode: needs text",
        ),
        (
            "{type: file, path: /a, data: x, data_pipeline: [utf8_decode, base64_encode]}",
            "asset /a, data_pipeline[1] base64_encode: needs bytes and got text",
        ),
        (
            "{type: file, path: /a, data: x, data_pipeline: [utf8_decode, utf8_decode]}",
            "data_pipeline[1] utf8_decode: needs bytes",
        ),
        (
            "{type: file, path: /a, data: YWJ, data_pipeline: [base64_decode]}",
            "data_pipeline[0] base64_decode: this is not Base64",
        ),
        (
            "{type: file, path: /a, data: '?', data_pipeline: [base64_decode]}",
            "data_pipeline[0] base64_decode: this is not Base64",
        ),
        (
            "{type: file, path: /a, data: /w==, data_pipeline: [base64_decode, utf8_decode]}",
            "data_pipeline[1] utf8_decode: the bytes are not UTF-8",
        ),
        (
            "{type: file, path: /a, location: https://files/other}",
            "asset /a, location: nothing was fetched from https://files/other",
        ),
        (
            "{type: file, path: /a, location: '{{', location_pipeline: [template]}",
            "asset /a, location_pipeline[0] template: line 1",
        ),
        ("{type: file, path: /a}", "asset /a, location: has neither data nor a location"),
        ("{type: unit, path: /a, data: {b: c}}", "asset /a, location: data must be text"),
        ("{type: file, data: x}", "asset assets[0], path: a file or unit needs a path"),
        (
            "{type: file, path: /etc/../../x, data: x}",
            "asset /etc/../../x, path: \"/etc/../../x\" is no path of a file",
        ),
        ("{type: file, path: /.., data: x}", "path: \"/..\" is no path"),
        ("{type: file, path: /etc/, data: x}", "path: \"/etc/\" is no path"),
        ("{type: file, path: \"/etc/a\\0b\", data: x}", "is no path"),
    ] {
        let error = one_file(asset, &fetched()).unwrap_err();
        assert!(error.starts_with("boot action one, ") && error.contains(expected), "{asset}: {error}");
    }
}
