//! The two-racks site, emulated in a process of its own, and the log of what was done to its machines.

use std::collections::BTreeMap;
use std::net::UdpSocket;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU16, Ordering};

use drydock::drivers::emulator::{Effect, EffectKind, MaasStatus};
use tempfile::TempDir;

use crate::process::Process;

pub(crate) struct EmulatedSite {
    pub(crate) folder: TempDir,
    pub(crate) maas_url: String,
    _emulator: Process,
}

impl EmulatedSite {
    /// All sockets are bound when it returns. `speed` is what enlisting takes.
    pub(crate) fn start(speed: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/sites/two-racks.yaml");
        let site = std::fs::read_to_string(fixture).unwrap().replace("6230", &free_port().to_string());
        std::fs::write(folder.path().join("site.yaml"), site).unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        let mut emulator = Process::start(
            &[
                "emulate",
                "--site",
                &path("site.yaml"),
                "--effects",
                &path("effects.jsonl"),
                "--maas-listen",
                "127.0.0.1:0",
                "--speed",
                speed,
                "--format",
                "json",
            ],
            &[],
        );
        let maas_url = emulator.line("the emulator to be ready", |line| {
            let ready: serde_json::Value = serde_json::from_str(line).ok()?;
            Some(ready["maas_url"].as_str()?.to_owned())
        });
        Self { folder, maas_url, _emulator: emulator }
    }

    pub(crate) fn design_ref(&self) -> String {
        format!("file://{}", self.folder.path().join("site.yaml").display())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What was done to each machine, in order.
    pub(crate) fn effects(&self) -> BTreeMap<String, Vec<EffectKind>> {
        let mut machines = BTreeMap::<String, Vec<EffectKind>>::new();
        for line in std::fs::read_to_string(self.path("effects.jsonl")).unwrap().lines() {
            let effect: Effect = serde_json::from_str(line).unwrap();
            machines.entry(effect.machine).or_default().push(effect.effect);
        }
        machines
    }

    /// Every machine of the site was deployed exactly once, and its power was left alone from then on.
    pub(crate) fn assert_deployed_once(&self) {
        let machines = self.effects();
        assert_eq!(machines.len(), 12);
        for (name, effects) in machines {
            let begun: Vec<usize> = (0..effects.len())
                .filter(|place| effects[*place] == EffectKind::Requested(MaasStatus::Deploying))
                .collect();
            assert_eq!(begun.len(), 1, "{name} was not deployed once: {effects:?}");
            assert!(effects.contains(&EffectKind::Reached(MaasStatus::Deployed)), "{name}: {effects:?}");
            let touched = effects[begun[0]..].iter().any(|effect| matches!(effect, EffectKind::Power(_)));
            assert!(!touched, "{name}: its power was touched after its installation began: {effects:?}");
        }
    }
}

/// A UDP port that nobody has now, below those that the kernel gives to clients.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let base = 20_000 + u16::try_from(std::process::id() % 10_000).unwrap();
    loop {
        let port = base + NEXT.fetch_add(1, Ordering::Relaxed);
        if UdpSocket::bind(("0.0.0.0", port)).is_ok() {
            return port;
        }
    }
}
