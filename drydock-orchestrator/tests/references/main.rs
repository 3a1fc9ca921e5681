//! Designs, and what boot actions refer to, by reference, over real connections: HTTP, TLS, redirects, Keystone, and what is kept.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod assets;
mod cache;
mod http;
mod keystone;
mod redirects;
mod rig;
mod tls;
