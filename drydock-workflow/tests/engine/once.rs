//! Parts of a step that are done once, and outputs of steps further back.

use std::sync::Arc;
use std::time::Duration;

use drydock_workflow::{EngineOptions, Outcome, StepContext, StepError, WorkflowBuilder, step_fn};
use tokio::sync::Notify;

use crate::support::{Log, World, failure, output, single};

#[tokio::test(start_paused = true)]
async fn a_loop_over_forty_disks_goes_on_at_the_one_that_was_cut_off() {
    let (log, gate, world) = (Log::default(), Arc::new(Notify::new()), World::new());
    let (noted, held) = (log.clone(), gate.clone());
    let wipe = step_fn(move |ctx: StepContext, disks: u32| {
        let (log, gate) = (noted.clone(), held.clone());
        async move {
            let mut sizes = 0;
            for disk in 0..disks {
                sizes += ctx
                    .once(&format!("disk-{disk}"), async {
                        log.note(disk.to_string());
                        if disk == 17 {
                            gate.notified().await;
                        }
                        Ok::<u32, StepError>(disk * 10)
                    })
                    .await?;
            }
            Ok(Outcome::Done(sizes))
        }
    });
    let workflow = single("wipe", wipe);
    let first = world.instance("a").workflow(&workflow).start().await.unwrap();
    let task = first.submit(&workflow, &40).await.unwrap();
    log.reaches(18).await;
    drop(first);
    let second = world.instance("b").workflow(&workflow).start().await.unwrap();
    log.reaches(19).await;
    gate.notify_waiters();
    assert_eq!(
        output(&second.wait(task).await.unwrap()),
        (0..40).map(|disk| disk * 10).sum::<u32>().to_string()
    );
    let expected: Vec<String> = (0..=17).chain(17..40).map(|disk| disk.to_string()).collect();
    assert_eq!(log.lines(), expected, "only the disk that was cut off is done twice");
}

#[tokio::test(start_paused = true)]
async fn a_part_has_one_value_and_a_failed_one_none() {
    let (log, world) = (Log::default(), World::new());
    let noted = log.clone();
    let step = step_fn(move |ctx: StepContext, (): ()| {
        let log = noted.clone();
        async move {
            let failed: Result<u32, _> =
                ctx.once("part", async { Err(StepError::retryable("not yet")) }).await;
            assert_eq!(failed.unwrap_err().message, "not yet");
            for value in [1, 2] {
                let got = ctx.once("part", async { Ok::<u32, StepError>(value) }).await?;
                log.note(got.to_string());
            }
            let other: Result<String, _> = ctx.once("part", async { Ok(String::new()) }).await;
            assert!(other.unwrap_err().message.contains("does not fit the code"));
            for bad in ["", "drydock:begun", &"x".repeat(201)] {
                let refused: Result<(), _> = ctx.once(bad, async { Ok(()) }).await;
                assert!(refused.unwrap_err().message.contains("is no name for a part of a step"));
            }
            ctx.once("large", async { Ok("x".repeat(2_000)) }).await?;
            Ok(Outcome::Done(()))
        }
    });
    let workflow = single("parts", step);
    let options =
        EngineOptions { output_limit: 1_000, lease: Duration::from_secs(9), ..EngineOptions::default() };
    let engine = world.instance("a").options(options).workflow(&workflow).start().await.unwrap();
    let task = engine.submit(&workflow, &()).await.unwrap();
    let said = failure(&engine.wait(task).await.unwrap());
    assert!(said.starts_with("step parts: a part of it has 2002 bytes, the limit is 1000"), "{said}");
    assert_eq!(log.lines(), ["1", "1"]);
}

#[tokio::test(start_paused = true)]
async fn a_step_reads_what_steps_before_it_gave_and_no_others() {
    let world = World::new();
    let mut builder = WorkflowBuilder::<()>::new("reads", 1);
    let give = |n: u32| step_fn(move |_, (): ()| async move { Ok(Outcome::Done(n)) });
    let first = builder.step("first", give(1)).run(());
    let second = builder.step("second", give(2)).after(&first).run(());
    let beside = builder.step("beside", give(3)).run(());
    let read = step_fn(|ctx: StepContext, (): ()| async move {
        let mut seen = Vec::new();
        for step in ["first", "second", "beside", "read", "nobody", "no name"] {
            seen.push(ctx.output_of::<u32>(step).await?);
        }
        let wrong = ctx.output_of::<String>("first").await;
        assert!(wrong.unwrap_err().message.starts_with("the output of step first does not fit the code"));
        Ok(Outcome::Done(seen))
    });
    let seen = builder.step("read", read).after(&second).run(());
    let both = step_fn(|_, (seen, _): (Vec<Option<u32>>, u32)| async move { Ok(Outcome::Done(seen)) });
    let out = builder.step("both", both).run((&seen, &beside));
    let workflow = builder.output(&out).unwrap();
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let task = engine.submit(&workflow, &()).await.unwrap();
    assert_eq!(output(&engine.wait(task).await.unwrap()), "[1,2,null,null,null,null]");
}
