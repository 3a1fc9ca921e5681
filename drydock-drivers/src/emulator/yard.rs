//! The emulated machines behind all emulators: power, boot device, provisioning status, and the time that things take.
//!
//! Nothing runs in the background: every look at a machine first lets what is due by the clock happen. All that changes a
//! machine is logged as an [`Effect`], in order; the log is what tests judge by.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use drydock_core::{Clock, SecretString, Timestamp, after};

use super::effect::{Effect, EffectKind, MaasStatus, Refusal};
use crate::oob::{BootDevice, PowerAction};

/// A machine to emulate.
#[derive(Debug, Clone)]
pub struct MachineSpec {
    /// Its name in the design; also the key in the yard.
    pub name: String,
    /// The MAC address it boots from.
    pub boot_mac: String,
    /// Where its BMC listens.
    pub bmc: SocketAddr,
    /// The BMC's user.
    pub account: String,
    /// The BMC's password.
    pub credential: SecretString,
}

/// How long things take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// From power on to enlisted in the provisioner.
    pub enlist: Duration,
    /// Commissioning.
    pub commission: Duration,
    /// Installation.
    pub deploy: Duration,
    /// Giving back.
    pub release: Duration,
}

impl Timing {
    /// Everything in `unit`; an installation in two of them.
    pub const fn of(unit: Duration) -> Self {
        Self { enlist: unit, commission: unit, deploy: unit.saturating_mul(2), release: unit }
    }
}

/// A machine at one moment.
#[derive(Debug, Clone)]
pub struct MachineView {
    /// Its name in the design.
    pub name: String,
    /// The MAC address it boots from.
    pub boot_mac: String,
    /// Where its BMC listens.
    pub bmc: SocketAddr,
    /// Whether it has power.
    pub powered: bool,
    /// What it boots from next.
    pub boot: BootDevice,
    /// Its provisioning status; `None` while the provisioner does not know it.
    pub status: Option<MaasStatus>,
    /// The user data that its installation was begun with.
    pub user_data: Option<String>,
}

struct Machine {
    spec: MachineSpec,
    powered: bool,
    boot: BootDevice,
    status: Option<MaasStatus>,
    user_data: Option<String>,
    /// What is under way: the status it leads to, and when.
    pending: Option<(MaasStatus, Timestamp)>,
}

struct State {
    machines: BTreeMap<String, Machine>,
    effects: Vec<Effect>,
    sink: Option<std::fs::File>,
}

/// All emulated machines. Cheap to clone: clones share the machines.
#[derive(Clone)]
pub struct Yard {
    state: Arc<Mutex<State>>,
    clock: Arc<dyn Clock>,
    timing: Timing,
}

impl Yard {
    /// A yard of switched-off machines that the provisioner does not know.
    pub fn new(machines: Vec<MachineSpec>, timing: Timing, clock: Arc<dyn Clock>) -> Self {
        let machines = machines
            .into_iter()
            .map(|spec| {
                let name = spec.name.clone();
                let boot = BootDevice::Default;
                let machine =
                    Machine { spec, powered: false, boot, status: None, user_data: None, pending: None };
                (name, machine)
            })
            .collect();
        let state = State { machines, effects: Vec::new(), sink: None };
        Self { state: Arc::new(Mutex::new(state)), clock, timing }
    }

    /// Appends every further effect to `file` too, a JSON object per line.
    pub fn log_to(&self, file: std::fs::File) {
        self.lock().sink = Some(file);
    }

    /// The specifications of all machines, by name.
    pub fn specs(&self) -> Vec<MachineSpec> {
        self.lock().machines.values().map(|machine| machine.spec.clone()).collect()
    }

    /// All machines now, by name.
    pub fn machines(&self) -> Vec<MachineView> {
        let mut state = self.lock();
        self.settle(&mut state);
        state.machines.values().map(Machine::view).collect()
    }

    /// One machine now.
    pub fn machine(&self, name: &str) -> Option<MachineView> {
        let mut state = self.lock();
        self.settle(&mut state);
        state.machines.get(name).map(Machine::view)
    }

    /// All effects so far.
    pub fn effects(&self) -> Vec<Effect> {
        let mut state = self.lock();
        self.settle(&mut state);
        state.effects.clone()
    }

    /// The BMC changes the power. A machine that boots from the network and is not known to the provisioner enlists;
    /// one that loses power while it is commissioned or installed fails at that.
    pub fn power(&self, name: &str, action: PowerAction) -> Result<(), Refusal> {
        self.change(name, |machine, now, timing| {
            let loses = action != PowerAction::On && machine.powered;
            let boots = match action {
                PowerAction::On => !machine.powered,
                PowerAction::Cycle => true,
                PowerAction::Reset => machine.powered,
                PowerAction::Off | PowerAction::SoftOff => false,
            };
            if loses {
                machine.lose_power();
            }
            machine.powered = match action {
                PowerAction::On | PowerAction::Cycle => true,
                PowerAction::Reset => machine.powered,
                PowerAction::Off | PowerAction::SoftOff => false,
            };
            if boots {
                let from = std::mem::replace(&mut machine.boot, BootDevice::Default);
                if from == BootDevice::Pxe && machine.status.is_none() {
                    machine.pending = Some((MaasStatus::New, after(now, timing.enlist)));
                }
            }
            Ok(EffectKind::Power(action))
        })
    }

    /// The BMC sets what to boot from next.
    pub fn boot_device(&self, name: &str, device: BootDevice) -> Result<(), Refusal> {
        self.change(name, |machine, _, _| {
            machine.boot = device;
            Ok(EffectKind::BootDevice(device))
        })
    }

    /// The provisioner starts commissioning a New, Ready or failed machine.
    pub fn commission(&self, name: &str) -> Result<(), Refusal> {
        let from = [MaasStatus::New, MaasStatus::Ready, MaasStatus::FailedCommissioning];
        self.request(name, &from, MaasStatus::Commissioning, |timing| {
            Some((MaasStatus::Ready, timing.commission))
        })
    }

    /// The provisioner gives a Ready machine to an owner.
    pub fn allocate(&self, name: &str) -> Result<(), Refusal> {
        self.request(name, &[MaasStatus::Ready], MaasStatus::Allocated, |_| None)
    }

    /// The provisioner starts to install an Allocated machine, which gets this user data.
    pub fn deploy(&self, name: &str, user_data: Option<String>) -> Result<(), Refusal> {
        self.request(name, &[MaasStatus::Allocated], MaasStatus::Deploying, |timing| {
            Some((MaasStatus::Deployed, timing.deploy))
        })?;
        if let Some(machine) = self.lock().machines.get_mut(name) {
            machine.user_data = user_data;
        }
        Ok(())
    }

    /// The provisioner starts to take a machine back.
    pub fn release(&self, name: &str) -> Result<(), Refusal> {
        let from = [
            MaasStatus::Allocated,
            MaasStatus::Deploying,
            MaasStatus::Deployed,
            MaasStatus::FailedDeployment,
        ];
        self.request(name, &from, MaasStatus::Releasing, |timing| Some((MaasStatus::Ready, timing.release)))
    }

    /// The provisioner forgets a machine.
    pub fn delete(&self, name: &str) -> Result<(), Refusal> {
        self.change(name, |machine, _, _| {
            if machine.status.take().is_none() {
                return Err(Refusal::WrongStatus(None));
            }
            machine.pending = None;
            Ok(EffectKind::Deleted)
        })
    }

    fn request(
        &self,
        name: &str,
        from: &[MaasStatus],
        to: MaasStatus,
        then: impl FnOnce(&Timing) -> Option<(MaasStatus, Duration)>,
    ) -> Result<(), Refusal> {
        self.change(name, |machine, now, timing| {
            if !machine.status.is_some_and(|status| from.contains(&status)) {
                return Err(Refusal::WrongStatus(machine.status));
            }
            machine.status = Some(to);
            // The provisioner powers the machine itself, through its own connection to the BMC.
            machine.powered = !matches!(to, MaasStatus::Allocated | MaasStatus::Releasing);
            machine.pending = then(timing).map(|(status, wait)| (status, after(now, wait)));
            Ok(EffectKind::Requested(to))
        })
    }

    fn change(
        &self,
        name: &str,
        change: impl FnOnce(&mut Machine, Timestamp, &Timing) -> Result<EffectKind, Refusal>,
    ) -> Result<(), Refusal> {
        let mut state = self.lock();
        let now = self.settle(&mut state);
        let machine = state
            .machines
            .get_mut(name)
            .ok_or_else(|| Refusal::NoMachine(name.chars().take(80).collect()))?;
        let before = machine.status;
        let effect = change(machine, now, &self.timing)?;
        let after = machine.status;
        state.log(Effect { at: now, machine: name.to_owned(), effect: effect.clone() });
        if let (EffectKind::Power(_), Some(status)) = (effect, after)
            && before != after
        {
            state.log(Effect { at: now, machine: name.to_owned(), effect: EffectKind::Reached(status) });
        }
        Ok(())
    }

    /// Lets everything happen that is due, in the order of its time.
    fn settle(&self, state: &mut State) -> Timestamp {
        let now = self.clock.now();
        let mut due: Vec<(Timestamp, String, MaasStatus)> = state
            .machines
            .values()
            .filter_map(|machine| {
                let (status, at) = machine.pending?;
                (at <= now).then(|| (at, machine.spec.name.clone(), status))
            })
            .collect();
        due.sort();
        for (at, name, status) in due {
            if let Some(machine) = state.machines.get_mut(&name) {
                machine.pending = None;
                machine.status = Some(status);
            }
            state.log(Effect { at, machine: name, effect: EffectKind::Reached(status) });
        }
        now
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Machine {
    fn view(&self) -> MachineView {
        MachineView {
            name: self.spec.name.clone(),
            boot_mac: self.spec.boot_mac.clone(),
            bmc: self.spec.bmc,
            powered: self.powered,
            boot: self.boot,
            status: self.status,
            user_data: self.user_data.clone(),
        }
    }

    fn lose_power(&mut self) {
        match self.status {
            None => self.pending = None,
            Some(MaasStatus::Commissioning) => {
                self.pending = None;
                self.status = Some(MaasStatus::FailedCommissioning);
            }
            Some(MaasStatus::Deploying) => {
                self.pending = None;
                self.status = Some(MaasStatus::FailedDeployment);
            }
            Some(_) => {}
        }
    }
}

impl State {
    fn log(&mut self, effect: Effect) {
        if let Some(file) = &mut self.sink {
            let line = serde_json::to_string(&effect).unwrap_or_default() + "\n";
            // In one write: whoever reads along sees no half lines.
            if let Err(error) = file.write_all(line.as_bytes()) {
                tracing::warn!(%error, "the effect log cannot be written");
            }
        }
        self.effects.push(effect);
    }
}
