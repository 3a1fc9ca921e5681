//! An authenticated and encrypted session: one command at a time, and always a farewell.

use std::sync::Arc;

use drydock_core::Entropy;
use tokio::time::{Instant, sleep_until};

use super::channel::{Channel, Exchange};
use super::failure::Failure;
use super::wire::frame::{self, Frame, Payload};
use super::wire::{ADMINISTRATOR, Agreement, Command, Keys, Message, Window};

/// May a command be sent again while its answer is missing?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    /// Twice is the same as once.
    Harmless,
    /// The BMC might do it twice: one datagram, and the whole time to wait for the answer.
    Never,
    /// It does not matter enough: one datagram, and a short wait.
    NotWorthIt,
}

/// A session. Dropping it tells the BMC so, without waiting.
pub(super) struct Session {
    channel: Channel,
    link: Link,
    requests: u8,
    /// No command is sent before.
    not_before: Instant,
    closed: bool,
}

/// The session's packets: the ids, the keys, and the numbers used so far.
struct Link {
    console: u32,
    bmc: u32,
    keys: Keys,
    sent: u32,
    received: Window,
    entropy: Arc<dyn Entropy>,
}

impl Session {
    pub(super) fn new(channel: Channel, agreement: &Agreement, entropy: Arc<dyn Entropy>) -> Self {
        let link = Link {
            console: agreement.console,
            bmc: agreement.bmc,
            keys: agreement.keys(),
            sent: 0,
            received: Window::default(),
            entropy,
        };
        Self { channel, link, requests: 0, not_before: Instant::now(), closed: false }
    }

    /// Asks for the privilege level "administrator" (section 22.18).
    pub(super) async fn become_administrator(&mut self) -> Result<(), Failure> {
        self.command(Command::PRIVILEGE_SET, &[ADMINISTRATOR], Repeat::Harmless).await.map(drop)
    }

    /// Carries out a command; the answer's data, without the completion code.
    pub(super) async fn command(
        &mut self,
        command: Command,
        data: &[u8],
        repeat: Repeat,
    ) -> Result<Vec<u8>, Failure> {
        sleep_until(self.not_before.min(self.channel.deadline())).await;
        self.requests = self.requests.wrapping_add(1) & 0x3F;
        let request = Message::request(self.requests, command, data);
        let waits = self.channel.options().waits();
        let waits = match repeat {
            Repeat::Harmless => waits,
            Repeat::Never => vec![waits.iter().sum()],
            Repeat::NotWorthIt => vec![self.channel.options().first_wait],
        };
        let exchange = Asking { plain: request.encode(), request: &request, link: &mut self.link };
        let reply = self.channel.ask(command.name, &waits, exchange).await?;
        self.not_before = Instant::now() + self.channel.options().gap;
        match reply.data.split_first() {
            Some((0, data)) => Ok(data.to_vec()),
            Some((&code, _)) => Err(Failure::Completion { command, code }),
            None => Err(super::wire::Malformed("reply without a completion code").into()),
        }
    }

    /// Closes the session. Whatever the BMC says to that, it forgets an idle session by itself.
    pub(super) async fn close(mut self) {
        let id = self.link.bmc.to_le_bytes();
        let result = self.command(Command::SESSION_CLOSE, &id, Repeat::NotWorthIt).await;
        self.closed = result.is_ok();
        if let Err(failure) = result {
            tracing::debug!(driver.kind = super::KIND, ?failure, "a session was not closed");
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if !self.closed {
            let id = self.link.bmc.to_le_bytes();
            let plain = Message::request(self.requests.wrapping_add(1), Command::SESSION_CLOSE, &id).encode();
            self.channel.send_at_once(&self.link.seal(&plain));
        }
    }
}

impl Link {
    /// A packet around a message, each time with the next sequence number.
    fn seal(&mut self, plain: &[u8]) -> Vec<u8> {
        self.sent = self.sent.wrapping_add(1).max(1);
        let mut iv = [0; 16];
        self.entropy.fill(&mut iv);
        frame::encode_secure(self.bmc, self.sent, plain, &self.keys, iv)
    }

    /// The message in a packet of this session that was not seen before.
    fn unseal(&mut self, datagram: &[u8]) -> Option<Message> {
        let Ok(Frame::Plus(plus)) = frame::decode(datagram) else { return None };
        if plus.payload != Payload::Ipmi || plus.session != self.console {
            return None;
        }
        let plain = plus.open(&self.keys).ok()?;
        if !self.received.accept(plus.sequence) {
            return None;
        }
        Message::decode(&plain).ok()
    }
}

struct Asking<'a> {
    plain: Vec<u8>,
    request: &'a Message,
    link: &'a mut Link,
}

impl Exchange for Asking<'_> {
    type Answer = Message;

    fn datagram(&mut self) -> Vec<u8> {
        self.link.seal(&self.plain)
    }

    fn accept(&mut self, datagram: &[u8]) -> Option<Result<Message, Failure>> {
        self.link.unseal(datagram).filter(|reply| reply.answers(self.request)).map(Ok)
    }
}
