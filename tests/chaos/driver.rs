//! Starts the workers, and makes their lives hard; then lets them come to an end, and asks the oracle.

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use drydock::core::{Entropy as _, SystemEntropy};
use drydock_testkit::Cluster;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::args::{Case, Health, StoreKind};
use crate::ledger::now;
use crate::oracle::{self, Life};
use crate::worker::LEASE;
use crate::{Failure, database, outside, worker};

/// How long the tasks that are open at the end of the troubles may take.
const PATIENCE: Duration = Duration::from_mins(5);

/// So many violations are told of.
const SHOWN: usize = 20;

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) kills: usize,
    pub(crate) stops: usize,
    pub(crate) crashes: usize,
    /// Workers that ended by themselves, because the database was away when they started.
    pub(crate) exits: usize,
    pub(crate) tasks: usize,
    pub(crate) steps: usize,
    pub(crate) effects: usize,
    pub(crate) again: usize,
    /// Signals that were taken, tasks that were cancelled, and tasks that had a lock.
    pub(crate) signals: usize,
    pub(crate) cancelled: usize,
    pub(crate) locked: usize,
    pub(crate) violations: Vec<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} kills, {} stops, {} crashes of the database, {} workers that could not start; \
             {} tasks, {} steps, {} effects, {} of them after a takeover; \
             {} signals, {} cancelled, {} locked; {} violations",
            self.kills,
            self.stops,
            self.crashes,
            self.exits,
            self.tasks,
            self.steps,
            self.effects,
            self.again,
            self.signals,
            self.cancelled,
            self.locked,
            self.violations.len()
        )
    }
}

impl Report {
    /// Tells what was found, or the beginning of it.
    pub(crate) fn tell(&self) {
        for violation in self.violations.iter().take(SHOWN) {
            println!("  {violation}");
        }
    }
}

/// Chaos for a while, and the judgement.
pub(crate) async fn run(case: &Case) -> Result<Report, Failure> {
    let folder = tempfile::tempdir()?;
    let cluster = match case.store {
        StoreKind::Postgres => Some(Cluster::start(None)?),
        StoreKind::Sqlite => None,
    };
    let url = match &cluster {
        Some(cluster) => cluster.url(),
        None => folder.path().join("chaos.db").display().to_string(),
    };
    database::prepare(&url).await?;
    let workers = match case.store {
        StoreKind::Postgres => 3,
        StoreKind::Sqlite => 1,
    };
    let stop = CancellationToken::new();
    // Opened while the database is there; afterwards it comes back by itself.
    let store = drydock::store::open(&url.parse()?).await?;
    let outside = AbortOnDropHandle::new(Handle::current().spawn(outside::run(store, stop.clone())));
    let mut chaos = Chaos {
        folder: folder.path(),
        url,
        health: case.health,
        workers: (0..workers).map(|index| Worker::new(format!("w{index}"))).collect(),
        lives: Vec::new(),
        cluster,
        down_until: None,
        report: Report::default(),
    };
    let end = Instant::now() + case.time;
    while Instant::now() < end {
        chaos.come_and_go(false)?;
        chaos.strike()?;
        tokio::time::sleep(Duration::from_millis(600).mul_f64(SystemEntropy.fraction())).await;
    }
    if case.health == Health::Broken {
        chaos.kill_with_promises(0).await?;
    }
    chaos.settle().await?;
    chaos.come_to_an_end();
    stop.cancel();
    let books = outside.await?;
    let mut report = std::mem::take(&mut chaos.report);
    oracle::judge(&mut report, &chaos.lives, &books, &database::histories(&chaos.url).await?)?;
    if report.tasks == 0 && case.health == Health::Well {
        report
            .violations
            .push("nothing was done in all that time, so nothing is shown; give it more".to_owned());
    }
    Ok(report)
}

struct Chaos<'a> {
    folder: &'a Path,
    url: String,
    health: Health,
    workers: Vec<Worker>,
    /// All incarnations that ever were; a worker names its own by place.
    lives: Vec<Life>,
    cluster: Option<Cluster>,
    /// When the database, which is down, is started again.
    down_until: Option<Instant>,
    report: Report,
}

struct Worker {
    name: String,
    child: Option<Child>,
    life: usize,
    /// When it is started again, or goes on.
    next: Instant,
    standing: bool,
}

impl Worker {
    fn new(name: String) -> Self {
        Self { name, child: None, life: 0, next: Instant::now(), standing: false }
    }
}

impl Chaos<'_> {
    /// What is due comes back: workers that were killed, those that stand still, and the database.
    fn come_and_go(&mut self, all: bool) -> Result<(), Failure> {
        let due = |at: Instant| all || at <= Instant::now();
        if self.down_until.is_some_and(due)
            && let Some(cluster) = &mut self.cluster
        {
            cluster.restart()?;
            self.down_until = None;
        }
        for place in 0..self.workers.len() {
            self.reap(place)?;
            let worker = &mut self.workers[place];
            match &worker.child {
                None if due(worker.next) => self.start(place)?,
                Some(child) if worker.standing && due(worker.next) => {
                    signal(child, "CONT")?;
                    worker.standing = false;
                    if let Some(stop) = self.lives[worker.life].stops.last_mut() {
                        stop.1 = now();
                    }
                }
                Some(_) | None => {}
            }
        }
        Ok(())
    }

    /// A worker that could not start, or ended by itself, is started again.
    fn reap(&mut self, place: usize) -> Result<(), Failure> {
        let worker = &mut self.workers[place];
        let Some(child) = &mut worker.child else { return Ok(()) };
        if let Some(status) = child.try_wait()? {
            if status.code() != Some(i32::from(worker::AWAY)) {
                self.report.violations.push(format!("{} ended by itself: {status}", worker.name));
            }
            self.report.exits += 1;
            self.lives[worker.life].over_at = Some(now());
            worker.child = None;
            worker.next = Instant::now() + Duration::from_millis(500);
        }
        Ok(())
    }

    fn start(&mut self, place: usize) -> Result<(), Failure> {
        let worker = &mut self.workers[place];
        let ledger = self.folder.join(format!("ledger-{}", self.lives.len()));
        let child = Command::new(std::env::current_exe()?)
            .args(["worker", &self.url, &worker.name])
            .args([&ledger, &self.stop_file()])
            .arg(self.health.word())
            .stdin(Stdio::null())
            .spawn()?;
        let worker = &mut self.workers[place];
        worker.child = Some(child);
        worker.standing = false;
        worker.life = self.lives.len();
        self.lives.push(Life { ledger, stops: Vec::new(), over_at: None });
        Ok(())
    }

    fn stop_file(&self) -> PathBuf {
        self.folder.join("stop")
    }

    /// Something bad happens to somebody, or nothing.
    fn strike(&mut self) -> Result<(), Failure> {
        let mut bytes = [0; 2];
        SystemEntropy.fill(&mut bytes);
        let place = usize::from(bytes[1]) % self.workers.len();
        match bytes[0] % 10 {
            0..=2 => self.kill(place)?,
            3 | 4 => {
                let worker = &mut self.workers[place];
                if let (Some(child), false) = (&worker.child, worker.standing) {
                    // The window begins before the signal, so that nothing that still happens is taken for a fault.
                    self.lives[worker.life].stops.push((now(), i64::MAX));
                    signal(child, "STOP")?;
                    worker.standing = true;
                    worker.next = Instant::now() + (LEASE * 3).mul_f64(0.2 + SystemEntropy.fraction());
                    self.report.stops += 1;
                }
            }
            5 => {
                if let (Some(cluster), None) = (&mut self.cluster, self.down_until) {
                    cluster.crash()?;
                    self.down_until = Some(Instant::now() + (LEASE * 2).mul_f64(SystemEntropy.fraction()));
                    self.report.crashes += 1;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn kill(&mut self, place: usize) -> Result<(), Failure> {
        let worker = &mut self.workers[place];
        if let Some(mut child) = worker.child.take() {
            child.kill()?;
            child.wait()?;
            self.lives[worker.life].over_at = Some(now());
            worker.next = Instant::now() + Duration::from_secs(2).mul_f64(SystemEntropy.fraction());
            self.report.kills += 1;
        }
        Ok(())
    }

    /// A new worker is killed as soon as it has promised something: a broken one loses that.
    async fn kill_with_promises(&mut self, place: usize) -> Result<(), Failure> {
        self.kill(place)?;
        let end = Instant::now() + PATIENCE;
        loop {
            self.come_and_go(true)?;
            // The worker has no ledger yet, or an empty one, until it has started a task.
            let ledger = std::fs::metadata(&self.lives[self.workers[place].life].ledger);
            if ledger.is_ok_and(|ledger| ledger.len() > 0) {
                return self.kill(place);
            }
            if Instant::now() > end {
                return Err(format!("no task was started in {PATIENCE:?} without trouble").into());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Nothing goes wrong any more, and no new tasks come: those that there are end.
    async fn settle(&mut self) -> Result<(), Failure> {
        self.come_and_go(true)?;
        File::create(self.stop_file())?;
        let end = Instant::now() + PATIENCE;
        let mut quiet = 0;
        // A start may be on its way while nothing lives: quiet has to last.
        while quiet < 6 {
            tokio::time::sleep(Duration::from_millis(250)).await;
            self.come_and_go(true)?;
            quiet = match database::live(&self.url).await {
                Ok(0) => quiet + 1,
                Ok(_) | Err(_) => 0,
            };
            if Instant::now() > end {
                self.report
                    .violations
                    .push(format!("tasks are still open after {PATIENCE:?} without trouble"));
                return Ok(());
            }
        }
        Ok(())
    }

    fn come_to_an_end(&mut self) {
        for worker in &mut self.workers {
            if let Some(mut child) = worker.child.take() {
                let _ended_before = child.kill().is_err();
                let _waited = child.wait().is_err();
                self.lives[worker.life].over_at = Some(now());
            }
        }
    }
}

impl Drop for Chaos<'_> {
    fn drop(&mut self) {
        self.come_to_an_end();
    }
}

fn signal(child: &Child, name: &str) -> Result<(), Failure> {
    let sent =
        Command::new("sh").args(["-c", "kill -s \"$0\" \"$1\"", name, &child.id().to_string()]).status()?;
    if sent.success() { Ok(()) } else { Err(format!("cannot send SIG{name}").into()) }
}
