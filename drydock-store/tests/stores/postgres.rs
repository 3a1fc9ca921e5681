//! The store on Postgres: the suite, and what only several connections can show.

use std::sync::{Arc, Mutex};

use drydock_core::{Clock, Entropy, SecretString, SystemClock, SystemEntropy};
use drydock_store::PgStore;
use drydock_store::conformance::Shared;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};

/// Stores in databases of their own, in the cluster that `DRYDOCK_TEST_POSTGRES` names.
pub(crate) struct Cluster {
    url: String,
    admin: PgPool,
    made: Mutex<Vec<String>>,
}

impl Cluster {
    pub(crate) async fn new() -> Self {
        let url = std::env::var("DRYDOCK_TEST_POSTGRES").expect(
            "DRYDOCK_TEST_POSTGRES names no Postgres whose user may create databases: run `cargo xtask test`, which starts one",
        );
        let options: PgConnectOptions = url.parse().unwrap();
        let admin = PgPoolOptions::new().max_connections(1).connect_with(options).await.unwrap();
        Self { url, admin, made: Mutex::default() }
    }

    /// Where the server is.
    pub(crate) fn address(&self) -> std::net::SocketAddr {
        let options: PgConnectOptions = self.url.parse().unwrap();
        let addresses = std::net::ToSocketAddrs::to_socket_addrs(&(options.get_host(), options.get_port()));
        addresses.unwrap().next().unwrap()
    }

    /// The URL of a new, empty database.
    pub(crate) async fn database(&self) -> SecretString {
        let name = format!("drydock_test_{}", SystemEntropy.uuid_v7(SystemClock.now()).simple());
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}")))
            .execute(&self.admin)
            .await
            .unwrap();
        self.made.lock().unwrap().push(name.clone());
        let (server, options) = self.url.split_once('?').map_or((&*self.url, None), |(s, o)| (s, Some(o)));
        let at = server.find("://").unwrap() + 3;
        let end = server.get(at..).unwrap().find('/').map_or(server.len(), |slash| at + slash);
        let options = options.map(|options| format!("?{options}")).unwrap_or_default();
        format!("{}/{name}{options}", server.get(..end).unwrap()).into()
    }

    pub(crate) async fn store(&self) -> (SecretString, Arc<PgStore>) {
        let url = self.database().await;
        let store = Arc::new(PgStore::connect(&url).await.unwrap());
        store.migrate().await.unwrap();
        (url, store)
    }

    pub(crate) async fn fresh(&self) -> Shared {
        self.store().await.1
    }

    /// Drops the databases; those of a test that failed stay, to be looked at.
    pub(crate) async fn close(self) {
        for name in self.made.into_inner().unwrap() {
            let drop = format!("DROP DATABASE {name} WITH (FORCE)");
            sqlx::raw_sql(sqlx::AssertSqlSafe(drop)).execute(&self.admin).await.unwrap();
        }
    }
}

conforms!(Cluster);
