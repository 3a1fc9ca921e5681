//! (in the making)

pub mod cli;
