//! Each verb is a span of the log, with the names of the driver and of the verb.

use drydock_drivers::OobDriver as _;
use drydock_testkit::Log;
use tracing_subscriber::fmt::format::FmtSpan;

use super::support::{QUICK, driver, served};

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
    let _hearing = drydock_testkit::hear(subscriber);
    let served = served(1).await;
    driver(QUICK).power_state(&served.bmcs[0]).await.unwrap();
    let text = log.text();
    let span = "driver.call{driver.kind=\"ipmi\" driver.op=\"power state\"}";
    assert!(text.contains(span), "{text}");
}
