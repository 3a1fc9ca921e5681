//! All that a node gets: files in an archive, and packages.

use std::io::Read as _;

use drydock_core::SecretString;
use drydock_core::boot_action::{Fetched, archive, list};
use drydock_core::design::AssetKind;
use sha2::{Digest as _, Sha256};

use crate::support::{KEY, node, renderer, site, site_with};

fn fetched() -> Fetched {
    let files = [
        ("https://files/control.yaml", "# more\nkubelet: '1:1.30.1-1.1'\nchrony: null\n"),
        ("https://files/tool", "#!/bin/sh\n"),
    ];
    files.into_iter().map(|(at, text)| (at.to_owned(), text.into())).collect()
}

#[test]
fn actions_are_for_the_nodes_of_their_filters() {
    let site = site();
    for (name, expected) in [("r1n01", &["hello", "time", "tools"][..]), ("r1n02", &["hello", "time"])] {
        let actions = site.boot_actions_for(node(&site, name));
        assert_eq!(actions.iter().map(|action| action.name.as_str()).collect::<Vec<_>>(), expected, "{name}");
    }
}

#[test]
fn what_must_be_fetched_is_known_beforehand() {
    let (site, key) = (site(), SecretString::from(KEY));
    let renderer = renderer(&site, "r1n01", &key);
    let of = |wanted: &dyn Fn(AssetKind) -> bool| {
        let found = renderer.locations(wanted).unwrap().into_iter();
        found.map(|location| location.reference).collect::<Vec<_>>()
    };
    assert_eq!(of(&|_| true), ["https://files/control.yaml", "https://files/tool"]);
    assert_eq!(of(&|kind| kind == AssetKind::PkgList), ["https://files/control.yaml"]);
    assert!(of(&|kind| kind == AssetKind::Unit).is_empty());
}

#[test]
fn files_are_those_of_all_actions_in_order() {
    let (site, key) = (site(), SecretString::from(KEY));
    let files = renderer(&site, "r1n01", &key).files(&fetched()).unwrap();
    assert_eq!(
        list(&files),
        "0555      44 /var/tmp/hello.sh (hello)\n\
         0600      51 /lib/systemd/system/hello.service (hello)\n\
         0600     170 /etc/report (hello)\n\
         0755      10 /usr/local/bin/a-tool-with-a-name-that-is-longer-than-the-hundred-bytes-that-the-header-of-an-archive-has-for-it (tools)\n"
    );
    let text = String::from_utf8(files[0].content.clone()).unwrap();
    assert_eq!(text, "#!/bin/bash\n\necho 'Hello World! -from r1n01'");
    assert!(!format!("{files:?}").contains(KEY), "what may hold a key is not shown");
    let only = renderer(&site, "r1n01", &key).only("tools").files(&fetched()).unwrap();
    assert_eq!(only.len(), 1);
}

#[test]
fn an_archive_is_the_same_byte_for_byte() {
    let (site, key) = (site(), SecretString::from(KEY));
    let packed = || archive(&renderer(&site, "r1n01", &key).files(&fetched()).unwrap()).unwrap();
    let gzip = packed();
    assert_eq!(gzip, packed());
    // Deflated, no flags, no time, made nowhere in particular.
    assert_eq!(gzip[..10], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
    // The digest is that of the archive before it is compressed, which no compressor changes.
    let mut tar = Vec::new();
    flate2::read::GzDecoder::new(&gzip[..]).read_to_end(&mut tar).unwrap();
    let digest = Sha256::digest(&tar).iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    assert_eq!(
        (tar.len(), digest.as_str()),
        (6144, "1b6b106b2dff26de725438c943d1a98b2ebae7b45ef2a767c04d9da9657fe953")
    );
}

#[test]
fn an_archive_is_what_other_programs_read() {
    let (site, key) = (site(), SecretString::from(KEY));
    let files = renderer(&site, "r1n01", &key).files(&fetched()).unwrap();
    let gzip = archive(&files).unwrap();
    let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(&gzip[..]));
    let mut entries = tar.entries().unwrap();
    for file in &files {
        let mut entry = entries.next().unwrap().unwrap();
        assert_eq!(&*entry.path_bytes(), file.path.as_bytes());
        let header = entry.header();
        assert_eq!((header.mode().unwrap(), header.mtime().unwrap()), (file.mode, 0));
        assert_eq!((header.uid().unwrap(), header.gid().unwrap()), (0, 0));
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        assert_eq!(content, file.content);
    }
    assert!(entries.next().is_none());
}

#[test]
fn packages_of_all_lists_are_merged_and_the_later_counts() {
    let (site, key) = (site(), SecretString::from(KEY));
    let packages = renderer(&site, "r1n01", &key).packages(&fetched()).unwrap();
    let packages: Vec<_> =
        packages.iter().map(|(name, version)| (name.as_str(), version.as_deref())).collect();
    let expected =
        [("chrony", None), ("lldpd", Some("1.0-1")), ("tmux", None), ("kubelet", Some("1:1.30.1-1.1"))];
    assert_eq!(packages, expected);
}

#[test]
fn lists_that_are_none_are_refused() {
    const ACTION: &str = "schema: drydock/BootAction/v1\nmetadata: {name: b}\ndata: {assets: [{type: pkg_list, location: x}]}\n";
    let (site, key) = (site_with(ACTION.as_bytes()), SecretString::from(KEY));
    for (list, expected) in [
        ("[a, b]", "boot action b, asset assets[0], package list: this is no map"),
        ("{a: [1]}", "this is no map"),
        ("a: '>=1.0'", "\">=1.0\" is no version of a"),
        ("\u{0}", "this is no map"),
    ] {
        let fetched = [("x".to_owned(), list.into())].into_iter().collect();
        let error = renderer(&site, "r1n01", &key).packages(&fetched).unwrap_err().to_string();
        assert!(error.contains(expected), "{list}: {error}");
    }
}
