//! One UDP socket to one BMC: a question, its repetitions, and the wait for the one answer that fits.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout_at};

use super::IpmiOptions;
use super::failure::Failure;

/// No IPMI packet is longer.
const LONGEST: usize = 1024;

pub(super) struct Channel {
    socket: UdpSocket,
    options: IpmiOptions,
    /// When the verb's time is over.
    deadline: Instant,
}

/// How one datagram fared.
enum Try<T> {
    Answer(T),
    Silence,
    NotSent(io::Error),
    Lost(io::Error),
}

impl Channel {
    pub(super) async fn open(
        address: SocketAddr,
        options: IpmiOptions,
        deadline: Instant,
    ) -> Result<Self, Failure> {
        let any: SocketAddr = match address {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let socket = UdpSocket::bind(any).await.map_err(|error| Failure::NotSent(Some(error)))?;
        // Connected, so that the kernel drops what others send, and tells when the port is closed.
        socket.connect(address).await.map_err(|error| Failure::NotSent(Some(error)))?;
        Ok(Self { socket, options, deadline })
    }

    /// Asks with `datagram`, again after each wait, until `accept` takes an answer.
    ///
    /// `datagram` makes each repetition; `accept` says `None` to packets that are not the answer.
    pub(super) async fn ask<T>(
        &self,
        asked: &'static str,
        waits: &[Duration],
        mut exchange: impl Exchange<Answer = T>,
    ) -> Result<T, Failure> {
        let mut sent = false;
        for wait in waits {
            if Instant::now() >= self.deadline {
                break;
            }
            let until = (Instant::now() + *wait).min(self.deadline);
            let datagram = exchange.datagram();
            match self.attempt(&datagram, until, &mut exchange).await {
                Try::Answer(answer) => return answer,
                Try::Silence => sent = true,
                Try::NotSent(cause) if !sent => return Err(Failure::NotSent(Some(cause))),
                Try::NotSent(cause) | Try::Lost(cause) => {
                    return Err(Failure::NoAnswer { asked, cause: Some(cause) });
                }
            }
            tracing::debug!(driver.kind = super::KIND, asked, "no answer yet");
        }
        if sent { Err(Failure::NoAnswer { asked, cause: None }) } else { Err(Failure::NotSent(None)) }
    }

    async fn attempt<T>(
        &self,
        datagram: &[u8],
        until: Instant,
        exchange: &mut impl Exchange<Answer = T>,
    ) -> Try<Result<T, Failure>> {
        if let Err(error) = self.socket.send(datagram).await {
            return Try::NotSent(error);
        }
        let mut buffer = [0; LONGEST];
        loop {
            let length = match timeout_at(until, self.socket.recv(&mut buffer)).await {
                Err(_) => return Try::Silence,
                Ok(Err(error)) => return Try::Lost(error),
                Ok(Ok(length)) => length,
            };
            if let Some(answer) = exchange.accept(&buffer[..length]) {
                return Try::Answer(answer);
            }
        }
    }

    /// Sends without waiting for anything, if the socket takes it at once.
    pub(super) fn send_at_once(&self, datagram: &[u8]) {
        if let Err(error) = self.socket.try_send(datagram) {
            tracing::debug!(driver.kind = super::KIND, %error, "a last datagram was not sent");
        }
    }

    pub(super) const fn options(&self) -> &IpmiOptions {
        &self.options
    }

    pub(super) const fn deadline(&self) -> Instant {
        self.deadline
    }
}

/// A question and how to know its answer.
pub(super) trait Exchange: Send {
    type Answer;

    /// The question, each time it is sent.
    fn datagram(&mut self) -> Vec<u8>;

    /// The answer, if `datagram` is it. What is not, or is damaged, is skipped: anybody can send a packet.
    fn accept(&mut self, datagram: &[u8]) -> Option<Result<Self::Answer, Failure>>;
}

/// A question that is repeated as it is.
pub(super) struct Same<F> {
    pub(super) datagram: Vec<u8>,
    pub(super) accept: F,
}

impl<T, F: FnMut(&[u8]) -> Option<Result<T, Failure>> + Send> Exchange for Same<F> {
    type Answer = T;

    fn datagram(&mut self) -> Vec<u8> {
        self.datagram.clone()
    }

    fn accept(&mut self, datagram: &[u8]) -> Option<Result<T, Failure>> {
        (self.accept)(datagram)
    }
}
