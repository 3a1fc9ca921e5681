//! Servers are deployed from a design that is fetched over HTTP, through a kill; the password for it is nowhere afterwards.

use std::fs::{File, OpenOptions};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::process::{PATIENCE, Process};
use crate::site::EmulatedSite;

const PASSWORD: &str = "pass-of-designs";

/// `drydock:pass-of-designs`.
const BASIC: &str = "Basic ZHJ5ZG9jazpwYXNzLW9mLWRlc2lnbnM=";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_are_deployed_from_a_design_that_is_fetched_and_its_password_is_kept_nowhere() {
    let site = EmulatedSite::start("300ms");
    let designs = Designs::start(&site).await;
    let credentials = format!("http://{} basic drydock:{PASSWORD}\n", designs.address);
    std::fs::write(site.path("credentials"), credentials).unwrap();

    let mut server = Server::start(&site);
    // A client of v1.0 sends the password with the reference, and goes on doing so.
    let (plain, given) = (
        format!("http://{}/site.yaml", designs.address),
        format!("http://drydock:{PASSWORD}@{}/site.yaml", designs.address),
    );
    let prepared = server.create("prepare_nodes", &given).await;
    assert_eq!(prepared["design_ref"], plain.as_str());
    server.until_ended(&prepared).await;

    let deployed = server.create("deploy_nodes", &plain).await;
    server.process.kill();
    server = Server::start(&site);
    server.until_ended(&deployed).await;
    let fetched = designs.fetched.load(Ordering::Relaxed);
    assert!((2..=4).contains(&fetched), "once for each process and task at the most: {fetched}");

    let refused = given.replace(PASSWORD, &format!("{PASSWORD}!"));
    let (status, text) = server.post("deploy_nodes", &refused).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{text}");
    assert!(text.contains("--design-credentials") && !text.contains(PASSWORD), "{text}");
    let tree = reqwest::get(server.url(&format!("/{}?layers=-1", deployed["task_id"].as_str().unwrap())));
    assert!(!tree.await.unwrap().text().await.unwrap().contains(PASSWORD));
    server.process.kill();
    std::fs::remove_file(site.path("credentials")).unwrap();
    let searched = files_without(site.folder.path(), PASSWORD);
    assert!(searched.iter().any(|name| name == "drydock.db") && searched.iter().any(|name| name == "log"));
}

/// A server that has the site's design, and shows it to those who know the password.
struct Designs {
    address: String,
    fetched: Arc<AtomicUsize>,
    _task: JoinSet<()>,
}

impl Designs {
    async fn start(site: &EmulatedSite) -> Self {
        let text = std::fs::read_to_string(site.path("site.yaml")).unwrap();
        let fetched = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&fetched);
        let page = get(async move |headers: HeaderMap| {
            if headers.get("authorization").is_none_or(|value| value != BASIC) {
                return (StatusCode::UNAUTHORIZED, String::new());
            }
            count.fetch_add(1, Ordering::Relaxed);
            (StatusCode::OK, text.clone())
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let mut task = JoinSet::new();
        task.spawn(
            async move { axum::serve(listener, Router::new().route("/site.yaml", page)).await.unwrap() },
        );
        Self { address, fetched, _task: task }
    }
}

struct Server {
    process: Process,
    address: String,
}

impl Server {
    /// It logs all that there is to log.
    fn start(site: &EmulatedSite) -> Self {
        let (database, credentials) = (site.path("drydock.db"), site.path("credentials"));
        let args = [
            "serve",
            "--migrate",
            "--database",
            database.to_str().unwrap(),
            "--design-credentials",
            credentials.to_str().unwrap(),
            "--listen",
            "127.0.0.1:0",
            "--name",
            "references",
            "--maas-url",
            &site.maas_url,
            "--poll-interval",
            "100ms",
            "--log",
            "trace",
        ];
        let log: File = OpenOptions::new().create(true).append(true).open(site.path("log")).unwrap();
        let env = [("MAAS_API_KEY", "emulated:emulated:emulated")];
        let mut process = Process::start_with_log(&args, &env, log);
        let address = process.line("the server to listen", |line| {
            line.split_once("http://").map(|(_, address)| address.trim_end_matches('/').to_owned())
        });
        Self { process, address }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}/api/v1.0/tasks{path}", self.address)
    }

    async fn post(&self, action: &str, reference: &str) -> (StatusCode, String) {
        let names = ["r1n01", "r2n03"];
        let filter = json!({"filter_set_type": "union", "filter_set": [{"filter_type": "union", "node_names": names}]});
        let body = json!({"action": action, "design_ref": reference, "node_filter": filter});
        let answer = reqwest::Client::new().post(self.url("")).json(&body).send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    }

    async fn create(&self, action: &str, reference: &str) -> Value {
        let (status, text) = self.post(action, reference).await;
        assert_eq!(status, StatusCode::CREATED, "{text}");
        serde_json::from_str(&text).unwrap()
    }

    async fn until_ended(&self, task: &Value) {
        let end = Instant::now() + PATIENCE;
        loop {
            let url = self.url(&format!("/{}", task["task_id"].as_str().unwrap()));
            let task: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
            if task["status"] == "complete" {
                assert_eq!(task["result"]["status"], "success", "{task}");
                assert_eq!(task["result"]["successes"], json!(["r1n01", "r2n03"]));
                return;
            }
            assert!(Instant::now() < end, "the task does not come to its end");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// The names of all files of a folder, in none of which `text` may be.
fn files_without(folder: &Path, text: &str) -> Vec<String> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let bytes = std::fs::read(entry.path()).unwrap();
        let name = entry.file_name().into_string().unwrap();
        let found = bytes.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(!found, "{name} has the password");
        names.push(name);
    }
    names
}
