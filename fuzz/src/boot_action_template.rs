//! Any template is rendered for a server within its fuel, or refused with a text.

use drydock_core::SecretString;
use drydock_core::boot_action::{ActionContext, ActionId, Fetched, Renderer};
use uuid::Uuid;

use crate::site::site_with;

/// Renders a template.
///
/// # Panics
///
/// If what the head of this file says does not hold.
pub fn boot_action_template(template: &str) {
    let quoted = serde_json::to_string(template).expect("a text is JSON");
    let action = format!(
        "schema: drydock/BootAction/v1\nmetadata: {{name: one}}\ndata:\n  assets:\n  - {{type: file, path: /a, data: {quoted}, \
         data_pipeline: [template]}}\n"
    );
    let Some(site) = site_with(action.as_bytes()) else { return };
    let Some(node) = site.nodes().values().next() else { return };
    let key = SecretString::from("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");
    let renderer = Renderer::new(&site, node, |action| ActionContext {
        id: ActionId::of(Uuid::nil(), &action.name),
        key: &key,
        report_url: "http://drydock:9000/api/v1.0/bootactions/",
        design_ref: "file:///etc/drydock/site.yaml",
    });
    if let Err(problem) = renderer.only("one").files(&Fetched::new()) {
        assert!(!problem.to_string().is_empty());
    }
}
