//! The emulated BMCs driven by `ipmitool -I lanplus`: a client that nobody here wrote, with both cipher suites.

use std::process::Output;

use drydock_drivers::emulator::EffectKind;
use drydock_drivers::oob::{Bmc, BootDevice, PowerAction};
use tokio::process::Command;

use super::support::{ACCOUNT, PASSWORD, served};

struct Client<'a> {
    bmc: &'a Bmc,
    /// Empty: the client asks the BMC for its suites and takes the best.
    suite: &'a str,
    account: &'a str,
    password: &'a str,
}

impl<'a> Client<'a> {
    fn of(bmc: &'a Bmc, suite: &'a str) -> Self {
        Self { bmc, suite, account: ACCOUNT, password: PASSWORD }
    }

    async fn run(&self, arguments: &str) -> Output {
        let (host, port) = (self.bmc.address.ip().to_string(), self.bmc.address.port().to_string());
        let suite = if self.suite.is_empty() { vec![] } else { vec!["-C", self.suite] };
        Command::new("ipmitool")
            // -N, -R: wait 3 s for an answer, and do not ask again.
            .args(["-I", "lanplus", "-H", &host, "-p", &port, "-N", "3", "-R", "1"])
            .args(suite)
            .args(["-U", self.account, "-E"])
            .args(arguments.split(' '))
            .env("IPMI_PASSWORD", self.password)
            .output()
            .await
            .expect("cannot run ipmitool; install the Debian package ipmitool")
    }

    async fn says(&self, arguments: &str, text: &str) {
        let output = self.run(arguments).await;
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success() && said.contains(text),
            "suite {}, {arguments}: {output:?}",
            self.suite
        );
    }

    async fn fails(&self, arguments: &str, text: &str) {
        let output = self.run(arguments).await;
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            !output.status.success() && said.contains(text),
            "suite {}, {arguments}: {output:?}",
            self.suite
        );
    }
}

#[tokio::test]
async fn power_and_boot_device_with_both_suites() {
    for suite in ["17", "3"] {
        let served = served(1).await;
        let client = Client::of(&served.bmcs[0], suite);
        client.says("power status", "Chassis Power is off").await;
        client.says("power on", "Chassis Power Control: Up/On").await;
        client.says("power status", "Chassis Power is on").await;
        client.says("power cycle", "Chassis Power Control: Cycle").await;
        client.says("chassis bootdev pxe", "Set Boot Device to pxe").await;
        client.says("chassis bootparam get 5", "Boot Device Selector : Force PXE").await;
        client.says("power reset", "Chassis Power Control: Reset").await;
        client.says("chassis bootparam get 5", "Boot Device Selector : No override").await;
        client.says("power soft", "Chassis Power Control: Soft").await;
        client.says("power off", "Chassis Power Control: Down/Off").await;
        client.says("chassis status", "System Power         : off").await;
        client.says("mc info", "IPMI Version              : 2.0").await;
        use PowerAction::{Cycle, Off, On, Reset, SoftOff};
        let expected = [
            EffectKind::Power(On),
            EffectKind::Power(Cycle),
            EffectKind::BootDevice(BootDevice::Pxe),
            EffectKind::Power(Reset),
            EffectKind::Power(SoftOff),
            EffectKind::Power(Off),
        ];
        assert_eq!(served.effects(), expected);
    }
}

#[tokio::test]
async fn wrong_credentials_and_too_little_privilege_are_refused() {
    let served = served(1).await;
    for suite in ["17", "3"] {
        let right = Client::of(&served.bmcs[0], suite);
        Client { password: "wrong", ..right }.fails("power on", "").await;
        let right = Client::of(&served.bmcs[0], suite);
        Client { account: "nobody", ..right }.fails("power on", "").await;
        let right = Client::of(&served.bmcs[0], suite);
        right.fails("-L USER power on", "").await;
        right.says("-L USER power status", "Chassis Power is off").await;
    }
    for suite in ["0", "1", "2"] {
        Client::of(&served.bmcs[0], suite).fails("power on", "").await;
    }
    assert!(served.effects().is_empty());
}

#[tokio::test]
async fn what_is_not_emulated_is_an_invalid_command() {
    let served = served(1).await;
    let client = Client::of(&served.bmcs[0], "17");
    client.fails("sel info", "Invalid command").await;
    client.fails("power diag", "Invalid data field").await;
    client.says("channel getciphers ipmi 1", "17").await;
    Client::of(&served.bmcs[0], "").says("power status", "Chassis Power is off").await;
}
