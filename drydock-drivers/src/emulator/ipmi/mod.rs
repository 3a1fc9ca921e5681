//! Emulated BMCs: IPMI 2.0 over LAN (RMCP+, cipher suites 17 and 3) for each machine of a yard, on its own UDP address.
//!
//! They know what it takes to power a machine and to choose its boot device, for Drydock's driver as for `ipmitool`;
//! every other command ends with completion code C1h.
//!
//! ```text
//! serve_ipmi   one socket and one task per machine
//!   bmc        datagram in, datagram out: keeps the sessions
//!   session    one of them: keys, sequence numbers, privilege
//!   handshake  the BMC's half of Open Session and RAKP
//!   commands   request in, completion code and data out: the machine
//! ```

mod bmc;
mod commands;
mod handshake;
mod session;

use std::io;
use std::sync::Arc;

use drydock_core::Entropy;
use tokio::net::UdpSocket;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use self::bmc::EmulatedBmc;
use super::{MachineSpec, Yard};

/// Longer datagrams are cut, and then refused as damaged.
const LONGEST: usize = 1024;

/// Running BMCs. Dropping it stops them.
#[derive(Debug)]
#[must_use = "dropping it stops the BMCs"]
pub struct IpmiEmulator {
    tasks: JoinSet<()>,
}

impl IpmiEmulator {
    /// Waits until all BMCs have stopped: after the token given to [`serve_ipmi`] was cancelled. Cancel-safe.
    pub async fn stopped(&mut self) {
        while let Some(ended) = self.tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "an emulated BMC broke down");
            }
        }
    }
}

/// Serves a BMC for each machine of `yard`, on the address in its specification, until `stop` or until the result is dropped.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
///
/// use drydock_core::{NodeName, SecretString, SystemClock, SystemEntropy};
/// use drydock_drivers::OobDriver as _;
/// use drydock_drivers::emulator::{MachineSpec, Timing, Yard, serve_ipmi};
/// use drydock_drivers::oob::{Bmc, BootDevice, IpmiDriver, IpmiOptions, PowerAction, PowerState};
/// use tokio_util::sync::CancellationToken;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let bmc = Bmc {
///     node: NodeName::new("n1")?,
///     address: "127.0.6.23:6230".parse()?,
///     account: "admin".to_owned(),
///     credential: SecretString::from("secret".to_owned()),
/// };
/// let machine = MachineSpec {
///     name: "n1".to_owned(),
///     boot_mac: "52:54:00:00:00:01".to_owned(),
///     bmc: bmc.address,
///     account: bmc.account.clone(),
///     credential: bmc.credential.clone(),
/// };
/// let yard = Yard::new(vec![machine], Timing::of(Duration::from_secs(1)), Arc::new(SystemClock));
/// let _bmcs = serve_ipmi(yard, Arc::new(SystemEntropy), CancellationToken::new()).await?;
///
/// let driver = IpmiDriver::new(IpmiOptions::default(), Arc::new(SystemEntropy));
/// driver.boot_device_set(&bmc, BootDevice::Pxe).await?;
/// driver.power_set(&bmc, PowerAction::Cycle).await?;
/// assert_eq!(driver.power_state(&bmc).await?, PowerState::On);
/// # Ok(())
/// # }
/// ```
///
/// All addresses are bound when it returns. The error names the address that could not be, and nothing is served then.
pub async fn serve_ipmi(
    yard: Yard,
    entropy: Arc<dyn Entropy>,
    stop: CancellationToken,
) -> io::Result<IpmiEmulator> {
    let mut bound = Vec::new();
    for spec in yard.specs() {
        let socket = UdpSocket::bind(spec.bmc).await.map_err(|error| {
            let text = format!("cannot listen on {} for the BMC of {}: {error}", spec.bmc, spec.name);
            io::Error::new(error.kind(), text)
        })?;
        bound.push((spec, socket));
    }
    let mut tasks = JoinSet::new();
    for (spec, socket) in bound {
        let bmc = new_bmc(&spec, &yard, &entropy)?;
        let stop = stop.clone();
        tasks.spawn(async move {
            stop.run_until_cancelled_owned(serve(bmc, socket)).await;
        });
    }
    Ok(IpmiEmulator { tasks })
}

fn new_bmc(spec: &MachineSpec, yard: &Yard, entropy: &Arc<dyn Entropy>) -> io::Result<EmulatedBmc> {
    EmulatedBmc::new(spec, yard.clone(), Arc::clone(entropy)).ok_or_else(|| {
        let text =
            format!("the BMC of {} needs a user of at most 16 bytes and a password of at most 20", spec.name);
        io::Error::new(io::ErrorKind::InvalidInput, text)
    })
}

async fn serve(mut bmc: EmulatedBmc, socket: UdpSocket) {
    let mut buffer = [0; LONGEST];
    loop {
        let (length, peer) = match socket.recv_from(&mut buffer).await {
            Ok(received) => received,
            Err(error) => {
                tracing::error!(%error, "an emulated BMC lost its socket");
                return;
            }
        };
        if let Some(answer) = bmc.answer(&buffer[..length], Instant::now())
            && let Err(error) = socket.send_to(&answer, peer).await
        {
            tracing::debug!(%error, %peer, "an answer was not sent");
        }
    }
}
