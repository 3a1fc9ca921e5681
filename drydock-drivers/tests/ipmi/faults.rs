//! The driver over a network that loses, doubles and reorders datagrams, and with BMCs that fall silent.

use std::net::UdpSocket;
use std::time::Duration;

use drydock_drivers::emulator::EffectKind;
use drydock_drivers::oob::{BootDevice, IpmiOptions, PowerAction, PowerState};
use drydock_drivers::{DriverErrorKind, OobDriver};

use super::proxy::{Fate, Proxy, Way};
use super::support::{QUICK, bmc, driver, free_addresses, served, until};

/// Short waits and enough of them for the tests with losses.
const HASTY: IpmiOptions = IpmiOptions { first_wait: Duration::from_millis(60), datagrams: 6, ..QUICK };
/// Waits that a slow machine does not use up while it answers.
const CALM: IpmiOptions = IpmiOptions { first_wait: Duration::from_millis(700), datagrams: 1, ..QUICK };
/// Before Chassis Control of a cycle: capabilities, Open Session, RAKP 1, RAKP 3, privilege, chassis status.
const BEFORE_CYCLE: usize = 6;

async fn prepares_and_starts_once(rule: impl FnMut(Way, usize) -> Fate + Send + 'static) {
    let served = served(1).await;
    let proxy = Proxy::start(served.bmcs[0].address, rule).await;
    let (driver, bmc) = (driver(HASTY), bmc(proxy.address));
    driver.boot_device_set(&bmc, BootDevice::Pxe).await.unwrap();
    assert_eq!(driver.boot_device(&bmc).await.unwrap(), BootDevice::Pxe);
    driver.power_set(&bmc, PowerAction::On).await.unwrap();
    assert_eq!(driver.power_state(&bmc).await.unwrap(), PowerState::On);
    assert_eq!(
        served.effects(),
        [EffectKind::BootDevice(BootDevice::Pxe), EffectKind::Power(PowerAction::On)]
    );
}

#[tokio::test]
async fn lost_datagrams_are_sent_again() {
    prepares_and_starts_once(|_, number| if number % 3 == 2 { Fate::Lose } else { Fate::Pass }).await;
}

#[tokio::test]
async fn doubled_datagrams_count_once() {
    prepares_and_starts_once(|_, _| Fate::Double).await;
}

#[tokio::test]
async fn datagrams_out_of_order_do_no_harm() {
    prepares_and_starts_once(|_, number| if number % 4 == 1 { Fate::Hold } else { Fate::Pass }).await;
}

#[tokio::test]
async fn damaged_datagrams_of_a_session_are_skipped() {
    prepares_and_starts_once(|_, _| Fate::Damage).await;
}

#[tokio::test]
async fn a_cycle_without_an_answer_is_sent_once_and_its_effect_not_known() {
    for lost in [Way::ToBmc, Way::ToConsole] {
        let served = served(1).await;
        served.yard.power("n00", PowerAction::On).unwrap();
        let lose = move |way: Way, number: usize| {
            if way == lost && number >= BEFORE_CYCLE { Fate::Lose } else { Fate::Pass }
        };
        let proxy = Proxy::start(served.bmcs[0].address, lose).await;
        let error = driver(CALM).power_set(&bmc(proxy.address), PowerAction::Cycle).await.unwrap_err();
        assert_eq!(error.kind, DriverErrorKind::EffectUnknown, "{error}");
        let cycles = served.effects()[1..].to_vec();
        let expected = match lost {
            Way::ToBmc => vec![],
            Way::ToConsole => vec![EffectKind::Power(PowerAction::Cycle)],
        };
        assert_eq!(cycles, expected);
        // The command, and the farewell without a wait.
        let sent = async || proxy.seen().iter().filter(|seen| seen.way == Way::ToBmc).count();
        until("the session is closed", async || sent().await == BEFORE_CYCLE + 2).await;
    }
}

#[tokio::test]
async fn a_question_without_an_answer_changes_nothing() {
    let served = served(1).await;
    let lose = |way: Way, number: usize| {
        if way == Way::ToConsole && number >= 5 { Fate::Lose } else { Fate::Pass }
    };
    let proxy = Proxy::start(served.bmcs[0].address, lose).await;
    let error = driver(CALM).power_state(&bmc(proxy.address)).await.unwrap_err();
    assert_eq!(error.kind, DriverErrorKind::Unreachable, "{error}");
    assert!(error.to_string().ends_with("no answer to get chassis status"), "{error}");
}

#[tokio::test]
async fn a_closed_port_is_unreachable() {
    let bmc = bmc(free_addresses(1).await[0]);
    let error = driver(QUICK).power_set(&bmc, PowerAction::On).await.unwrap_err();
    assert_eq!(error.kind, DriverErrorKind::Unreachable, "{error}");
}

#[tokio::test]
async fn a_silent_bmc_gets_three_datagrams_and_a_short_deadline_ends_that() {
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    silent.set_nonblocking(true).unwrap();
    let received = || std::iter::from_fn(|| silent.recv(&mut [0; 64]).ok()).count();
    let bmc = bmc(silent.local_addr().unwrap());
    let three = IpmiOptions { datagrams: 3, ..HASTY };
    let error = driver(three).power_set(&bmc, PowerAction::Off).await.unwrap_err();
    // Nothing was commanded yet, so this is no doubtful effect.
    assert_eq!(error.kind, DriverErrorKind::Unreachable, "{error}");
    assert_eq!(received(), 3);

    let impatient = IpmiOptions { deadline: Duration::from_millis(300), ..QUICK };
    let error = driver(impatient).power_state(&bmc).await.unwrap_err();
    assert_eq!(error.kind, DriverErrorKind::Unreachable, "{error}");
    assert_eq!(received(), 1);
}

#[tokio::test]
async fn a_dropped_call_closes_its_session() {
    let served = served(1).await;
    let lose = |way: Way, number: usize| {
        if way == Way::ToConsole && number == 5 { Fate::Lose } else { Fate::Pass }
    };
    // More often than a BMC has sessions; each time the answer to Get Chassis Status is lost.
    for _ in 0..12 {
        let proxy = Proxy::start(served.bmcs[0].address, lose).await;
        let (driver, bmc) = (driver(QUICK), bmc(proxy.address));
        let sent = || proxy.seen().iter().filter(|seen| seen.way == Way::ToBmc).count();
        tokio::select! {
            result = driver.power_state(&bmc) => panic!("{result:?}"),
            () = until("the command is sent", async || sent() == 6) => {}
        }
        until("the session is closed", async || sent() == 7).await;
    }
    assert_eq!(driver(QUICK).power_state(&served.bmcs[0]).await.unwrap(), PowerState::Off);
}
