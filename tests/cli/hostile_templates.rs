//! A server whose boot actions take all there is: it says what is wrong with them, and goes on.

use std::path::Path;

use drydock_core::{Clock as _, Entropy as _, SystemClock, SystemEntropy};
use reqwest::StatusCode;
use serde_json::Value;

use crate::program::{Running, drydock, run, site, text};
use crate::templates::HOSTILE;

/// A boot action that is filled in from a file beside the site, so that it can change while the node is deployed. Nobody waits for it.
const ACTION: &str = "\
---
schema: drydock/BootAction/v1
metadata: {name: one}
data:
  signaling: false
  assets:
  - {type: file, path: /a, location: 'file://FOLDER/{{ node.hostname }}', location_pipeline: [template], data_pipeline: [utf8_decode, template]}
  - {type: pkg_list, location: 'file://FOLDER/packages', data_pipeline: [utf8_decode, template]}
";

/// The server that comes up on a machine.
struct Node {
    client: reqwest::Client,
    url: String,
    key: String,
}

impl Node {
    /// By the key in its tag, as the installed system finds it.
    async fn booted(maas: &str, server: &str) -> Self {
        let client = reqwest::Client::new();
        let mut nonce = [0; 8];
        SystemEntropy.fill(&mut nonce);
        let header = format!(
            "OAuth oauth_consumer_key=\"emulated\", oauth_token=\"emulated\", oauth_signature=\"%26emulated\", \
             oauth_nonce=\"{}\", oauth_timestamp=\"{}\"",
            u64::from_ne_bytes(nonce),
            SystemClock.now().timestamp()
        );
        let machines = client.get(format!("{maas}/api/2.0/machines/")).header("authorization", header);
        let machines: Value = machines.send().await.unwrap().json().await.unwrap();
        let tags = machines.as_array().unwrap().iter().filter_map(|machine| machine["tag_names"].as_array());
        let mut keys = tags.flatten().filter_map(|tag| tag.as_str()?.strip_prefix("r1n01__baid__"));
        let key = keys.next().unwrap().to_owned();
        Self { client, url: format!("{server}/api/v1.0/bootactions/nodes/r1n01/files"), key }
    }

    async fn files(&self) -> (StatusCode, Vec<u8>) {
        let answer = self.client.get(&self.url).header("X-Bootaction-Key", &self.key).send().await.unwrap();
        (answer.status(), answer.bytes().await.unwrap().to_vec())
    }
}

fn task(url: &str, action: &str, design: &Path) {
    let mut command =
        drydock(&["task", "create", action, "--design", text(design), "--nodes", "r1n01", "--wait"]);
    command.env("DRYDOCK_URL", url);
    let ended = Running::start(command).end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[tokio::test]
async fn a_template_that_takes_too_much_ends_no_server() {
    let folder = tempfile::tempdir().unwrap();
    let (site, _) = site(folder.path());
    let with_action =
        std::fs::read_to_string(&site).unwrap() + &ACTION.replace("FOLDER", text(folder.path()));
    std::fs::write(&site, with_action).unwrap();
    let template = |text: &str| std::fs::write(folder.path().join("r1n01"), text).unwrap();
    std::fs::write(folder.path().join("packages"), "{{ node.labels.role }}: null\n").unwrap();
    template("on {{ node.hostname }}");

    let args = ["emulate", "--site", text(&site), "--maas-listen", "127.0.0.1:0", "--speed", "20ms"];
    let mut emulator = Running::start(drydock(&args));
    let maas = emulator.line("maas:").replace("maas: ", "");
    emulator.line("ready");
    let key = folder.path().join("maas.key");
    std::fs::write(&key, "emulated:emulated:emulated\n").unwrap();
    let mut command = drydock(&["serve", "--listen", "127.0.0.1:0", "--poll-interval", "20ms"]);
    command.args(["--database", "memory:", "--maas-url", &maas, "--maas-key-file", text(&key)]);
    let mut server = Running::start(command);
    let url = server.line("listening on").replace("listening on ", "");
    server.line("ready");
    task(&url, "prepare_nodes", &site);
    task(&url, "deploy_nodes", &site);

    let node = Node::booted(&maas, &url).await;
    let (status, archive) = node.files().await;
    assert_eq!(status, StatusCode::OK, "{archive:?}");
    for (hostile, expected) in HOSTILE {
        template(hostile);
        let (status, told) = node.files().await;
        let told = String::from_utf8_lossy(&told).into_owned();
        assert_eq!(status, StatusCode::CONFLICT, "{hostile}: {told}");
        let place = "boot action one, asset /a, data_pipeline[1] template: the template was stopped: ";
        assert!(told.contains(place) && told.contains(expected), "{hostile}: {told}");
        assert!(!told.contains(&node.key), "{hostile}: {told}");
    }
    template("on {{ node.hostname }}");
    assert_eq!(node.files().await, (StatusCode::OK, archive), "it is the same server, and gives the same");
    assert_eq!(run(&["task", "list", "--server", &url]).code, Some(0));
}
