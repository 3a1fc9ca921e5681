//! What machines told of themselves: the emulated MAAS against the real one, and answers that are none.

use bson::RawDocument;
use bson::spec::ElementType;
use drydock_core::ingest::SourceFile;
use drydock_core::lshw::Lshw;
use drydock_drivers::node::{Inventory, MachineId};
use drydock_drivers::{DriverErrorKind, NodeDriver as _};

use crate::emulation::{Stage, bring};
use crate::recording::Recording;
use crate::replay::{Canned, Replay};
use crate::rig::{HandClock, MAC, Rig, driver, options};

fn recorded() -> Canned {
    Recording::load("e-machine-43").answer
}

async fn answered(answer: Canned) -> (Result<Inventory, DriverErrorKind>, String) {
    let replay = Replay::start(vec![answer]).await;
    let driver = driver(&options(&replay.url), &HandClock::new());
    let inventory = driver.inventory(&MachineId("dynhwk".to_owned())).await;
    (inventory.map_err(|error| error.kind), replay.requests()[0].line.clone())
}

fn shape(body: &[u8]) -> Vec<(String, ElementType)> {
    let elements = RawDocument::from_bytes(body).unwrap().iter();
    elements.map(Result::unwrap).map(|(name, value)| (name.to_string(), value.element_type())).collect()
}

#[tokio::test]
async fn the_recorded_inventory_is_read_to_its_last_byte() {
    let (inventory, asked) = answered(recorded()).await;
    assert_eq!(asked, "GET /MAAS/api/2.0/machines/dynhwk/?op=details");
    let Inventory { lshw, lldp } = inventory.unwrap();
    let text = String::from_utf8(lshw.unwrap()).unwrap();
    assert!(text.starts_with("<?xml") && text.ends_with("</node></list>"), "{text}");
    assert_eq!(lldp, None);
}

#[tokio::test]
async fn the_emulated_maas_has_the_inventory_of_what_it_commissioned() {
    let rig = Rig::start().await;
    let id = bring(&rig, Stage::Commissioning).await.unwrap();
    assert_eq!(rig.driver.inventory(&id).await.unwrap(), Inventory::default());
    rig.clock.advance(crate::rig::UNIT);
    let lshw = rig.driver.inventory(&id).await.unwrap().lshw.unwrap();
    assert!(String::from_utf8_lossy(&lshw).contains(MAC));
    let lshw = Lshw::read(&SourceFile { name: "lshw", bytes: &lshw }).unwrap();
    let names: Vec<&str> = lshw.devices().iter().map(|device| device.name.as_str()).collect();
    assert_eq!(names, ["enp24s0f0", "enp24s0f1", "sda"]);
    rig.stop().await;
}

#[tokio::test]
async fn the_emulated_answer_has_the_shape_of_the_recorded_one() {
    let rig = Rig::start().await;
    let id = bring(&rig, Stage::Ready).await.unwrap();
    let recording = Recording::load("e-machine-43");
    let url = format!("{}/api/2.0/machines/{id}/?op=details", rig.url);
    let header = recording.request_header("authorization").unwrap();
    let now = drydock_core::Clock::now(&rig.clock).timestamp();
    let header = header.replace(r#"oauth_timestamp="1795255443""#, &format!(r#"oauth_timestamp="{now}""#));
    let answer = reqwest::Client::new().get(url).header("authorization", header).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), recording.answer.status);
    assert_eq!(answer.headers()["content-type"], recording.content_type());
    assert_eq!(shape(&answer.bytes().await.unwrap()), shape(&recorded().bytes.unwrap()));
    rig.stop().await;
}

#[tokio::test]
async fn an_answer_that_is_cut_or_something_else_is_no_inventory() {
    let whole = recorded().bytes.unwrap();
    let cut = (0..whole.len()).step_by(13).map(|end| whole[..end].to_vec());
    // The length of the last part says more than there is.
    let mut wrong = whole.clone();
    wrong[22] = 0xff;
    for bytes in cut.chain([wrong, b"\x10\0\0\0\x10lshw\0\x01\0\0\0\0".to_vec()]) {
        let (inventory, _) = answered(Canned { bytes: Some(bytes.clone()), ..Canned::status(200) }).await;
        assert_eq!(inventory, Err(DriverErrorKind::Protocol), "{bytes:?}");
    }
    let empty = b"\x05\0\0\0\0".to_vec();
    let (inventory, _) = answered(Canned { bytes: Some(empty), ..Canned::status(200) }).await;
    assert_eq!(inventory, Ok(Inventory::default()), "a machine that told nothing");
}
