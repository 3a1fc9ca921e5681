//! A full disk under the database, a real one: what is not written waits, one line of the log says why, and when there is room again
//! nothing is missing.
//!
//! The test starts itself again in a mount namespace of its own, in which a folder is a small file system.
#![expect(clippy::print_stdout, reason = "what the process inside says, and why nothing was tested")]

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use drydock::core::journal::{StepEnd, TaskEndKind};
use drydock::core::{InstanceName, error_chain};
use drydock::workflow::testing::{Answer, Call, Fault, FaultyJournal, Tamper};
use drydock::workflow::{Engine, EngineOptions, Outcome, Workflow, WorkflowBuilder, step_fn};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::store;

/// In the inner process, the folder that is a small file system.
const FOLDER: &str = "DRYDOCK_TEST_FULL_DISK";
/// Mounts at its first argument, and becomes the program that the others say.
const MOUNT: &str = "mount -t tmpfs -o size=2m tmpfs \"$0\" && exec \"$@\"";
/// SQLite's words.
const FULL: &str = "database or disk is full";
const TASKS: usize = 40;
/// Of each step: all of them together are far more than the disk has left, and less than it has without the ballast.
const OUTPUT: usize = 8 << 10;
/// The disk stays full until the store has refused so many calls for that reason.
const REFUSALS: usize = 6;
const PATIENCE: Duration = Duration::from_mins(1);

#[test]
fn a_full_disk_costs_no_task_and_one_line_of_the_log() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        return runtime.block_on(on_a_small_disk(Path::new(&folder)));
    }
    let folder = tempfile::tempdir().unwrap();
    let in_namespace = || {
        let mut command = Command::new("unshare");
        command.args(["-Urm", "sh", "-c", MOUNT]).arg(folder.path());
        command
    };
    // Whether this machine lets us at all is asked without the test: a failure of the test must not look like a refusal.
    match in_namespace().arg("true").output() {
        Ok(output) if output.status.success() => {}
        refused => {
            println!(
                "NOT TESTED: this machine gives no user namespace with a file system of its own: {refused:?}"
            );
            return;
        }
    }
    let inner = in_namespace()
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "full_disk::a_full_disk_costs_no_task_and_one_line_of_the_log", "--nocapture"])
        .env(FOLDER, folder.path())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&inner.stdout);
    assert!(inner.status.success(), "{told}\n{}", String::from_utf8_lossy(&inner.stderr));
    assert!(told.contains("1 passed"), "the inner process did not run the test: {told}");
}

/// What was logged, a line each.
#[derive(Clone)]
struct Captured(Arc<watch::Sender<Vec<String>>>);

impl io::Write for Captured {
    /// The log hands over whole lines.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let line = String::from_utf8_lossy(bytes).trim().to_owned();
        println!("{line}");
        self.0.send_modify(|lines| lines.push(line));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Captured {
    /// Of the whole process, which runs this test alone.
    fn start() -> Self {
        let captured = Self(Arc::new(watch::Sender::default()));
        let writer = captured.clone();
        tracing_subscriber::fmt()
            .with_ansi(false)
            .without_time()
            .with_target(false)
            .with_writer(move || writer.clone())
            .init();
        captured
    }

    async fn says(&self, what: &str) {
        let mut lines = self.0.subscribe();
        let said = lines.wait_for(|lines| lines.iter().any(|line| line.contains(what)));
        assert!(timeout(PATIENCE, said).await.is_ok(), "waited in vain for {what:?}");
    }

    fn with(&self, what: &str) -> Vec<String> {
        self.0.borrow().iter().filter(|line| line.contains(what)).cloned().collect()
    }
}

/// How many calls to the store found the disk full.
#[derive(Clone, Default)]
struct Refusals(Arc<watch::Sender<usize>>);

impl Tamper for Refusals {
    fn before(&self, _call: &Call<'_>) -> Option<Fault> {
        None
    }

    fn after(&self, _call: &Call<'_>, answer: Answer<'_>) {
        if let Answer::Failed(error) = answer
            && error_chain(error).contains(FULL)
        {
            self.0.send_modify(|count| *count += 1);
        }
    }
}

/// Two steps of much output; the first waits for the gate.
fn fills(gate: &watch::Sender<bool>) -> Workflow<usize, ()> {
    let gate = gate.subscribe();
    let waits = step_fn(move |_, letter: usize| {
        let mut gate = gate.clone();
        async move {
            // The sender lives as long as the test.
            let _closed = gate.wait_for(|open| *open).await.is_err();
            Ok(Outcome::Done(text(letter)))
        }
    });
    let repeats = step_fn(|_, text: String| async move { Ok(Outcome::Done(text)) });
    let mut builder = WorkflowBuilder::<usize>::new("fills", 1);
    let input = builder.input();
    let first = builder.step("waits", waits).run(&input);
    builder.step("repeats", repeats).run(&first);
    builder.build().unwrap()
}

fn text(letter: usize) -> String {
    char::from(b'a' + u8::try_from(letter % 26).unwrap()).to_string().repeat(OUTPUT)
}

/// Takes all the room that there is.
fn fill(path: &Path) {
    let mut ballast = fs::File::create(path).unwrap();
    let mut block: &[u8] = &[0; 4096];
    while !block.is_empty() {
        match ballast.write(block) {
            Ok(_) => {}
            Err(full) if full.kind() == io::ErrorKind::StorageFull => block = &block[..block.len() / 2],
            Err(error) => panic!("{error}"),
        }
    }
}

async fn on_a_small_disk(folder: &Path) {
    let log = Captured::start();
    let store = store::open(&store::sqlite(folder)).await;
    let gate = watch::Sender::new(false);
    let workflow = fills(&gate);
    let refusals = Refusals::default();
    let journal = FaultyJournal::watched(store.clone(), refusals.clone());
    let options = EngineOptions { lease: Duration::from_secs(3), ..EngineOptions::default() };
    let engine = Engine::builder(journal, InstanceName::new("a").unwrap())
        .options(options)
        .workflow(&workflow)
        .start()
        .await
        .unwrap();
    let mut tasks = Vec::new();
    for letter in 0..TASKS {
        tasks.push(engine.submit(&workflow, &letter).await.unwrap());
    }
    let ballast = folder.join("ballast");
    fill(&ballast);
    gate.send_replace(true);
    log.says("the store does not answer").await;
    let mut refused = refusals.0.subscribe();
    assert!(
        timeout(PATIENCE, refused.wait_for(|count| *count >= REFUSALS)).await.is_ok(),
        "it does not ask again"
    );
    fs::remove_file(&ballast).unwrap();
    for (letter, task) in tasks.iter().enumerate() {
        let end = timeout(PATIENCE, engine.wait(*task)).await.unwrap().unwrap();
        assert!(matches!(end.kind, TaskEndKind::Completed(_)), "{task}: {:?}", end.kind);
        let history = store.task_history(*task).await.unwrap().unwrap();
        assert_eq!(history.checkpoints.len(), 2, "{task}");
        for checkpoint in history.checkpoints {
            let StepEnd::Done(output) = checkpoint.end else { panic!("{task}") };
            assert_eq!(output.decode::<String>().unwrap(), text(letter));
        }
    }
    let away = log.with("the store does not answer");
    assert_eq!(away.len(), 1, "{away:#?}");
    assert!(away[0].contains(FULL), "{away:#?}");
    assert_eq!(log.with("the store answers again").len(), 1);
}
