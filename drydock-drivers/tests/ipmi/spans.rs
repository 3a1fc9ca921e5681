//! Each verb is a span of the log, with the names of the driver and of the verb.

use std::io;
use std::sync::{Arc, Mutex};

use drydock_drivers::OobDriver as _;
use tracing_subscriber::fmt::format::FmtSpan;

use super::support::{QUICK, driver, served};

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_verb_is_a_span() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter("drydock_drivers=debug")
        .with_span_events(FmtSpan::NEW)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let served = served(1).await;
    driver(QUICK).power_state(&served.bmcs[0]).await.unwrap();
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let span = "driver.call{driver.kind=\"ipmi\" driver.op=\"power state\"}";
    assert!(text.contains(span), "{text}");
}
