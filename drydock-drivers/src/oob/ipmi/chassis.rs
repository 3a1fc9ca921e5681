//! The verbs as commands in a session: power and boot device (sections 28.2, 28.3, 28.12, 28.13).

use super::failure::Failure;
use super::session::{Repeat, Session};
use super::wire::chassis::{self as data, BOOT_FLAGS, BootFlags, KEEP_FLAGS, VALID};
use super::wire::{Command, codes};
use crate::DriverErrorKind;
use crate::oob::{BootDevice, PowerAction, PowerState};

impl Session {
    pub(super) async fn power_state(&mut self) -> Result<PowerState, Failure> {
        let answer = self.command(Command::CHASSIS_STATUS, &[], Repeat::Harmless).await?;
        Ok(data::power_state(&answer)?)
    }

    pub(super) async fn power_set(&mut self, action: PowerAction) -> Result<(), Failure> {
        let action = match action {
            // BMCs refuse or ignore a cycle of what is off; what is meant is that it runs afterwards.
            PowerAction::Cycle if self.power_state().await? == PowerState::Off => PowerAction::On,
            // A soft-off is a press of the power button: it could switch on what is off.
            PowerAction::SoftOff if self.power_state().await? == PowerState::Off => return Ok(()),
            other => other,
        };
        let repeat = match action {
            PowerAction::On | PowerAction::Off => Repeat::Harmless,
            PowerAction::Cycle | PowerAction::Reset | PowerAction::SoftOff => Repeat::Never,
        };
        let wanted = match action {
            PowerAction::On => Some(PowerState::On),
            PowerAction::Off | PowerAction::SoftOff => Some(PowerState::Off),
            PowerAction::Cycle | PowerAction::Reset => None,
        };
        let control = [data::control(action)];
        match self.command(Command::CHASSIS_CONTROL, &control, repeat).await {
            Ok(_) => Ok(()),
            Err(Failure::Completion { code: codes::WRONG_STATE, .. })
                if wanted.is_some() && wanted == Some(self.power_state().await?) =>
            {
                Ok(())
            }
            Err(failure) => Err(failure.of_change()),
        }
    }

    pub(super) async fn boot_device(&mut self) -> Result<BootDevice, Failure> {
        let flags = self.boot_flags().await?;
        // Flags that are not valid are left over from an earlier boot, or ran out: nothing is overridden.
        if !flags.valid {
            return Ok(BootDevice::Default);
        }
        data::device(flags.selector).ok_or_else(|| Failure::Other {
            kind: DriverErrorKind::Unsupported,
            what: format!(
                "the BMC shows boot device selector {:02X}h, which has no name here",
                flags.selector
            ),
        })
    }

    pub(super) async fn boot_device_set(&mut self, device: BootDevice) -> Result<(), Failure> {
        // Without this the flags are dropped 60 s after a boot that does not come. Several BMCs do not have it.
        match self.command(Command::BOOT_OPTION_SET, &KEEP_FLAGS, Repeat::Harmless).await {
            Ok(_) => {}
            Err(Failure::Completion { code, .. }) => {
                tracing::debug!(
                    driver.kind = super::KIND,
                    code,
                    "the BMC may drop the boot flags after 60 s"
                );
            }
            Err(failure) => return Err(failure),
        }
        let selector = data::selector(device);
        self.command(Command::BOOT_OPTION_SET, &[BOOT_FLAGS, VALID, selector, 0, 0, 0], Repeat::Harmless)
            .await
            .map_err(Failure::of_change)?;
        // Some BMCs (OpenIPMI's simulator is one) show the selector and no other bit of what was set.
        let shown = self.boot_flags().await?.selector;
        if shown == selector {
            return Ok(());
        }
        let what = format!("the BMC shows boot device selector {shown:02X}h after {selector:02X}h was set");
        Err(Failure::Other { kind: DriverErrorKind::Refused, what })
    }

    async fn boot_flags(&mut self) -> Result<BootFlags, Failure> {
        let answer = self.command(Command::BOOT_OPTION_GET, &[BOOT_FLAGS, 0, 0], Repeat::Harmless).await?;
        Ok(data::boot_flags(&answer)?)
    }
}
