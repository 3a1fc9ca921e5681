//! How far a reader of the feed is.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Epoch;

/// How far a reader of the feed is: in each epoch at some commit, because the commits of instances become visible in no common order;
/// and past a floor, up to which all epochs are over and read to their end, so that it does not grow for ever.
///
/// Its text is for keeping: `3.5-120.7-33` has read all of the epochs up to 3, 120 commits of epoch 5 and 33 of epoch 7. The text of
/// [`FeedCursor::START`] is `0`. A cursor belongs to the store that gave it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct FeedCursor {
    floor: i64,
    read: BTreeMap<Epoch, u64>,
}

impl FeedCursor {
    /// Before the oldest event that the store still has.
    pub const START: Self = Self { floor: 0, read: BTreeMap::new() };

    /// Whether nothing was read yet.
    pub fn is_start(&self) -> bool {
        *self == Self::START
    }

    /// The last epoch of those that are over and read to their end, with all before it; 0 when there are none.
    pub const fn floor(&self) -> Epoch {
        Epoch::new(self.floor)
    }

    /// How many commits of `epoch` were read; `None` when it is over and was read to its end.
    pub fn position(&self, epoch: Epoch) -> Option<u64> {
        (epoch.get() > self.floor).then(|| self.read.get(&epoch).copied().unwrap_or(0))
    }

    /// The commits of `epoch` up to `seq` were read. Never goes back.
    pub fn advance(&mut self, epoch: Epoch, seq: u64) {
        if epoch.get() > self.floor && seq > 0 {
            let read = self.read.entry(epoch).or_insert(seq);
            *read = (*read).max(seq);
        }
    }

    /// All epochs up to `epoch` are over, and were read to their end.
    pub fn settle(&mut self, epoch: Epoch) {
        if epoch.get() > self.floor {
            self.floor = epoch.get();
            self.read = self.read.split_off(&Epoch::new(epoch.get().saturating_add(1)));
        }
    }
}

impl fmt::Display for FeedCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.floor.fmt(f)?;
        self.read.iter().try_for_each(|(epoch, seq)| write!(f, ".{epoch}-{seq}"))
    }
}

/// A text that is no cursor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is no place in the event feed: {problem}. Give back a cursor as it was given, or `0` for the oldest event"
)]
pub struct InvalidFeedCursor {
    text: String,
    problem: &'static str,
}

impl FromStr for FeedCursor {
    type Err = InvalidFeedCursor;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).map_err(|problem| InvalidFeedCursor { text: text.to_owned(), problem })
    }
}

fn parse(text: &str) -> Result<FeedCursor, &'static str> {
    let mut parts = text.split('.');
    let floor = number(parts.next().unwrap_or_default()).ok_or("it does not begin with a number")?;
    let mut read = BTreeMap::new();
    let mut last = floor;
    for part in parts {
        let (epoch, seq) = part.split_once('-').ok_or("a part has no `-` between two numbers")?;
        let (Some(epoch), Some(seq)) = (number(epoch), number(seq)) else {
            return Err("a part is not two numbers with a `-` between them");
        };
        if epoch <= last {
            return Err("its epochs do not grow");
        }
        last = epoch;
        let seq = u64::try_from(seq).ok().filter(|seq| *seq > 0).ok_or("commits are counted from 1")?;
        read.insert(Epoch::new(epoch), seq);
    }
    Ok(FeedCursor { floor, read })
}

/// Digits only: no sign, and no zero before others, so that there is one text for each cursor.
fn number(text: &str) -> Option<i64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    plain.then(|| text.parse().ok()).flatten()
}

impl Serialize for FeedCursor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for FeedCursor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor(text: &str) -> FeedCursor {
        text.parse().unwrap()
    }

    #[test]
    fn a_text_is_read_back_as_it_was() {
        for text in ["0", "3", "0.1-1", "3.5-120.7-33", "0.9223372036854775807-9223372036854775807"] {
            assert_eq!(cursor(text).to_string(), text);
            let json = serde_json::to_string(&cursor(text)).unwrap();
            assert_eq!(json, format!("{text:?}"));
            assert_eq!(serde_json::from_str::<FeedCursor>(&json).unwrap(), cursor(text));
        }
        assert!(cursor("0").is_start() && !cursor("1").is_start() && !cursor("0.1-1").is_start());
    }

    #[test]
    fn what_is_no_cursor_is_refused_with_the_reason() {
        for (text, reason) in [
            ("", "does not begin"),
            ("-1", "does not begin"),
            ("+1", "does not begin"),
            ("01", "does not begin"),
            ("x", "does not begin"),
            ("9223372036854775808", "does not begin"),
            ("0.", "no `-`"),
            ("0.5", "no `-`"),
            ("0.5-", "two numbers"),
            ("0.5--1", "two numbers"),
            ("0.5-1-2", "two numbers"),
            ("0.5-0", "from 1"),
            ("5.5-1", "do not grow"),
            ("0.7-1.5-1", "do not grow"),
            ("0.7-1.7-1", "do not grow"),
        ] {
            let refused = text.parse::<FeedCursor>().unwrap_err().to_string();
            assert!(refused.contains(reason) && refused.contains("or `0`"), "{text:?}: {refused}");
        }
    }

    #[test]
    fn a_cursor_goes_forward_only_and_forgets_what_is_over() {
        let mut it = FeedCursor::START;
        it.advance(Epoch::new(2), 5);
        it.advance(Epoch::new(2), 4);
        it.advance(Epoch::new(3), 1);
        it.advance(Epoch::new(4), 0);
        assert_eq!(it.to_string(), "0.2-5.3-1");
        assert_eq!([1, 2, 3].map(|epoch| it.position(Epoch::new(epoch))), [Some(0), Some(5), Some(1)]);
        it.settle(Epoch::new(2));
        assert_eq!(it.to_string(), "2.3-1");
        it.advance(Epoch::new(1), 9);
        it.settle(Epoch::new(1));
        assert_eq!(it.to_string(), "2.3-1");
        assert_eq!([1, 2, 3].map(|epoch| it.position(Epoch::new(epoch))), [None, None, Some(1)]);
    }
}
