//! A task's records under a new version of its workflow: what carries over, what would run again, what is gone.
//!
//! A task is pinned to the definition with which it started. When that is no use any more, [`CarryOver::plan`] shows what a task of
//! the new version would have of the old one's records, before anything is done.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use drydock_core::journal::{Checkpoint, Mark, StepEnd};
use drydock_core::{StepKey, StepName};

use crate::dag::{Definition, Input, Source, StepDef, StepPolicy};
use crate::run::is_of_lock;

/// How records are matched with the new version's steps, where their names alone do not tell.
#[derive(Debug, Clone, Default)]
pub struct CarryRules {
    renamed: BTreeMap<StepName, StepName>,
    kept: BTreeSet<StepName>,
    again: BTreeSet<StepName>,
}

impl CarryRules {
    /// Steps match by name, and their records carry over when nothing about them has changed.
    pub fn new() -> Self {
        Self::default()
    }

    /// The old version's step `old` is `new` in the new one.
    #[must_use]
    pub fn rename(mut self, old: StepName, new: StepName) -> Self {
        self.renamed.insert(old, new);
        self
    }

    /// The record of the new version's step `step` carries over although the step was changed, or follows steps that run again.
    /// Its output must still be what later steps can read.
    #[must_use]
    pub fn keep(mut self, step: StepName) -> Self {
        self.kept.insert(step);
        self
    }

    /// The new version's step `step` runs again although nothing about it has changed.
    #[must_use]
    pub fn again(mut self, step: StepName) -> Self {
        self.again.insert(step);
        self
    }
}

/// Why a step of the new version runs although the task has come past it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Again {
    /// It was asked for.
    Asked,
    /// The old version has no such step.
    New,
    /// It, or what feeds it, is defined otherwise.
    Changed,
    /// It had not ended well.
    NotDone,
    /// This step before it runs again.
    Follows(StepName),
}

impl fmt::Display for Again {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asked => f.write_str("was asked for"),
            Self::New => f.write_str("is new"),
            Self::Changed => f.write_str("is defined otherwise"),
            Self::NotDone => f.write_str("had not ended well"),
            Self::Follows(step) => write!(f, "follows {step}, which runs again"),
        }
    }
}

/// What becomes of a task's records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarryOver {
    /// The checkpoints that the task of the new version begins with, under its own keys.
    pub carried: Vec<Checkpoint>,
    /// What tells of the locks that these steps were given. The task takes them before anything of it begins, so the old one must be
    /// over.
    pub locks: Vec<Mark>,
    /// The steps that would run, each with the reason, in the order of the definition.
    pub again: Vec<(StepName, Again)>,
    /// The records that nothing in the new version has a use for.
    pub gone: Vec<StepKey>,
}

impl CarryOver {
    /// What becomes of `checkpoints` and `marks`, made under `old`, when the task goes on under `new`. Nothing is changed by it.
    pub fn plan(
        old: &Definition,
        new: &Definition,
        (checkpoints, marks): (&[Checkpoint], &[Mark]),
        rules: &CarryRules,
    ) -> Self {
        let records = Records::of(checkpoints, rules);
        let old: BTreeMap<StepName, StepDef> = old
            .steps
            .iter()
            .map(|step| rules.renamed_step(step))
            .map(|step| (step.name.clone(), step))
            .collect();
        let mut again: BTreeMap<&StepName, Again> = BTreeMap::new();
        for step in &new.steps {
            if let Some(why) = records.own_reason(old.get(&step.name), step, rules) {
                again.insert(&step.name, why);
            }
        }
        // What runs again makes run again what follows it; each round finds at least one more, or is the last.
        loop {
            let follows = new.steps.iter().find_map(|step| {
                let open = !again.contains_key(&step.name) && !rules.kept.contains(&step.name);
                let before = step.dependencies().into_iter().find(|name| again.contains_key(name));
                before.filter(|_| open).map(|before| (&step.name, before.clone()))
            });
            let Some((step, before)) = follows else { break };
            again.insert(step, Again::Follows(before));
        }
        // Of a map that was not done, the items that were are.
        let carries = |key: &StepKey| {
            matches!(again.get(key.name()), None | Some(Again::NotDone))
                && new.steps.iter().any(|step| step.name == *key.name())
        };
        let (carried, gone): (Vec<_>, Vec<_>) =
            records.0.into_iter().partition(|(_, record)| carries(&record.step) && is_done(record));
        let carried: Vec<Checkpoint> = carried.into_iter().map(|(_, record)| record).collect();
        let kept = |mark: &&Mark| is_of_lock(&mark.name);
        let renamed = |mark: &Mark| Mark { step: rules.renamed_key(&mark.step), ..mark.clone() };
        let locks = marks.iter().filter(kept).map(renamed);
        let locks = locks.filter(|mark| carried.iter().any(|record| record.step == mark.step)).collect();
        Self {
            carried,
            locks,
            again: new
                .steps
                .iter()
                .filter_map(|step| again.remove_entry(&step.name))
                .map(|(step, why)| (step.clone(), why))
                .collect(),
            gone: gone.into_iter().map(|(old, _)| old).collect(),
        }
    }
}

/// The old records, each with its old key and renamed.
struct Records(Vec<(StepKey, Checkpoint)>);

impl Records {
    fn of(checkpoints: &[Checkpoint], rules: &CarryRules) -> Self {
        let renamed = |record: &Checkpoint| {
            let step = rules.renamed_key(&record.step);
            (record.step.clone(), Checkpoint { step, ..record.clone() })
        };
        Self(checkpoints.iter().map(renamed).collect())
    }

    /// Why `step` runs again, whatever else does.
    fn own_reason(&self, old: Option<&StepDef>, step: &StepDef, rules: &CarryRules) -> Option<Again> {
        let mut records =
            self.0.iter().map(|(_, record)| record).filter(|it| *it.step.name() == step.name).peekable();
        if rules.again.contains(&step.name) {
            return Some(Again::Asked);
        }
        let Some(old) = old else { return Some(Again::New) };
        if records.peek().is_none() || !records.all(is_done) {
            return Some(Again::NotDone);
        }
        let changed = shape(old) != shape(step);
        (changed && !rules.kept.contains(&step.name)).then_some(Again::Changed)
    }
}

impl CarryRules {
    fn renamed_name(&self, name: &StepName) -> StepName {
        self.renamed.get(name).unwrap_or(name).clone()
    }

    fn renamed_key(&self, key: &StepKey) -> StepKey {
        let name = self.renamed_name(key.name());
        let key_of = |index| StepKey::item(name.clone(), index);
        let work = key.index().map_or_else(|| StepKey::new(name.clone()), key_of);
        if key.is_undo() { work.undoing() } else { work }
    }

    fn renamed_step(&self, step: &StepDef) -> StepDef {
        let source = |source: &Source| match source {
            Source::Step(name) => Source::Step(self.renamed_name(name)),
            Source::Maybe(name) => Source::Maybe(self.renamed_name(name)),
            Source::TaskInput | Source::Null => source.clone(),
        };
        StepDef {
            name: self.renamed_name(&step.name),
            input: match &step.input {
                Input::None => Input::None,
                Input::One(one) => Input::One(source(one)),
                Input::Many(many) => Input::Many(many.iter().map(source).collect()),
            },
            after: step.after.iter().map(|name| self.renamed_name(name)).collect(),
            when: step.when.as_ref().map(source),
            ..step.clone()
        }
    }
}

/// What makes a record of one version useless in another. How often something is tried, for how long, and who goes
/// first, does not.
fn shape(step: &StepDef) -> StepDef {
    StepDef { policy: StepPolicy::default(), limits: Vec::new(), priority: None, ..step.clone() }
}

fn is_done(record: &Checkpoint) -> bool {
    !record.step.is_undo() && matches!(record.end, StepEnd::Done(_) | StepEnd::Skipped(_))
}

impl fmt::Display for CarryOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for record in &self.carried {
            writeln!(f, "carries over  {}", record.step)?;
        }
        for (step, why) in &self.again {
            writeln!(f, "runs          {step}: {why}")?;
        }
        for key in &self.gone {
            writeln!(f, "is gone       {key}")?;
        }
        Ok(())
    }
}
