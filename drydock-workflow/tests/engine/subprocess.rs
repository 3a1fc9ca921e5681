//! Steps that are programs: real processes, and so real time, on which nothing is waited for but their ends.

use std::time::Duration;

use drydock_core::journal::TaskEndKind;
use drydock_core::{ExecutorName, RetryPolicy};
use drydock_store::repo::{FactQuery, TaskRepo as _};
use drydock_workflow::executor::Subprocess;
use drydock_workflow::{Engine, EventKind, StepBuilder, Workflow, WorkflowBuilder};
use serde_json::json;

use crate::support::{World, failure, output};

fn shell(script: &str) -> Subprocess {
    Subprocess::new("sh").arg("-c").arg(script).grace(Duration::from_secs(30))
}

fn sh() -> ExecutorName {
    ExecutorName::new("sh").unwrap()
}

type Step<'a> = StepBuilder<'a, u32, u32, u32>;

fn workflow(policy: impl for<'a> FnOnce(Step<'a>) -> Step<'a>) -> Workflow<u32, u32> {
    let mut builder = WorkflowBuilder::<u32>::new("program", 1);
    let input = builder.input();
    let step = builder.external("run", "sh", json!({"passes": 3}));
    let out = policy(step).run(&input);
    builder.output(&out).unwrap()
}

async fn engine(world: &World, workflow: &Workflow<u32, u32>, program: Subprocess) -> Engine {
    engine_of(world, workflow, program).await
}

async fn engine_of<I, O>(world: &World, workflow: &Workflow<I, O>, program: Subprocess) -> Engine {
    world.instance("a").workflow(workflow).executor(sh(), program).start().await.unwrap()
}

#[tokio::test]
async fn a_program_reads_its_job_says_things_and_gives_an_output() {
    let world = World::new();
    let workflow = workflow(|step| step);
    let program = shell(
        r#"read job
        case "$job" in *'"step":"run"'*'"attempt":1'*'"input":7'*'"passes":3'*) ;; *) echo "$job" >&2; exit 1;; esac
        echo '{"say": {"text": "half", "about": ["disk", "sda"]}}'
        [ -z "$HOME" ] && echo "{\"done\": $SECRET}""#,
    );
    let engine = engine(&world, &workflow, program.env("SECRET", "42")).await;
    let task = engine.submit(&workflow, &7).await.unwrap();
    assert_eq!(output(&engine.wait(task).await.unwrap()), "42");
    let said = world.store.task_get(task).await.unwrap().unwrap().messages;
    assert_eq!((&*said[0].text, &*said[0].subject.as_ref().unwrap().name), ("half", "sda"));
}

#[tokio::test]
async fn a_program_records_facts_and_tells_how_far_it_is() {
    let world = World::new();
    let workflow = workflow(|step| step);
    let program = shell(
        r#"echo '{"progress": {"done": 1, "total": 2, "text": "disks"}}'
        echo '{"record": {"about": ["disk", "sda"], "by": "smartctl", "json": {"hours":  9120}}}'
        echo '{"record": {"about": ["disk", "sda"], "by": "lsblk", "text": "<a/>", "format": "text/xml"}}'
        echo '{"record": {"about": ["disk", "sda"], "by": "log", "text": "fine"}}'
        echo '{"progress": {"done": 2, "total": 2}}'
        echo '{"done": 1}'"#,
    );
    let engine = engine(&world, &workflow, program).await;
    let task = engine.submit(&workflow, &7).await.unwrap();
    assert_eq!(output(&engine.wait(task).await.unwrap()), "1");
    let found = world.store.fact_list(&FactQuery::about("disk", "sda")).await.unwrap().facts;
    let facts = found.iter().rev().map(|it| &it.record.fact);
    let facts: Vec<_> = facts.map(|it| (&*it.generator, &*it.format, it.data.as_bytes())).collect();
    assert_eq!(
        facts,
        [
            ("smartctl", "application/json", &br#"{"hours":  9120}"#[..]),
            ("lsblk", "text/xml", b"<a/>"),
            ("log", "text/plain", b"fine"),
        ]
    );
    let history = world.store.task_history(task).await.unwrap().unwrap();
    assert_eq!(history.progress[0].figure.to_string(), "2 of 2");
}

/// One program for three kinds of steps: it is told which.
#[tokio::test]
async fn programs_do_the_items_of_a_map_and_what_runs_in_the_end() {
    let world = World::new();
    let mut builder = WorkflowBuilder::<Vec<u32>>::new("programs", 1);
    let input = builder.input();
    let map = builder.map_external::<u32, u32>("twice", "sh", json!({"times": 2})).at_once(2);
    let twice = map.run(&input);
    builder.finally_external::<Vec<u32>, ()>("tidy", "sh", json!({})).run(&input);
    let workflow = builder.output(&twice).unwrap();
    let program = shell(
        r#"read job
        input=$(echo "$job" | sed 's/.*"input":\(.*\),"job".*/\1/')
        case "$job" in
            *'"step":"tidy"'*) echo "{\"say\": {\"text\": \"tidied up $input\"}}"; echo '{"done": null}';;
            *'"step":"twice[1]"'*'"times":2'*) [ "$input" = 9 ] && exit 3; echo "{\"done\": $((input * 2))}";;
            *'"step":"twice['*'"times":2'*) echo "{\"done\": $((input * 2))}";;
        esac"#,
    );
    let engine = engine_of(&world, &workflow, program).await;
    let task = engine.submit(&workflow, &vec![5, 6, 7]).await.unwrap();
    assert_eq!(output(&engine.wait(task).await.unwrap()), "[10,12,14]");
    let said = |task| {
        let store = &world.store;
        async move { store.task_get(task).await.unwrap().unwrap().messages.remove(0).text }
    };
    assert_eq!(said(task).await, "tidied up [5,6,7]");
    // However the task ends.
    let task = engine.submit(&workflow, &vec![5, 9, 7]).await.unwrap();
    assert_eq!(
        failure(&engine.wait(task).await.unwrap()),
        "step twice[1]: the program ended with exit status 3"
    );
    assert_eq!(said(task).await, "tidied up [5,9,7]");
}

#[tokio::test]
async fn a_program_waits_and_fails_as_code_does() {
    let world = World::new();
    let at_once = RetryPolicy::attempts(3).delays(Duration::ZERO, Duration::ZERO);
    let workflow = workflow(|step| step.retry(at_once));
    let program = shell(
        r#"read job
        case "$job" in
            *'"attempt":1,"may_have_run":false'*) echo '{"wait": {"seconds": 0.001, "reason": "warm up"}}';;
            *'"attempt":1,"may_have_run":true'*) echo 'busy' >&2; exit 75;;
            *'"attempt":2'*) echo '{"fail": {"message": "still busy", "retry": true}}';;
            *) echo '{"done": 3}';;
        esac"#,
    );
    let engine = engine(&world, &workflow, program).await;
    let task = engine.submit(&workflow, &0).await.unwrap();
    assert_eq!(output(&engine.wait(task).await.unwrap()), "3");
    let history = world.store.task_history(task).await.unwrap().unwrap();
    let failures: Vec<String> = history.attempts.iter().map(|it| it.failure.message.clone()).collect();
    assert_eq!(failures, ["the program asks for another attempt: busy", "still busy"]);
}

#[tokio::test]
async fn a_program_that_breaks_the_rules_fails_its_step_and_says_how() {
    let table = [
        ("echo 'no such disk' >&2; exit 3", "step run: the program ended with exit status 3: no such disk"),
        ("exit 0", "step run: the program ended without an outcome"),
        ("kill -9 $$", "step run: the program was killed (signal: 9 (SIGKILL))"),
        (
            "echo nonsense",
            "step run: its answer cannot be read (expected value at line 1 column 1): \
             expected a line with one of say, record, progress, done, wait and fail",
        ),
        (
            "yes '{\"say\": {\"text\": \"much\"}}'",
            "step run: the program printed more than 10000 bytes: store large data elsewhere and return where it is",
        ),
        (
            r#"echo '{"record": {"about": ["disk", "sda"], "by": "log"}}'; echo '{"done": 1}'"#,
            "step run: its answer cannot be read: a record has its data either in text or in json",
        ),
        (
            r#"echo '{"wait": {"seconds": -1, "reason": "x"}}'"#,
            "step run: its answer cannot be read: -1 seconds is no time",
        ),
    ];
    let workflow = workflow(|step| step.retry(RetryPolicy::NEVER));
    for (script, expected) in table {
        let world = World::new();
        let engine = engine(&world, &workflow, shell(script).output_max(10_000)).await;
        let task = engine.submit(&workflow, &0).await.unwrap();
        assert_eq!(failure(&engine.wait(task).await.unwrap()), expected);
    }
    let world = World::new();
    let engine = engine(&world, &workflow, Subprocess::new("/no/such/program")).await;
    let task = engine.submit(&workflow, &0).await.unwrap();
    let said = failure(&engine.wait(task).await.unwrap());
    assert!(said.starts_with("step run: program /no/such/program cannot be started: "), "{said}");
}

#[tokio::test]
async fn cancelling_stops_the_program_and_what_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::new();
    let workflow = workflow(|step| step);
    // The program's child says when both stand, so that nobody has to guess; it would outlive its parent.
    let program = shell(
        r"trap 'echo stopping >&2; echo stopped > stopped; exit 0' TERM
        sh -c 'echo $$ > child; echo ready > ready; exec sleep 1000' &
        while :; do wait; done",
    );
    let engine = engine(&world, &workflow, program.folder(folder.path())).await;
    let mut events = engine.events();
    let task = engine.submit(&workflow, &0).await.unwrap();
    while !matches!(events.recv().await.unwrap().kind, EventKind::StepStarted { .. }) {}
    while !folder.path().join("ready").exists() {
        tokio::task::yield_now().await;
    }
    assert!(engine.cancel(task, "an operator").await.unwrap());
    assert!(matches!(engine.wait(task).await.unwrap().kind, TaskEndKind::Cancelled(_)));
    assert!(folder.path().join("stopped").exists(), "it was asked first");
    let child = std::fs::read_to_string(folder.path().join("child")).unwrap();
    // The signal was sent; it is the kernel's to carry out. A zombie waits for a parent that has not looked yet.
    let stat = format!("/proc/{}/stat", child.trim());
    while std::fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z ")) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_a_program_gives_in_its_grace_counts() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::new();
    let workflow = workflow(|step| step);
    let program = shell(
        r#"trap 'echo "{\"done\": 5}"; exit 0' TERM
        sh -c 'echo ready > ready; exec sleep 1000' &
        while :; do wait; done"#,
    );
    let engine = engine(&world, &workflow, program.folder(folder.path())).await;
    let task = engine.submit(&workflow, &0).await.unwrap();
    while !folder.path().join("ready").exists() {
        tokio::task::yield_now().await;
    }
    assert!(engine.cancel(task, "an operator").await.unwrap());
    assert_eq!(output(&engine.wait(task).await.unwrap()), "5");
}

#[tokio::test]
async fn a_program_that_takes_too_long_is_killed() {
    let world = World::new();
    let workflow = workflow(|step| step.retry(RetryPolicy::NEVER).timeout(Duration::from_millis(20)));
    let engine = engine(&world, &workflow, shell("sleep 1000")).await;
    let task = engine.submit(&workflow, &0).await.unwrap();
    assert_eq!(failure(&engine.wait(task).await.unwrap()), "step run: did not end within 20ms");
}
