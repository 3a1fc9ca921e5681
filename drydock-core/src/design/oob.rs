//! Out-of-band access: how to reach a server that is off.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use indexmap::IndexMap;

use super::Setting;
use crate::SecretString;

/// Out-of-band access. Except for `kind`, its fields are the entries of one map, and are inherited as such.
#[derive(Debug, Clone, Default)]
pub struct Oob {
    /// The document's `type`: which driver.
    pub kind: Setting<OobType>,
    /// The network that the BMC's address is on.
    pub network: Option<String>,
    /// The BMC's user.
    pub account: Option<String>,
    /// The BMC's password.
    pub credential: Option<SecretString>,
    /// Everything else, for the driver: `port`, `libvirt_uri` …
    pub parameters: Parameters,
    /// Keys that this document takes away from its parents.
    pub remove: BTreeSet<String>,
}

impl Oob {
    pub(super) fn over(&self, parent: &Self) -> Self {
        let kept = |key: &str| !self.remove.contains(key);
        let mut parameters = parent.parameters.clone();
        parameters.0.retain(|key, _| kept(key));
        parameters.0.extend(self.parameters.0.clone());
        Self {
            kind: self.kind.over(&parent.kind),
            network: self.network.clone().or_else(|| parent.network.clone().filter(|_| kept("network"))),
            account: self.account.clone().or_else(|| parent.account.clone().filter(|_| kept("account"))),
            credential: self
                .credential
                .clone()
                .or_else(|| parent.credential.clone().filter(|_| kept("credential"))),
            parameters,
            remove: BTreeSet::new(),
        }
    }
}

/// Further parameters of an out-of-band driver. `Debug` shows the keys only: a value may hold a password.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Parameters(pub IndexMap<String, String>);

impl Parameters {
    /// The value of a parameter.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }
}

impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Which out-of-band driver speaks to a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OobType {
    /// IPMI 2.0 over the network.
    Ipmi,
    /// Redfish.
    Redfish,
    /// A virtual machine under libvirt.
    Libvirt,
    /// A person.
    Manual,
}

impl OobType {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Ipmi, Self::Redfish, Self::Libvirt, Self::Manual];

    /// The word in documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ipmi => "ipmi",
            Self::Redfish => "redfish",
            Self::Libvirt => "libvirt",
            Self::Manual => "manual",
        }
    }
}

impl fmt::Display for OobType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that names no out-of-band driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an out-of-band driver: write ipmi, redfish, libvirt or manual")]
pub struct UnknownOobType;

impl FromStr for OobType {
    type Err = UnknownOobType;

    fn from_str(text: &str) -> Result<Self, UnknownOobType> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(UnknownOobType)
    }
}
