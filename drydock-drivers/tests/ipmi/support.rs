//! What the tests share: BMC addresses, credentials, drivers, an emulated yard, bounded waits.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use drydock_core::{NodeName, SecretString, SystemClock, SystemEntropy};
use drydock_drivers::emulator::{EffectKind, IpmiEmulator, MachineSpec, Timing, Yard, serve_ipmi};
use drydock_drivers::oob::{Bmc, IpmiDriver, IpmiOptions};
use tokio::net::UdpSocket;
use tokio_util::sync::CancellationToken;

pub(crate) const ACCOUNT: &str = "admin";
pub(crate) const PASSWORD: &str = "s3cret-of-the-bmc";

/// No pauses. Nothing is lost on loopback, so the waits are never waited for unless a test loses datagrams.
pub(crate) const QUICK: IpmiOptions = IpmiOptions {
    deadline: Duration::from_secs(30),
    first_wait: Duration::from_secs(2),
    datagrams: 3,
    gap: Duration::ZERO,
};

pub(crate) fn driver(options: IpmiOptions) -> IpmiDriver {
    IpmiDriver::new(options, Arc::new(SystemEntropy))
}

pub(crate) fn bmc(address: SocketAddr) -> Bmc {
    bmc_with(address, PASSWORD)
}

pub(crate) fn bmc_with(address: SocketAddr, password: &str) -> Bmc {
    Bmc {
        node: NodeName::new("n1").unwrap(),
        address,
        account: ACCOUNT.to_owned(),
        credential: SecretString::from(password.to_owned()),
    }
}

/// Addresses that nobody listens on, all different. Their ports are below those that the kernel gives to clients
/// (32768 and up on Linux), so that no client takes one before the server that it is meant for.
pub(crate) async fn free_addresses(count: usize) -> Vec<SocketAddr> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let mut addresses = Vec::new();
    while addresses.len() < count {
        // Test processes that run at the same time start in different places.
        let number = std::process::id() % 160 * 64 + NEXT.fetch_add(1, Ordering::Relaxed);
        let port = u16::try_from(20_000 + number % 12_000).unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        if UdpSocket::bind(address).await.is_ok() {
            addresses.push(address);
        }
    }
    addresses
}

/// A yard of `count` machines `n00`, `n01` …, with their BMCs served.
pub(crate) struct Served {
    pub(crate) yard: Yard,
    pub(crate) bmcs: Vec<Bmc>,
    _emulator: IpmiEmulator,
}

pub(crate) async fn served(count: usize) -> Served {
    let addresses = free_addresses(count).await;
    let machines = addresses.iter().enumerate().map(|(number, address)| MachineSpec {
        name: format!("n{number:02}"),
        boot_mac: format!("52:54:00:00:00:{number:02x}"),
        bmc: *address,
        account: ACCOUNT.to_owned(),
        credential: SecretString::from(PASSWORD.to_owned()),
    });
    let yard = Yard::new(machines.collect(), Timing::of(Duration::from_hours(1)), Arc::new(SystemClock));
    let emulator = serve_ipmi(yard.clone(), Arc::new(SystemEntropy), CancellationToken::new()).await.unwrap();
    Served { yard, bmcs: addresses.into_iter().map(bmc).collect(), _emulator: emulator }
}

impl Served {
    /// What happened to all machines so far, in order.
    pub(crate) fn effects(&self) -> Vec<EffectKind> {
        self.yard.effects().into_iter().map(|effect| effect.effect).collect()
    }
}

/// Serves the BMCs of `yard` as soon as their addresses are free.
pub(crate) async fn again_until_bound(yard: &Yard, stop: &CancellationToken) -> IpmiEmulator {
    let mut emulator = None;
    until("the addresses are free again", async || {
        emulator = serve_ipmi(yard.clone(), Arc::new(SystemEntropy), stop.clone()).await.ok();
        emulator.is_some()
    })
    .await;
    emulator.unwrap()
}

/// Asks again and again until `is_so`, at most 20 s.
pub(crate) async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let waiting = async {
        let mut again = tokio::time::interval(Duration::from_millis(20));
        loop {
            again.tick().await;
            if is_so().await {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting)
        .await
        .unwrap_or_else(|_| panic!("waited in vain until {what}"));
}
