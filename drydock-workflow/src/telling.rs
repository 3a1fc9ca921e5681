//! What a body tells while it runs: messages and facts, which go on record with what comes of the run, and how far it is, which
//! is shown at once.

use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use drydock_core::journal::{Fact, Figure, Subject};
use tokio::time::Instant;

use crate::context::StepContext;
use crate::outcome::StepError;

/// How often at most a step's progress is shown while it goes on.
const SHOWN_EVERY: Duration = Duration::from_millis(500);

/// All facts of one run of a body may be so many times as long as one.
const FACTS_TOGETHER: usize = 16;

/// What a run of a body has told so far.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) said: Vec<Said>,
    pub(crate) facts: Vec<Fact>,
    /// The bytes of all its facts.
    found: usize,
    progress: Option<Telling>,
}

/// A message that will be committed with the step's record.
pub(crate) struct Said {
    pub(crate) error: bool,
    pub(crate) text: String,
    pub(crate) subject: Option<Subject>,
}

/// How far a run is, and who knows.
struct Telling {
    figure: Figure,
    shown: bool,
    recorded: bool,
    recorded_at: Instant,
    /// The actor will look again by itself.
    watched: bool,
}

/// What is to be done about a run's progress now.
pub(crate) struct Look {
    pub(crate) show: Option<Figure>,
    pub(crate) record: Option<Figure>,
    /// When to look again; not at all when everything told is shown and recorded.
    pub(crate) again: Option<Duration>,
}

impl Told {
    /// How far the run was, unless that is on record.
    pub(crate) fn unrecorded(&mut self) -> Option<Figure> {
        self.progress.take().filter(|told| !told.recorded).map(|told| told.figure)
    }
}

impl StepContext {
    /// Says something to the task's owner; committed together with this call's record, in order.
    pub fn say(&self, text: impl Into<String>) {
        self.push(Said { error: false, text: text.into(), subject: None });
    }

    /// The same, about something: `("node", "rack1-n07")`.
    pub fn say_about(&self, kind: &str, name: &str, text: impl Into<String>) {
        let subject = Some(Subject { kind: kind.to_owned(), name: name.to_owned() });
        self.push(Said { error: false, text: text.into(), subject });
    }

    /// Tells of an error about something. The step's own failure need not be said: it is recorded anyway.
    pub fn complain_about(&self, kind: &str, name: &str, text: impl Into<String>) {
        let subject = Some(Subject { kind: kind.to_owned(), name: name.to_owned() });
        self.push(Said { error: true, text: text.into(), subject });
    }

    /// Tells of an error.
    pub fn complain(&self, text: impl Into<String>) {
        self.push(Said { error: true, text: text.into(), subject: None });
    }

    /// Records what this step found out about something: an inventory, the log of a test. It is committed together with this
    /// call's record, in order, also when the attempt fails; and what a crash cut off leaves nothing. Facts are found again by
    /// their task and by their subject, long after the task has ended.
    ///
    /// What a part of the step that is done [once](StepContext::once) found out is recorded after the part, from its value: then a
    /// crash neither loses nor repeats it.
    ///
    /// ```
    /// # use drydock_workflow::{Fact, Outcome, StepContext, StepResult};
    /// async fn inspect(ctx: StepContext, node: String) -> StepResult<usize> {
    ///     let disks = vec!["sda", "sdb"];
    ///     ctx.record(Fact::about("node", &node).by("lldp").text("text/xml", "<lldp/>"))?;
    ///     ctx.record(Fact::about("node", &node).by("disks").json(&disks))?;
    ///     Ok(Outcome::Done(disks.len()))
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// A permanent one, and nothing is recorded, when one of its names is empty or longer than [`Fact::NAME_MAX`], or when its data,
    /// or that of all facts of this call, are longer than the instance's options allow; a bug when its value is not JSON.
    pub fn record(&self, fact: impl IntoFact) -> Result<(), StepError> {
        let fact = fact.into_fact()?;
        if let Some(problem) = fact.problem() {
            return Err(StepError::permanent(problem));
        }
        let (limit, len) = (self.inner().fact_limit, fact.data.len());
        let what =
            || format!("what {} gave about {} {}", fact.generator, fact.subject.kind, fact.subject.name);
        let advice = "store large data elsewhere and record where it is";
        if len > limit {
            return Err(StepError::permanent(format!(
                "{} has {len} bytes, the limit is {limit}: {advice}",
                what()
            )));
        }
        let mut told = self.told();
        let most = limit.saturating_mul(FACTS_TOGETHER);
        if told.found + len > most {
            let found = told.found;
            return Err(StepError::permanent(format!(
                "{} has {len} bytes, and what this call recorded before has {found}, the limit is {most}: {advice}",
                what()
            )));
        }
        told.found += len;
        told.facts.push(fact);
        Ok(())
    }

    /// Tells how far the step is: `done` of `total`. Costs next to nothing: whoever listens to
    /// [`Engine::events`](crate::Engine::events) hears of it, but for figures that are overtaken within half a second; and the last
    /// figure goes on record with what comes of this call, and on the way as often as
    /// [`EngineOptions::progress`](crate::EngineOptions::progress) says. A further call or attempt begins with the figure of the one
    /// before on record.
    pub fn progress(&self, done: u64, total: u64) {
        self.progress_of(done, total, "");
    }

    /// The same, with what is counted: `(17, 40, "disks")`.
    pub fn progress_of(&self, done: u64, total: u64, text: impl Into<String>) {
        let figure = Figure { done, total, text: text.into() };
        let mut told = self.told();
        match &mut told.progress {
            Some(telling) if telling.figure == figure => return,
            Some(telling) => (telling.figure, telling.shown, telling.recorded) = (figure, false, false),
            none => {
                let recorded_at = Instant::now();
                *none = Some(Telling { figure, shown: false, recorded: false, recorded_at, watched: false });
            }
        }
        if let Some(telling) = told.progress.as_mut().filter(|telling| !telling.watched) {
            // An actor that has no time now is told with the next figure.
            telling.watched = self.inner().desk.progressed(self.clone());
        }
    }

    /// What is to be done about the progress of this run, which is on record at the latest `every` so often.
    pub(crate) fn look_at_progress(&self, every: Duration) -> Option<Look> {
        let mut told = self.told();
        let telling = told.progress.as_mut()?;
        let show = (!telling.shown).then(|| telling.figure.clone());
        telling.shown = true;
        let since = telling.recorded_at.elapsed();
        let record = (!telling.recorded && since >= every).then(|| telling.figure.clone());
        if record.is_some() {
            (telling.recorded, telling.recorded_at) = (true, Instant::now());
        }
        let due = (!telling.recorded).then(|| every.saturating_sub(since));
        let again = match (&show, due) {
            (Some(_), Some(due)) => Some(due.min(SHOWN_EVERY)),
            (Some(_), None) => Some(SHOWN_EVERY),
            (None, due) => due.map(|due| due.min(SHOWN_EVERY)),
        };
        telling.watched = again.is_some();
        Some(Look { show, record, again })
    }

    fn push(&self, said: Said) {
        self.told().said.push(said);
    }

    pub(crate) fn take_told(&self) -> Told {
        std::mem::take(&mut *self.told())
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.inner().told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

mod sealed {
    pub trait Sealed {}
}

/// A fact, or one that may have turned out not to be JSON.
pub trait IntoFact: sealed::Sealed {
    /// The fact; a bug when it is none.
    fn into_fact(self) -> Result<Fact, StepError>;
}

impl sealed::Sealed for Fact {}

impl IntoFact for Fact {
    fn into_fact(self) -> Result<Fact, StepError> {
        Ok(self)
    }
}

impl sealed::Sealed for Result<Fact, serde_json::Error> {}

impl IntoFact for Result<Fact, serde_json::Error> {
    fn into_fact(self) -> Result<Fact, StepError> {
        self.map_err(|error| StepError::bug(format!("a fact cannot be written as JSON: {error}")))
    }
}
