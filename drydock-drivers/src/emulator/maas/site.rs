//! What the emulated MAAS keeps besides the yard: names, domains, owners, images, and who has called.

use std::collections::BTreeMap;

use drydock_core::{SecretString, Timestamp};
use serde_json::{Value, json};

use super::auth::Guard;
use super::names;
use super::tags::Tag;
use crate::emulator::{MaasStatus, MachineView, Yard};

/// The images that are there: series and the version in kernel names.
pub(super) const IMAGES: [(&str, &str); 3] = [("focal", "20.04"), ("jammy", "22.04"), ("noble", "24.04")];

/// The user whose key is accepted.
pub(super) const USER: &str = "admin";

/// The state of the emulated MAAS.
pub(super) struct Site {
    pub(super) yard: Yard,
    pub(super) guard: Guard,
    /// Names by id. Id 0 is the domain of machines that were given none.
    pub(super) domains: Vec<String>,
    /// In the order in which they were made.
    pub(super) tags: Vec<Tag>,
    records: BTreeMap<String, Record>,
}

/// What MAAS keeps about a machine.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) hostname: String,
    /// The id of its domain.
    pub(super) domain: usize,
    /// Given when it was allocated; shown to nobody, but searchable.
    pub(super) agent_name: String,
    pub(super) annotations: BTreeMap<String, String>,
    pub(super) series: String,
    pub(super) kernel: Option<String>,
    /// Set by the first release.
    pub(super) was_released: bool,
}

/// A machine that MAAS knows, at one moment.
pub(super) struct Known {
    pub(super) system_id: String,
    pub(super) status: MaasStatus,
    pub(super) view: MachineView,
    pub(super) record: Record,
}

impl Site {
    pub(super) fn new(yard: Yard, api_key: SecretString) -> Self {
        Self {
            yard,
            guard: Guard::new(api_key),
            domains: vec!["maas".to_owned()],
            tags: vec![Tag::built_in()],
            records: BTreeMap::new(),
        }
    }

    /// Lets only well signed requests through.
    pub(super) fn admit(
        &mut self,
        headers: &axum::http::HeaderMap,
        now: Timestamp,
    ) -> Result<(), super::reply::Reply> {
        self.guard.check(headers, now)
    }

    /// All machines that MAAS knows.
    pub(super) fn machines(&mut self) -> Vec<Known> {
        let views = self.yard.machines();
        views.into_iter().filter_map(|view| self.know(view)).collect()
    }

    /// The machine of this system id, if MAAS knows it.
    pub(super) fn machine(&mut self, system_id: &str) -> Option<Known> {
        self.machines().into_iter().find(|machine| machine.system_id == system_id)
    }

    /// What is kept about a known machine, to be changed.
    pub(super) fn record(&mut self, known: &Known) -> &mut Record {
        self.records.entry(known.view.name.clone()).or_insert_with(|| Record::enlisted(&known.view.name))
    }

    /// Forgets what is kept about a machine.
    pub(super) fn forget(&mut self, known: &Known) {
        self.records.remove(&known.view.name);
        self.untag(&known.system_id);
    }

    fn know(&mut self, view: MachineView) -> Option<Known> {
        let Some(status) = view.status else {
            self.records.remove(&view.name);
            return None;
        };
        let record = self.records.entry(view.name.clone()).or_insert_with(|| Record::enlisted(&view.name));
        match status {
            MaasStatus::New
            | MaasStatus::Commissioning
            | MaasStatus::FailedCommissioning
            | MaasStatus::Ready => record.give_back(),
            MaasStatus::Releasing => record.uninstall(),
            MaasStatus::Allocated
            | MaasStatus::Deploying
            | MaasStatus::Deployed
            | MaasStatus::FailedDeployment => {}
        }
        let record = record.clone();
        Some(Known { system_id: names::system_id(&view.name), status, view, record })
    }

    /// A domain as MAAS shows it.
    pub(super) fn domain_json(&self, id: usize) -> Value {
        let known = self.domains.get(id).map_or("", String::as_str);
        json!({
            "authoritative": id == 0,
            "ttl": null,
            "resource_record_count": 0,
            "id": id,
            "is_default": id == 0,
            "name": known,
            "resource_uri": format!("/MAAS/api/2.0/domains/{id}/"),
        })
    }
}

impl Record {
    fn enlisted(name: &str) -> Self {
        Self {
            hostname: names::hostname(name),
            domain: 0,
            agent_name: String::new(),
            annotations: BTreeMap::new(),
            series: String::new(),
            kernel: None,
            was_released: false,
        }
    }

    /// The system is gone as soon as the release begins.
    fn uninstall(&mut self) {
        self.series.clear();
        self.kernel = None;
        self.was_released = true;
    }

    /// The owner is gone when the release ends.
    fn give_back(&mut self) {
        if !self.agent_name.is_empty() || !self.annotations.is_empty() {
            self.was_released = true;
        }
        self.agent_name.clear();
        self.annotations.clear();
        self.series.clear();
        self.kernel = None;
    }
}
