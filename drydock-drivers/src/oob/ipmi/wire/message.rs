//! The IPMI message: what travels inside every session packet (section 13.8).

use super::{Malformed, take};

/// The slave address of a BMC.
const BMC: u8 = 0x20;
/// The software id of a remote console.
const CONSOLE: u8 = 0x81;

/// A network function and a command number, with a name for messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Command {
    pub(crate) net_fn: u8,
    pub(crate) number: u8,
    pub(crate) name: &'static str,
}

impl Command {
    pub(crate) const CHANNEL_CAPABILITIES: Self =
        Self::new(0x06, 0x38, "get channel authentication capabilities");
    pub(crate) const PRIVILEGE_SET: Self = Self::new(0x06, 0x3B, "set session privilege level");
    pub(crate) const SESSION_CLOSE: Self = Self::new(0x06, 0x3C, "close session");
    pub(crate) const CHASSIS_STATUS: Self = Self::new(0x00, 0x01, "get chassis status");
    pub(crate) const CHASSIS_CONTROL: Self = Self::new(0x00, 0x02, "chassis control");
    pub(crate) const BOOT_OPTION_SET: Self = Self::new(0x00, 0x08, "set system boot options");
    pub(crate) const BOOT_OPTION_GET: Self = Self::new(0x00, 0x09, "get system boot options");

    pub(crate) const fn new(net_fn: u8, number: u8, name: &'static str) -> Self {
        Self { net_fn, number, name }
    }
}

/// A request or a reply. A reply has the request's network function plus one, and starts its data with a completion code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) to: u8,
    pub(crate) net_fn: u8,
    pub(crate) from: u8,
    /// Six bits; a repeated request keeps it.
    pub(crate) sequence: u8,
    pub(crate) command: u8,
    pub(crate) data: Vec<u8>,
}

impl Message {
    /// A request from the console to the BMC.
    pub(crate) fn request(sequence: u8, command: Command, data: &[u8]) -> Self {
        Self {
            to: BMC,
            net_fn: command.net_fn,
            from: CONSOLE,
            sequence: sequence & 0x3F,
            command: command.number,
            data: data.to_vec(),
        }
    }

    /// Whether this is the reply to `request`.
    pub(crate) fn answers(&self, request: &Self) -> bool {
        self.sequence == request.sequence
            && self.command == request.command
            && self.net_fn == request.net_fn | 1
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let head = [self.to, self.net_fn << 2];
        let mut bytes = vec![head[0], head[1], checksum(&head), self.from, self.sequence << 2, self.command];
        bytes.extend_from_slice(&self.data);
        bytes.push(checksum(&bytes[3..]));
        bytes
    }

    pub(crate) fn decode(mut bytes: &[u8]) -> Result<Self, Malformed> {
        let [to, function, head_sum] = take(&mut bytes)?;
        let (&sum, body) = bytes.split_last().ok_or(Malformed("message ends too early"))?;
        if checksum(&[to, function]) != head_sum || checksum(body) != sum {
            return Err(Malformed("message has a wrong checksum"));
        }
        let mut rest = body;
        let [from, sequence, command] = take(&mut rest)?;
        Ok(Self { to, net_fn: function >> 2, from, sequence: sequence >> 2, command, data: rest.to_vec() })
    }
}

/// Two's complement of the sum: all bytes and the checksum add up to 0.
fn checksum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte)).wrapping_neg()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_capabilities_request_has_the_bytes_of_the_specification() {
        let request = Message::request(0, Command::CHANNEL_CAPABILITIES, &[0x8E, 0x04]);
        let bytes = request.encode();
        assert_eq!(bytes, [0x20, 0x18, 0xC8, 0x81, 0x00, 0x38, 0x8E, 0x04, 0xB5]);
        assert_eq!(Message::decode(&bytes), Ok(request));
    }

    #[test]
    fn a_changed_or_cut_message_is_not_one() {
        let bytes = Message::request(5, Command::CHASSIS_CONTROL, &[1]).encode();
        for end in 0..bytes.len() {
            assert!(Message::decode(&bytes[..end]).is_err(), "cut at {end}");
        }
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 0x10;
            assert!(Message::decode(&changed).is_err(), "changed at {at}");
        }
    }
}
