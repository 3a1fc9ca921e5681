//! `kill -9` at random moments: every node is deployed all the same, once, and every step has one checkpoint.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use drydock::core::{Entropy as _, SystemEntropy, TaskId};
use serde_json::{Value, json};

use crate::process::{PATIENCE, Process};
use crate::site::EmulatedSite;
use crate::store;

const KILLS: u32 = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twelve_nodes_are_deployed_through_twenty_kills_on_sqlite() {
    let site = EmulatedSite::start("1500ms");
    let database = store::sqlite(site.folder.path());
    deploy_through_kills(&site, &database).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twelve_nodes_are_deployed_through_twenty_kills_on_postgres() {
    let site = EmulatedSite::start("1500ms");
    let database = store::postgres("kill").await;
    store::open(&database).await;
    deploy_through_kills(&site, &database).await;
}

async fn deploy_through_kills(site: &EmulatedSite, database: &str) {
    let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let mut server =
        Server { process: Some(serve(site, database, &listen)), kills: 0, site, database, listen: &listen };
    let mut roots = Vec::new();
    for action in ["prepare_nodes", "deploy_nodes"] {
        let task = server.create(action).await;
        roots.push(task);
        server.kill_until_ended(task, KILLS / 2 * u32::try_from(roots.len()).unwrap()).await;
    }
    assert_eq!(server.kills, KILLS, "the work was over before all the kills");
    drop(server);
    let store = store::open(database).await;
    store::assert_whole(&*store, &roots).await;
    site.assert_deployed_once();
}

struct Server<'a> {
    process: Option<Process>,
    kills: u32,
    site: &'a EmulatedSite,
    database: &'a str,
    listen: &'a str,
}

impl Server<'_> {
    async fn create(&self, action: &str) -> TaskId {
        let body = json!({"action": action, "design_ref": self.site.design_ref()});
        let url = format!("http://{}/api/v1.0/tasks", self.listen);
        let answer = reqwest::Client::new().post(url).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 201);
        let task: Value = answer.json().await.unwrap();
        task["task_id"].as_str().unwrap().parse().unwrap()
    }

    /// Kills and restarts until so many kills were made in all, then lets the task come to its end.
    async fn kill_until_ended(&mut self, task: TaskId, kills: u32) {
        let end = Instant::now() + PATIENCE;
        while self.status(task).await != "complete" {
            assert!(Instant::now() < end, "the task does not come to its end");
            let mut moment = Duration::from_millis(50);
            if self.kills < kills {
                // Any moment of its life: joining, claiming, in a step, before or after a commit.
                moment = Duration::from_millis(300).mul_f64(SystemEntropy.fraction());
            }
            tokio::time::sleep(moment).await;
            if self.kills < kills {
                self.process.take().unwrap().kill();
                self.kills += 1;
                self.process = Some(serve(self.site, self.database, self.listen));
            }
        }
    }

    async fn status(&self, task: TaskId) -> String {
        let url = format!("http://{}/api/v1.0/tasks/{task}", self.listen);
        let task: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
        task["status"].as_str().unwrap().to_owned()
    }
}

/// A server that answers.
fn serve(site: &EmulatedSite, database: &str, listen: &str) -> Process {
    crate::instances::serve(site, database, listen, "kill-test")
}
