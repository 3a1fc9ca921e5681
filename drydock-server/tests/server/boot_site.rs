//! Two emulated machines that are ready to be deployed, from a design in which servers do things when they come up first; and such
//! a server, as far as Drydock sees it.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::sync::Arc;
use std::time::Duration;

use drydock_core::{Entropy as _, SystemClock, SystemEntropy, TaskId};
use drydock_drivers::emulator::{MaasFaults, MaasStatus, MachineSpec, Timing, Yard, serve_maas};
use drydock_drivers::oob::{BootDevice, PowerAction};
use drydock_orchestrator::OrchestratorOptions;
use drydock_store::Store;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::support::{MAAS_KEY, PATIENCE, Server, json_of};

const NODES: [(&str, &str); 2] = [("r1n01", "52:54:00:01:00:01"), ("r1n02", "52:54:00:01:00:02")];

/// What the servers do, beside what the site of two racks has them do. FOLDER is the test's own.
const ACTIONS: &str = r#"
---
schema: drydock/BootAction/v1
metadata: {name: hello}
data:
  assets:
    - type: file
      path: /etc/report
      data: "{{ action.report_url }} {{ action.action_id }} {{ action.action_key }}"
      data_pipeline: [utf8_decode, template]
    - type: unit
      path: /etc/systemd/system/hello.service
      permissions: '644'
      data: |
        [Service]
        ExecStart=/bin/true
    - type: file
      path: /etc/fetched
      location: 'file://FOLDER/{{ node.hostname }}'
      location_pipeline: [template]
    - type: pkg_list
      data: {tmux: 3.2a-4}
---
schema: drydock/BootAction/v1
metadata: {name: quiet}
data:
  signaling: false
  assets:
    - {type: file, path: /etc/quiet, data: hush}
"#;

pub(crate) struct BootSite {
    pub(crate) yard: Yard,
    pub(crate) faults: MaasFaults,
    pub(crate) folder: TempDir,
    pub(crate) maas: String,
    _stop: DropGuard,
}

impl BootSite {
    /// Both machines are ready; things take a millisecond or two.
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/sites/two-racks.yaml");
        let actions = ACTIONS.replace("FOLDER", &folder.path().display().to_string());
        std::fs::write(folder.path().join("site.yaml"), std::fs::read_to_string(fixture).unwrap() + &actions)
            .unwrap();
        let spec = |(name, mac): (&str, &str)| MachineSpec {
            name: name.to_owned(),
            boot_mac: mac.to_owned(),
            bmc: "127.0.0.1:1".parse().unwrap(),
            account: "nobody".to_owned(),
            credential: "unused".into(),
        };
        let clock = Arc::new(SystemClock);
        let timing = Timing::of(Duration::from_millis(1));
        let yard = Yard::new(NODES.map(spec).into(), timing, clock.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let maas = format!("http://{}/MAAS", listener.local_addr().unwrap());
        let (faults, stop) = (MaasFaults::default(), CancellationToken::new());
        let served = serve_maas(listener, yard.clone(), MAAS_KEY.into(), clock, faults.clone(), stop.clone());
        let mut servers = tokio::task::JoinSet::new();
        servers.spawn(served);
        servers.detach_all();
        let site = Self { yard, faults, folder, maas, _stop: stop.drop_guard() };
        for (name, _) in NODES {
            std::fs::write(site.folder.path().join(name), format!("for {name}")).unwrap();
            site.yard.boot_device(name, BootDevice::Pxe).unwrap();
            site.yard.power(name, PowerAction::On).unwrap();
            site.until(name, &[MaasStatus::New]).await;
            site.yard.commission(name).unwrap();
            site.until(name, &[MaasStatus::Ready]).await;
        }
        site
    }

    /// A server for the site. A node has `boot_actions` to report, and its key is of use for `boot_key`.
    pub(crate) async fn server(&self, store: &Arc<dyn Store>, times: OrchestratorOptions) -> Server {
        let times = OrchestratorOptions { poll: Duration::from_millis(5), ..times };
        Server::with(Arc::clone(store), &self.maas, Duration::from_millis(50), times).await
    }

    /// Waits for the machine to be in one of these statuses.
    pub(crate) async fn until(&self, node: &str, statuses: &[MaasStatus]) {
        let looking = async {
            while !self.yard.machine(node).unwrap().status.is_some_and(|status| statuses.contains(&status)) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, looking).await.unwrap();
    }

    /// Starts the deployment of one node; the task, and its child that deploys the node.
    pub(crate) async fn deploy(&self, server: &Server, node: &str) -> (TaskId, TaskId) {
        self.act(server, "deploy_nodes", node).await
    }

    /// Starts an action on one node; the task, and its child that carries it out.
    pub(crate) async fn act(&self, server: &Server, action: &str, node: &str) -> (TaskId, TaskId) {
        let reference = format!("file://{}", self.folder.path().join("site.yaml").display());
        let filter = json!({"filter_set_type": "union", "filter_set": [{"filter_type": "union", "node_names": [node]}]});
        let body = json!({"action": action, "design_ref": reference, "node_filter": filter});
        let answer = server.request(Method::POST, "/api/v1.0/tasks").json(&body).send().await.unwrap();
        let task = json_of(answer, StatusCode::CREATED).await["task_id"].as_str().unwrap().to_owned();
        let shown = server
            .until(&format!("/api/v1.0/tasks/{task}"), |task| {
                !task["subtask_id_list"].as_array().unwrap().is_empty()
            })
            .await;
        (task.parse().unwrap(), shown["subtask_id_list"][0].as_str().unwrap().parse().unwrap())
    }

    /// What MAAS shows of itself.
    pub(crate) async fn maas(&self, path: &str) -> Value {
        let mut nonce = [0; 8];
        SystemEntropy.fill(&mut nonce);
        let time = drydock_core::Clock::now(&SystemClock).timestamp();
        let header = format!(
            "OAuth oauth_consumer_key=\"consumer\", oauth_token=\"token\", oauth_signature=\"%26secret\", \
             oauth_nonce=\"{}\", oauth_timestamp=\"{time}\"",
            u64::from_ne_bytes(nonce)
        );
        let url = format!("{}/api/2.0/{path}", self.maas);
        let answer = reqwest::Client::new().get(url).header("authorization", header).send().await.unwrap();
        answer.json().await.unwrap()
    }

    /// The key in the tag of a machine, as the hook on the installed system finds it; none yet, or the only one.
    pub(crate) async fn key(&self, node: &str) -> Option<String> {
        let mac = NODES.into_iter().find(|(name, _)| *name == node).unwrap().1;
        let machines = self.maas(&format!("machines/?mac_address={mac}")).await;
        let tags = machines[0]["tag_names"].as_array().unwrap().clone();
        let prefix = format!("{node}__baid__");
        let mut keys = tags.iter().filter_map(|tag| tag.as_str().unwrap().strip_prefix(&prefix));
        let key = keys.next().map(str::to_owned);
        assert_eq!(keys.next(), None, "a machine has one key");
        key
    }

    /// The server that comes up on the machine.
    pub(crate) async fn booted<'s>(&self, server: &'s Server, name: &'static str) -> Node<'s> {
        self.until(name, &[MaasStatus::Deploying, MaasStatus::Deployed]).await;
        Node { server, name, key: self.key(name).await.unwrap() }
    }
}

/// A server that comes up, with its key.
pub(crate) struct Node<'s> {
    pub(crate) server: &'s Server,
    pub(crate) name: &'static str,
    pub(crate) key: String,
}

impl Node<'_> {
    pub(crate) async fn get(&self, what: &str, key: &str) -> Response {
        let path = format!("/api/v1.0/bootactions/nodes/{}/{what}", self.name);
        self.server.request(Method::GET, &path).header("X-Bootaction-Key", key).send().await.unwrap()
    }

    /// The bytes of an archive, which must be there.
    pub(crate) async fn archive(&self, what: &str) -> Vec<u8> {
        let answer = self.get(what, &self.key).await;
        assert_eq!(answer.status(), StatusCode::OK, "{what}");
        assert_eq!(answer.headers()["content-type"], "application/gzip");
        let word = what.trim_end_matches('s');
        let name = format!("attachment; filename=\"{}-{word}.tar.gz\"", self.name);
        assert_eq!(answer.headers()["content-disposition"], name);
        answer.bytes().await.unwrap().to_vec()
    }

    pub(crate) async fn post(&self, id: &str, key: &str, body: &Value) -> Response {
        let path = format!("/api/v1.0/bootactions/{id}");
        let request = self.server.request(Method::POST, &path).header("X-Bootaction-Key", key);
        request.json(body).send().await.unwrap()
    }

    /// The id of the action that reports, as the node was told.
    pub(crate) async fn id(&self) -> String {
        let (_, report) = unpack(&self.archive("files").await)["/etc/report"].clone();
        report.split(' ').nth(1).unwrap().to_owned()
    }
}

/// Mode and content of each file.
pub(crate) fn unpack(archive: &[u8]) -> BTreeMap<String, (u32, String)> {
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(archive));
    let files = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        let path = String::from_utf8(entry.path_bytes().into_owned()).unwrap();
        (path, (entry.header().mode().unwrap(), text))
    });
    files.collect()
}
