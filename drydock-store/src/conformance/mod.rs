//! What every store must do, as a suite that any store can run: one file for each concern, one function for each rule.
//!
//! Give [`all`], or the `all` of one concern, a function that makes an empty, migrated store. A rule that does not hold panics.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a rule that does not hold panics: that is the suite's answer"
)]

pub mod append;
pub mod attempts;
pub mod audit;
pub mod cancel;
pub mod children;
pub mod claims;
pub mod crowds;
pub mod ends;
pub mod facts;
pub mod feed;
pub mod fencing;
pub mod instances;
pub mod limits;
pub mod locks;
pub mod marks;
pub mod messages;
pub mod options;
pub mod parking;
pub mod pause;
pub mod progress;
pub mod reopen;
pub mod retention;
pub mod samples;
pub mod search;
pub mod signals;
pub mod state;
pub mod tasks;
pub mod waits;
pub mod workflows;

use std::sync::Arc;

use crate::Store;

/// A store, as the rules use it.
pub type Shared = Arc<dyn Store>;

/// Declares the `all` of a concern: each rule on a store of its own.
macro_rules! rules {
    ($($rule:ident),+ $(,)?) => {
        /// All rules of this concern, each on a fresh store.
        pub async fn all(fresh: impl AsyncFn() -> super::Shared) {
            $($rule(fresh().await).await;)+
        }
    };
}
use rules;

/// Every rule, each on a fresh store.
pub async fn all(fresh: impl AsyncFn() -> Shared) {
    workflows::all(&fresh).await;
    instances::all(&fresh).await;
    fencing::all(&fresh).await;
    claims::all(&fresh).await;
    crowds::all(&fresh).await;
    options::all(&fresh).await;
    append::all(&fresh).await;
    attempts::all(&fresh).await;
    waits::all(&fresh).await;
    marks::all(&fresh).await;
    signals::all(&fresh).await;
    messages::all(&fresh).await;
    facts::all(&fresh).await;
    progress::all(&fresh).await;
    ends::all(&fresh).await;
    feed::all(&fresh).await;
    children::all(&fresh).await;
    locks::all(&fresh).await;
    limits::all(&fresh).await;
    cancel::all(&fresh).await;
    pause::all(&fresh).await;
    parking::all(&fresh).await;
    reopen::all(&fresh).await;
    retention::all(&fresh).await;
    audit::all(&fresh).await;
    tasks::all(&fresh).await;
    state::all(&fresh).await;
    search::all(&fresh).await;
}
