//! IPMI 2.0 over LAN, natively: RMCP+ sessions over UDP with cipher suite 17 or 3, power and boot device.
//!
//! ```text
//! IpmiDriver  one turn per BMC at a time, which suite it speaks
//!   login     capabilities, Open Session, RAKP 1 to 4    -> Session
//!   chassis   the verbs as commands                      on Session
//!   session   encrypted commands, sequence numbers, close
//!   channel   UDP: ask, ask again, wait for the answer
//!   wire      the formats, without I/O
//! ```

mod channel;
mod chassis;
mod failure;
mod login;
mod session;
pub(crate) mod wire;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use drydock_core::Entropy;
use tokio::sync::OwnedMutexGuard;
use tokio::time::{Instant, timeout_at};
use tracing::Instrument as _;

use self::channel::Channel;
use self::failure::Failure;
use self::login::Login;
use self::session::Session;
use self::wire::{CipherSuite, codes};
use super::{Bmc, BootDevice, OobDriver, PowerAction, PowerState};
use crate::DriverError;

const KIND: &str = "ipmi";

/// How long the driver waits, and for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IpmiOptions {
    /// The time of a whole verb, with the wait for an earlier verb on the same BMC. 30 s by default.
    pub deadline: Duration,
    /// The wait for the answer to the first datagram of a command; it doubles with each repetition. 1 s by default.
    pub first_wait: Duration,
    /// How many datagrams a command may take; at least 1. 3 by default. A power cycle, reset or soft-off takes only
    /// one, with the whole time to wait: a BMC may carry out each datagram that it gets.
    pub datagrams: u32,
    /// The pause between two commands in a session: bursts freeze some BMCs. 200 ms by default.
    pub gap: Duration,
}

impl Default for IpmiOptions {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(30),
            first_wait: Duration::from_secs(1),
            datagrams: 3,
            gap: Duration::from_millis(200),
        }
    }
}

impl IpmiOptions {
    /// The wait after each datagram of a command.
    fn waits(&self) -> Vec<Duration> {
        std::iter::successors(Some(self.first_wait), |wait| Some(wait.saturating_mul(2)))
            .take(usize::try_from(self.datagrams.max(1)).unwrap_or(usize::MAX))
            .collect()
    }
}

/// What a verb on a BMC owns while it runs: nobody else speaks with that BMC. Holds the suite that it accepted last.
type Turn = OwnedMutexGuard<Option<CipherSuite>>;

/// The IPMI driver. One serves any number of BMCs, and speaks with each in one session at a time.
///
/// How its verbs deal with what BMCs do:
/// * A cycle of a server that is off switches it on. A soft-off of one that is off does nothing.
/// * A boot device is set for the next boot only, as for a legacy BIOS. Flags that the BMC no longer shows as valid count
///   as [`BootDevice::Default`], whatever device they still name.
/// * No answer to a command that changes something is [`EffectUnknown`](crate::DriverErrorKind::EffectUnknown); before
///   that command, and for questions, it is [`Unreachable`](crate::DriverErrorKind::Unreachable).
/// * Wrong credentials are told at once and not tried again: BMCs lock users out.
///
/// It tries cipher suite 17, then 3, and no weaker one; which of them a BMC accepted is remembered as long as the driver lives.
pub struct IpmiDriver {
    options: IpmiOptions,
    entropy: Arc<dyn Entropy>,
    bmcs: Mutex<HashMap<SocketAddr, Arc<tokio::sync::Mutex<Option<CipherSuite>>>>>,
}

impl IpmiDriver {
    /// A driver; session ids, nonces and initialisation vectors come from `entropy`.
    pub fn new(options: IpmiOptions, entropy: Arc<dyn Entropy>) -> Self {
        Self { options, entropy, bmcs: Mutex::default() }
    }

    /// A session as administrator, and the turn that it takes.
    async fn session(&self, bmc: &Bmc) -> Result<(Turn, Session), Failure> {
        let login = Login::of(bmc)?;
        let deadline = Instant::now() + self.options.deadline;
        let mut turn = self.turn(bmc.address, deadline).await?;
        let mut channel = Channel::open(bmc.address, self.options, deadline).await?;
        login::capabilities(&channel).await?;
        let known = *turn;
        let others = CipherSuite::ALL.into_iter().filter(|suite| Some(*suite) != known);
        let mut refused = Failure::Status { asked: "open session request", code: codes::NO_SUITE };
        for suite in known.into_iter().chain(others) {
            match login::open(channel, &login, suite, Arc::clone(&self.entropy)).await {
                Ok(mut session) => {
                    *turn = Some(suite);
                    session.become_administrator().await?;
                    return Ok((turn, session));
                }
                Err((back, failure)) if failure.refuses_suite() => {
                    tracing::debug!(driver.kind = KIND, suite = suite.number(), "cipher suite refused");
                    channel = back;
                    refused = failure;
                }
                Err((_, failure)) => return Err(failure),
            }
        }
        Err(refused)
    }

    async fn turn(&self, address: SocketAddr, deadline: Instant) -> Result<Turn, Failure> {
        let bmc = {
            let mut bmcs = self.bmcs.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(bmcs.entry(address).or_default())
        };
        timeout_at(deadline, bmc.lock_owned()).await.map_err(|_| Failure::Occupied)
    }
}

/// Ends a session after its verb; one that does not answer any more gets its farewell without a wait.
async fn end<T>(session: Session, result: Result<T, Failure>) -> Result<T, Failure> {
    match result {
        Err(failure @ (Failure::NoAnswer { .. } | Failure::EffectUnknown { .. } | Failure::NotSent(_))) => {
            drop(session);
            Err(failure)
        }
        result => {
            session.close().await;
            result
        }
    }
}

/// Runs one verb in a session of its own. A macro: a function over an async closure cannot yet say that its future is `Send`.
macro_rules! verb {
    ($driver:expr, $bmc:expr, $operation:expr, |$session:ident| $act:expr) => {{
        let result = async {
            let (_turn, mut $session) = $driver.session($bmc).await?;
            let result = $act.await;
            end($session, result).await
        };
        let span = tracing::debug_span!("driver.call", driver.kind = KIND, driver.op = $operation);
        result.instrument(span).await.map_err(|failure: Failure| failure.into_error($operation, $bmc))
    }};
}

#[async_trait]
impl OobDriver for IpmiDriver {
    fn kind(&self) -> &'static str {
        KIND
    }

    async fn power_state(&self, bmc: &Bmc) -> Result<PowerState, DriverError> {
        verb!(self, bmc, "power state", |session| session.power_state())
    }

    async fn power_set(&self, bmc: &Bmc, action: PowerAction) -> Result<(), DriverError> {
        let operation = match action {
            PowerAction::On => "power on",
            PowerAction::Off => "power off",
            PowerAction::Cycle => "power cycle",
            PowerAction::Reset => "power reset",
            PowerAction::SoftOff => "power soft off",
        };
        verb!(self, bmc, operation, |session| session.power_set(action))
    }

    async fn boot_device(&self, bmc: &Bmc) -> Result<BootDevice, DriverError> {
        verb!(self, bmc, "boot device", |session| session.boot_device())
    }

    async fn boot_device_set(&self, bmc: &Bmc, device: BootDevice) -> Result<(), DriverError> {
        verb!(self, bmc, "boot device set", |session| session.boot_device_set(device))
    }
}

#[cfg(test)]
mod tests {
    use drydock_core::SystemEntropy;

    use super::*;

    #[test]
    fn waits_double() {
        let seconds: Vec<u64> = IpmiOptions::default().waits().iter().map(Duration::as_secs).collect();
        assert_eq!(seconds, [1, 2, 4]);
    }

    #[tokio::test]
    async fn a_bmc_has_one_turn_at_a_time_and_the_wait_for_it_ends() {
        let driver = IpmiDriver::new(IpmiOptions::default(), Arc::new(SystemEntropy));
        let [one, other] = [1, 2].map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
        let soon = || Instant::now() + Duration::from_millis(10);
        let turn = driver.turn(one, soon()).await.unwrap();
        assert!(matches!(driver.turn(one, soon()).await, Err(Failure::Occupied)));
        assert!(driver.turn(other, soon()).await.is_ok());
        drop(turn);
        assert!(driver.turn(one, soon()).await.is_ok());
    }
}
