//! Every store passes the conformance suite, and all agree on random histories.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

/// One test for each concern of the suite, on the stores of `$home`.
macro_rules! conforms {
    ($home:ident: $($concern:ident)+) => {
        $(
            #[tokio::test]
            async fn $concern() {
                let home = $home::new().await;
                drydock_store::conformance::$concern::all(async || home.fresh().await).await;
                home.close().await;
            }
        )+
    };
    ($home:ident) => {
        conforms!($home: append attempts audit cancel children claims crowds ends facts feed fencing instances limits locks marks messages options parking pause progress reopen retention search signals state tasks waits workflows);
    };
}

mod corruption;
mod differential;
mod embedded;
mod locks;
mod memory;
mod partitions;
mod plans;
mod pooled;
mod pools;
mod postgres;
mod raw;
mod schema;
mod sqlite;
