//! Lesson 4: one server, set to boot from the network and power-cycled over IPMI.
//!
//! The server is emulated, the protocol is not: the driver speaks RMCP+ over UDP to a management controller on loopback, as it
//! would to a real one. Steps that change the world look before they act, because a crash may come between act and checkpoint.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use drydock::core::journal::StepEnd;
use drydock::core::{InstanceName, NodeName, SecretString, SystemClock, SystemEntropy};
use drydock::drivers::OobDriver;
use drydock::drivers::emulator::{MachineSpec, Timing, Yard, serve_ipmi};
use drydock::drivers::oob::{Bmc, BootDevice, IpmiDriver, IpmiOptions, PowerAction, PowerState};
use drydock::store::{MemoryStore, repo::TaskRepo as _};
use drydock::workflow::{BuildErrors, Engine, Outcome, StepContext, Workflow, WorkflowBuilder, step_fn};
use tokio::net::UdpSocket;
use tokio_util::sync::CancellationToken;

const ACCOUNT: &str = "admin";
const PASSWORD: &str = "correct-horse";

/// A driver and the controller it speaks to.
type Reach = Arc<(IpmiDriver, Bmc)>;

fn network_boot(reach: &Reach) -> Result<Workflow<(), PowerState>, BuildErrors> {
    let mut builder = WorkflowBuilder::<()>::new("network-boot", 1);

    // `?` is enough: a driver's error says itself whether another attempt makes sense.
    let bmc = Arc::clone(reach);
    let on = step_fn(move |_ctx, (): ()| {
        let bmc = Arc::clone(&bmc);
        async move {
            bmc.0.power_set(&bmc.1, PowerAction::On).await?;
            Ok(Outcome::Done(bmc.0.power_state(&bmc.1).await?))
        }
    });

    let bmc = Arc::clone(reach);
    let pxe = step_fn(move |_ctx, _: PowerState| {
        let bmc = Arc::clone(&bmc);
        async move {
            bmc.0.boot_device_set(&bmc.1, BootDevice::Pxe).await?;
            Ok(Outcome::Done(bmc.0.boot_device(&bmc.1).await?))
        }
    });

    // Setting a boot device twice does no harm; cutting the power twice does. The boot device holds for one boot, so if this
    // step may have run before and the device is used up, the cycle has happened.
    let bmc = Arc::clone(reach);
    let cycle = step_fn(move |ctx: StepContext, device: BootDevice| {
        let bmc = Arc::clone(&bmc);
        async move {
            if !ctx.may_have_run() || bmc.0.boot_device(&bmc.1).await? == device {
                bmc.0.power_set(&bmc.1, PowerAction::Cycle).await?;
            }
            Ok(Outcome::Done(()))
        }
    });

    // A controller accepts a command long before the machine has power: ask until it has.
    let bmc = Arc::clone(reach);
    let state = step_fn(move |_ctx, (): ()| {
        let bmc = Arc::clone(&bmc);
        async move {
            match bmc.0.power_state(&bmc.1).await? {
                PowerState::On => Ok(Outcome::Done(PowerState::On)),
                PowerState::Off => Ok(Outcome::wait(Duration::from_secs(1), "the server has no power yet")),
            }
        }
    });

    let power = builder.step("power-on", on).run(());
    let device = builder.step("boot-from-network", pxe).run(&power);
    let cycled = builder.step("power-cycle", cycle).timeout(Duration::from_mins(1)).run(&device);
    let state = builder.step("power-state", state).deadline(Duration::from_mins(5)).run(&cycled);
    builder.output(&state)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // The yard holds the emulated machines; `serve_ipmi` gives each its management controller.
    let address = free_address().await?;
    let machine = MachineSpec {
        name: "rack1-n01".to_owned(),
        boot_mac: "52:54:00:00:00:01".to_owned(),
        bmc: address,
        account: ACCOUNT.to_owned(),
        credential: SecretString::from(PASSWORD),
    };
    let yard = Yard::new(vec![machine], Timing::of(Duration::from_hours(1)), Arc::new(SystemClock));
    let _emulator = serve_ipmi(yard.clone(), Arc::new(SystemEntropy), CancellationToken::new()).await?;

    // A real controller needs a pause between commands (the default); this one does not.
    let options = IpmiOptions { gap: Duration::ZERO, ..IpmiOptions::default() };
    let bmc = Bmc {
        node: NodeName::new("rack1-n01")?,
        address,
        account: ACCOUNT.to_owned(),
        credential: SecretString::from(PASSWORD),
    };
    let workflow = network_boot(&Arc::new((IpmiDriver::new(options, Arc::new(SystemEntropy)), bmc)))?;

    let store = Arc::new(MemoryStore::new());
    let name = InstanceName::new("lesson-4")?;
    let engine = Engine::builder(store.clone(), name).workflow(&workflow).start().await?;
    let task = engine.submit(&workflow, &()).await?;
    engine.wait(task).await?;

    let history = store.task_history(task).await?.ok_or("the task is not there")?;
    for checkpoint in &history.checkpoints {
        if let StepEnd::Done(output) = &checkpoint.end {
            println!("{}: {}", checkpoint.step, String::from_utf8_lossy(output.as_bytes()));
        }
    }
    for effect in yard.effects() {
        println!("{}: {:?}", effect.machine, effect.effect);
    }
    engine.drain().await?;
    Ok(())
}

/// An address on loopback that nobody listens on.
async fn free_address() -> std::io::Result<SocketAddr> {
    UdpSocket::bind("127.0.0.1:0").await?.local_addr()
}
