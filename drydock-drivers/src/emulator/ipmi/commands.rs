//! What an emulated BMC can do to its machine: a request in, a completion code and data out.

use crate::emulator::{Refusal, Yard};
use crate::oob::ipmi::wire::chassis::{self, BOOT_FLAGS, VALID};
use crate::oob::ipmi::wire::{CipherSuite, Message};
use crate::oob::{BootDevice, PowerAction};

/// Privilege levels (section 6.8).
const USER: u8 = 2;
const OPERATOR: u8 = 3;

/// Completion codes (section 5.2).
const OPTION_UNSUPPORTED: u8 = 0x80;
const UNKNOWN_COMMAND: u8 = 0xC1;
pub(super) const WRONG_LENGTH: u8 = 0xC7;
const INVALID_FIELD: u8 = 0xCC;
const PRIVILEGE: u8 = 0xD4;
const WRONG_STATE: u8 = 0xD5;
const UNSPECIFIED: u8 = 0xFF;

/// The channel that all of this comes over.
const CHANNEL: u8 = 1;
/// The bit of the first boot flag byte that asks for a boot by EFI.
const EFI: u8 = 0x20;

/// An answer's data, or a completion code other than 0.
pub(super) type Answer = Result<Vec<u8>, u8>;

type Execute = fn(&mut Chassis, &[u8]) -> Answer;

/// The machine behind a BMC, and what the BMC keeps about it.
pub(super) struct Chassis {
    pub(super) yard: Yard,
    pub(super) machine: String,
    /// The boot options but the boot flags: 0 "set in progress", 3 "valid bit clearing", 4 "acknowledge".
    options: [[u8; 2]; 5],
    efi: u8,
}

/// What may be asked without a session; `None` for the rest.
pub(super) fn outside(request: &Message) -> Option<Answer> {
    match (request.net_fn, request.command) {
        (0x06, 0x38) => Some(capabilities(&request.data)),
        (0x06, 0x54) => Some(cipher_suites(&request.data)),
        _ => None,
    }
}

impl Chassis {
    pub(super) fn new(yard: Yard, machine: String) -> Self {
        Self { yard, machine, options: [[0; 2]; 5], efi: 0 }
    }

    /// Carries out a command of a session with `privilege`.
    pub(super) fn execute(&mut self, request: &Message, privilege: u8) -> Answer {
        if let Some(answer) = outside(request) {
            return answer;
        }
        let (needed, command): (u8, Execute) = match (request.net_fn, request.command) {
            (0x00, 0x01) => (USER, |chassis, _| chassis.status()),
            (0x00, 0x02) => (OPERATOR, Self::control),
            (0x00, 0x08) => (OPERATOR, Self::boot_option_set),
            (0x00, 0x09) => (OPERATOR, |chassis, data| chassis.boot_option(data)),
            (0x06, 0x01) => (USER, |_, _| Ok(device_id())),
            _ => return Err(UNKNOWN_COMMAND),
        };
        if privilege < needed { Err(PRIVILEGE) } else { command(self, &request.data) }
    }

    fn powered(&self) -> Result<bool, u8> {
        self.yard.machine(&self.machine).map(|machine| machine.powered).ok_or(UNSPECIFIED)
    }

    fn status(&self) -> Answer {
        Ok(vec![u8::from(self.powered()?), 0, 0])
    }

    fn control(&mut self, data: &[u8]) -> Answer {
        let action = match data.first().ok_or(WRONG_LENGTH)? & 0x0F {
            0x00 => PowerAction::Off,
            0x01 => PowerAction::On,
            0x02 => PowerAction::Cycle,
            0x03 => PowerAction::Reset,
            0x05 => PowerAction::SoftOff,
            _ => return Err(INVALID_FIELD),
        };
        if matches!(action, PowerAction::Cycle | PowerAction::Reset) && !self.powered()? {
            return Err(WRONG_STATE);
        }
        done(self.yard.power(&self.machine, action))
    }

    fn boot_option_set(&mut self, data: &[u8]) -> Answer {
        let (&option, data) = data.split_first().ok_or(WRONG_LENGTH)?;
        match (option & 0x7F, data) {
            (BOOT_FLAGS, [first, second, ..]) => {
                let device = if first & VALID == 0 {
                    BootDevice::Default
                } else {
                    chassis::device(*second).ok_or(INVALID_FIELD)?
                };
                self.efi = first & EFI;
                done(self.yard.boot_device(&self.machine, device))
            }
            (0 | 3, [value, ..]) => {
                self.options[usize::from(option & 0x03)] = [*value, 0];
                Ok(Vec::new())
            }
            (4, [mask, value, ..]) => {
                self.options[4] = [*mask, *value];
                Ok(Vec::new())
            }
            (0 | 3 | 4 | BOOT_FLAGS, _) => Err(WRONG_LENGTH),
            _ => Err(OPTION_UNSUPPORTED),
        }
    }

    fn boot_option(&self, data: &[u8]) -> Answer {
        let option = data.first().ok_or(WRONG_LENGTH)? & 0x7F;
        let value = match option {
            BOOT_FLAGS => self.boot_flags()?,
            0 | 3 => vec![self.options[usize::from(option)][0]],
            4 => self.options[4].to_vec(),
            _ => return Err(OPTION_UNSUPPORTED),
        };
        Ok([&[1, option][..], &value].concat())
    }

    /// The flags last set, until a boot has used them up. They never persist.
    fn boot_flags(&self) -> Answer {
        let machine = self.yard.machine(&self.machine).ok_or(UNSPECIFIED)?;
        let first = if machine.boot == BootDevice::Default { 0 } else { VALID | self.efi };
        Ok(vec![first, chassis::selector(machine.boot), 0, 0, 0])
    }
}

fn done(result: Result<(), Refusal>) -> Answer {
    match result {
        Ok(()) => Ok(Vec::new()),
        Err(Refusal::NoMachine(_)) => Err(UNSPECIFIED),
        Err(Refusal::WrongStatus(_)) => Err(WRONG_STATE),
    }
}

/// Get Channel Authentication Capabilities (section 22.13): users with names, IPMI 2.0 only.
fn capabilities(data: &[u8]) -> Answer {
    let [channel, _privilege] = data else { return Err(WRONG_LENGTH) };
    let (types, extended) = if channel & 0x80 == 0 { (0, 0) } else { (0x80, 0x02) };
    Ok(vec![CHANNEL, types, 0x04, extended, 0, 0, 0, 0])
}

/// Get Channel Cipher Suites (section 22.15): the records, 16 bytes of them at a time.
fn cipher_suites(data: &[u8]) -> Answer {
    let [_, _, index] = data else { return Err(WRONG_LENGTH) };
    if index & 0x80 == 0 {
        return Err(INVALID_FIELD);
    }
    let records = CipherSuite::ALL.into_iter().flat_map(|suite| {
        let [authentication, integrity, secrecy] = suite.algorithms();
        [0xC0, suite.number(), authentication, 0x40 | integrity, 0x80 | secrecy]
    });
    Ok(std::iter::once(CHANNEL).chain(records.skip(usize::from(index & 0x3F) * 16).take(16)).collect())
}

/// Get Device ID (section 20.1): revision 1.0 of a chassis device that speaks IPMI 2.0, of no manufacturer.
fn device_id() -> Vec<u8> {
    vec![0x20, 0x01, 0x01, 0x00, 0x02, 0x80, 0, 0, 0, 0, 0]
}
