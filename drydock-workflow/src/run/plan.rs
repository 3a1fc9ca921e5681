//! What is to be done next: pure, and told only once.

use drydock_core::{Timestamp, after};

use super::gate::Entry;
use super::{Command, Phase, Progress, Run, SlotIndex, StepState};
use crate::dag::StepKind;

impl Run {
    /// Appends what is to be done now to `commands`. A step that is to be started counts as running from here on.
    pub fn plan(&mut self, now: Timestamp, commands: &mut Vec<Command>) {
        self.decide(Some(now), commands);
    }

    /// The same for an owner that begins nothing any more: what is ready stays so.
    pub fn plan_ending(&mut self, commands: &mut Vec<Command>) {
        self.decide(None, commands);
    }

    fn decide(&mut self, begin: Option<Timestamp>, commands: &mut Vec<Command>) {
        if self.ended {
            return;
        }
        // An order may open what would end the task otherwise.
        if self.mail.has_orders() {
            while let Some((signal, order)) = self.mail.next_order() {
                commands.push(Command::Obey(signal, order));
            }
            return;
        }
        self.enter_phases();
        // What becomes ready from here on has not run before.
        self.replaying = false;
        if matches!(self.phase, Phase::Working) && self.is_stopping() {
            // Nothing new begins; what is under way ends first.
            if self.cancellation.is_some() && !self.told_to_stop {
                self.told_to_stop = true;
                commands.push(Command::Stop);
            }
            return;
        }
        if let Some(now) = begin.filter(|_| self.pause.is_none()) {
            commands.extend(self.locks_to_regain().map(|names| Command::AskLocks(None, names)));
            if !self.lacks_locks() {
                self.serve_waiting(commands);
                self.begin_ready(now, commands);
            }
        }
        match &self.phase {
            Phase::Working => {}
            Phase::Unwinding(unwinding) => {
                if unwinding.is_stuck() && !self.told_stuck {
                    self.told_stuck = true;
                    commands.push(Command::Stuck);
                }
            }
            Phase::Closing => {
                if self.unclosed == 0 {
                    self.ended = true;
                    commands.push(Command::End(self.conclusion(None)));
                }
            }
        }
    }

    /// Gives signals to those who wait for them, and asks for locks.
    fn serve_waiting(&mut self, commands: &mut Vec<Command>) {
        while let Some((slot, signal)) = self.mail.match_one() {
            commands.push(Command::TakeSignal(slot, signal));
        }
        commands.extend(self.to_lock.drain(..).map(|(slot, names)| Command::AskLocks(Some(slot), names)));
    }

    fn begin_ready(&mut self, now: Timestamp, commands: &mut Vec<Command>) {
        let mut ready = std::mem::take(&mut self.ready);
        for slot in ready.drain(..) {
            if let StepState::Ready(progress) = *self.slots.state(slot) {
                commands.push(self.start(slot, progress, now));
            }
        }
        // Its room is used again.
        self.ready = ready;
        while let Some((slot, progress)) = self.slots.next_with_room() {
            commands.push(self.start(slot, progress, now));
        }
    }

    fn start(&mut self, slot: SlotIndex, progress: Progress, now: Timestamp) -> Command {
        let limit = self.definition(slot).policy.deadline;
        let started = Progress {
            attempt: progress.attempt.max(1),
            since: progress.since.or(Some(now)),
            deadline: progress.deadline.or_else(|| limit.map(|limit| after(now, limit))),
            replayed: progress.replayed,
            doubt: progress.doubt,
        };
        // A condition is read once: what has begun goes on.
        let begins = progress.attempt == 0 && self.slots.get(slot).is_step();
        let entry = if begins { self.entry_of(slot) } else { Entry::Open };
        self.slots.set(slot, StepState::Running(started));
        self.running += 1;
        match entry {
            Entry::Open => Command::Start(slot),
            Entry::Closed(reason) => Command::Skip(slot, reason),
            Entry::Broken(problem) => Command::Refuse(slot, problem),
        }
    }

    fn entry_of(&self, slot: SlotIndex) -> Entry {
        let definition = self.definition(slot);
        match (self.entry(definition), &definition.kind) {
            // A map is expanded before it could begin, unless there was nothing to expand.
            (Entry::Open, StepKind::Map { .. }) => {
                let problem = self.input_of_step(slot).items().err();
                let problem = problem.map_or_else(String::new, |error| format!(": {error}"));
                Entry::Broken(format!("its input is not a list{problem}"))
            }
            (entry, _) => entry,
        }
    }
}
