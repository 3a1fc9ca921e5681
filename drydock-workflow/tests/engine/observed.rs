//! What can be watched of instances: figures, and spans that go on where another instance goes on with a task.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use drydock_workflow::observe::{FIELDS, METRICS, Page, SPANS};
use drydock_workflow::{Outcome, StepContext, StepError, WorkflowBuilder, step_fn};
use tokio::sync::Notify;
use tracing::Instrument as _;

use crate::support::{Log, World, gated, nothing, output, parent_of, single};
use crate::traced::Traced;

#[tokio::test(start_paused = true)]
async fn a_task_that_is_taken_over_goes_on_in_the_same_trace() {
    let (traced, _guard) = Traced::start();
    let (gate, log) = (Arc::new(Notify::new()), Log::default());
    let workflow = gated(&gate, &log);
    let world = World::new();
    let first = world.instance("a").workflow(&workflow).start().await.unwrap();
    let request = tracing::info_span!("request");
    let asked_in = request.id().map(|id| id.into_u64());
    let task = first.submit(&workflow, &()).instrument(request).await.unwrap();
    log.reaches(1).await;
    drop(first);
    let page = Page::default();
    let second = world.instance("b").recorder(Arc::new(page.clone())).workflow(&workflow);
    let second = second.start().await.unwrap();
    log.reaches(2).await;
    gate.notify_waiters();
    output(&second.wait(task).await.unwrap());

    let runs = traced.spans("run");
    let [(first, began), (second, went_on)] = runs.as_slice() else { panic!("{runs:?}") };
    for run in [began, went_on] {
        assert_eq!(run.get("trace.id"), task.to_string().replace('-', ""));
        assert_eq!(run.get("task.id"), task.to_string());
        assert_eq!(run.get("run.workflow"), "gated");
        assert_eq!(run.parent, None, "a run outlives the request");
    }
    assert_eq!((began.get("run.resumed"), went_on.get("run.resumed")), ("false", "true"));
    assert_eq!((began.follows, went_on.follows), (asked_in, None));
    assert_ne!(began.get("claim.epoch"), went_on.get("claim.epoch"));
    assert_ne!(began.get("claim.fence"), went_on.get("claim.fence"));
    let steps = traced.spans("step");
    let runs_of_steps: Vec<_> = steps.iter().map(|(_, step)| step.parent).collect();
    assert_eq!(runs_of_steps, [Some(*first), Some(*second)]);
    for (_, step) in &steps {
        assert_eq!((step.get("step.name"), step.get("step.attempt")), ("gated", "1"));
        assert_eq!(step.get("task.id"), task.to_string());
    }
    assert_eq!(figure(&page, "drydock_takeovers_total"), "1");
    assert_eq!(figure(&page, "drydock_tasks_resumed_total{workflow=\"gated\"}"), "1");
    assert_eq!(figure(&page, "drydock_tasks_started_total{workflow=\"gated\"}"), "0");
}

#[tokio::test(start_paused = true)]
async fn what_a_body_logs_stands_in_its_step_and_a_child_knows_its_parents_trace() {
    let (traced, _guard) = Traced::start();
    let child = single(
        "child",
        step_fn(|_: StepContext, (): ()| async {
            tracing::info!("here");
            Ok(Outcome::Done(()))
        }),
    );
    let parent = parent_of(&child);
    let world = World::new();
    let engine = world.instance("a").workflow(&child).workflow(&parent).start().await.unwrap();
    let task = engine.submit(&parent, &vec![()]).await.unwrap();
    output(&engine.wait(task).await.unwrap());
    let runs = traced.spans("run");
    let child = runs.iter().find(|(_, run)| run.get("run.workflow") == "child").unwrap();
    assert_eq!(child.1.get("parent.trace.id"), task.to_string().replace('-', ""));
    let steps = traced.spans("step");
    let inside = steps.iter().find(|(_, step)| step.parent == Some(child.0)).unwrap();
    assert_eq!(traced.lines(), [Some(inside.0)]);
    let known: BTreeSet<_> = FIELDS.iter().copied().collect();
    for (_, span) in runs.iter().chain(&steps) {
        let unknown: Vec<_> = span.fields.keys().filter(|field| !known.contains(**field)).collect();
        assert!(SPANS.contains(&span.name) && unknown.is_empty(), "{span:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_instance_counts_what_it_does_by_workflow_and_outcome() {
    let flaky = step_fn(|ctx: StepContext, (): ()| async move {
        match ctx.attempt() {
            1 => Err(StepError::retryable("not yet")),
            _ if ctx.elapsed() < Duration::from_secs(5) => {
                Ok(Outcome::wait(Duration::from_secs(5), "a while"))
            }
            _ => Ok(Outcome::Done(7_u32)),
        }
    });
    let slow = step_fn(|_: StepContext, n: u32| async move {
        tokio::time::sleep(Duration::from_secs(2)).await;
        if n == 7 { Err(StepError::permanent("seven")) } else { Ok(Outcome::Done(())) }
    });
    let mut builder = WorkflowBuilder::<()>::new("counted", 1);
    let input = builder.input();
    let flaky = builder.step("flaky", flaky).run(&input);
    let slow = builder.step("slow", slow).run(&flaky);
    let workflow = builder.output(&slow).unwrap();
    let (world, page) = (World::new(), Page::default());
    let engine = world.instance("a").recorder(Arc::new(page.clone())).workflow(&workflow);
    let engine = engine.start().await.unwrap();
    let task = engine.submit(&workflow, &()).await.unwrap();
    engine.wait(task).await.unwrap();
    for (series, wanted) in [
        ("drydock_tasks_started_total{workflow=\"counted\"}", "1"),
        ("drydock_tasks_ended_total{outcome=\"failed\",workflow=\"counted\"}", "1"),
        ("drydock_tasks_ended_total{outcome=\"completed\",workflow=\"counted\"}", "0"),
        ("drydock_steps_started_total{workflow=\"counted\"}", "4"),
        ("drydock_steps_finished_total{outcome=\"retries\",workflow=\"counted\"}", "1"),
        ("drydock_steps_finished_total{outcome=\"waits\",workflow=\"counted\"}", "1"),
        ("drydock_steps_finished_total{outcome=\"done\",workflow=\"counted\"}", "1"),
        ("drydock_steps_finished_total{outcome=\"failed\",workflow=\"counted\"}", "1"),
        ("drydock_step_seconds_count{workflow=\"counted\"}", "4"),
        ("drydock_step_seconds_sum{workflow=\"counted\"}", "2"),
    ] {
        assert_eq!(figure(&page, series), wanted, "{series}\n{}", page.render());
    }
    assert!(count(&page, "drydock_commit_seconds_count") >= 5);
    assert!(count(&page, "drydock_commit_writes_sum") >= 5);
    assert!(count(&page, "drydock_claim_seconds_count") >= 1);
    assert!(count(&page, "drydock_lease_renewals_total") >= 1);
    assert!(!page.render().contains(&task.to_string()));
}

/// A figure that nobody takes would be in the documents, and never on a page.
#[tokio::test(start_paused = true)]
async fn an_instance_has_every_metric_of_the_vocabulary_with_its_labels_and_no_others() {
    let (world, page, workflow) = (World::new(), Page::default(), nothing());
    let engine = world.instance("a").recorder(Arc::new(page.clone())).workflow(&workflow);
    let _engine = engine.start().await.unwrap();
    let text = page.render();
    let mut found = BTreeSet::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let series = line.rsplit_once(' ').unwrap().0;
        let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
        let suffixes = ["_bucket", "_sum", "_count"];
        let base = suffixes.iter().find_map(|suffix| name.strip_suffix(suffix)).unwrap_or(name);
        let metric = METRICS.iter().find(|metric| metric.name == base).unwrap_or_else(|| panic!("{line}"));
        let names = labels.trim_end_matches('}').split(',').filter_map(|label| label.split_once('='));
        let names: BTreeSet<_> = names.map(|(name, _)| name).filter(|name| *name != "le").collect();
        assert_eq!(names, metric.labels.iter().copied().collect(), "{line}");
        assert!(text.contains(&format!("# HELP {base} {}\n", metric.help)), "{base}");
        found.insert(metric.name);
    }
    let of_the_server = |name: &&str| name.contains("_http_") || name.contains("_store_connections");
    let of_the_engine = METRICS.iter().map(|metric| metric.name).filter(|name| !of_the_server(name));
    assert_eq!(found, of_the_engine.collect());
}

#[test]
fn the_document_has_every_metric_span_and_field_and_no_others() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/metrics.md")).unwrap();
    let rows = |heading: &str| -> Vec<Vec<String>> {
        let part = text.split("\n## ").find(|part| part.starts_with(heading)).unwrap();
        let rows = part.lines().filter(|line| line.starts_with("| `"));
        let cells = |row: &str| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
        rows.map(|row| cells(&row.replace('`', ""))).collect()
    };
    let documented: BTreeSet<Vec<String>> =
        rows("Metrics").into_iter().map(|row| row.into_iter().take(5).collect()).collect();
    let vocabulary = METRICS.iter().map(|metric| {
        let kind = format!("{:?}", metric.kind).to_lowercase();
        let unit = metric.unit.as_str().to_owned();
        vec![metric.name.to_owned(), kind, unit, metric.labels.join(", "), metric.help.to_owned()]
    });
    assert_eq!(documented, vocabulary.collect());
    let first = |heading| rows(heading).into_iter().map(|row| row[0].clone()).collect::<BTreeSet<_>>();
    assert_eq!(first("Spans"), SPANS.iter().map(ToString::to_string).collect());
    assert_eq!(first("Fields"), FIELDS.iter().map(ToString::to_string).collect());
}

/// The value of a series, by its name and labels as the page has them.
fn figure(page: &Page, series: &str) -> String {
    let text = page.render();
    let line = text.lines().find(|line| line.rsplit_once(' ').is_some_and(|(name, _)| name == series));
    let line = line.unwrap_or_else(|| panic!("there is no {series} in\n{text}"));
    line.rsplit_once(' ').unwrap().1.to_owned()
}

fn count(page: &Page, series: &str) -> u64 {
    figure(page, series).parse().unwrap()
}
