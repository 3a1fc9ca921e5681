//! Typed identifiers. A task's id is a `UUIDv7`, so ids sort by the time of creation;
//! the v1.0 API shows it as a plain hyphenated UUID, without a prefix.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Entropy, Timestamp};

/// Declares an id that is a UUID.
macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id, ordered by `now` and made unique by `entropy`.
            pub fn generate(now: Timestamp, entropy: &dyn Entropy) -> Self {
                Self(entropy.uuid_v7(now))
            }

            /// The id that a store or a request named.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID below, for stores and for deriving names.
            pub const fn as_uuid(&self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    };
}

uuid_id! {
    /// The id of one durable run of a workflow.
    TaskId
}

uuid_id! {
    /// The id of a signal that is sent to a task.
    SignalId
}

/// The number of one incarnation of an instance. Numbers only grow; a store never gives one twice.
/// Every write of an instance carries it, and a store refuses those of a retired epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(i64);

impl Epoch {
    /// An epoch as a store numbered it.
    pub const fn new(number: i64) -> Self {
        Self(number)
    }

    /// The number, for stores.
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A task's fence token: how often the task was claimed. It grows with every claim, by whichever instance, also after the task
/// was reopened; so of two owners of one task the later has the greater. Fences of different tasks have nothing to do with
/// each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fence(u64);

impl Fence {
    /// Of a task that nobody has claimed yet.
    pub const UNCLAIMED: Self = Self(0);
    /// Of a task's first owner.
    pub const FIRST: Self = Self(1);

    /// A fence as a store counted it.
    pub const fn new(claims: u64) -> Self {
        Self(claims)
    }

    /// The number, for stores and for services that compare it.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// That of the next owner.
    #[must_use = "a fence is a value"]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Fence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A store's number for one stored workflow (one per content hash).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkflowId(i64);

impl WorkflowId {
    /// An id as a store numbered it.
    pub const fn new(number: i64) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn get(self) -> i64 {
        self.0
    }
}
