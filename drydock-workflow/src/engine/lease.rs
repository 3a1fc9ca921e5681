//! The instance's lease: renewed in time, given up before it ends, and rivals that stand still retired.
//!
//! Time is measured on this process's monotonic clock only. A rival is judged by a beat that does not move for a whole lease;
//! so no two machines' clocks are ever compared.

use std::collections::HashMap;
use std::time::Duration;

use drydock_core::Epoch;
use drydock_core::journal::{InstanceBeat, JournalError};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::message::Message;
use super::reach::Call;
use super::supervisor::Ports;

/// Renews every third of the lease and watches the others. Returns when the lease is lost: another instance has retired this one,
/// or two thirds have gone by without a renewal, so that a third is left to stop the steps.
pub(super) async fn run(
    ports: Ports,
    epoch: Epoch,
    joined: Instant,
    lease: Duration,
    inbox: mpsc::Sender<Message>,
) {
    let third = lease / 3;
    // At once: who dies soon after this is gone a lease later, and not a lease after a look that was yet to come.
    let (mut renewed, mut look) = (joined, joined);
    let (mut rivals, mut told) = (Rivals::default(), None);
    loop {
        let due = renewed + third;
        tokio::time::sleep_until(due.min(look)).await;
        if look < due {
            let watch = rivals.watch(&ports, epoch);
            if let Ok(true) = tokio::time::timeout_at(due, watch).await {
                ports.meters.takeovers.increment(1);
                // Tasks became free. A full inbox loses the hint; the next poll finds them.
                let _hint_lost = inbox.try_send(Message::Look).is_err();
            }
            if rivals.count != told && inbox.try_send(Message::Rivals(rivals.count.unwrap_or(0))).is_ok() {
                told = rivals.count;
            }
            look = rivals.next_look(lease);
            continue;
        }
        let asked = Instant::now();
        let give_up = renewed + third * 2;
        match tokio::time::timeout_at(give_up, renew(&ports, epoch)).await {
            // Others count from a moment after `asked`, so counting from `asked` is safe.
            Ok(Ok(())) => {
                ports.meters.lease_renewals.increment(1);
                ports.meters.lease_left.set(lease.saturating_sub(renewed.elapsed()).as_secs_f64());
                renewed = asked;
            }
            Ok(Err(Fenced)) | Err(_) => return,
        }
    }
}

/// Another instance has retired this one.
struct Fenced;

/// Renews, again and again while the store does not answer; the caller sets the limit.
async fn renew(ports: &Ports, epoch: Epoch) -> Result<(), Fenced> {
    loop {
        match ports.reach.heard(Call::Lease, ports.journal.instance_renew(epoch).await) {
            Ok(()) => return Ok(()),
            Err(JournalError::Fenced { .. }) => return Err(Fenced),
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

/// A rival's beat as it was last seen, and when it will have stood still for a whole lease.
#[derive(Clone, Copy)]
struct Seen {
    beat: i64,
    up: Instant,
}

/// The others.
#[derive(Default)]
struct Rivals {
    seen: HashMap<Epoch, Seen>,
    /// How many there are, once that is known.
    count: Option<u32>,
}

impl Rivals {
    /// Where there are others, a beat is to be seen soon after it was made, and a lease's end when it comes: what a look is late is added
    /// to how long a dead instance's tasks lie still.
    fn next_look(&self, lease: Duration) -> Instant {
        let now = Instant::now();
        match self.seen.values().map(|rival| rival.up).min() {
            None => now + lease / 3,
            Some(up) if up > now => up.min(now + lease / 10),
            // It could not be retired.
            Some(_) => now + lease / 10,
        }
    }

    /// Looks at the others once; retires those whose beat has stood still for their own lease. `true` when one was.
    async fn watch(&mut self, ports: &Ports, own: Epoch) -> bool {
        let Ok(instances) = ports.reach.heard(Call::Read, ports.journal.instance_list().await) else {
            return false;
        };
        let now = Instant::now();
        let seen = |rival: &InstanceBeat| match self.seen.get(&rival.epoch) {
            Some(seen) if seen.beat == rival.beat => *seen,
            Some(_) | None => Seen { beat: rival.beat, up: now + rival.lease },
        };
        let others = instances.iter().filter(|rival| rival.epoch != own);
        self.seen = others.map(|rival| (rival.epoch, seen(rival))).collect();
        self.count = u32::try_from(self.seen.len()).ok();
        let mut retired = false;
        for rival in instances {
            let still = self.seen.get(&rival.epoch).is_some_and(|seen| now >= seen.up);
            if still && matches!(ports.journal.instance_retire(rival.epoch, rival.beat).await, Ok(true)) {
                tracing::warn!(
                    instance = %rival.name, claim.epoch = %rival.epoch,
                    "an instance has been silent for a whole lease: its tasks are free to be taken over"
                );
                retired = true;
            }
        }
        retired
    }
}
