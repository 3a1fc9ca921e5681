//! Designs by reference, over real connections: HTTP, TLS, redirects, Keystone, and what is kept.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod cache;
mod http;
mod keystone;
mod redirects;
mod rig;
mod tls;
