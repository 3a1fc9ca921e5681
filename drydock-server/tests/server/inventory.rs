//! What a node told of itself when it was commissioned: recorded by preparing it, shown as build data, and what its boot actions
//! call its devices by.

use std::io::Write as _;

use drydock_core::TaskId;
use drydock_drivers::emulator::MaasFault;
use serde_json::Value;

use crate::boot_actions::{memory, messages, usual};
use crate::boot_site::{BootSite, unpack};
use crate::support::Server;

const ACTION: &str = r#"
---
schema: drydock/BootAction/v1
metadata: {name: devices}
data:
  signaling: false
  assets:
    - type: file
      path: /etc/devices
      data: "{{ node.devices.nic1 }} {{ node.devices.bootdisk }} {{ node.interfaces.mgmt.slaves[0] }}"
      data_pipeline: [utf8_decode, template]
    - type: pkg_list
      location: 'file://FOLDER/{{ node.devices.nic1 }}.yaml'
      location_pipeline: [template]
"#;

async fn site() -> BootSite {
    let site = BootSite::start().await;
    let folder = site.folder.path();
    for name in ["nic1", "enp24s0f0"] {
        std::fs::write(folder.join(format!("{name}.yaml")), format!("driver-of-{name}: 1.0-1\n")).unwrap();
    }
    let design = folder.join("site.yaml");
    let mut design = std::fs::OpenOptions::new().append(true).open(design).unwrap();
    design.write_all(ACTION.replace("FOLDER", &folder.display().to_string()).as_bytes()).unwrap();
    site
}

/// Deploys the node: its file about devices, its user data, and what the task said of inventories.
async fn deployed(site: &BootSite, server: &Server, node: &'static str) -> (String, String, Vec<String>) {
    let (_, child) = site.deploy(server, node).await;
    let booted = site.booted(server, node).await;
    let (_, file) = unpack(&booted.archive("files").await)["/etc/devices"].clone();
    let user_data = site.yard.machine(node).unwrap().user_data.unwrap();
    let end = serde_json::json!({"status": "Success"});
    assert_eq!(booted.post(&booted.id().await, &booted.key, &end).await.status(), 200);
    server.ended(child).await;
    (file, user_data, about_inventories(server, child).await)
}

async fn about_inventories(server: &Server, task: TaskId) -> Vec<String> {
    let said = messages(server, task).await.into_iter().map(|(.., text)| text);
    said.filter(|text| text.contains("inventory")).collect()
}

async fn build_data(server: &Server, path: &str) -> Vec<(String, String, String)> {
    let found = server.get(path).await;
    let text = |fact: &Value, field: &str| fact[field].as_str().unwrap().to_owned();
    let facts = found.as_array().unwrap().iter();
    facts
        .map(|fact| (text(fact, "generator"), text(fact, "data_format"), text(fact, "data_element")))
        .collect()
}

#[tokio::test]
async fn the_boot_actions_of_a_prepared_node_know_its_devices() {
    let (site, store) = (site().await, memory());
    let server = site.server(&store, usual()).await;
    let (task, child) = site.act(&server, "prepare_nodes", "r1n01").await;
    server.ended(task).await;
    let of_node = build_data(&server, "/api/v1.0/nodes/r1n01/builddata?latest=true").await;
    assert_eq!(of_node, build_data(&server, &format!("/api/v1.0/tasks/{child}/builddata")).await);
    let [(generator, format, lshw)] = &of_node[..] else { panic!("{of_node:?}") };
    assert_eq!((generator.as_str(), format.as_str()), ("lshw", "text/xml"));
    assert!(lshw.contains("52:54:00:01:00:01") && lshw.contains("enp24s0f1"), "{lshw}");

    let (file, user_data, said) = deployed(&site, &server, "r1n01").await;
    assert_eq!(file, "enp24s0f0 sda enp24s0f1");
    assert!(user_data.contains("driver-of-enp24s0f0"), "{user_data}");
    assert_eq!(said, Vec::<String>::new());
}

#[tokio::test]
async fn without_an_inventory_aliases_stay_and_the_task_says_so() {
    let (site, store) = (site().await, memory());
    let server = site.server(&store, usual()).await;
    let (file, user_data, said) = deployed(&site, &server, "r1n01").await;
    assert_eq!(file, "nic1 bootdisk nic2");
    assert!(user_data.contains("driver-of-nic1"), "{user_data}");
    assert!(said.len() == 1 && said[0].contains("prepare_nodes records it"), "{said:?}");
    // One that is none.
    let task = server.start_task(&["r1n02"]).await;
    server.ended(task).await;
    let (file, _, said) = deployed(&site, &server, "r1n02").await;
    assert_eq!(file, "nic1 bootdisk nic2");
    assert!(said.len() == 1 && said[0].contains("cannot be read"), "{said:?}");
}

#[tokio::test]
async fn a_node_whose_inventory_is_refused_is_prepared_all_the_same() {
    let (site, store) = (site().await, memory());
    let server = site.server(&store, usual()).await;
    site.faults.at("op=details", MaasFault::Status(403));
    let (task, child) = site.act(&server, "prepare_nodes", "r1n01").await;
    server.ended(task).await;
    let shown = server.get(&format!("/api/v1.0/tasks/{task}")).await;
    assert_eq!(shown["result"]["successes"], serde_json::json!(["r1n01"]));
    let said = about_inventories(&server, child).await;
    assert!(said.len() == 1 && said[0].contains("is not recorded") && said[0].contains("403"), "{said:?}");
}
