//! How a children step deals with its children: how many at once, in which waves, and which of their ends are enough.

use serde::{Deserialize, Serialize};

/// How a children step starts its children, and when it is done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollout {
    /// Which ends are enough.
    #[serde(default)]
    pub join: Join,
    /// How many children may fail or be cancelled: one more, and no other starts, and the step fails. When absent, none of those
    /// that [`Join::All`] wants, and any number otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<u32>,
    /// The waves in which children start; all of them at once when there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waves: Vec<Wave>,
    /// At most so many are under way together; all, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_once: Option<u32>,
}

/// Which ends of its children are enough for a children step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Join {
    /// All have ended, however they did.
    #[default]
    Settled,
    /// All have completed.
    All,
    /// One has completed; the others are cancelled, and awaited.
    Any,
    /// So many have completed; the others are cancelled, and awaited.
    Quorum(u32),
}

/// How many children start together. The next wave starts when all before it have ended, within the budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wave {
    /// So many.
    Count(u32),
    /// So many percent of all, rounded up.
    Percent(u32),
    /// All that are left; what is left after the last wave is such a wave too.
    Rest,
}

impl Rollout {
    /// Whether nothing is to be decided before all children have ended.
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    /// How many children may fail.
    pub fn allowed_failures(&self) -> Option<u32> {
        self.budget.or(match self.join {
            Join::All => Some(0),
            Join::Settled | Join::Any | Join::Quorum(_) => None,
        })
    }

    /// How many children must complete for the step to be done without the others.
    pub const fn quorum(&self) -> Option<u32> {
        match self.join {
            Join::Any => Some(1),
            Join::Quorum(enough) => Some(enough),
            Join::Settled | Join::All => None,
        }
    }

    /// Where the wave ends in which child `place` of `total` is.
    pub fn wave_end(&self, place: u32, total: u32) -> u32 {
        let mut end = 0_u32;
        for wave in &self.waves {
            end = match wave {
                Wave::Count(count) => end.saturating_add(*count),
                Wave::Percent(percent) => end.saturating_add(share(*percent, total)),
                Wave::Rest => total,
            };
            if end > place {
                return end.min(total);
            }
        }
        total
    }

    /// What makes no sense about it.
    pub(super) fn problem(&self) -> Option<&'static str> {
        if self.quorum() == Some(0) {
            Some("a quorum of none is always there: ask for one or more")
        } else if self.at_once == Some(0) {
            Some("none of its children may run: allow one or more at once")
        } else if self.waves.contains(&Wave::Count(0)) {
            Some("a wave of none never ends: start one child or more")
        } else if self.waves.iter().any(|wave| matches!(wave, Wave::Percent(0 | 101..))) {
            Some("a wave is from 1 to 100 percent of the children")
        } else {
            None
        }
    }
}

fn share(percent: u32, total: u32) -> u32 {
    let share = (u64::from(total) * u64::from(percent)).div_ceil(100);
    u32::try_from(share).unwrap_or(u32::MAX)
}
