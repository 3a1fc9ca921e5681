//! How the types look that documents write as texts: for editors, which cannot parse them.
//!
//! A pattern matches all that its type reads. It may match more; what is wrong then is told when the document is read.

use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;

use crate::design::MacAddress;

macro_rules! v4 {
    () => {
        r"((25[0-5]|2[0-4][0-9]|[01]?[0-9]?[0-9])\.){3}(25[0-5]|2[0-4][0-9]|[01]?[0-9]?[0-9])"
    };
}
macro_rules! v6 {
    () => {
        concat!(
            r"([0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}|([0-9A-Fa-f]{1,4}:){6}",
            v4!(),
            r"|[0-9A-Fa-f:]*::[0-9A-Fa-f:.]*"
        )
    };
}

/// An address, or the word for having one leased.
pub(super) const ADDRESS_OR_DHCP: &str = concat!(r"^\s*(", v4!(), "|", v6!(), r"|[Dd][Hh][Cc][Pp])\s*$");

/// A type that documents write as a text.
pub(super) trait Notation: FromStr {
    /// A regular expression as JSON Schema has them (ECMA-262), with nothing that other engines lack.
    const PATTERN: &'static str;
}

impl Notation for IpAddr {
    const PATTERN: &'static str = concat!(r"^\s*(", v4!(), "|", v6!(), r")\s*$");
}

impl Notation for IpNet {
    const PATTERN: &'static str = concat!(
        r"^\s*(",
        v4!(),
        "/(3[0-2]|[0-2]?[0-9])|(",
        v6!(),
        r")/(12[0-8]|1[01][0-9]|0?[0-9]?[0-9]))\s*$"
    );
}

impl Notation for MacAddress {
    const PATTERN: &'static str = r"^\s*[0-9A-Fa-f]{2}((:[0-9A-Fa-f]{2}){5}|(-[0-9A-Fa-f]{2}){5})\s*$";
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        jsonschema::is_valid(&json!({"pattern": pattern}), &json!(text))
    }

    /// A text that is read, as readers trim it, must match.
    fn misses<T: Notation>(text: &str) -> bool {
        text.trim().parse::<T>().is_ok() && !matches(T::PATTERN, text)
    }

    #[test]
    fn patterns_match_what_is_read_and_refuse_what_is_none() {
        for (text, address, net, mac) in [
            (" 10.0.0.3\n", true, false, false),
            ("10.0.0.3/8", false, true, false),
            ("10.0.0.256", false, false, false),
            ("10.0.0", false, false, false),
            ("10.0.0.0/33", false, false, false),
            ("::", true, false, false),
            ("1:2:3:4:5:6:7:8", true, false, false),
            ("1:2:3:4:5:6:10.0.0.1/96", false, true, false),
            ("::ffff:10.0.0.1", true, false, false),
            ("fd00::/128", false, true, false),
            ("fd00::/129", false, false, false),
            ("52:54:00:aa:bb:CC", false, false, true),
            ("52-54-00-aa-bb-cc ", false, false, true),
            ("52:54:00-aa-bb-cc", false, false, false),
            ("gateway", false, false, false),
            ("", false, false, false),
        ] {
            let patterns = [IpAddr::PATTERN, IpNet::PATTERN, MacAddress::PATTERN];
            assert_eq!(patterns.map(|pattern| matches(pattern, text)), [address, net, mac], "{text:?}");
            let read = text.trim();
            let parsed = [
                read.parse::<IpAddr>().is_ok(),
                read.parse::<IpNet>().is_ok(),
                read.parse::<MacAddress>().is_ok(),
            ];
            assert_eq!(parsed, [address, net, mac], "{text:?}");
        }
        for (text, expected) in [("DHCP", true), (" fd00::1", true), ("dhcp6", false)] {
            assert_eq!(matches(ADDRESS_OR_DHCP, text), expected, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_read_matches(
            v4: u32, v6: u128, long in 0..=200_u8, noise in "[0-9a-fA-F:./-]{0,20}", octets: [u8; 6],
        ) {
            let (v4, v6) = (Ipv4Addr::from(v4), Ipv6Addr::from(v6));
            let mac = MacAddress::new(octets).to_string();
            for text in [v4.to_string(), v6.to_string(), format!("{v4}/{long}"), format!("{v6}/{long}"), mac, noise] {
                prop_assert!(!misses::<IpAddr>(&text), "{text:?}");
                prop_assert!(!misses::<IpNet>(&text), "{text:?}");
                prop_assert!(!misses::<MacAddress>(&text), "{text:?}");
            }
        }
    }
}
