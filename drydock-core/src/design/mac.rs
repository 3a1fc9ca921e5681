//! Ethernet addresses.

use std::fmt;
use std::str::FromStr;

/// A MAC address (EUI-48). Reads `52:54:00:aa:bb:cc` and `52-54-00-AA-BB-CC`, prints the former.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MacAddress([u8; 6]);

/// A text that is no MAC address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a MAC address: write six pairs of hexadecimal digits such as 52:54:00:aa:bb:cc")]
pub struct InvalidMacAddress;

impl MacAddress {
    /// The address with these octets, in the order of transmission.
    pub const fn new(octets: [u8; 6]) -> Self {
        Self(octets)
    }

    /// The octets, in the order of transmission.
    pub const fn octets(self) -> [u8; 6] {
        self.0
    }
}

impl fmt::Display for MacAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, octet) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { ":" };
            write!(f, "{separator}{octet:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for MacAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for MacAddress {
    type Err = InvalidMacAddress;

    fn from_str(text: &str) -> Result<Self, InvalidMacAddress> {
        let separator = if text.contains('-') { '-' } else { ':' };
        let mut octets = [0; 6];
        let mut pairs = text.split(separator);
        for octet in &mut octets {
            let pair = pairs.next().ok_or(InvalidMacAddress)?;
            if pair.len() != 2 || !pair.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                return Err(InvalidMacAddress);
            }
            *octet = u8::from_str_radix(pair, 16).map_err(|_| InvalidMacAddress)?;
        }
        if pairs.next().is_some() { Err(InvalidMacAddress) } else { Ok(Self(octets)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_are_read_and_one_is_printed() {
        for good in ["52:54:00:aa:0b:CC", "52-54-00-AA-0B-cc"] {
            assert_eq!(good.parse::<MacAddress>().unwrap().to_string(), "52:54:00:aa:0b:cc");
        }
        for bad in [
            "",
            "52:54:00:aa:bb",
            "52:54:00:aa:bb:cc:dd",
            "52:54:0:aa:bb:cc",
            "5g:54:00:aa:bb:cc",
            "+2:54:00:aa:bb:cc",
        ] {
            assert_eq!(bad.parse::<MacAddress>(), Err(InvalidMacAddress), "{bad:?}");
        }
    }
}
