//! How large a partition or a logical volume is to be.

use std::str::FromStr;

/// A size as documents write it: `20g`, `>500m`, `60%`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StorageSize {
    /// How much.
    pub amount: StorageAmount,
    /// Written with a leading `>`: at least this much, and all that is left.
    pub or_more: bool,
}

/// An amount of storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StorageAmount {
    /// Bytes; the units of documents are decimal.
    Bytes(u64),
    /// Hundredths of the disk or of the volume group. Can be read negative, which no rule allows.
    Percent(i64),
}

/// A text that is no size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a size: write a number and m, g or t such as 20g, or a percentage such as 60%")]
pub struct InvalidStorageSize;

impl FromStr for StorageSize {
    type Err = InvalidStorageSize;

    fn from_str(text: &str) -> Result<Self, InvalidStorageSize> {
        let text = text.trim();
        let (or_more, text) = match text.strip_prefix('>') {
            Some(rest) => (true, rest.trim_start()),
            None => (false, text),
        };
        let amount = match text.strip_suffix('%') {
            Some(percent) => percent.parse().ok().map(StorageAmount::Percent),
            None => bytes(text).map(StorageAmount::Bytes),
        };
        amount.map(|amount| Self { amount, or_more }).ok_or(InvalidStorageSize)
    }
}

fn bytes(text: &str) -> Option<u64> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let unit: u64 = match unit.to_ascii_lowercase().as_str() {
        "m" | "mb" => 1_000_000,
        "g" | "gb" => 1_000_000_000,
        "t" | "tb" => 1_000_000_000_000,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::StorageAmount::{Bytes, Percent};
    use super::*;

    #[test]
    fn sizes_are_read_in_decimal_units() {
        for (text, amount, or_more) in [
            ("20g", Bytes(20_000_000_000), false),
            ("500MB", Bytes(500_000_000), false),
            (" 2Tb ", Bytes(2_000_000_000_000), false),
            (">20g", Bytes(20_000_000_000), true),
            ("60%", Percent(60), false),
            (">50%", Percent(50), true),
            ("-77%", Percent(-77), false),
        ] {
            assert_eq!(text.parse(), Ok(StorageSize { amount, or_more }), "{text:?}");
        }
        for text in ["", "g", "20", "99b", "20gib", "-20g", "1.5g", "%", "é%", "99999999999999999t"] {
            assert_eq!(text.parse::<StorageSize>(), Err(InvalidStorageSize), "{text:?}");
        }
    }
}
