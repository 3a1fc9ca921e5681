//! The driver against the emulated BMCs: the verbs, credentials, many BMCs at once, and one BMC from two sides.

use std::net::SocketAddr;
use std::sync::Arc;

use drydock_core::{Classify, Disposition, SystemEntropy};
use drydock_drivers::emulator::{EffectKind, serve_ipmi};
use drydock_drivers::oob::{BootDevice, PowerAction, PowerState};
use drydock_drivers::{DriverErrorKind, OobDriver};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::proxy::{Fate, Proxy};
use super::support::{QUICK, bmc, bmc_with, driver, served};

#[tokio::test]
async fn every_verb_may_be_repeated() {
    let served = served(1).await;
    let (driver, bmc) = (driver(QUICK), &served.bmcs[0]);
    let actions = [
        (PowerAction::SoftOff, PowerState::Off),
        (PowerAction::On, PowerState::On),
        (PowerAction::Reset, PowerState::On),
        (PowerAction::Cycle, PowerState::On),
        (PowerAction::Off, PowerState::Off),
        (PowerAction::Cycle, PowerState::On),
        (PowerAction::SoftOff, PowerState::Off),
    ];
    for (action, state) in actions {
        for _ in 0..2 {
            driver.power_set(bmc, action).await.unwrap();
            assert_eq!(driver.power_state(bmc).await.unwrap(), state, "{action:?}");
        }
    }
    let off_and_on = served.effects();
    // A cycle of what is off became an On; a soft-off of what is off became nothing.
    let count = |action| off_and_on.iter().filter(|one| **one == EffectKind::Power(action)).count();
    assert_eq!((count(PowerAction::Cycle), count(PowerAction::SoftOff)), (3, 1));
    use BootDevice::{Cdrom, Default, Disk, Pxe, Setup};
    for device in [Pxe, Pxe, Disk, Cdrom, Setup, Default] {
        driver.boot_device_set(bmc, device).await.unwrap();
        assert_eq!(driver.boot_device(bmc).await.unwrap(), device);
    }
}

#[tokio::test]
async fn a_boot_uses_the_override_up() {
    let served = served(1).await;
    let (driver, bmc) = (driver(QUICK), &served.bmcs[0]);
    driver.boot_device_set(bmc, BootDevice::Pxe).await.unwrap();
    driver.power_set(bmc, PowerAction::On).await.unwrap();
    assert_eq!(driver.boot_device(bmc).await.unwrap(), BootDevice::Default);
}

#[tokio::test]
async fn a_reset_of_what_is_off_is_refused() {
    let served = served(1).await;
    let error = driver(QUICK).power_set(&served.bmcs[0], PowerAction::Reset).await.unwrap_err();
    assert_eq!(error.kind, DriverErrorKind::Refused, "{error}");
}

#[tokio::test]
async fn suite_17_is_asked_for_first_and_taken() {
    let served = served(1).await;
    let proxy = Proxy::start(served.bmcs[0].address, |_, _| Fate::Pass).await;
    driver(QUICK).power_state(&bmc(proxy.address)).await.unwrap();
    let asked: Vec<u8> = proxy.seen().iter().filter_map(super::proxy::Seen::asked_algorithm).collect();
    assert_eq!(asked, [3]);
}

#[tokio::test]
async fn wrong_credentials_are_told_once_and_keep_no_session() {
    let served = served(1).await;
    let address = served.bmcs[0].address;
    let driver = driver(QUICK);
    let mut unknown = bmc(address);
    "nobody".clone_into(&mut unknown.account);
    // Together more often than a BMC has sessions.
    let wrong = [bmc_with(address, "wrong-password"), bmc_with(address, ""), unknown];
    for wrong in wrong.iter().cycle().take(12) {
        let error = driver.power_set(wrong, PowerAction::On).await.unwrap_err();
        assert_eq!(error.kind, DriverErrorKind::Credential, "{error}");
        assert_eq!(error.disposition(), Disposition::Permanent);
        assert!(!format!("{error:?} {wrong:?}").contains("wrong-password"));
    }
    assert!(served.effects().is_empty());
    driver.power_set(&served.bmcs[0], PowerAction::On).await.unwrap();
}

#[tokio::test]
async fn credentials_that_ipmi_cannot_carry_are_the_callers_mistake() {
    let served = served(1).await;
    let address = served.bmcs[0].address;
    let mut long = bmc(address);
    long.account = "x".repeat(17);
    for unusable in [bmc_with(address, &"x".repeat(21)), long] {
        let error = driver(QUICK).power_state(&unusable).await.unwrap_err();
        assert_eq!(error.kind, DriverErrorKind::Input, "{error}");
    }
}

#[tokio::test]
async fn fifty_bmcs_at_once() {
    let served = served(50).await;
    let driver = Arc::new(driver(QUICK));
    let mut tasks = JoinSet::new();
    for bmc in served.bmcs.clone() {
        let driver = Arc::clone(&driver);
        tasks.spawn(async move {
            driver.boot_device_set(&bmc, BootDevice::Pxe).await?;
            driver.power_set(&bmc, PowerAction::On).await?;
            driver.power_state(&bmc).await
        });
    }
    while let Some(result) = tasks.join_next().await {
        assert_eq!(result.unwrap().unwrap(), PowerState::On);
    }
    assert_eq!(served.effects().iter().filter(|one| **one == EffectKind::Power(PowerAction::On)).count(), 50);
}

#[tokio::test]
async fn two_verbs_at_once_take_turns() {
    let served = served(1).await;
    let proxy = Proxy::start(served.bmcs[0].address, |_, _| Fate::Pass).await;
    let (driver, bmc) = (driver(QUICK), bmc(proxy.address));
    let (on, pxe) =
        tokio::join!(driver.power_set(&bmc, PowerAction::On), driver.boot_device_set(&bmc, BootDevice::Pxe));
    on.unwrap();
    pxe.unwrap();
    // Each verb has a socket of its own; their datagrams do not mix.
    let mut consoles: Vec<SocketAddr> = proxy.seen().iter().map(|seen| seen.console).collect();
    consoles.dedup();
    assert_eq!(consoles.len(), 2, "{consoles:?}");
    assert_eq!(served.effects().len(), 2);
}

#[tokio::test]
async fn an_address_in_use_is_named_and_a_cancelled_emulator_stops() {
    let served = served(2).await;
    let entropy = Arc::new(SystemEntropy);
    let error = serve_ipmi(served.yard.clone(), entropy.clone(), CancellationToken::new()).await.unwrap_err();
    assert!(error.to_string().contains(&served.bmcs[0].address.to_string()), "{error}");

    let (yard, stop) = (served.yard.clone(), CancellationToken::new());
    drop(served);
    let mut emulator = super::support::again_until_bound(&yard, &stop).await;
    stop.cancel();
    emulator.stopped().await;
    super::support::again_until_bound(&yard, &stop).await.stopped().await;
}
