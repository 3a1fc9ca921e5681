//! What must not compile. Each mistake stands beside the right way; both are compiled with the same code around them, so the
//! wrong line alone is why the wrong one does not. Only documentation tests see this.

macro_rules! mistake {
    ($(#[doc = $why:literal])+ $name:ident, right: $right:literal, wrong: $wrong:literal) => {
        $(#[doc = $why])+
        #[doc = concat!("```\n", around!($right), "\n```")]
        #[doc = concat!("```compile_fail\n", around!($wrong), "\n```")]
        pub struct $name;
    };
}

macro_rules! around {
    ($line:literal) => {
        concat!(
            "use drydock_workflow::{Gate, Handle, Outcome, Undo, WorkflowBuilder, step_fn};\n",
            "let mut builder = WorkflowBuilder::<u32>::new(\"checked\", 1);\n",
            "let input: Handle<u32> = builder.input();\n",
            "let text = step_fn(|_, n: u32| async move { Ok(Outcome::Done(n.to_string())) });\n",
            "let text: Handle<String> = builder.step(\"text\", text).run(&input);\n",
            "let gate = step_fn(|_, (): ()| async { Ok(Outcome::Done(Gate::Open)) });\n",
            "let gate: Handle<Gate> = builder.step(\"gate\", gate).run(());\n",
            "let add = step_fn(|_, (a, b): (u32, u32)| async move { Ok(Outcome::Done(a + b)) });\n",
            "let next = step_fn(|_, n: u32| async move { Ok(Outcome::Done(n + 1)) });\n",
            $line,
            "\nbuilder.build().unwrap();"
        )
    };
}

mistake!(
    /// An output does not fit an input.
    WrongType,
    right: "builder.step(\"next\", next).run(&input); let _ = (add, text, gate);",
    wrong: "builder.step(\"next\", next).run(&text); let _ = (add, input, gate);"
);

mistake!(
    /// One of two inputs is forgotten.
    ForgottenInput,
    right: "builder.step(\"add\", add).run((&input, &input)); let _ = (next, text, gate);",
    wrong: "builder.step(\"add\", add).run(&input); let _ = (next, text, gate);"
);

mistake!(
    /// A step that needs something is given nothing.
    NoInput,
    right: "builder.step(\"next\", next).run(&input); let _ = (add, text, gate);",
    wrong: "builder.step(\"next\", next).run(()); let _ = (add, text, gate);"
);

mistake!(
    /// A step holds over an await what cannot move between threads.
    NotSend,
    right: "let held = step_fn(|_, (): ()| async {\n\
            let shared = std::sync::Arc::new(7); std::future::ready(()).await; Ok(Outcome::Done(*shared)) });\n\
            builder.step(\"held\", held).run(()); let _ = (add, next, text, gate);",
    wrong: "let held = step_fn(|_, (): ()| async {\n\
            let shared = std::rc::Rc::new(7); std::future::ready(()).await; Ok(Outcome::Done(*shared)) });\n\
            builder.step(\"held\", held).run(()); let _ = (add, next, text, gate);"
);

mistake!(
    /// What a step gives that may be skipped is taken as if it were always there.
    SkippedOutput,
    right: "let maybe = builder.step(\"next\", next).when(&gate).run(&input);\n\
            let after = step_fn(|_, n: Option<u32>| async move { Ok(Outcome::Done(n)) });\n\
            builder.step(\"after\", after).run(&maybe); let _ = (add, text);",
    wrong: "let maybe = builder.step(\"next\", next).when(&gate).run(&input);\n\
            let after = step_fn(|_, n: u32| async move { Ok(Outcome::Done(n)) });\n\
            builder.step(\"after\", after).run(&maybe); let _ = (add, text);"
);

mistake!(
    /// A number is taken for a condition.
    NoCondition,
    right: "builder.step(\"next\", next).when(&gate).run(&input); let _ = (add, text);",
    wrong: "builder.step(\"next\", next).when(&input).run(&input); let _ = (add, text, gate);"
);

mistake!(
    /// An undo takes back another step than the one that it stands at.
    OthersUndo,
    right: "let undo = step_fn(|_, _: Undo<u32, u32>| async { Ok(Outcome::Done(())) });\n\
            builder.step(\"next\", next).undo(undo).run(&input); let _ = (add, text, gate);",
    wrong: "let undo = step_fn(|_, _: Undo<u32, String>| async { Ok(Outcome::Done(())) });\n\
            builder.step(\"next\", next).undo(undo).run(&input); let _ = (add, text, gate);"
);

mistake!(
    /// An undo for steps that have only begun counts on an output.
    BegunUndo,
    right: "let undo = step_fn(|_, _: Undo<u32, Option<u32>>| async { Ok(Outcome::Done(())) });\n\
            builder.step(\"next\", next).undo_begun(undo).run(&input); let _ = (add, text, gate);",
    wrong: "let undo = step_fn(|_, _: Undo<u32, u32>| async { Ok(Outcome::Done(())) });\n\
            builder.step(\"next\", next).undo_begun(undo).run(&input); let _ = (add, text, gate);"
);

mistake!(
    /// A map is fed with one item.
    MapWithoutList,
    right: "let list = step_fn(|_, n: u32| async move { Ok(Outcome::Done(vec![n])) });\n\
            let list = builder.step(\"list\", list).run(&input);\n\
            builder.map(\"next\", next).run(&list); let _ = (add, text, gate);",
    wrong: "let list = step_fn(|_, n: u32| async move { Ok(Outcome::Done(vec![n])) });\n\
            let list = builder.step(\"list\", list).run(&input);\n\
            builder.map(\"next\", next).run(&input); let _ = (add, text, gate, list);"
);
