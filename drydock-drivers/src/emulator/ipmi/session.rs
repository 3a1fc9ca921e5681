//! A session as an emulated BMC keeps it, from Open Session to its end.

use drydock_core::Entropy;
use tokio::time::Instant;

use super::commands::{self, Answer};
use crate::oob::ipmi::wire::{Agreement, Keys, Message, Window, frame};

/// Before it asks for more, a session has the privilege level "user" (section 22.18).
const FIRST_PRIVILEGE: u8 = 2;
/// "Requested level exceeds the user's limit" (table 22-24).
const PRIVILEGE_LIMIT: u8 = 0x81;

pub(super) struct Session {
    /// The highest privilege that its Open Session Request allows.
    pub(super) limit: u8,
    pub(super) agreement: Agreement,
    pub(super) stage: Stage,
    pub(super) used: Instant,
}

pub(super) enum Stage {
    /// Open Session is through.
    Opened,
    /// RAKP messages 1 and 2 are through.
    Challenged,
    /// All is through.
    Active(Active),
}

pub(super) struct Active {
    pub(super) keys: Keys,
    sent: u32,
    pub(super) received: Window,
    pub(super) privilege: u8,
    /// The last request and its answer: a repeated request is answered again, and not carried out again.
    pub(super) last: Option<(Message, Message)>,
}

impl Active {
    pub(super) fn new(agreement: &Agreement, limit: u8) -> Self {
        Self {
            keys: agreement.keys(),
            sent: 0,
            received: Window::default(),
            privilege: FIRST_PRIVILEGE.min(limit),
            last: None,
        }
    }

    /// Set Session Privilege Level; 0 asks for the present one (section 22.18).
    pub(super) fn privilege_set(&mut self, limit: u8, data: &[u8]) -> Answer {
        match data.first().map(|level| level & 0x0F) {
            None => return Err(commands::WRONG_LENGTH),
            Some(0) => {}
            Some(level) if level > limit => return Err(PRIVILEGE_LIMIT),
            Some(level) => self.privilege = level,
        }
        Ok(vec![self.privilege])
    }

    pub(super) fn seal(&mut self, console: u32, message: &Message, entropy: &dyn Entropy) -> Vec<u8> {
        self.sent = self.sent.wrapping_add(1).max(1);
        let mut iv = [0; 16];
        entropy.fill(&mut iv);
        frame::encode_secure(console, self.sent, &message.encode(), &self.keys, iv)
    }
}
