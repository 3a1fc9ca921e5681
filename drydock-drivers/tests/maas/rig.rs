//! One emulated MAAS with its yard, a driver for it, and a clock that moves only by hand.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use drydock_core::{Clock, RetryPolicy, SystemEntropy, Timestamp};
use drydock_drivers::emulator::{MaasFaults, MachineSpec, Timing, Yard, serve_maas};
use drydock_drivers::node::maas::{MaasDriver, MaasOptions};
use drydock_drivers::node::{Machine, NodeIdentity};
use drydock_drivers::oob::{BootDevice, PowerAction};
use drydock_drivers::{DriverError, NodeDriver};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::{CancellationToken, DropGuard};

/// The key of the recordings, so that recorded requests can be sent again.
pub(crate) const KEY: &str = "adminconsumerkey01:admintokenkey00001:admintokensecret0000000000000001";
pub(crate) const MAC: &str = "52:54:00:00:01:02";
pub(crate) const UNIT: Duration = Duration::from_secs(10);

/// A clock that stands still until it is advanced.
#[derive(Clone)]
pub(crate) struct HandClock(Arc<Mutex<Timestamp>>);

impl HandClock {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(Timestamp::from_timestamp(1_800_000_000, 0).unwrap())))
    }

    pub(crate) fn advance(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

pub(crate) struct Rig {
    pub(crate) yard: Yard,
    pub(crate) clock: HandClock,
    pub(crate) faults: MaasFaults,
    pub(crate) url: String,
    pub(crate) driver: Arc<MaasDriver>,
    server: JoinSet<std::io::Result<()>>,
    stop: CancellationToken,
    _guard: DropGuard,
}

impl Rig {
    /// A MAAS that knows none of the yard's machines: `n1`, which boots from [`MAC`], and `n2`.
    pub(crate) async fn start() -> Self {
        let clock = HandClock::new();
        let spec = |name: &str, mac: &str| MachineSpec {
            name: name.to_owned(),
            boot_mac: mac.to_owned(),
            bmc: "127.0.0.1:1".parse().unwrap(),
            account: "operator".to_owned(),
            credential: "unused".into(),
        };
        let specs = vec![spec("n1", MAC), spec("n2", "52:54:00:00:02:02")];
        let yard = Yard::new(specs, Timing::of(UNIT), Arc::new(clock.clone()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/MAAS", listener.local_addr().unwrap());
        let (faults, stop) = (MaasFaults::default(), CancellationToken::new());
        let mut server = JoinSet::new();
        let key = KEY.into();
        server.spawn(serve_maas(
            listener,
            yard.clone(),
            key,
            Arc::new(clock.clone()),
            faults.clone(),
            stop.clone(),
        ));
        let driver = Arc::new(driver(&options(&url), &clock));
        Self { yard, clock, faults, url, driver, server, _guard: stop.clone().drop_guard(), stop }
    }

    /// Boots a machine from the network and waits, by the clock, until it has enlisted.
    pub(crate) fn enlist(&self, name: &str) {
        self.yard.boot_device(name, BootDevice::Pxe).unwrap();
        self.yard.power(name, PowerAction::On).unwrap();
        self.clock.advance(UNIT);
    }

    /// The machine of `n1`, which must be there.
    pub(crate) async fn n1(&self) -> Machine {
        self.driver.find(&n1()).await.unwrap().expect("n1 is known")
    }

    /// Stops the server, which must end well.
    pub(crate) async fn stop(mut self) {
        self.stop.cancel();
        drop(self.driver);
        self.server.join_next().await.unwrap().unwrap().unwrap();
    }
}

/// What the design knows of `n1`.
pub(crate) fn n1() -> NodeIdentity {
    NodeIdentity { name: "n1".parse().unwrap(), boot_mac: Some(MAC.to_owned()), oob_address: None }
}

/// Options that fail fast.
pub(crate) fn options(url: &str) -> MaasOptions {
    let mut options = MaasOptions::new(url, KEY.into());
    options.retries = RetryPolicy::attempts(3).delays(Duration::from_millis(1), Duration::from_millis(2));
    options
}

pub(crate) fn driver(options: &MaasOptions, clock: &HandClock) -> MaasDriver {
    MaasDriver::new(options, Arc::new(clock.clone()), Arc::new(SystemEntropy)).unwrap()
}

/// All that an error can show.
pub(crate) fn everything(error: &DriverError) -> String {
    format!("{error} {error:?} {error:#?} {}", drydock_core::error_chain(error))
}
