//! Any template is filled in for a server within its fuel, or refused with a text.

use std::sync::{LazyLock, Mutex};

use drydock_core::boot_action::{
    ActionContext, ActionId, Fetched, FillJob, InProcess, RenderProblem, Renderer, TemplateFiller,
};
use drydock_core::{ExposeSecret, SecretString};
use serde_json::Value;
use uuid::Uuid;

use crate::site::site_with;

const ACTION: &[u8] = b"schema: drydock/BootAction/v1\nmetadata: {name: one}\ndata:\n  assets:\n  \
    - {type: file, path: /a, data: a, data_pipeline: [utf8_decode, template]}\n";

/// What a template of a real server knows, as it is sent to whoever fills it in. Made once: a site is read much more slowly than a
/// template.
static JOB: LazyLock<Value> = LazyLock::new(|| {
    let site = site_with(ACTION).expect("the site of two racks");
    let node = site.nodes().values().next().expect("a node");
    let key = SecretString::from("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");
    let told = Told::default();
    let renderer = Renderer::new(&site, node, |action| ActionContext {
        id: ActionId::of(Uuid::nil(), &action.name),
        key: &key,
        report_url: "http://drydock:9000/api/v1.0/bootactions/",
        design_ref: "file:///etc/drydock/site.yaml",
    });
    renderer.only("one").by(&told).files(&Fetched::new()).expect("a template of one letter");
    let job = told.0.into_inner().expect("nobody panicked").expect("it was asked");
    serde_json::from_str(job.expose_secret()).expect("a job is JSON")
});

/// Keeps the job that it is given.
#[derive(Debug, Default)]
struct Told(Mutex<Option<SecretString>>);

impl TemplateFiller for Told {
    fn fill(&self, job: &FillJob) -> Result<String, RenderProblem> {
        *self.0.lock().expect("nobody panicked") = Some(job.to_json().expect("a job is JSON"));
        Ok(String::new())
    }
}

/// Fills in a template.
///
/// # Panics
///
/// If what the head of this file says does not hold.
pub fn boot_action_template(template: &str) {
    let mut job = JOB.clone();
    job["template"] = template.into();
    let job = FillJob::from_json(job.to_string().as_bytes()).expect("as it was sent");
    if let Err(problem) = InProcess.fill(&job) {
        assert!(!problem.to_string().is_empty());
    }
}
