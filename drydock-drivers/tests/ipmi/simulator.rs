//! The driver against `ipmi_sim` of the `OpenIPMI` project: a BMC that nobody here wrote. It knows cipher suite 3, not 17, so each
//! session starts with a refusal and the fallback.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use drydock_drivers::oob::{Bmc, BootDevice, IpmiOptions, PowerAction, PowerState};
use drydock_drivers::{DriverErrorKind, OobDriver};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use super::proxy::{Fate, Proxy, Seen, Way};
use super::support::{QUICK, bmc, bmc_with, driver, free_addresses, until};

struct Simulator {
    folder: TempDir,
    bmc: Bmc,
    process: Child,
}

const CHASSIS: &str = r#"#!/bin/sh
# Called by ipmi_sim: MC, then "get NAME..." or "set NAME VALUE". Keeps the state in files beside it, and a log.
cd "$(dirname "$0")" || exit 1
shift
echo "$*" >> log
verb=$1
shift
case "$verb" in
get)
    for name in "$@"; do
        case "$name" in
        power) echo "power:$(cat power)" ;;
        boot) echo "boot:$(cat boot)" ;;
        *) exit 1 ;;
        esac
    done ;;
set)
    while [ $# -ge 2 ]; do
        case "$1" in
        power) echo "$2" > power ;;
        boot) test -e stubborn || echo "$2" > boot ;;
        shutdown) echo 0 > power ;;
        reset) ;;
        *) exit 1 ;;
        esac
        shift 2
    done ;;
*) exit 1 ;;
esac
"#;

impl Simulator {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bmc = bmc(free_addresses(1).await[0]);
        configure(folder.path(), &bmc);
        let process = Command::new("ipmi_sim")
            .args(["-c", "lan.conf", "-f", "sim.emu", "-n", "-s"])
            .arg(folder.path().join("state"))
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("cannot run ipmi_sim; install the Debian package openipmi");
        let simulator = Self { folder, bmc, process };
        until("ipmi_sim answers", async || driver(QUICK).power_state(&simulator.bmc).await.is_ok()).await;
        simulator
    }

    /// The lines of the chassis log that change something.
    fn changes(&self) -> Vec<String> {
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap();
        log.lines().filter(|line| line.starts_with("set")).map(str::to_owned).collect()
    }
}

fn configure(folder: &Path, bmc: &Bmc) {
    use std::os::unix::fs::PermissionsExt as _;

    let script = folder.join("chassis.sh");
    std::fs::write(&script, CHASSIS).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::write(folder.join("power"), "0\n").unwrap();
    std::fs::write(folder.join("boot"), "default\n").unwrap();
    std::fs::create_dir_all(folder.join("state/ipmi_sim/bmc1")).unwrap();
    let mut lan = String::from("name \"bmc1\"\nset_working_mc 0x20\nstartlan 1\n");
    writeln!(lan, "  addr {} {}", bmc.address.ip(), bmc.address.port()).unwrap();
    lan.push_str("  priv_limit admin\n");
    for level in ["callback", "user", "operator", "admin"] {
        writeln!(lan, "  allowed_auths_{level} none md2 md5 straight").unwrap();
    }
    lan.push_str("  guid a123456789abcdefa123456789abcdef\nendlan\n");
    writeln!(lan, "chassis_control \"{} 0x20\"", script.display()).unwrap();
    let (account, password) = (super::support::ACCOUNT, super::support::PASSWORD);
    lan.push_str("user 1 true \"\" \"test\" user 10 none md2 md5 straight\n");
    writeln!(lan, "user 2 true \"{account}\" \"{password}\" admin 10 none md2 md5 straight").unwrap();
    std::fs::write(folder.join("lan.conf"), lan).unwrap();
    let emulation =
        "mc_setbmc 0x20\nmc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02\nmc_enable 0x20\n";
    std::fs::write(folder.join("sim.emu"), emulation).unwrap();
}

#[tokio::test]
async fn power_goes_on_off_and_cycles() {
    let simulator = Simulator::start().await;
    let (driver, bmc) = (driver(QUICK), &simulator.bmc);
    assert_eq!(driver.power_state(bmc).await.unwrap(), PowerState::Off);
    driver.power_set(bmc, PowerAction::On).await.unwrap();
    driver.power_set(bmc, PowerAction::On).await.unwrap();
    assert_eq!(driver.power_state(bmc).await.unwrap(), PowerState::On);
    driver.power_set(bmc, PowerAction::Cycle).await.unwrap();
    // ipmi_sim cycles as real hardware does: off now, on a second later.
    until("the cycled machine is on again", async || {
        driver.power_state(bmc).await.unwrap() == PowerState::On
    })
    .await;
    driver.power_set(bmc, PowerAction::Reset).await.unwrap();
    driver.power_set(bmc, PowerAction::SoftOff).await.unwrap();
    driver.power_set(bmc, PowerAction::SoftOff).await.unwrap();
    driver.power_set(bmc, PowerAction::Off).await.unwrap();
    assert_eq!(driver.power_state(bmc).await.unwrap(), PowerState::Off);
    let expected = ["power 1", "power 1", "power 0", "power 1", "reset 1", "shutdown 1", "power 0"];
    assert_eq!(simulator.changes(), expected.map(|change| format!("set {change}")));
}

#[tokio::test]
async fn the_boot_device_is_set_and_read_back() {
    let simulator = Simulator::start().await;
    let (driver, bmc) = (driver(QUICK), &simulator.bmc);
    use BootDevice::{Cdrom, Default, Disk, Pxe, Setup};
    for device in [Pxe, Disk, Cdrom, Setup, Default, Pxe] {
        driver.boot_device_set(bmc, device).await.unwrap();
    }
    // ipmi_sim calls the disk "default", and no override "none".
    let expected = ["pxe", "default", "cdrom", "bios", "none", "pxe"];
    assert_eq!(simulator.changes(), expected.map(|device| format!("set boot {device}")));
    // It does not keep the valid bit: to a reader nothing is overridden.
    assert_eq!(driver.boot_device(bmc).await.unwrap(), Default);
}

#[tokio::test]
async fn a_bmc_that_accepts_a_boot_device_and_keeps_another_is_found_out() {
    let simulator = Simulator::start().await;
    std::fs::write(simulator.folder.path().join("stubborn"), "").unwrap();
    let error = driver(QUICK).boot_device_set(&simulator.bmc, BootDevice::Pxe).await.unwrap_err();
    assert_eq!(error.kind, DriverErrorKind::Refused, "{error}");
    assert!(error.to_string().contains("selector 08h after 04h was set"), "{error}");
}

#[tokio::test]
async fn suite_17_is_refused_and_suite_3_remembered() {
    let simulator = Simulator::start().await;
    let proxy = Proxy::start(simulator.bmc.address, |_, _| Fate::Pass).await;
    let (driver, bmc) = (driver(QUICK), bmc(proxy.address));
    for _ in 0..2 {
        driver.power_state(&bmc).await.unwrap();
    }
    let asked: Vec<u8> = proxy.seen().iter().filter_map(Seen::asked_algorithm).collect();
    // The authentication algorithms 3 (suite 17), then 1 (suite 3); and 1 at once the second time.
    assert_eq!(asked, [3, 1, 1]);
}

#[tokio::test]
async fn a_wrong_password_is_a_matter_of_credentials() {
    let simulator = Simulator::start().await;
    let wrong = bmc_with(simulator.bmc.address, "wrong");
    let error = driver(QUICK).power_set(&wrong, PowerAction::On).await.unwrap_err();
    assert_eq!(error.kind, DriverErrorKind::Credential, "{error}");
    assert!(simulator.changes().is_empty());
}

#[tokio::test]
async fn a_bmc_that_dies_is_unreachable() {
    let mut simulator = Simulator::start().await;
    simulator.process.kill().await.unwrap();
    let error = driver(QUICK).power_set(&simulator.bmc, PowerAction::On).await.unwrap_err();
    assert_eq!(error.kind, DriverErrorKind::Unreachable, "{error}");
}

#[tokio::test]
async fn an_answer_lost_in_the_session_set_up_starts_it_anew() {
    let simulator = Simulator::start().await;
    let hasty = IpmiOptions { first_wait: Duration::from_millis(300), datagrams: 2, ..QUICK };
    // Before it: capabilities, the refusal of suite 17, Open Session, RAKP 2. ipmi_sim does not answer RAKP 3 twice.
    let lose = |way, number| if way == Way::ToConsole && number == 4 { Fate::Lose } else { Fate::Pass };
    let proxy = Proxy::start(simulator.bmc.address, lose).await;
    driver(hasty).power_set(&bmc(proxy.address), PowerAction::On).await.unwrap();
    assert_eq!(simulator.changes(), ["set power 1"]);
}
