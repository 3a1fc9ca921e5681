//! The actor: owns the state of this incarnation's tasks, hears messages, and does nothing that takes time.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use drydock_core::journal::{ClaimedTask, Parent, TaskEnd, Write};
use drydock_core::{Clock, Epoch, Fence, StepKey, TaskId, Timestamp, WorkflowId};
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Span;

use super::attempts::Attempt;
use super::brood::Brood;
use super::crew::{Crew, Job};
use super::lanes::Lanes;
use super::message::{Flushed, Message, Request};
use super::parking::Rest;
use super::portion::Portion;
use super::registry::{Loaded, Registry};
use super::slots::Slots;
use super::supervisor::{Ports, Supervisor};
use super::{EngineError, EngineOptions, Event, EventKind};
use crate::outcome::StepError;
use crate::run::{Command, Run, SlotIndex};

/// How many messages are handled between two looks at the flusher.
pub(super) const GULP: usize = 256;

/// The same tasks come in the same order in every run: ids are made here, so nobody can choose those that collide.
type Repeatable = foldhash::fast::FixedState;

pub(super) struct Actor {
    pub(super) ports: Ports,
    pub(super) epoch: Epoch,
    pub(super) options: EngineOptions,
    /// From so many writes on a second commit is worth its while.
    pub(super) half: usize,
    pub(super) registry: Arc<Registry>,
    pub(super) workflows: HashMap<WorkflowId, Arc<Loaded>>,
    /// Where what this actor sets going reports to.
    pub(super) inbox: mpsc::Sender<Message>,
    pub(super) messages: mpsc::Receiver<Message>,
    pub(super) events: broadcast::Sender<Event>,

    pub(super) lives: HashMap<TaskId, Live, Repeatable>,
    /// Steps to be asked again, by time.
    pub(super) timers: BTreeSet<(Timestamp, TaskId, SlotIndex)>,
    /// Writes that wait for a lane.
    pub(super) writes: Vec<Write>,
    /// Everything that was spawned: steps, and questions to the store.
    pub(super) spawned: TaskTracker,
    pub(super) all: CancellationToken,
    pub(super) crew: Crew,
    /// Attempts that the crew begins next.
    pub(super) to_begin: Vec<Job>,

    pub(super) starting: HashMap<TaskId, Starting, Repeatable>,
    /// How many children are being started here.
    pub(super) spawning: usize,
    /// How many other instances there are, once that is known.
    pub(super) rivals: Option<u32>,
    /// Bodies that wait for a mark of theirs to be stored.
    pub(super) marking: HashMap<(TaskId, StepKey, String), Marking, Repeatable>,
    /// Steps that wait for locks and were refused.
    pub(super) locks_wanted: BTreeMap<(TaskId, Option<SlotIndex>), Vec<String>>,
    /// Steps that wait for a place under their limits, or have one.
    pub(super) slots: Slots,
    /// Tasks that somebody holds.
    pub(super) paused: HashSet<TaskId, Repeatable>,
    /// Tasks that were brought back and taken again before the answer about their end has come; those that were given up, before they are.
    pub(super) early: BTreeMap<TaskId, Option<ClaimedTask>>,
    pub(super) watchers: HashMap<TaskId, Vec<oneshot::Sender<Option<TaskEnd>>>, Repeatable>,
    /// Tasks that may have nothing more to do for a while.
    pub(super) sleepy: Vec<TaskId>,
    /// How many tasks the claim under way asks for; 0 when none is.
    pub(super) claiming: usize,
    /// What may be claimed has changed since the claim under way was asked for.
    pub(super) claim_again: bool,
    pub(super) portion: Portion,
    pub(super) asking: bool,
    /// How long the last news took.
    pub(super) news_took: Duration,
    /// It will be asked for news before the next poll.
    pub(super) news_soon: bool,
    pub(super) look_again: bool,
    pub(super) draining: bool,
    /// The grace of the drain is over: what is not done by now is left to the next owner.
    pub(super) drained: bool,
    /// Why this incarnation cannot go on.
    pub(super) fatal: Option<EngineError>,
    pub(super) commands: Vec<Command>,
    /// Slots that are planned to run, of tasks that had this fence then, and are yet to be started.
    pub(super) to_start: VecDeque<(TaskId, Fence, SlotIndex)>,
}

/// Whoever waits for a task's start to be durable, and the span in which it was asked for.
pub(super) struct Starting {
    pub(super) origin: Span,
    pub(super) reply: oneshot::Sender<Result<(), EngineError>>,
}

/// Tells a body that its mark is stored.
pub(super) type Marking = oneshot::Sender<Result<(), StepError>>;

/// A task that this incarnation owns.
pub(super) struct Live {
    pub(super) run: Run,
    pub(super) workflow: Arc<Loaded>,
    pub(super) parent: Option<Parent>,
    pub(super) priority: i16,
    /// What bodies are given as their fence token.
    pub(super) fence: Fence,
    /// A step of it was begun anew.
    pub(super) reopened: bool,
    /// Cancelled when the task is.
    pub(super) cancel: CancellationToken,
    /// Cancelled when this incarnation has the task no more.
    pub(super) gone: CancellationToken,
    pub(super) next_message: u32,
    pub(super) next_fact: u32,
    pub(super) attempts: BTreeMap<SlotIndex, Attempt>,
    /// The children of each step that waits for some.
    pub(super) broods: BTreeMap<SlotIndex, Brood>,
    /// How many children are open, as the store last said.
    pub(super) open_children: u64,
    pub(super) rest: Rest,
    /// Its run; until it is taken in, where it was asked for.
    pub(super) span: Span,
}

impl Live {
    pub(super) fn new(run: Run, workflow: Arc<Loaded>, fence: Fence, parent: Option<Parent>) -> Self {
        Self {
            run,
            workflow,
            parent,
            priority: 0,
            fence,
            reopened: false,
            cancel: CancellationToken::new(),
            gone: CancellationToken::new(),
            next_message: 0,
            next_fact: 0,
            attempts: BTreeMap::new(),
            broods: BTreeMap::new(),
            open_children: 0,
            rest: Rest::Awake,
            span: Span::none(),
        }
    }

    /// Drops what is under way.
    pub(super) fn abort(&self) {
        self.cancel.cancel();
        self.gone.cancel();
        self.attempts.values().for_each(|attempt| attempt.ctx.hold().stop());
    }
}

impl Drop for Actor {
    /// Even after a panic here no step of this incarnation runs on, beside the next owner's.
    fn drop(&mut self) {
        self.all.cancel();
    }
}

/// Why an actor came to its end by itself.
pub(super) enum Quit {
    /// It was asked to, and everything under way has ended.
    Drained,
    /// Nobody holds the engine any more.
    Dropped,
    /// It cannot go on.
    Failed(EngineError),
}

impl Actor {
    pub(super) fn new(
        instance: &Supervisor,
        epoch: Epoch,
        workflows: HashMap<WorkflowId, Arc<Loaded>>,
    ) -> Self {
        let (inbox, messages) = mpsc::channel(instance.options.inbox);
        let (spawned, all) = (TaskTracker::new(), CancellationToken::new());
        let crew = Crew::new(inbox.clone(), spawned.clone(), all.clone());
        Self {
            ports: instance.ports.clone(),
            epoch,
            options: instance.options,
            half: instance.half,
            registry: Arc::clone(&instance.registry),
            workflows,
            inbox,
            messages,
            events: instance.events.clone(),
            lives: HashMap::default(),
            timers: BTreeSet::new(),
            writes: Vec::new(),
            spawned,
            all,
            crew,
            to_begin: Vec::new(),
            starting: HashMap::default(),
            spawning: 0,
            rivals: None,
            marking: HashMap::default(),
            locks_wanted: BTreeMap::new(),
            slots: Slots::default(),
            paused: HashSet::default(),
            early: BTreeMap::new(),
            watchers: HashMap::default(),
            sleepy: Vec::new(),
            claiming: 0,
            claim_again: false,
            portion: Portion::default(),
            asking: false,
            news_took: Duration::ZERO,
            news_soon: false,
            look_again: false,
            draining: false,
            drained: false,
            fatal: None,
            commands: Vec::new(),
            to_start: VecDeque::new(),
        }
    }

    /// Works until it was drained. Cancel-safe: a dropped call has spawned steps, which [`Actor::stop_all`] stops.
    pub(super) async fn run(
        &mut self,
        requests: &mut mpsc::Receiver<Request>,
        mut lanes: Lanes,
        mut flushed: mpsc::Receiver<Flushed>,
    ) -> Quit {
        let mut gulp = Vec::with_capacity(GULP);
        let mut asked = Vec::with_capacity(GULP);
        let mut poll = tokio::time::interval(self.options.poll);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            // In this order and not by chance, so that a run can be repeated. What comes in floods stands last, and of requests
            // each round hears a share, so that no kind starves another.
            tokio::select! {
                biased;
                Some(answer) = flushed.recv() => {
                    if answer.last {
                        lanes.answered(answer.lane);
                    }
                    self.flush_before(&answer, &mut lanes).await;
                    self.on_flushed(answer);
                }
                _ = poll.tick() => {
                    self.forget_watchers();
                    self.measure();
                    self.look();
                }
                () = next_timer(&self.timers, &*self.ports.clock) => {}
                _ = self.messages.recv_many(&mut gulp, GULP) => {
                    gulp.drain(..).for_each(|message| self.on_message(message));
                }
                // While the store does not keep up, whoever asks waits: what is not written yet stays bounded.
                count = requests.recv_many(&mut asked, GULP), if self.writes.len() < self.options.inbox => {
                    if count == 0 {
                        return Quit::Dropped;
                    }
                }
                // Those that have been started run first, and may end.
                () = tokio::task::yield_now(), if !self.to_start.is_empty() => {}
            }
            while self.writes.len() < self.options.inbox
                && asked.len() < GULP
                && let Ok(request) = requests.try_recv()
            {
                asked.push(request);
            }
            self.measure_requests(requests.len());
            asked.drain(..).for_each(|request| self.on_request(request));
            self.on_timers();
            self.start_more();
            self.crew.begin(&mut self.to_begin);
            if lanes.have_room() {
                if self.is_enough(&lanes) {
                    self.gather(&mut gulp).await;
                }
                self.park(&lanes);
                while self.is_enough(&lanes) {
                    self.flush(&mut lanes).await;
                }
            }
            if let Some(error) = self.fatal.take() {
                return Quit::Failed(error);
            }
            if self.drained || (self.draining && self.is_quiet(&lanes)) {
                return Quit::Drained;
            }
        }
    }

    /// Stops every step and forgets every task. Afterwards nothing of this incarnation runs any more, but for a body that has
    /// blocked its thread for `patience`: the log names it.
    pub(super) async fn stop_all(&mut self, patience: Duration) {
        self.all.cancel();
        // Nobody waits for room in the inbox any more.
        self.messages.close();
        self.to_begin.clear();
        self.crew.dismiss();
        let mut stopped = Vec::new();
        for (_, live) in self.lives.drain() {
            live.abort();
            stopped.extend(live.attempts.into_values().map(|attempt| attempt.ctx));
        }
        self.spawned.close();
        if tokio::time::timeout(patience, self.spawned.wait()).await.is_err() {
            let blocked = stopped.iter().filter(|ctx| ctx.hold().is_busy());
            let steps: Vec<String> =
                blocked.map(|ctx| format!("{} of task {}", ctx.key(), ctx.task())).collect();
            tracing::error!(
                bodies = self.spawned.len(), steps = %steps.join(", "),
                "step bodies block their threads and cannot be stopped: use `tokio::task::spawn_blocking` in them"
            );
        }
    }

    pub(super) fn on_message(&mut self, message: Message) {
        match message {
            Message::Look => self.look(),
            Message::Rivals(rivals) => self.rivals = Some(rivals),
            Message::Finished(finished) => self.on_finished(finished),
            Message::Claimed { asked, took, answer } => self.on_claimed(asked, took, answer),
            Message::AskNews => {
                self.news_soon = false;
                self.ask_news();
            }
            Message::News { asked, answer } => self.on_news(asked, answer),
            Message::Children { task, slot, answer } => self.on_children(task, slot, answer),
            Message::Locked { task, slot, names, answer } => self.on_locked(task, slot, names, answer),
            Message::Admitted { asked, answer } => self.on_admitted(asked, answer),
            Message::Mark { task, step, name, value, reply } => self.on_mark(task, step, name, value, reply),
            Message::OutputOf { task, step, wanted, reply } => {
                let live = self.lives.get(&task);
                let slot = live.and_then(|live| Some((live, live.run.slot_of(&step)?)));
                answer(reply, slot.and_then(|(live, slot)| live.run.output_before(slot, &wanted)));
            }
            Message::Progressed(ctx) => self.on_progressed(ctx),
            Message::GraceOver(task) => self.on_grace_over(task),
        }
    }

    fn on_timers(&mut self) {
        if self.timers.is_empty() {
            return;
        }
        let now = self.ports.clock.now();
        while let Some(due) = self.timers.first().copied().filter(|(at, ..)| *at <= now) {
            self.timers.remove(&due);
            let (_, task, slot) = due;
            if let Some(live) = self.lives.get_mut(&task)
                && live.run.fold_due(slot, now)
            {
                self.advance(task);
            }
        }
    }

    /// Nothing is under way: no attempt, no write, no question.
    fn is_quiet(&self, lanes: &Lanes) -> bool {
        lanes.are_idle()
            && self.writes.is_empty()
            && self.claiming == 0
            && self.lives.values().all(|live| live.attempts.is_empty())
    }

    /// Spawns a question whose answer is a message.
    pub(super) fn tell_later(&self, question: impl Future<Output = Message> + Send + 'static) {
        let (inbox, all) = (self.inbox.clone(), self.all.clone());
        self.spawned.spawn(async move {
            let message = tokio::select! {
                biased;
                () = all.cancelled() => return,
                message = question => message,
            };
            // A closed inbox means that this incarnation is over; nobody waits for the answer.
            let _over = inbox.send(message).await.is_err();
        });
    }

    pub(super) fn emit(&self, task: TaskId, kind: impl FnOnce() -> EventKind) {
        if self.events.receiver_count() > 0 {
            let event = Event { task, at: self.ports.clock.now(), kind: kind() };
            // No receiver is left: nobody wanted to know.
            let _unheard = self.events.send(event).is_err();
        }
    }
}

/// Waits for the first timer to come due. Cancel-safe.
async fn next_timer(timers: &BTreeSet<(Timestamp, TaskId, SlotIndex)>, clock: &dyn Clock) {
    match timers.first() {
        Some((at, ..)) => tokio::time::sleep((*at - clock.now()).to_std().unwrap_or_default()).await,
        None => std::future::pending().await,
    }
}

/// Answers somebody who may have gone.
pub(super) fn answer<T>(reply: oneshot::Sender<T>, value: T) {
    let _gone = reply.send(value).is_err();
}
