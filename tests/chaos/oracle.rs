//! The judgement: what the database says against what the processes did.

use std::collections::BTreeMap;
use std::path::PathBuf;

use drydock::core::TaskId;
use drydock::core::journal::{StepEnd, TaskEndKind};
use drydock::store::repo::TaskHistory;
use drydock::workflow::{Definition, StepKind};

use crate::Failure;
use crate::driver::Report;
use crate::ledger::{Line, Verb};
use crate::outside::Books;
use crate::said;
use crate::workflows::Shape;

/// How long a process that goes on after a standstill may need to see that its lease is gone, in microseconds. Two thirds of a second
/// would do on a quiet machine.
const AWAKENING: i64 = 2_000_000;

/// One incarnation of a worker, as its driver knows it.
#[derive(Debug)]
pub(crate) struct Life {
    pub(crate) ledger: PathBuf,
    /// When it stood still: from, to.
    pub(crate) stops: Vec<(i64, i64)>,
    /// When nothing of it ran any more.
    pub(crate) over_at: Option<i64>,
}

/// A body that acted.
pub(crate) struct Effect {
    fence: u64,
    attempt: u32,
    pub(crate) life: usize,
    pub(crate) begin: i64,
    end: i64,
    /// Whether it came to its end.
    whole: bool,
}

pub(crate) type Effects = BTreeMap<(TaskId, String), Vec<Effect>>;

/// Fills the report.
pub(crate) fn judge(
    report: &mut Report,
    lives: &[Life],
    books: &Books,
    histories: &[TaskHistory],
) -> Result<(), Failure> {
    let Ledgers { started, took, effects } = read(lives)?;
    report.violations.extend(books.odd.iter().cloned());
    report.effects = effects.values().map(Vec::len).sum();
    let by_id: BTreeMap<TaskId, &TaskHistory> =
        histories.iter().map(|history| (history.task.id, history)).collect();
    for line in &started {
        match by_id.get(&line.task) {
            None => report.violations.push(format!("task {} was started, and is not there", line.task)),
            Some(history) => output(report, line, history),
        }
    }
    for history in histories {
        report.tasks += 1;
        report.steps += history.checkpoints.len();
        task(report, books, history, &effects, lives)?;
    }
    for ((task, step), all) in &effects {
        if !by_id.contains_key(task) {
            report.violations.push(format!("{step} of {task} had an effect, and the task is not there"));
        }
        report.again += all.len() - all.iter().filter(|effect| effect.fence == all[0].fence).count();
        overlaps(report, &format!("{step} of {task}"), all, lives);
    }
    fences(report, &effects, lives);
    said::signals(report, books, &took, histories);
    said::after_the_end(report, histories, &effects, lives);
    said::locks(report, &effects, lives);
    Ok(())
}

/// What all ledgers say.
struct Ledgers {
    started: Vec<Line>,
    took: Vec<Line>,
    effects: Effects,
}

fn read(lives: &[Life]) -> Result<Ledgers, Failure> {
    let (mut started, mut took) = (Vec::new(), Vec::new());
    let mut effects = Effects::new();
    for (place, life) in lives.iter().enumerate() {
        // A worker that could not start has none.
        let Ok(text) = std::fs::read_to_string(&life.ledger) else { continue };
        for line in text.lines() {
            let line: Line = line.parse()?;
            let of_step = effects.entry((line.task, line.step.clone()));
            match line.verb {
                Verb::Started => started.push(line),
                Verb::Took => took.push(line),
                Verb::Begin => of_step.or_default().push(Effect {
                    fence: line.fence,
                    attempt: line.attempt,
                    life: place,
                    begin: line.at,
                    end: life.over_at.unwrap_or(i64::MAX),
                    whole: false,
                }),
                Verb::End | Verb::Drop => {
                    let mine = |it: &&mut Effect| it.life == place && it.fence == line.fence && !it.whole;
                    if let Some(effect) = of_step.or_default().iter_mut().rev().find(mine) {
                        effect.end = line.at;
                        effect.whole = line.verb == Verb::End;
                    }
                }
            }
        }
    }
    for all in effects.values_mut() {
        all.sort_by_key(|effect| effect.begin);
    }
    Ok(Ledgers { started, took, effects })
}

fn output(report: &mut Report, line: &Line, history: &TaskHistory) {
    let shape = Shape::ALL.into_iter().find(|shape| shape.word() == line.step);
    let expected = shape.map(|shape| shape.output(line.fence));
    match history.task.end.as_ref().map(|end| &end.kind) {
        Some(TaskEndKind::Completed(output)) if output.decode::<u64>().ok() == expected => {}
        // Whether it may be is looked at elsewhere.
        Some(TaskEndKind::Cancelled(_)) => {}
        other => report
            .violations
            .push(format!("task {} ({}) should give {expected:?}: {other:?}", line.task, line.step)),
    }
}

/// A task ended well, with a checkpoint for each step, after the effects of that step and before those of the steps after it.
fn task(
    report: &mut Report,
    books: &Books,
    history: &TaskHistory,
    effects: &Effects,
    lives: &[Life],
) -> Result<(), Failure> {
    let id = history.task.id;
    let Some(end) = history.task.end.as_ref() else {
        report.violations.push(format!("task {id} did not end"));
        return Ok(());
    };
    if matches!(end.kind, TaskEndKind::Cancelled(_)) {
        said::cancelled(report, books, history);
        return Ok(());
    }
    if !matches!(end.kind, TaskEndKind::Completed(_)) {
        report.violations.push(format!("task {id} did not complete: {:?}", end.kind));
    }
    let definition: Definition = serde_json::from_str(&history.definition)?;
    for step in &definition.steps {
        let name = step.name.to_string();
        let found: Vec<_> = history.checkpoints.iter().filter(|it| it.step.to_string() == name).collect();
        let [checkpoint] = found[..] else {
            report.violations.push(format!("{name} of {id} has {} checkpoints", found.len()));
            continue;
        };
        if !matches!(checkpoint.end, StepEnd::Done(_)) {
            report.violations.push(format!("{name} of {id} failed: {:?}", checkpoint.end));
        }
        let Some(all) = effects.get(&(id, name.clone())) else { continue };
        let ended = checkpoint.ended_at.timestamp_micros();
        let made =
            |effect: &Effect| effect.whole && effect.attempt == checkpoint.attempt && effect.end <= ended;
        if step.kind == StepKind::Run && !all.iter().any(made) {
            report
                .violations
                .push(format!("{name} of {id} has a checkpoint, and no effect that it stands for"));
        }
        let parents = step.dependencies();
        let parents = history.checkpoints.iter().filter(|it| parents.contains(&it.step.name()));
        let ready = parents.map(|it| it.ended_at.timestamp_micros()).max();
        for effect in all {
            if ready.is_some_and(|ready| effect.begin < ready) {
                report
                    .violations
                    .push(format!("{name} of {id} began before the steps that it depends on had ended"));
            }
            if effect.begin > ended && !lives[effect.life].awakes(effect.begin) {
                let late = effect.begin - ended;
                report.violations.push(format!("{name} of {id} began again {late} µs after its own end"));
            }
        }
    }
    Ok(())
}

/// Of two owners of a task the later has the greater fence, and no two have the same.
fn fences(report: &mut Report, effects: &Effects, lives: &[Life]) {
    let mut by_task: BTreeMap<TaskId, Vec<&Effect>> = BTreeMap::new();
    for ((task, _), all) in effects {
        by_task.entry(*task).or_default().extend(all);
    }
    for (task, mut all) in by_task {
        all.sort_by_key(|effect| effect.begin);
        let mut owners: BTreeMap<u64, usize> = BTreeMap::new();
        for effect in all {
            let greatest = owners.last_key_value().map_or(0, |(fence, _)| *fence);
            // What begins as its process goes on after a standstill is late, and its fence shows it.
            if effect.fence < greatest && !lives[effect.life].awakes(effect.begin) {
                report.violations.push(format!(
                    "a step of {task} began with fence {} after one with fence {greatest}",
                    effect.fence
                ));
            }
            if *owners.entry(effect.fence).or_insert(effect.life) != effect.life {
                report.violations.push(format!("two processes had fence {} of {task}", effect.fence));
            }
        }
    }
}

/// Effects of one step never overlap, but while the process of the earlier stands still.
fn overlaps(report: &mut Report, what: &str, all: &[Effect], lives: &[Life]) {
    for (place, earlier) in all.iter().enumerate() {
        for later in &all[place + 1..] {
            // Who knows how long the earlier would have run: what it did before it stood still counts.
            let acts_until = lives[earlier.life].acts_until(earlier);
            if later.begin < acts_until {
                report.violations.push(format!(
                    "{what} acted with fence {} until {acts_until} and from {} with fence {}",
                    earlier.fence, later.begin, later.fence
                ));
            }
        }
    }
}

impl Life {
    /// Whether the process stands still at this time, or goes on just now.
    pub(crate) fn awakes(&self, at: i64) -> bool {
        self.stops.iter().any(|(from, to)| *from <= at && at <= to.saturating_add(AWAKENING))
    }

    /// When an effect was over, or its process stopped in the midst of it.
    pub(crate) fn acts_until(&self, effect: &Effect) -> i64 {
        let stop =
            self.stops.iter().map(|(from, _)| *from).find(|from| *from >= effect.begin && *from < effect.end);
        // Of what goes on after a standstill, the process has to be rid within the time it takes to look at its lease.
        let resumed = self.stops.iter().any(|(from, to)| {
            *from >= effect.begin && *from < effect.end && effect.end > to.saturating_add(AWAKENING)
        });
        match stop {
            Some(stop) if !resumed => stop,
            Some(_) | None => effect.end,
        }
    }
}
