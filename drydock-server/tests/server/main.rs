//! A whole server on loopback, driven over HTTP: what each endpoint answers to good and to bad requests, and how a server ends.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod basics;
mod boot_actions;
mod boot_site;
mod build_data;
mod cancel;
mod create;
mod designs;
mod events;
mod get;
mod health;
mod inventory;
mod list;
mod metrics;
mod references;
mod start;
mod steps;
mod stop;
mod support;
mod workers;
