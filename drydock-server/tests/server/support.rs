//! A server over a store in memory, with the actions and with small workflows of the tests' own, and a client for it.

use std::sync::Arc;
use std::time::Duration;

use drydock_core::boot_action::InProcess;
use drydock_core::node_filter::NodeFilter;
use drydock_core::task::{Action, TaskResult};
use drydock_core::{InstanceName, NodeName, SecretString, SystemClock, SystemEntropy, TaskId};
use drydock_drivers::NodeDriver;
use drydock_drivers::node::maas::{MaasDriver, MaasOptions};
use drydock_orchestrator::{
    BootActions, Credentials, Drivers, FileDesigns, HttpOptions, NodeJob, Orchestrator, OrchestratorOptions,
    REPORT_URL, References, TaskInput,
};
use drydock_server::api::Access;
use drydock_server::serve::{Served, serve_app};
use drydock_server::{App, StoredInventories};
use drydock_store::{MemoryStore, Store};
use drydock_workflow::observe::Page;
use drydock_workflow::{
    ChildOutcome, ChildResult, Engine, EngineOptions, Fact, Outcome, StepContext, StepError, Workflow,
    WorkflowBuilder, step_fn,
};
use reqwest::{Method, Response, StatusCode, header};
use serde_json::Value;
use tokio::net::TcpListener;

/// Longer than anything here takes, even on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// The key of the emulated MAAS, where there is one.
pub(crate) const MAAS_KEY: &str = "consumer:token:secret";

/// A running server and a client of it. Dropped, the server ends.
pub(crate) struct Server {
    pub(crate) served: Served,
    pub(crate) client: reqwest::Client,
    pub(crate) workflows: Workflows,
}

impl Server {
    /// Over a store in memory, without a provisioner to talk to.
    pub(crate) async fn start() -> Self {
        Self::over(Arc::new(MemoryStore::new()), "http://127.0.0.1:9/MAAS").await
    }

    /// Over this store, and the MAAS at this URL.
    pub(crate) async fn over(store: Arc<dyn Store>, maas: &str) -> Self {
        Self::with_grace(store, maas, Duration::from_millis(200)).await
    }

    /// The same; steps under way get this time when the server ends.
    pub(crate) async fn with_grace(store: Arc<dyn Store>, maas: &str, grace: Duration) -> Self {
        Self::with(store, maas, grace, OrchestratorOptions::default()).await
    }

    /// The same; machines are looked at as often as `times` says.
    pub(crate) async fn with(
        store: Arc<dyn Store>,
        maas: &str,
        grace: Duration,
        times: OrchestratorOptions,
    ) -> Self {
        let options = MaasOptions::new(maas, SecretString::from(MAAS_KEY));
        let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
        let maas: Arc<dyn NodeDriver> =
            Arc::new(MaasDriver::new(&options, clock.clone(), entropy.clone()).unwrap());
        let drivers = Drivers { node: Arc::clone(&maas), oob: Vec::new() };
        let designs = Arc::new(FileDesigns::new());
        let boot = BootActions {
            assets: Arc::new(References::new(&HttpOptions::default(), Credentials::default(), None).unwrap()),
            inventories: Arc::new(StoredInventories(Arc::clone(&store))),
            entropy: entropy.clone(),
            report_url: REPORT_URL.to_owned(),
            templates: Arc::new(InProcess),
        };
        let orchestrator = Orchestrator::new(drivers, designs, boot, times).unwrap();
        let workflows = Workflows::new();
        let page = Page::default();
        let journal: Arc<dyn Store> = Arc::clone(&store);
        let engine = Engine::builder(journal as _, InstanceName::new("tests").unwrap())
            .options(EngineOptions { grace, feed: true, ..EngineOptions::default() })
            .workflow(&workflows.node)
            .workflow(&workflows.nodes)
            .workflow(&workflows.plain)
            .recorder(Arc::new(page.clone()));
        let metrics = Some(page);
        let engine = orchestrator.offer(engine).start().await.unwrap();
        let app = App { store, engine, orchestrator, provisioner: Some(maas), clock, entropy, metrics };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let served = serve_app(listener, app, Access::ThisMachine).unwrap();
        let client = reqwest::Client::builder().timeout(PATIENCE).build().unwrap();
        Self { served, client, workflows }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.served.address())
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method, self.url(path))
    }

    /// A GET that must answer 200 with JSON.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let response = self.request(Method::GET, path).send().await.unwrap();
        json_of(response, StatusCode::OK).await
    }

    /// Starts the tests' own action for these nodes; see [`Workflows`].
    pub(crate) async fn start_task(&self, nodes: &[&str]) -> TaskId {
        let names: Vec<_> = nodes.iter().map(|name| NodeName::new(name).unwrap()).collect();
        let input = TaskInput { node_filter: Some(NodeFilter::names(&names)), ..input(None) };
        self.served.engine().submit(&self.workflows.nodes, &input).await.unwrap()
    }

    /// Starts the share of one node as a task of its own.
    pub(crate) async fn start_node(&self, node: &str) -> TaskId {
        let input = input(Some(NodeName::new(node).unwrap()));
        self.served.engine().submit(&self.workflows.node, &input).await.unwrap()
    }

    /// Waits for the end of a task.
    pub(crate) async fn ended(&self, task: TaskId) {
        tokio::time::timeout(PATIENCE, self.served.engine().wait(task)).await.unwrap().unwrap();
    }

    /// Asks for `path` until the answer is as wanted, and gives it.
    pub(crate) async fn until(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let asking = async {
            loop {
                let answer = self.get(path).await;
                if wanted(&answer) {
                    return answer;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, asking).await.unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.served.abort();
    }
}

/// The JSON of a response that must have this status.
pub(crate) async fn json_of(response: Response, status: StatusCode) -> Value {
    let found = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE).cloned();
    assert!(response.headers().contains_key("x-drydock-req"));
    let text = response.text().await.unwrap();
    assert_eq!(found, status, "{text}");
    assert_eq!(kind.unwrap(), "application/json", "{text}");
    serde_json::from_str(&text).unwrap()
}

/// The message of a response that must be an error in the one form, with this status.
pub(crate) async fn error_of(response: Response, status: StatusCode) -> String {
    let document = json_of(response, status).await;
    assert_eq!(document["type"], "error", "{document}");
    assert_eq!(document["retry"], status == StatusCode::SERVICE_UNAVAILABLE, "{document}");
    document["message"].as_str().unwrap().to_owned()
}

fn input(node: Option<NodeName>) -> TaskInput {
    TaskInput {
        action: Action::VerifyNodes,
        design_ref: "https://host/site".parse().unwrap(),
        node_filter: None,
        created_by: "the tests".to_owned(),
        job: node.map(|node| NodeJob { node, design_digest: String::new() }),
    }
}

/// Workflows over nodes that need no machines. A node whose name begins with `bad` fails, one with `flaky` fails at first,
/// one with `slow` does 17 of 40 disks and waits for a day, about one with `known` something is found out, one with `busy` works until it is cancelled; every other succeeds.
pub(crate) struct Workflows {
    pub(crate) node: Workflow<TaskInput, TaskResult>,
    pub(crate) nodes: Workflow<TaskInput, TaskResult>,
    pub(crate) plain: Workflow<u32, u32>,
}

impl Workflows {
    fn new() -> Self {
        let node = node();
        Self { nodes: nodes(&node), node, plain: plain() }
    }
}

fn node() -> Workflow<TaskInput, TaskResult> {
    let mut builder = WorkflowBuilder::<TaskInput>::new("test_node", 1);
    let input = builder.input();
    let look = builder.step("look", step_fn(look)).run(&input);
    let act = builder.step("act", step_fn(act)).run((&input, &look));
    builder.output(&act).unwrap()
}

async fn look(ctx: StepContext, input: TaskInput) -> Result<Outcome<String>, StepError> {
    let node = input.job.unwrap().node.to_string();
    ctx.say_about("node", &node, format!("looked at {node}"));
    ctx.say("a look was taken");
    // What is recorded of r1n02 is no inventory.
    if node.starts_with("known") || node == "r1n02" {
        ctx.record(Fact::about("node", &node).by("lshw").text("text/xml", "<list/>"))?;
        ctx.record(Fact::about("node", &node).by("disks").json(&["sda"]))?;
        ctx.record(Fact::about("rack", "r1").by("lldp").text("text/plain", ""))?;
    }
    Ok(Outcome::Done(node))
}

async fn act(ctx: StepContext, (_, node): (TaskInput, String)) -> Result<Outcome<TaskResult>, StepError> {
    if node.starts_with("bad") {
        return Err(StepError::permanent(format!("{node} is bad")));
    }
    if node.starts_with("flaky") && ctx.attempt() == 1 {
        return Err(StepError {
            retry_after: Some(Duration::from_hours(1)),
            ..StepError::retryable("try again")
        });
    }
    if node.starts_with("slow") {
        ctx.progress_of(17, 40, "disks");
        return Ok(Outcome::wait(Duration::from_hours(24), "a new day"));
    }
    if node.starts_with("busy") {
        ctx.cancelled().cancelled().await;
        return Err(StepError::cancelled());
    }
    let mut result = TaskResult::default();
    result.success(node);
    Ok(Outcome::Done(result))
}

fn nodes(node: &Workflow<TaskInput, TaskResult>) -> Workflow<TaskInput, TaskResult> {
    let mut builder = WorkflowBuilder::<TaskInput>::new("test_nodes", 1);
    let input = builder.input();
    let select = step_fn(|_: StepContext, input: TaskInput| async move {
        let filter = serde_json::to_value(&input.node_filter).unwrap();
        let names: Vec<NodeName> =
            serde_json::from_value(filter["filter_set"][0]["node_names"].clone()).unwrap();
        let job = |node| Some(NodeJob { node, design_digest: String::new() });
        let jobs = names.into_iter().map(|node| TaskInput { job: job(node), ..input.clone() });
        Ok(Outcome::Done(jobs.collect::<Vec<_>>()))
    });
    let select = builder.step("select", select).run(&input);
    let each = builder.children("each", node).run(&select);
    let vote = step_fn(|_: StepContext, ends: Vec<ChildResult<TaskResult>>| async move {
        let mut result = TaskResult::default();
        for end in ends {
            match end.end {
                ChildOutcome::Completed(child) => {
                    child.successes.into_iter().for_each(|name| result.success(name));
                }
                ChildOutcome::Failed(_) | ChildOutcome::Cancelled(_) => result.failure(end.index.to_string()),
            }
        }
        Ok(Outcome::Done(result))
    });
    let vote = builder.step("vote", vote).run(&each);
    builder.output(&vote).unwrap()
}

/// A workflow that is no action.
fn plain() -> Workflow<u32, u32> {
    let mut builder = WorkflowBuilder::<u32>::new("plain", 1);
    let input = builder.input();
    let same = step_fn(|_: StepContext, n: u32| async move { Ok(Outcome::Done(n)) });
    let same = builder.step("same", same).run(&input);
    builder.output(&same).unwrap()
}
