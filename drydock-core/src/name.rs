//! Validated names. Each is checked once, when it is made; there is no later `validate`.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Why a text is not a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} name {text:?} {problem}")]
pub struct InvalidName {
    kind: &'static str,
    text: String,
    problem: &'static str,
}

fn check(kind: &'static str, text: &str, extra: &str, max: usize) -> Result<Arc<str>, InvalidName> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || extra.contains(c);
    let problem = if text.is_empty() {
        "is empty"
    } else if text.len() > max {
        "is too long"
    } else if !text.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        "does not start with a letter or a digit"
    } else if !text.chars().all(allowed) {
        "has a character that names do not have"
    } else {
        return Ok(text.into());
    };
    Err(InvalidName { kind, text: text.chars().take(80).collect(), problem })
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $extra:literal, $max:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name, if `text` is one.
            pub fn new(text: impl AsRef<str>) -> Result<Self, InvalidName> {
                check($kind, text.as_ref(), $extra, $max).map(Self)
            }

            /// The text of the name.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&*self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;
            fn from_str(text: &str) -> Result<Self, InvalidName> {
                Self::new(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidName;
            fn try_from(text: String) -> Result<Self, InvalidName> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0.as_ref().to_owned()
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

name! {
    /// The key of a step inside its workflow: letters, digits, `_`, `-`, `.`, at most 100 bytes.
    StepName, "step", "_-.", 100
}
name! {
    /// The name of a workflow: letters, digits, `_`, `-`, `.`, `/`, at most 100 bytes.
    WorkflowName, "workflow", "_-./", 100
}
name! {
    /// The name of an executor: letters, digits, `_`, `-`, `.`, `/`, at most 100 bytes.
    ExecutorName, "executor", "_-./", 100
}
name! {
    /// The name under which an instance holds its lease: letters, digits, `_`, `-`, `.`, `:`, at most 200 bytes.
    InstanceName, "instance", "_-.:", 200
}
name! {
    /// The name of a server in a site, as its `BaremetalNode` document gives it; at most 253 bytes, as a DNS name.
    NodeName, "node", "_-.", 253
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked_when_made() {
        for good in ["a", "rack1-n07", "deploy_node", "0.x"] {
            assert_eq!(NodeName::new(good).unwrap().as_str(), good);
        }
        for bad in ["", "-a", "a b", "a/b", "é", &"x".repeat(300)] {
            assert!(NodeName::new(bad).is_err(), "{bad:?}");
        }
        assert!(serde_json::from_str::<StepName>("\"a b\"").is_err());
    }
}
