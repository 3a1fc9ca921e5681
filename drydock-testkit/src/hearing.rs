//! A subscriber of `tracing` for a test's own thread.

use tracing::subscriber::{DefaultGuard, NoSubscriber};
use tracing::{Dispatch, Subscriber};

/// This thread's spans and events go to a subscriber until this is dropped.
#[derive(Debug)]
pub struct Hearing {
    _guard: DefaultGuard,
    // While there is one subscriber alone, a thread that has none decides for all that nobody wants a span it comes to first.
    _second: Dispatch,
}

/// Gives this thread a subscriber: a test's runtime has one thread.
pub fn hear(subscriber: impl Subscriber + Send + Sync + 'static) -> Hearing {
    let second = Dispatch::new(NoSubscriber::new());
    Hearing { _guard: tracing::subscriber::set_default(subscriber), _second: second }
}
