//! The log, as a test reads it.

use std::io;
use std::sync::Arc;

use drydock_testkit::Hearing;
use tokio::sync::watch;
use tracing::Level;

/// What was logged, a line each.
#[derive(Clone, Default)]
pub(crate) struct Captured(Arc<watch::Sender<Vec<u8>>>);

impl io::Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.send_modify(|said| said.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Captured {
    /// Captures this thread's log from now on.
    pub(crate) fn start() -> (Self, Hearing) {
        let captured = Self::default();
        let hearing = drydock_testkit::hear(captured.subscriber());
        (captured, hearing)
    }

    /// Captures the log of all threads that have none of their own, for good: once in this program.
    pub(crate) fn everywhere() -> Self {
        let captured = Self::default();
        tracing::subscriber::set_global_default(captured.subscriber()).unwrap();
        captured
    }

    fn subscriber(&self) -> impl tracing::Subscriber + Send + Sync + 'static {
        let writer = self.clone();
        tracing_subscriber::fmt()
            .with_max_level(Level::INFO)
            .with_ansi(false)
            .without_time()
            .with_target(false)
            .with_writer(move || writer.clone())
            .finish()
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        let text = String::from_utf8(self.0.borrow().clone()).unwrap();
        text.lines().map(|line| line.trim().to_owned()).collect()
    }

    /// Waits until a line has this in it.
    pub(crate) async fn says(&self, what: &str) {
        let mut said = self.0.subscribe();
        // The sender is in `self`.
        let _closed = said.wait_for(|said| String::from_utf8_lossy(said).contains(what)).await.is_err();
    }
}
