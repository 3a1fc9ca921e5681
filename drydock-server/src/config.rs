//! What a server is told: one plain struct, checked as a whole. The command line fills it; nothing here reads the environment.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use drydock_core::boot_action::{InProcess, TemplateFiller};
use drydock_core::{ExposeSecret, InstanceName, SecretString};
use drydock_drivers::oob::IpmiOptions;
use drydock_orchestrator::{OrchestratorOptions, REPORT_URL};
pub use drydock_store::DatabaseUrl;
use drydock_workflow::{EngineOptions, Retention};
use url::Url;

pub use crate::designs::{DesignsConfig, KeystoneConfig};

/// The port on which v1.0 listens, too.
const PORT: u16 = 9000;

const DAY: Duration = Duration::from_hours(24);

/// How a server is to be.
#[derive(Debug, Clone)]
pub struct ServeConfig {
    /// Where tasks are kept.
    pub database: DatabaseUrl,
    /// Bring the database's schema up to date first. On by default for SQLite, off for Postgres, where other servers may run.
    pub migrate_on_start: bool,
    /// Where the API listens; 127.0.0.1:9000. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Listen on an address that others can reach, although the API knows no authentication yet.
    pub allow_unauthenticated: bool,
    /// Count and measure, and show that at `/metrics`; on by default.
    pub metrics: bool,
    /// The name under which this instance holds its lease; each instance over one database needs its own.
    pub instance: InstanceName,
    /// Lease, capacity, grace, polling.
    pub engine: EngineOptions,
    /// How long ended tasks are kept: a year, and the feed a week.
    pub retention: Retention,
    /// The folder in which they are kept after that.
    pub archive: Option<PathBuf>,
    /// The MAAS that installs nodes. Without one, actions that need it fail and say so.
    pub maas: Option<MaasConfig>,
    /// How designs are fetched, and what boot actions refer to.
    pub designs: DesignsConfig,
    /// Times of the IPMI driver.
    pub ipmi: IpmiOptions,
    /// Where nodes send reports on their boot actions: what templates know as `action.report_url`, to which they add the action's id.
    pub report_url: String,
    /// By what templates are filled in: within this process, where one may take all memory. `drydock serve` takes a
    /// [`ChildProcess`](crate::templates::ChildProcess); whoever has a `drydock` program of this version may do so too.
    pub templates: Arc<dyn TemplateFiller>,
    /// How often machines are looked at, and how long things may take.
    pub orchestrator: OrchestratorOptions,
}

/// A MAAS and the key to it.
#[derive(Debug, Clone)]
pub struct MaasConfig {
    /// Its URL, such as `http://maas:5240/MAAS`.
    pub url: String,
    /// An administrator's API key, `CONSUMER:TOKEN:SECRET`.
    pub api_key: SecretString,
    /// A file of certificates (PEM) of authorities to trust besides the system's.
    pub ca: Option<PathBuf>,
}

/// One thing that is wrong with a configuration, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{setting}: {problem}")]
pub struct ConfigProblem {
    /// The setting.
    pub setting: &'static str,
    /// What is wrong.
    pub problem: String,
}

impl ServeConfig {
    /// A server on the loopback address, with the usual times and without a MAAS.
    pub fn new(database: DatabaseUrl, instance: InstanceName) -> Self {
        Self {
            migrate_on_start: !matches!(database, DatabaseUrl::Postgres(_)),
            database,
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), PORT),
            allow_unauthenticated: false,
            metrics: true,
            instance,
            engine: EngineOptions { feed: true, ..EngineOptions::default() },
            retention: Retention { usual: Some(DAY * 365), feed: Some(DAY * 7), ..Retention::default() },
            archive: None,
            maas: None,
            designs: DesignsConfig::default(),
            ipmi: IpmiOptions::default(),
            report_url: REPORT_URL.to_owned(),
            templates: Arc::new(InProcess),
            orchestrator: OrchestratorOptions::default(),
        }
    }

    /// Everything that is wrong with it; empty when a server can be built.
    pub fn problems(&self) -> Vec<ConfigProblem> {
        let mut problems = Problems::default();
        problems.when(
            !self.listen.ip().is_loopback() && !self.allow_unauthenticated,
            "listen",
            || format!(
                "{} can be reached from other machines, and the API has no authentication: whoever reaches it may wipe servers; \
                 listen on 127.0.0.1, or allow unauthenticated access if something else guards the port",
                self.listen
            ),
        );
        let engine = &self.engine;
        problems.when(engine.lease < Duration::from_secs(1), "lease", || {
            format!("{:?} is shorter than a database may need to answer: take 1 s or more", engine.lease)
        });
        problems.when(engine.poll.is_zero() || engine.poll > engine.lease, "poll", || {
            format!("{:?} is not between 0 and the lease ({:?})", engine.poll, engine.lease)
        });
        problems.when(engine.capacity == 0, "capacity", || {
            "an instance with room for no task runs none".to_owned()
        });
        problems.when(engine.batch == 0, "batch", || "a commit must hold at least one write".to_owned());
        let url = self.report_url.parse::<Url>();
        problems.when(!url.is_ok_and(|url| matches!(url.scheme(), "http" | "https")), "report_url", || {
            "not a URL that nodes can send reports to: write http://HOST:9000/api/v1.0/bootactions/"
                .to_owned()
        });
        if let Some(maas) = &self.maas {
            maas.check(&mut problems);
        }
        problems.0.extend(self.designs.problems());
        problems.0
    }
}

impl MaasConfig {
    fn check(&self, problems: &mut Problems) {
        match self.url.parse::<Url>() {
            // The text of the URL stays out of the message: it may hold a password.
            Err(problem) => {
                problems.add("maas.url", format!("not a URL ({problem}): write http://HOST:5240/MAAS"));
            }
            Ok(url) => {
                problems.when(!matches!(url.scheme(), "http" | "https"), "maas.url", || {
                    format!("{}: is not http: or https:", url.scheme())
                });
                problems.when(!url.username().is_empty() || url.password().is_some(), "maas.url", || {
                    "holds a user name or a password: MAAS wants the API key instead".to_owned()
                });
            }
        }
        let key = self.api_key.expose_secret();
        let whole = key.split(':').count() == 3 && key.split(':').all(|part| !part.is_empty());
        problems.when(!whole, "maas.api_key", || {
            "not CONSUMER:TOKEN:SECRET, as `maas apikey` shows it".to_owned()
        });
    }
}

#[derive(Default)]
struct Problems(Vec<ConfigProblem>);

impl Problems {
    fn add(&mut self, setting: &'static str, problem: String) {
        self.0.push(ConfigProblem { setting, problem });
    }

    fn when(&mut self, wrong: bool, setting: &'static str, problem: impl FnOnce() -> String) {
        if wrong {
            self.add(setting, problem());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> ServeConfig {
        ServeConfig::new(DatabaseUrl::Memory, InstanceName::new("a").unwrap())
    }

    #[test]
    fn a_schema_is_changed_unasked_only_where_no_other_server_may_be() {
        for (text, migrates) in [("memory:", true), ("x.db", true), ("postgres://host/x", false)] {
            let name = InstanceName::new("a").unwrap();
            assert_eq!(ServeConfig::new(text.parse().unwrap(), name).migrate_on_start, migrates);
        }
    }

    #[test]
    fn the_usual_configuration_is_usable() {
        assert_eq!(config().problems(), []);
    }

    #[test]
    fn every_problem_is_told_with_its_setting() {
        let maas = |url: &str, key: &str| {
            Some(MaasConfig { url: url.to_owned(), api_key: SecretString::from(key), ca: None })
        };
        let keystone = |url: &str| {
            Some(KeystoneConfig {
                url: url.to_owned(),
                user: "drydock".to_owned(),
                password: SecretString::from("secret:"),
                user_domain: "default".to_owned(),
                project: "service".to_owned(),
                project_domain: "default".to_owned(),
            })
        };
        type Change = Box<dyn Fn(&mut ServeConfig)>;
        let table: [(&str, Change); 14] = [
            ("listen", Box::new(|it| it.listen = "10.0.0.1:9000".parse().unwrap())),
            (
                "lease",
                Box::new(|it| {
                    (it.engine.lease, it.engine.poll) = (Duration::from_millis(1), Duration::from_millis(1));
                }),
            ),
            ("poll", Box::new(|it| it.engine.poll = Duration::from_hours(1))),
            ("capacity", Box::new(|it| it.engine.capacity = 0)),
            ("batch", Box::new(|it| it.engine.batch = 0)),
            ("report_url", Box::new(|it| it.report_url = "drydock.example/reports".to_owned())),
            ("maas.url", Box::new(move |it| it.maas = maas("maas.example", "a:b:c"))),
            ("maas.url", Box::new(move |it| it.maas = maas("ftp://maas.example", "a:b:c"))),
            ("maas.url", Box::new(move |it| it.maas = maas("http://me:secret@maas", "a:b:c"))),
            ("design.timeout", Box::new(|it| it.designs.timeout = Duration::ZERO)),
            ("keystone.url", Box::new(move |it| it.designs.keystone = keystone("keystone:5000/secret"))),
            ("keystone.url", Box::new(move |it| it.designs.keystone = keystone("ldap://keystone"))),
            (
                "keystone.url",
                Box::new(move |it| it.designs.keystone = keystone("https://me:secret@keystone")),
            ),
            ("maas.api_key", Box::new(move |it| it.maas = maas("http://maas", "secret:secret"))),
        ];
        for (setting, change) in table {
            let mut config = config();
            change(&mut config);
            let problems = config.problems();
            assert_eq!(problems.iter().map(|it| it.setting).collect::<Vec<_>>(), [setting], "{problems:?}");
            assert!(
                !problems[0].to_string().contains("secret") && !format!("{config:?}").contains("secret:")
            );
        }
    }
}
