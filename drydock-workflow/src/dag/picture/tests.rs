//! One workflow with a step of each kind, as each picture shows it.

use crate::children::ChildResult;
use crate::{Dag, Outcome, StepContext, Undo, WorkflowBuilder, step_fn};

fn all_kinds() -> crate::Workflow<Vec<u32>, Vec<ChildResult<()>>> {
    let child = {
        let mut builder = WorkflowBuilder::<u32>::new("share", 1);
        builder.step("work", step_fn(|_, (): ()| async { Ok(Outcome::Done(())) })).run(());
        builder.build().unwrap()
    };
    let mut builder = WorkflowBuilder::<Vec<u32>>::new("site/all", 3);
    let input = builder.input();
    let asks = builder.step("asks", step_fn(|_, (): ()| async { Ok(Outcome::Done(true)) })).run(());
    let wipe = step_fn(|_: StepContext, n: u32| async move { Ok(Outcome::Done(n)) });
    let undo = step_fn(|_: StepContext, _: Undo<u32, u32>| async { Ok(Outcome::Done(())) });
    let wiped = builder.map("wipe", wipe).at_once(4).undo(undo).after(&asks).run(&input);
    let burn = builder.external::<Vec<u32>, ()>("burn", "lab", serde_json::json!({}));
    burn.when(&asks).run(&wiped);
    let nodes = builder.children("nodes", &child).run(&input);
    let tidy = step_fn(|_, _: (Vec<u32>, Option<Vec<u32>>)| async { Ok(Outcome::Done(())) });
    builder.finally("tidy", tidy).run((&input, &wiped.maybe()));
    builder.output(&nodes).unwrap()
}

fn check(picture: impl Fn(&Dag) -> String, expected: &str) {
    let workflow = all_kinds();
    let text = picture(workflow.dag());
    assert_eq!(text, expected, "\n{text}");
}

#[test]
fn as_text() {
    check(
        Dag::to_text,
        "\
site/all, version 3, unwinds after a failure or a cancellation
  asks   step
  wipe   map, 4 at once, undo   <- input, after asks
  burn   step, by lab           <- wipe, when asks
  nodes  children share         <- input
  tidy   finally                <- input, wipe?
output <- nodes
",
    );
}

#[test]
fn for_graphviz() {
    check(
        Dag::to_dot,
        r#"digraph "site/all" {
  rankdir=LR;
  label="site/all, version 3, unwinds after a failure or a cancellation";
  node [shape=box];
  "input" [shape=plaintext];
  "asks" [label="asks\nstep"];
  "wipe" [label="wipe\nmap, 4 at once, undo", shape=box3d];
  "burn" [label="burn\nstep, by lab"];
  "nodes" [label="nodes\nchildren share", shape=folder];
  "tidy" [label="tidy\nfinally", style=rounded];
  "input" -> "wipe";
  "asks" -> "wipe" [style=dotted];
  "wipe" -> "burn";
  "asks" -> "burn" [arrowhead=odiamond, label="when"];
  "input" -> "nodes";
  "input" -> "tidy";
  "wipe" -> "tidy" [style=dashed, label="if there"];
  "output" [shape=plaintext];
  "nodes" -> "output";
}
"#,
    );
}

#[test]
fn for_mermaid() {
    check(
        Dag::to_mermaid,
        r#"flowchart LR
  input([input])
  s0["asks<br/>step"]
  s1[["wipe<br/>map, 4 at once, undo"]]
  s2["burn<br/>step, by lab"]
  s3[/"nodes<br/>children share"/]
  s4("tidy<br/>finally")
  input --> s1
  s0 -.-> s1
  s1 --> s2
  s0 -->|when| s2
  input --> s3
  input --> s4
  s1 -.->|if there| s4
  s3 --> output([output])
"#,
    );
}
