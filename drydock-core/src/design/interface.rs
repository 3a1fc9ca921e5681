//! Network interfaces of a server.

use indexmap::IndexMap;
use serde::Serialize;

use super::{ListSetting, MapSetting, Overlay, Setting};

/// What a document says of an interface.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct InterfaceSettings {
    /// The link that it is on.
    pub device_link: Setting<String>,
    /// The devices that it is made of: names or aliases of the hardware profile.
    pub slaves: ListSetting,
    /// The networks that it is attached to.
    pub networks: ListSetting,
    /// Free labels; `noconfig` leaves the interface to other hands.
    pub labels: MapSetting,
    /// Its virtual functions.
    pub sriov: Setting<SriovSettings>,
}

/// What a document says of virtual functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct SriovSettings {
    /// How many.
    pub vf_count: Option<u32>,
    /// Whether they are trusted.
    pub trustedmode: Option<bool>,
}

impl Overlay for InterfaceSettings {
    fn over(&self, parent: &Self) -> Self {
        let sriov = match (&self.sriov, &parent.sriov) {
            (Setting::Set(own), Setting::Set(inherited)) => Setting::Set(SriovSettings {
                vf_count: own.vf_count.or(inherited.vf_count),
                trustedmode: own.trustedmode.or(inherited.trustedmode),
            }),
            (own, inherited) => own.over(inherited),
        };
        Self {
            device_link: self.device_link.over(&parent.device_link),
            slaves: self.slaves.over(&parent.slaves),
            networks: self.networks.over(&parent.networks),
            labels: self.labels.over(&parent.labels),
            sriov,
        }
    }
}

/// An interface, with all that it inherits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Interface {
    /// The link that it is on.
    pub device_link: Option<String>,
    /// The devices that it is made of: names or aliases of the hardware profile.
    pub slaves: Vec<String>,
    /// The networks that it is attached to.
    pub networks: Vec<String>,
    /// Free labels.
    pub labels: IndexMap<String, String>,
    /// Its virtual functions.
    pub sriov: Option<Sriov>,
}

/// Virtual functions of an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Sriov {
    /// How many; 0 unless the document says otherwise.
    pub vf_count: u32,
    /// Whether they are trusted; no unless the document says so.
    pub trustedmode: bool,
}

impl From<InterfaceSettings> for Interface {
    fn from(settings: InterfaceSettings) -> Self {
        Self {
            device_link: settings.device_link.into_value(),
            slaves: settings.slaves.add,
            networks: settings.networks.add,
            labels: settings.labels.set,
            sriov: settings.sriov.value().map(|sriov| Sriov {
                vf_count: sriov.vf_count.unwrap_or_default(),
                trustedmode: sriov.trustedmode.unwrap_or_default(),
            }),
        }
    }
}
