//! Why a conversation with a BMC failed, and which [`DriverError`] that is. Holds no secret, so none can leak.

use std::io;

use super::wire::handshake::Refusal;
use super::wire::{Command, Malformed, codes};
use crate::oob::Bmc;
use crate::{DriverError, DriverErrorKind};

/// A failure inside the driver.
#[derive(Debug)]
pub(super) enum Failure {
    /// What the caller gave cannot be sent.
    Input(&'static str),
    /// Nothing was sent: no socket, no route, or the time was over before.
    NotSent(Option<io::Error>),
    /// Another call keeps this BMC occupied.
    Occupied,
    /// Sent, as often as allowed, and no answer.
    NoAnswer { asked: &'static str, cause: Option<io::Error> },
    /// As [`Failure::NoAnswer`], to a command that changes something.
    EffectUnknown { asked: &'static str, cause: Option<io::Error> },
    /// A command ended with this completion code.
    Completion { command: Command, code: u8 },
    /// The session set-up ended with this status.
    Status { asked: &'static str, code: u8 },
    /// The session set-up got stuck after its start; a new one may go through.
    SetupLost { kind: DriverErrorKind, what: &'static str },
    /// The user's password, keys or rights are not as they must be.
    Credential(&'static str),
    /// The answer is not what the protocol says.
    Malformed(Malformed),
    /// Anything else, in words.
    Other { kind: DriverErrorKind, what: String },
}

/// How far a session set-up is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// The BMC was asked to show that it knows the password.
    Asked,
    /// It did.
    Proven,
}

impl From<Malformed> for Failure {
    fn from(problem: Malformed) -> Self {
        Self::Malformed(problem)
    }
}

impl Failure {
    /// A refusal in the session set-up; `None` if the packet is not meant for this conversation.
    pub(super) fn from_refusal(refusal: Refusal, asked: &'static str) -> Option<Self> {
        match refusal {
            Refusal::NotOurs => None,
            Refusal::Status(code) => Some(Self::Status { asked, code }),
            Refusal::Malformed(problem) => Some(Self::Malformed(problem)),
        }
    }

    /// Whether another cipher suite may do.
    pub(super) const fn refuses_suite(&self) -> bool {
        matches!(self, Self::Status { code, .. } if codes::refuses_suite(*code))
    }

    /// The same failure of a RAKP message. Few BMCs answer one twice, and some take a repeated one for a new one; so
    /// what got lost or mixed up on the way is not for sure a refusal.
    pub(super) fn of_setup(self, stage: Stage) -> Self {
        match self {
            Self::NoAnswer { cause: None, .. } => Self::SetupLost {
                kind: DriverErrorKind::Unreachable,
                what: "no answer in the session set-up",
            },
            // Its own code has shown that the BMC has the same password.
            Self::Status { code: codes::WRONG_CODE | codes::NO_SESSION, .. } if stage == Stage::Proven => {
                Self::SetupLost { kind: DriverErrorKind::Busy, what: "it lost track of the session set-up" }
            }
            other => other,
        }
    }

    /// The same failure of a command that changes something: without an answer, its effect is not known.
    pub(super) fn of_change(self) -> Self {
        match self {
            Self::NoAnswer { asked, cause } => Self::EffectUnknown { asked, cause },
            Self::Completion { command, code: codes::TIMEOUT } => {
                Self::EffectUnknown { asked: command.name, cause: None }
            }
            other => other,
        }
    }

    /// The public error for `operation` on `bmc`.
    pub(super) fn into_error(self, operation: &'static str, bmc: &Bmc) -> DriverError {
        let (kind, detail, cause) = self.explain();
        let target = format!("{} at {}", bmc.node, bmc.address);
        let error = DriverError::new(super::KIND, operation, target, kind).detail(detail);
        match cause {
            Some(cause) => error.source(cause),
            None => error,
        }
    }

    fn explain(self) -> (DriverErrorKind, String, Option<io::Error>) {
        match self {
            Self::Input(detail) => (DriverErrorKind::Input, detail.to_owned(), None),
            Self::NotSent(cause) => {
                (DriverErrorKind::Unreachable, "nothing could be sent in time".to_owned(), cause)
            }
            Self::Occupied => {
                (DriverErrorKind::Busy, "another command to it is still under way".to_owned(), None)
            }
            Self::NoAnswer { asked, cause } => {
                (DriverErrorKind::Unreachable, format!("no answer to {asked}"), cause)
            }
            Self::EffectUnknown { asked, cause } => {
                (DriverErrorKind::EffectUnknown, format!("no answer to {asked}"), cause)
            }
            Self::Completion { command, code } => {
                let (kind, meaning) = codes::completion(command, code);
                (kind, format!("{}: {meaning} (completion code {code:02X}h)", command.name), None)
            }
            Self::Status { asked, code } => {
                let (kind, meaning) = codes::status(code);
                (kind, format!("{asked}: {meaning} (status {code:02X}h)"), None)
            }
            Self::SetupLost { kind, what } => (kind, what.to_owned(), None),
            Self::Credential(detail) => (DriverErrorKind::Credential, detail.to_owned(), None),
            Self::Malformed(problem) => (DriverErrorKind::Protocol, problem.to_string(), None),
            Self::Other { kind, what } => (kind, what, None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use DriverErrorKind::{Busy, Credential, EffectUnknown, Refused, Unreachable, Unsupported};

    #[test]
    fn codes_say_what_may_be_done_about_them() {
        let completions = [
            (Command::CHASSIS_CONTROL, 0xC0, Busy),
            (Command::CHASSIS_CONTROL, 0xC3, Busy),
            (Command::CHASSIS_CONTROL, 0xD1, Busy),
            (Command::CHASSIS_CONTROL, 0xD2, Busy),
            (Command::CHASSIS_CONTROL, 0xC1, Unsupported),
            (Command::CHASSIS_CONTROL, 0xD4, Credential),
            (Command::CHASSIS_CONTROL, 0xD5, Refused),
            (Command::CHASSIS_CONTROL, 0xCC, Refused),
            (Command::CHASSIS_CONTROL, 0xFF, Refused),
            (Command::CHASSIS_CONTROL, 0x80, Refused),
            (Command::PRIVILEGE_SET, 0x81, Credential),
            (Command::BOOT_OPTION_GET, 0x80, Unsupported),
        ];
        for (command, code, kind) in completions {
            assert_eq!(Failure::Completion { command, code }.explain().0, kind, "{code:02X}h");
        }
        let statuses = [
            (0x01, Busy),
            (0x09, Credential),
            (0x0A, Credential),
            (0x0D, Credential),
            (0x0F, Credential),
            (0x11, Unsupported),
        ];
        for (code, kind) in statuses {
            let failure = Failure::Status { asked: "x", code };
            assert_eq!(failure.refuses_suite(), kind == Unsupported);
            assert_eq!(failure.explain().0, kind, "{code:02X}h");
        }
    }

    #[test]
    fn after_the_bmc_has_shown_the_password_ours_is_not_wrong() {
        let refused = || Failure::Status { asked: "x", code: codes::WRONG_CODE };
        assert_eq!(refused().of_setup(Stage::Asked).explain().0, Credential);
        assert_eq!(refused().of_setup(Stage::Proven).explain().0, Busy);
    }

    #[test]
    fn a_change_without_an_answer_is_in_doubt_and_an_unsent_one_is_not() {
        let no_answer = || Failure::NoAnswer { asked: "x", cause: None };
        assert_eq!(no_answer().explain().0, Unreachable);
        assert_eq!(no_answer().of_change().explain().0, EffectUnknown);
        let timeout = Failure::Completion { command: Command::CHASSIS_CONTROL, code: codes::TIMEOUT };
        assert_eq!(timeout.of_change().explain().0, EffectUnknown);
        assert_eq!(Failure::NotSent(None).of_change().explain().0, Unreachable);
    }
}
