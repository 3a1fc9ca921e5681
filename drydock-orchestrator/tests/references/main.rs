//! Designs by reference, over real connections: HTTP, TLS, redirects, Keystone, and what is kept.

mod cache;
mod http;
mod keystone;
mod redirects;
mod rig;
mod tls;
