//! The program as a person meets it: what it prints, and how it ends. Every test runs the real binary.
//!
//! Needs the programs `ipmitool` (Debian package of the same name) and `script` (package `bsdutils`, always there).
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod bench;
mod demo;
mod design;
mod design_diff;
mod design_graph;
mod design_schema;
mod design_show;
mod emulate;
mod help;
mod hostile_templates;
mod program;
mod server;
mod site_guide;
mod templates;
