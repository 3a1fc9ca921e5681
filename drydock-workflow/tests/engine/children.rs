//! Child tasks: one per item, each on its own way, joined in order.

use drydock_workflow::{
    ChildOutcome, ChildResult, Engine, EngineOptions, Outcome, StepContext, StepError, Workflow,
    WorkflowBuilder, step_fn,
};

use crate::support::{World, output};

fn square() -> Workflow<i32, i32> {
    let mut builder = WorkflowBuilder::<i32>::new("square", 1);
    let input = builder.input();
    let square = step_fn(|_: StepContext, n: i32| async move {
        if n < 0 { Err(StepError::permanent("negative")) } else { Ok(Outcome::Done(n * n)) }
    });
    let square = builder.step("square", square).run(&input);
    builder.output(&square).unwrap()
}

fn squares(child: &Workflow<i32, i32>) -> Workflow<Vec<i32>, Vec<String>> {
    let mut builder = WorkflowBuilder::<Vec<i32>>::new("squares", 1);
    let input = builder.input();
    let all = builder.children("all", child).run(&input);
    let tell = step_fn(|_: StepContext, ends: Vec<ChildResult<i32>>| async move {
        let tell = |end: ChildResult<i32>| match end.end {
            ChildOutcome::Completed(n) => format!("{}: {n}", end.index),
            ChildOutcome::Failed(failure) => format!("{}: {}", end.index, failure.message),
            ChildOutcome::Cancelled(request) => format!("{}: by {}", end.index, request.by),
        };
        Ok(Outcome::Done(ends.into_iter().map(tell).collect::<Vec<_>>()))
    });
    let told = builder.step("tell", tell).run(&all);
    builder.output(&told).unwrap()
}

#[tokio::test(start_paused = true)]
async fn children_end_each_in_its_own_way_and_are_joined_in_order() {
    let (child, parent) = (square(), squares(&square()));
    let world = World::new();
    let engine = world.instance("a").workflow(&child).workflow(&parent).start().await.unwrap();
    let task = engine.submit(&parent, &vec![3, -1, 4]).await.unwrap();
    let told = output(&engine.wait(task).await.unwrap());
    assert_eq!(told, r#"["0: 9","1: step square: negative","2: 16"]"#);
}

#[tokio::test(start_paused = true)]
async fn no_items_no_children() {
    let (child, parent) = (square(), squares(&square()));
    let world = World::new();
    let engine = world.instance("a").workflow(&child).workflow(&parent).start().await.unwrap();
    let task = engine.submit(&parent, &vec![]).await.unwrap();
    assert_eq!(output(&engine.wait(task).await.unwrap()), "[]");
}

#[tokio::test(start_paused = true)]
async fn parents_do_not_take_their_childrens_room() {
    let (child, parent) = (square(), squares(&square()));
    let world = World::new();
    let options = EngineOptions { capacity: 2, ..EngineOptions::default() };
    let start = |name| world.instance(name).options(options).workflow(&child).workflow(&parent).start();
    let engines: Vec<Engine> = vec![start("a").await.unwrap(), start("b").await.unwrap()];
    let mut tasks = Vec::new();
    for first in 0..10 {
        tasks.push(engines[0].submit(&parent, &(first..first + 20).collect()).await.unwrap());
    }
    for (first, task) in (0..).zip(tasks) {
        let told = output(&engines[1].wait(task).await.unwrap());
        assert_eq!(told.matches(": ").count(), 20, "{told}");
        assert!(told.contains(&format!("\"0: {}\"", first * first)), "{told}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_child_whose_workflow_is_not_offered_is_found_at_start() {
    let world = World::new();
    let refused = world.instance("a").workflow(&squares(&square())).start().await.err().unwrap();
    assert!(refused.to_string().contains("does not offer workflow square"), "{refused}");
}
