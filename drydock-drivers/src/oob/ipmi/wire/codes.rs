//! What a BMC's error codes mean: completion codes of commands (section 5.2) and RMCP+ status codes of the session
//! set-up (table 13-15).

use super::Command;
use crate::DriverErrorKind;

/// "Invalid session id".
pub(crate) const NO_SESSION: u8 = 0x02;
/// "Invalid integrity check value": sent in RAKP message 3 when the BMC's code was wrong.
pub(crate) const WRONG_CODE: u8 = 0x0F;
/// "No cipher suite match with proposed security algorithms".
pub(crate) const NO_SUITE: u8 = 0x11;
/// "Timeout while processing command".
pub(crate) const TIMEOUT: u8 = 0xC3;
/// "Cannot execute command in the present state".
pub(crate) const WRONG_STATE: u8 = 0xD5;

/// What an error of `command` means for the caller.
pub(crate) fn completion(command: Command, code: u8) -> (DriverErrorKind, &'static str) {
    match code {
        0xC0 => (DriverErrorKind::Busy, "the BMC is busy"),
        TIMEOUT => (DriverErrorKind::Busy, "the BMC ran out of time"),
        0xD1 => (DriverErrorKind::Busy, "the BMC is updating its firmware"),
        0xD2 => (DriverErrorKind::Busy, "the BMC is starting"),
        0xC1 => (DriverErrorKind::Unsupported, "the BMC does not know the command"),
        0xD4 => (DriverErrorKind::Credential, "the user's privilege does not suffice"),
        0xC7 | 0xC8 => (DriverErrorKind::Refused, "the length is wrong"),
        0xC9 => (DriverErrorKind::Refused, "a parameter is out of range"),
        0xCC => (DriverErrorKind::Refused, "a field is invalid"),
        WRONG_STATE => (DriverErrorKind::Refused, "not possible in the present state"),
        // Codes from 80h to BEh are the command's own: tables 22-24, 28-12 and 28-13.
        0x80..=0x82 if command == Command::PRIVILEGE_SET => {
            (DriverErrorKind::Credential, "the user may not be administrator")
        }
        0x80 if command == Command::BOOT_OPTION_SET || command == Command::BOOT_OPTION_GET => {
            (DriverErrorKind::Unsupported, "the BMC does not know the boot option")
        }
        _ => (DriverErrorKind::Refused, "see the completion codes of IPMI 2.0, section 5.2"),
    }
}

/// What a refusal in the session set-up means for the caller.
pub(crate) const fn status(code: u8) -> (DriverErrorKind, &'static str) {
    match code {
        0x01 | 0x0B => (DriverErrorKind::Busy, "no free session"),
        NO_SESSION | 0x08 => (DriverErrorKind::Busy, "the session is gone"),
        0x09 | 0x0A => (DriverErrorKind::Credential, "the user may not be administrator"),
        0x0C..=0x0E => (DriverErrorKind::Credential, "the user is not known"),
        WRONG_CODE => (DriverErrorKind::Credential, "the password is wrong"),
        0x12 => (DriverErrorKind::Protocol, "a parameter is illegal"),
        _ if refuses_suite(code) => {
            (DriverErrorKind::Unsupported, "neither cipher suite 17 nor 3 is allowed; enable one on the BMC")
        }
        _ => (DriverErrorKind::Refused, "see the RMCP+ status codes of IPMI 2.0, table 13-15"),
    }
}

/// Whether a status of the Open Session Response means that another cipher suite may do.
pub(crate) const fn refuses_suite(code: u8) -> bool {
    matches!(code, 0x04..=0x07 | 0x10 | NO_SUITE)
}
