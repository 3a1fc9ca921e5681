//! `docs/site-design.md`: its blocks are the files that they say, and its commands say what stands below them.
//!
//! After a change that is meant, `DRYDOCK_WRITE_SNAPSHOTS=1` before `cargo test --test cli` writes what they say anew.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

const GUIDE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/site-design.md");

/// Adds a block to its file, as one document more where there is one already.
fn write_down(folder: &Path, name: &str, block: &str) {
    let path = folder.join(name);
    let separator = if path.exists() { "---\n" } else { "" };
    let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
    file.write_all(format!("{separator}{block}").as_bytes()).unwrap();
}

/// What a shell says to a command line in which `drydock` is the program, on both of its outputs.
fn said(folder: &Path, command: &str) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_drydock")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("exec 2>&1; {command}")]).current_dir(folder).env("PATH", path);
    let ended = shell.env_remove("RUST_LOG").stdin(Stdio::null()).output().unwrap();
    String::from_utf8(ended.stdout).unwrap()
}

/// The block with what its commands say now.
fn run(folder: &Path, block: &str) -> String {
    let mut text = String::new();
    for command in block.lines().filter_map(|line| line.strip_prefix("$ ")) {
        write!(text, "$ {command}\n{}", said(folder, command)).unwrap();
    }
    text
}

#[test]
fn the_guide_to_site_designs_is_true() {
    let guide = fs::read_to_string(GUIDE).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (mut now, mut rest, mut commands) = (String::new(), guide.as_str(), 0);
    // A block begins with its language and, where it is a file, the file's name.
    while let Some((before, from)) = rest.split_once("\n```") {
        let (kind, from) = from.split_once('\n').unwrap();
        let (block, after) = from.split_once("```\n").unwrap();
        let block = match kind.split_once(' ') {
            Some(("yaml" | "xml", name)) => {
                write_down(folder.path(), name, block);
                block.to_owned()
            }
            None if kind == "console" => {
                commands += block.lines().filter(|line| line.starts_with("$ ")).count();
                run(folder.path(), block)
            }
            _ => panic!("nobody tests a block that begins with {kind:?}"),
        };
        write!(now, "{before}\n```{kind}\n{block}```\n").unwrap();
        rest = after;
    }
    now.push_str(rest);
    assert!(commands > 8, "{commands}");
    if std::env::var_os("DRYDOCK_WRITE_SNAPSHOTS").is_some() {
        fs::write(GUIDE, &now).unwrap();
        return;
    }
    for (line, (told, true_now)) in (1..).zip(guide.lines().zip(now.lines())) {
        assert_eq!(told, true_now, "docs/site-design.md, line {line}");
    }
    assert_eq!(guide.lines().count(), now.lines().count());
}
