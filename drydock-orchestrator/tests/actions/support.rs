//! The two-racks site, emulated: BMCs and a MAAS on loopback, with an engine and the actions over them.

use std::net::UdpSocket;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use drydock_core::boot_action::InProcess;
use drydock_core::design::Site;
use drydock_core::ingest::{SourceFile, ingest};
use drydock_core::journal::{Message, TaskEnd};
use drydock_core::node_filter::NodeFilter;
use drydock_core::task::{Action, TaskResult};
use drydock_core::{InstanceName, NodeName, SecretString, SystemClock, SystemEntropy, TaskId};
use drydock_drivers::emulator::{
    EffectKind, IpmiEmulator, MaasFaults, MachineSpec, Timing, Yard, serve_ipmi, serve_maas,
};
use drydock_drivers::node::maas::{MaasDriver, MaasOptions};
use drydock_drivers::oob::{IpmiDriver, IpmiOptions};
use drydock_orchestrator::{
    BootActions, Credentials, Drivers, FileDesigns, HttpOptions, Inventories, InventoryError, LSHW, NODE,
    Orchestrator, OrchestratorOptions, REPORT_URL, References, TaskInput, task_result,
};
use drydock_store::MemoryStore;
use drydock_store::repo::{FactQuery, TaskRepo as _};
use drydock_workflow::Engine;
use tokio_util::sync::{CancellationToken, DropGuard};

const KEY: &str = "consumer:token:secret";

pub(crate) struct World {
    pub(crate) yard: Yard,
    pub(crate) maas: MaasFaults,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) engine: Engine,
    orchestrator: Orchestrator,
    design: tempfile::NamedTempFile,
    _bmcs: IpmiEmulator,
    _stop: DropGuard,
}

impl World {
    /// Everything running; things take `unit`.
    pub(crate) async fn new(unit: Duration) -> Self {
        let design = design();
        let site = site(design.path());
        let clock = Arc::new(SystemClock);
        let machines = site.nodes().values().map(spec).collect();
        let yard = Yard::new(machines, Timing::of(unit), clock.clone());
        let stop = CancellationToken::new();
        let bmcs = serve_ipmi(yard.clone(), Arc::new(SystemEntropy), stop.clone()).await.unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/MAAS", listener.local_addr().unwrap());
        let maas = MaasFaults::default();
        let served = serve_maas(listener, yard.clone(), key(), clock.clone(), maas.clone(), stop.clone());
        let mut servers = tokio::task::JoinSet::new();
        servers.spawn(served);
        servers.detach_all();

        let node = MaasDriver::new(&MaasOptions::new(url, key()), clock, Arc::new(SystemEntropy)).unwrap();
        let ipmi = IpmiOptions { gap: Duration::ZERO, ..IpmiOptions::default() };
        let oob = IpmiDriver::new(ipmi, Arc::new(SystemEntropy));
        let drivers = Drivers { node: Arc::new(node), oob: vec![Arc::new(oob)] };
        let quick = Duration::from_millis(20);
        let options =
            OrchestratorOptions { poll: quick, power_poll: quick, ..OrchestratorOptions::default() };
        let store = Arc::new(MemoryStore::new());
        let boot = BootActions {
            assets: Arc::new(References::new(&HttpOptions::default(), Credentials::default(), None).unwrap()),
            inventories: Arc::new(Recorded(Arc::clone(&store))),
            entropy: Arc::new(SystemEntropy),
            report_url: REPORT_URL.to_owned(),
            templates: Arc::new(InProcess),
        };
        let orchestrator = Orchestrator::new(drivers, Arc::new(FileDesigns::new()), boot, options).unwrap();
        let engine = Engine::builder(store.clone(), InstanceName::new("test").unwrap());
        let engine = orchestrator.offer(engine).start().await.unwrap();
        Self { yard, maas, store, engine, orchestrator, design, _bmcs: bmcs, _stop: stop.drop_guard() }
    }

    /// Starts an action on some nodes, or on all.
    pub(crate) async fn start(&self, action: Action, nodes: &[&str]) -> TaskId {
        self.orchestrator.submit(&self.engine, &self.input(action, nodes)).await.unwrap()
    }

    pub(crate) fn input(&self, action: Action, nodes: &[&str]) -> TaskInput {
        let names: Vec<NodeName> = nodes.iter().map(|name| NodeName::new(name).unwrap()).collect();
        TaskInput {
            action,
            design_ref: format!("file://{}", self.design.path().display()).parse().unwrap(),
            node_filter: (!names.is_empty()).then(|| NodeFilter::names(&names)),
            created_by: "test".to_owned(),
            job: None,
        }
    }

    pub(crate) async fn end(&self, task: TaskId) -> TaskEnd {
        self.engine.wait(task).await.unwrap()
    }

    /// Runs an action to its end.
    pub(crate) async fn run(&self, action: Action, nodes: &[&str]) -> TaskResult {
        let task = self.start(action, nodes).await;
        let end = self.end(task).await;
        task_result(&self.input(action, nodes), Some(&end))
    }

    /// What the task's children said.
    pub(crate) async fn childrens_messages(&self, task: TaskId) -> Vec<Message> {
        let parent = self.store.task_get(task).await.unwrap().unwrap();
        let mut messages = Vec::new();
        for child in parent.children {
            messages.extend(self.store.task_get(child).await.unwrap().unwrap().messages);
        }
        messages
    }

    /// What happened to one machine.
    pub(crate) fn effects(&self, node: &str) -> Vec<EffectKind> {
        self.yard
            .effects()
            .into_iter()
            .filter(|effect| effect.machine == node)
            .map(|effect| effect.effect)
            .collect()
    }

    /// What the task said.
    pub(crate) async fn messages(&self, task: TaskId) -> Vec<Message> {
        self.store.task_get(task).await.unwrap().unwrap().messages
    }

    pub(crate) fn change_design(&self) {
        self.change_design_with(|text| text + "\n# another design now\n");
    }

    /// Writes the design anew.
    pub(crate) fn change_design_with(&self, change: impl FnOnce(String) -> String) {
        let text = std::fs::read_to_string(self.design.path()).unwrap();
        std::fs::write(self.design.path(), change(text)).unwrap();
    }
}

/// What the store has on record of devices.
struct Recorded(Arc<MemoryStore>);

#[async_trait]
impl Inventories for Recorded {
    async fn lshw(&self, node: &NodeName) -> Result<Option<Vec<u8>>, InventoryError> {
        let query = FactQuery::about(NODE, node.as_str()).latest();
        let page = self.0.fact_list(&query).await.map_err(|error| InventoryError(error.into()))?;
        let found = page.facts.into_iter().map(|found| found.record.fact).find(|fact| fact.generator == LSHW);
        Ok(found.map(|fact| fact.data.as_bytes().to_vec()))
    }
}

fn key() -> SecretString {
    SecretString::from(KEY)
}

/// A copy of the two-racks site whose BMCs have a port that is free now.
fn design() -> tempfile::NamedTempFile {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/sites/two-racks.yaml");
    let port = UdpSocket::bind("0.0.0.0:0").unwrap().local_addr().unwrap().port();
    let text = std::fs::read_to_string(fixture).unwrap().replace("6230", &port.to_string());
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

fn site(path: &Path) -> Site {
    let bytes = std::fs::read(path).unwrap();
    Site::new(ingest(&[SourceFile { name: "site.yaml", bytes: &bytes }]).unwrap().design).unwrap()
}

fn spec(node: &drydock_core::design::EffectiveNode) -> MachineSpec {
    let bmc = node.oob.bmc().unwrap();
    MachineSpec {
        name: node.name.to_string(),
        boot_mac: node.boot_mac.unwrap().to_string(),
        bmc: (bmc.address, bmc.port.unwrap()).into(),
        account: bmc.account.clone(),
        credential: bmc.credential.clone(),
    }
}
