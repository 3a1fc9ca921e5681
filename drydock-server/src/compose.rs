//! The composition root: the only place that makes concrete stores and drivers.

use std::sync::Arc;

use drydock_core::{Clock, Entropy, SystemClock, SystemEntropy};
use drydock_drivers::node::maas::{MaasDriver, MaasOptions};
use drydock_drivers::oob::IpmiDriver;
use drydock_drivers::{NodeDriver, OobDriver};
use drydock_orchestrator::{BootActions, Designs, Drivers, Orchestrator};
use drydock_store::Store;
use drydock_workflow::Engine;
use drydock_workflow::observe::Page;

use crate::app::App;
use crate::archive::FolderArchive;
use crate::config::{MaasConfig, ServeConfig};
use crate::inventories::StoredInventories;
use crate::no_provisioner::NoProvisioner;
use crate::serve::ServeError;
use crate::sqlite_file;

/// Builds everything that `config` names, and joins the store.
pub(crate) async fn compose(config: &ServeConfig) -> Result<App, ServeError> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    let provisioner = match &config.maas {
        Some(maas) => Some(maas_driver(maas, &clock, &entropy).await?),
        None => None,
    };
    let ipmi: Arc<dyn OobDriver> = Arc::new(IpmiDriver::new(config.ipmi, Arc::clone(&entropy)));
    let node = provisioner.clone().unwrap_or_else(|| Arc::new(NoProvisioner));
    let drivers = Drivers { node, oob: vec![ipmi] };
    let references = config.designs.references(&clock).await?;
    // Last of what may fail: a server that cannot start brings no database up to date.
    let store = open_store(config).await?;
    let boot = BootActions {
        assets: Arc::clone(&references) as _,
        inventories: Arc::new(StoredInventories(Arc::clone(&store))),
        entropy: Arc::clone(&entropy),
        report_url: config.report_url.clone(),
        templates: Arc::clone(&config.templates),
    };
    let designs = Arc::new(Designs::over(references, Arc::clone(&clock), config.designs.fresh));
    let orchestrator = Orchestrator::new(drivers, designs, boot, config.orchestrator)?;
    let mut retention = config.retention.clone();
    if let Some(folder) = &config.archive {
        let unusable = |source| ServeError::Archive { folder: folder.display().to_string(), source };
        retention.archive = Some(Arc::new(FolderArchive::open(folder.clone()).await.map_err(unusable)?));
    }
    let engine = Engine::builder(Arc::clone(&store) as _, config.instance.clone())
        .retention(Arc::clone(&store) as _, retention)
        .clock(Arc::clone(&clock))
        .entropy(Arc::clone(&entropy))
        .options(config.engine);
    let metrics = config.metrics.then(Page::default);
    let engine = match &metrics {
        Some(page) => engine.recorder(Arc::new(page.clone())),
        None => engine,
    };
    let engine = orchestrator.offer(engine).start().await?;
    Ok(App { store, engine, orchestrator, provisioner, clock, entropy, metrics })
}

async fn maas_driver(
    maas: &MaasConfig,
    clock: &Arc<dyn Clock>,
    entropy: &Arc<dyn Entropy>,
) -> Result<Arc<dyn NodeDriver>, ServeError> {
    let mut options = MaasOptions::new(maas.url.clone(), maas.api_key.clone());
    if let Some(file) = &maas.ca {
        let read = tokio::fs::read(file).await;
        let unreadable = |source| ServeError::File { file: file.display().to_string(), source };
        options.ca_bundle = Some(read.map_err(unreadable)?);
    }
    Ok(Arc::new(MaasDriver::new(&options, Arc::clone(clock), Arc::clone(entropy))?))
}

async fn open_store(config: &ServeConfig) -> Result<Arc<dyn Store>, ServeError> {
    let unusable = |source| ServeError::Database { database: config.database.to_string(), source };
    let url = &config.database;
    sqlite_file::check(url)
        .map_err(|source| ServeError::DatabaseFile { database: url.to_string(), source })?;
    if config.migrate_on_start {
        drydock_store::migrate(url).await.map_err(unusable)?;
    }
    drydock_store::open(url).await.map_err(unusable)
}
