//! Links: cables, bonded or not, and what they carry.

use indexmap::IndexMap;

use super::Origin;

/// A `NetworkLink` document: one physical or bonded link, and what it carries.
#[derive(Debug, Clone)]
pub struct NetworkLink {
    /// Its name.
    pub name: String,
    /// Where the document stands.
    pub origin: Origin,
    /// How its interfaces are bonded.
    pub bonding: Bonding,
    /// Bytes; 1500 unless the document says otherwise.
    pub mtu: u32,
    /// Its speed and duplex, such as `100full`; `auto` unless the document says otherwise.
    pub linkspeed: String,
    /// How frames are tagged.
    pub trunking: TrunkingMode,
    /// The network of untagged frames.
    pub default_network: Option<String>,
    /// The networks that it may carry.
    pub allowed_networks: Vec<String>,
    /// Free labels; `noconfig` leaves the link to other hands.
    pub labels: IndexMap<String, String>,
}

/// How a link's interfaces are bonded: as written, with the defaults of v1.0 beside.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bonding {
    /// How frames are spread.
    pub mode: BondingMode,
    /// The transmit hash policy.
    pub hash: Option<String>,
    /// How often LACP frames are asked for.
    pub peer_rate: Option<String>,
    /// How often the link is looked at, in ms.
    pub mon_rate: Option<u32>,
    /// How long a link must be up before it is used, in ms.
    pub up_delay: Option<u32>,
    /// How long a link must be down before it is left, in ms.
    pub down_delay: Option<u32>,
}

impl Bonding {
    /// How often the link is looked at, in ms; none without a bond.
    pub fn mon_rate_ms(&self) -> Option<u32> {
        self.of_bond(self.mon_rate, 100)
    }

    /// How long a link must be up before it is used, in ms; none without a bond.
    pub fn up_delay_ms(&self) -> Option<u32> {
        self.of_bond(self.up_delay, 200)
    }

    /// How long a link must be down before it is left, in ms; none without a bond.
    pub fn down_delay_ms(&self) -> Option<u32> {
        self.of_bond(self.down_delay, 200)
    }

    /// The transmit hash policy; only LACP has one.
    pub fn xmit_hash(&self) -> Option<&str> {
        (self.mode == BondingMode::Lacp).then(|| self.hash.as_deref().unwrap_or("layer3+4"))
    }

    /// How often LACP frames are asked for; only LACP has it.
    pub fn lacp_rate(&self) -> Option<&str> {
        (self.mode == BondingMode::Lacp).then(|| self.peer_rate.as_deref().unwrap_or("fast"))
    }

    fn of_bond(&self, written: Option<u32>, default: u32) -> Option<u32> {
        (self.mode != BondingMode::Disabled).then(|| written.unwrap_or(default))
    }
}

/// Which way a link's interfaces are bonded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BondingMode {
    /// Not at all.
    #[default]
    Disabled,
    /// `802.3ad` (LACP).
    Lacp,
    /// `balance-rr`.
    BalanceRr,
    /// `active-backup`.
    ActiveBackup,
}

impl BondingMode {
    /// The word in documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::Lacp => "802.3ad",
            Self::BalanceRr => "balance-rr",
            Self::ActiveBackup => "active-backup",
        }
    }
}

/// How a link's frames are tagged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TrunkingMode {
    /// Not at all.
    #[default]
    Disabled,
    /// `802.1q`.
    Dot1q,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_follow_the_mode() {
        for (mode, delays, hash, rate) in [
            (BondingMode::Disabled, None, None, None),
            (BondingMode::Lacp, Some((100, 200, 200)), Some("layer3+4"), Some("fast")),
            (BondingMode::ActiveBackup, Some((100, 200, 200)), None, None),
        ] {
            let bond = Bonding { mode, ..Bonding::default() };
            let found = bond.mon_rate_ms().zip(bond.up_delay_ms()).zip(bond.down_delay_ms());
            assert_eq!(found.map(|((mon, up), down)| (mon, up, down)), delays, "{mode:?}");
            assert_eq!((bond.xmit_hash(), bond.lacp_rate()), (hash, rate), "{mode:?}");
        }
        let written = Bonding { mode: BondingMode::Lacp, up_delay: Some(7), ..Bonding::default() };
        assert_eq!(written.up_delay_ms(), Some(7));
    }
}
