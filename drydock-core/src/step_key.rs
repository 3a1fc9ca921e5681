//! The key under which a step's records stand: its name, the item of a map, and whether it is the step's work or its undoing.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{InvalidName, StepName};

const UNDO: &str = "undo:";

/// Names what is recorded of a task's step. Never a position: a workflow may be reordered, and a map's list is as it was stored.
///
/// As text: `wipe`, `wipe[17]` for item 17 (from 0) of a map, `undo:wipe` and `undo:wipe[17]` for their undoing.
///
/// ```
/// # use drydock_core::{StepKey, StepName};
/// let key: StepKey = "undo:wipe[17]".parse()?;
/// assert_eq!((key.name().as_str(), key.index(), key.is_undo()), ("wipe", Some(17), true));
/// assert_eq!(key.to_string(), "undo:wipe[17]");
/// # Ok::<(), drydock_core::InvalidKey>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StepKey {
    name: StepName,
    index: Option<u32>,
    undo: bool,
}

impl StepKey {
    /// The work of a step.
    pub const fn new(name: StepName) -> Self {
        Self { name, index: None, undo: false }
    }

    /// The work of one item of a map, counted from 0.
    pub const fn item(name: StepName, index: u32) -> Self {
        Self { name, index: Some(index), undo: false }
    }

    /// The undoing of what this key's step did.
    #[must_use]
    pub fn undoing(&self) -> Self {
        Self { undo: true, ..self.clone() }
    }

    /// The work that this key's undoing undoes; the key itself when it is no undoing.
    #[must_use]
    pub fn work(&self) -> Self {
        Self { undo: false, ..self.clone() }
    }

    /// The step's name.
    pub const fn name(&self) -> &StepName {
        &self.name
    }

    /// The item of the map.
    pub const fn index(&self) -> Option<u32> {
        self.index
    }

    /// Whether it is the undoing of the step.
    pub const fn is_undo(&self) -> bool {
        self.undo
    }

    /// The key as text; borrowed for a step that is nothing special, as nearly all are.
    pub fn text(&self) -> Cow<'_, str> {
        match (self.undo, self.index) {
            (false, None) => Cow::Borrowed(self.name.as_str()),
            (true, None) => Cow::Owned(format!("{UNDO}{}", self.name)),
            (false, Some(index)) => Cow::Owned(format!("{}[{index}]", self.name)),
            (true, Some(index)) => Cow::Owned(format!("{UNDO}{}[{index}]", self.name)),
        }
    }
}

impl From<StepName> for StepKey {
    fn from(name: StepName) -> Self {
        Self::new(name)
    }
}

impl fmt::Display for StepKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

/// Why a text is not a step's key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidKey {
    /// The name in it is not one.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// What stands in the brackets is not an item's number.
    #[error("{0:?} does not end in [N], with N a number from 0")]
    Index(String),
}

impl FromStr for StepKey {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        let (undo, rest) = text.strip_prefix(UNDO).map_or((false, text), |rest| (true, rest));
        let Some((name, index)) = rest.split_once('[') else {
            return Ok(Self { name: StepName::new(rest)?, index: None, undo });
        };
        let number = index.strip_suffix(']').and_then(|digits| digits.parse().ok());
        // One key has one text: `+1` and `01` are numbers too.
        let number = number.filter(|number: &u32| index.strip_suffix(']') == Some(&number.to_string()));
        let index = number.ok_or_else(|| InvalidKey::Index(text.chars().take(120).collect()))?;
        Ok(Self { name: StepName::new(name)?, index: Some(index), undo })
    }
}

impl TryFrom<String> for StepKey {
    type Error = InvalidKey;

    fn try_from(text: String) -> Result<Self, InvalidKey> {
        text.parse()
    }
}

impl From<StepKey> for String {
    fn from(key: StepKey) -> Self {
        key.text().into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_one_text() {
        for text in ["wipe", "wipe[0]", "wipe[17]", "undo:wipe", "undo:wipe[4294967295]"] {
            assert_eq!(text.parse::<StepKey>().unwrap().text(), text);
        }
        let bad = [
            "",
            "[1]",
            "wipe[",
            "wipe[]",
            "wipe[01]",
            "wipe[+1]",
            "wipe[1",
            "wipe[1]x",
            "undo:",
            "wipe[4294967296]",
        ];
        for bad in bad {
            assert!(bad.parse::<StepKey>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn work_and_undoing_belong_together() {
        let key = StepKey::item(StepName::new("wipe").unwrap(), 3);
        assert_eq!(key.undoing().text(), "undo:wipe[3]");
        assert_eq!(key.undoing().work(), key);
    }
}
