//! Boot actions of a whole site: rendered, packed, and refused where they cannot be.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod files;
mod pipelines;
mod support;
mod templates;
