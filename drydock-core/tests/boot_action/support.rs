//! A site with boot actions, and what stands for a deployment.

use drydock_core::boot_action::{ActionContext, ActionId, Fetched, RenderedFile, Renderer};
use drydock_core::design::{EffectiveNode, Site};
use drydock_core::ingest::{SourceFile, ingest};
use drydock_core::{NodeName, SecretString};
use uuid::Uuid;

const TWO_RACKS: &[u8] = include_bytes!("../../../tests/fixtures/sites/two-racks.yaml");
const ACTIONS: &[u8] = include_bytes!("../documents/boot-actions.yaml");

/// A key as it is handed out: 64 hex digits.
pub(crate) const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/// The deployment of which all ids are made.
pub(crate) const DEPLOYMENT: Uuid = Uuid::from_u128(0x0193_4d7a_0000_7000_8000_0000_0000_0001);

/// The site of two racks with other boot actions.
pub(crate) fn site_with(actions: &[u8]) -> Site {
    let files = [("two-racks.yaml", TWO_RACKS), ("boot-actions.yaml", actions)];
    let files = files.map(|(name, bytes)| SourceFile { name, bytes });
    Site::new(ingest(&files).unwrap().design).unwrap()
}

/// The site of two racks with the boot actions of its own.
pub(crate) fn site() -> Site {
    site_with(ACTIONS)
}

pub(crate) fn node<'s>(site: &'s Site, name: &str) -> &'s EffectiveNode {
    site.node(&NodeName::new(name).unwrap()).unwrap()
}

/// What its templates know of a node, and of a deployment.
pub(crate) fn renderer<'n>(site: &'n Site, name: &str, key: &'n SecretString) -> Renderer<'n> {
    Renderer::new(site, node(site, name), |action| ActionContext {
        id: ActionId::of(DEPLOYMENT, &action.name),
        key,
        report_url: "http://drydock:9000/api/v1.0/bootactions/",
        design_ref: "file:///etc/drydock/my site.yaml",
    })
}

/// The one file of a boot action with one asset, which the text describes in YAML.
pub(crate) fn one_file(asset: &str, fetched: &Fetched) -> Result<RenderedFile, String> {
    let document =
        format!("schema: drydock/BootAction/v1\nmetadata: {{name: one}}\ndata:\n  assets:\n  - {asset}\n");
    let site = site_with(document.as_bytes());
    let key = SecretString::from(KEY);
    let files = renderer(&site, "r1n01", &key).files(fetched).map_err(|error| error.to_string())?;
    Ok(files.into_iter().next().unwrap())
}

/// What a template comes to on `r1n01`.
pub(crate) fn filled(template: &str) -> Result<String, String> {
    let quoted = serde_json::to_string(template).unwrap();
    let asset = format!("{{type: file, path: /a, data: {quoted}, data_pipeline: [utf8_decode, template]}}");
    one_file(&asset, &Fetched::new()).map(|file| String::from_utf8(file.content).unwrap())
}
