//! Steps that workers elsewhere do: they take a job, renew, and answer; the silent lose it.

use std::time::Duration;

use drydock_core::ExecutorName;
use drydock_core::journal::TaskEndKind;
use drydock_store::repo::{FactQuery, TaskRepo as _};
use drydock_workflow::executor::wire::Line;
use drydock_workflow::executor::{Gone, QueueOptions, WorkQueue};
use drydock_workflow::{Engine, EngineError, Fact, Workflow, WorkflowBuilder};
use serde_json::json;

use crate::support::{World, output, within};

const LEASE: Duration = Duration::from_secs(30);
const SOON: Duration = Duration::from_secs(5);

fn python() -> ExecutorName {
    ExecutorName::new("python").unwrap()
}

fn workflow() -> Workflow<u32, u32> {
    let mut builder = WorkflowBuilder::<u32>::new("remote", 1);
    let input = builder.input();
    let out = builder.external("count", "python", json!({"by": 2})).run(&input);
    builder.output(&out).unwrap()
}

fn queue() -> WorkQueue {
    WorkQueue::new(QueueOptions { lease: LEASE, ..QueueOptions::default() })
}

async fn engine(world: &World, name: &str, queue: &WorkQueue) -> Engine {
    world.instance(name).workflow(&workflow()).executor(python(), queue.clone()).start().await.unwrap()
}

fn lines(text: &str) -> Vec<Line> {
    text.lines().map(|line| Line::read(line.as_bytes()).unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_worker_takes_renews_and_answers() {
    let (world, queue) = (World::new(), queue());
    let engine = engine(&world, "a", &queue).await;
    let task = engine.submit(&workflow(), &20).await.unwrap();
    let ticket = queue.take(SOON).await.unwrap();
    assert_eq!((ticket.job.task.clone(), ticket.job.input.get()), (task.to_string(), "20"));
    assert_eq!(
        (ticket.job.step.as_str(), ticket.job.attempt, &ticket.job.job),
        ("count", 1, &json!({"by": 2}))
    );
    // Whoever renews may take longer than a lease.
    for _ in 0..5 {
        tokio::time::advance(LEASE * 2 / 3).await;
        assert!(!queue.renew(ticket.ticket).unwrap().cancelled);
    }
    let told = r#"{"record": {"about": ["node", "n1"], "by": "lshw", "text": "<list/>", "format": "text/xml"}}
        {"progress": {"done": 1, "total": 2}}"#;
    queue.answer(ticket.ticket, lines(told)).unwrap();
    queue.answer(ticket.ticket, lines("{\"say\": {\"text\": \"twenty-two\"}}\n{\"done\": 22}")).unwrap();
    assert_eq!(output(&engine.wait(task).await.unwrap()), "22");
    let facts = world.store.fact_list(&FactQuery::of_task(task)).await.unwrap().facts;
    assert_eq!(facts[0].record.fact, Fact::about("node", "n1").by("lshw").text("text/xml", "<list/>"));
    let history = world.store.task_history(task).await.unwrap().unwrap();
    assert_eq!(history.progress[0].figure.to_string(), "1 of 2");
    assert_eq!(queue.answer(ticket.ticket, lines("{\"done\": 23}")), Err(Gone), "one answer");
    assert!(queue.is_empty());
    assert!(queue.take(SOON).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_silent_worker_loses_its_job_to_another() {
    let (world, queue) = (World::new(), queue());
    let engine = engine(&world, "a", &queue).await;
    let task = engine.submit(&workflow(), &20).await.unwrap();
    let lost = queue.take(SOON).await.unwrap();
    let again = queue.take(LEASE * 2).await.unwrap();
    assert_eq!((again.job.attempt, again.job.may_have_run), (2, true));
    assert_eq!(again.job.idempotency_key, lost.job.idempotency_key);
    assert_eq!(queue.renew(lost.ticket), Err(Gone));
    assert_eq!(queue.answer(lost.ticket, lines("{\"done\": 1}")), Err(Gone));
    queue.answer(again.ticket, lines("{\"done\": 2}")).unwrap();
    assert_eq!(output(&engine.wait(task).await.unwrap()), "2");
}

#[tokio::test(start_paused = true)]
async fn a_worker_hears_of_a_cancellation_when_it_renews() {
    let (world, queue) = (World::new(), queue());
    let engine = engine(&world, "a", &queue).await;
    let held = engine.submit(&workflow(), &1).await.unwrap();
    let ticket = queue.take(SOON).await.unwrap();
    let waiting = engine.submit(&workflow(), &2).await.unwrap();
    while queue.len() != (1, 1) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    for task in [held, waiting] {
        assert!(engine.cancel(task, "an operator").await.unwrap());
    }
    let end = within(SOON, engine.wait(waiting)).await.expect("nobody has it, so nobody is waited for");
    assert!(matches!(end.unwrap().kind, TaskEndKind::Cancelled(_)));
    assert!(queue.renew(ticket.ticket).unwrap().cancelled);
    queue.answer(ticket.ticket, lines("{\"fail\": {\"message\": \"stopped\"}}")).unwrap();
    assert!(matches!(engine.wait(held).await.unwrap().kind, TaskEndKind::Cancelled(_)));
    assert!(queue.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_takeover_voids_the_ticket_and_raises_the_fence() {
    let (world, old, new) = (World::new(), queue(), queue());
    let first = engine(&world, "a", &old).await;
    let task = first.submit(&workflow(), &20).await.unwrap();
    let stale = old.take(SOON).await.unwrap();
    let second = engine(&world, "b", &new).await;
    drop(first);
    let fresh = new.take(Duration::from_mins(1)).await.expect("the other instance takes the task over");
    assert!(fresh.job.fence > stale.job.fence);
    assert_eq!(old.answer(stale.ticket, lines("{\"done\": 1}")), Err(Gone));
    new.answer(fresh.ticket, lines("{\"done\": 2}")).unwrap();
    assert_eq!(output(&second.wait(task).await.unwrap()), "2");
}

#[tokio::test(start_paused = true)]
async fn an_engine_without_the_executor_does_not_start_unless_another_has_it() {
    let (world, queue) = (World::new(), queue());
    let without = world.instance("a").workflow(&workflow()).start().await;
    assert!(
        matches!(without, Err(EngineError::UnknownExecutor { executor, .. }) if executor == python()),
        "it would leave its tasks lying"
    );
    let front = world.instance("a").workflow(&workflow()).executor_elsewhere(python()).start().await.unwrap();
    let task = front.submit(&workflow(), &20).await.unwrap();
    let back = engine(&world, "b", &queue).await;
    let ticket = queue.take(SOON).await.expect("the instance that has the executor takes the task");
    queue.answer(ticket.ticket, lines("{\"done\": 5}")).unwrap();
    assert_eq!(output(&front.wait(task).await.unwrap()), "5");
    drop(back);
}
