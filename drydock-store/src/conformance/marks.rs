//! Notes that steps make on their way.

use drydock_core::Payload;
use drydock_core::journal::{Mark, Write};

use super::samples::{id, mark, payload, running, taken_over};
use super::{Shared, rules};

rules!(
    the_first_of_a_name_stands,
    marks_are_by_step_time_and_name,
    all_of_a_mark_is_kept,
    a_name_may_hold_a_nul
);

async fn made(store: &Shared, marks: Vec<Mark>) -> Vec<Mark> {
    let epoch = running(store).await;
    let writes: Vec<Write> = marks.into_iter().map(|mark| Write::Marked(id(1), mark)).collect();
    store.append(epoch, &writes).await.unwrap();
    // As a flusher does whose answer was lost.
    store.append(epoch, &writes).await.unwrap();
    taken_over(store, epoch).await.marks
}

/// In one batch, and in two; in another step the same name is another mark.
pub async fn the_first_of_a_name_stands(store: Shared) {
    let marks = vec![mark("a", "begun", 2), mark("a", "begun", 3), mark("b", "begun", 4)];
    assert_eq!(made(&store, marks).await, [mark("a", "begun", 2), mark("b", "begun", 4)]);
}

/// Items of a map by the text of their keys, as databases sort them.
pub async fn marks_are_by_step_time_and_name(store: Shared) {
    let marks = vec![
        mark("undo:a", "x", 1),
        mark("a[9]", "x", 2),
        mark("a[10]", "x", 3),
        mark("a", "y", 5),
        mark("a", "z", 4),
        mark("a", "x", 5),
        mark("B", "x", 6),
    ];
    let sorted = [
        mark("B", "x", 6),
        mark("a", "z", 4),
        mark("a", "x", 5),
        mark("a", "y", 5),
        mark("a[10]", "x", 3),
        mark("a[9]", "x", 2),
        mark("undo:a", "x", 1),
    ];
    assert_eq!(made(&store, marks).await, sorted);
}

/// Any bytes under any name.
pub async fn all_of_a_mark_is_kept(store: Shared) {
    let marks = vec![
        Mark { value: Payload::from(Vec::new()), ..mark("a", "", 2) },
        Mark { value: Payload::from((0..=255).collect::<Vec<u8>>()), ..mark("a", "disk 17/'故障'", 3) },
    ];
    assert_eq!(made(&store, marks.clone()).await, marks);
}

/// As in every text: it is replaced, and then two names may be one.
pub async fn a_name_may_hold_a_nul(store: Shared) {
    let marks = vec![mark("a", "x\0", 2), Mark { value: payload(9), ..mark("a", "x\u{fffd}", 2) }];
    assert_eq!(made(&store, marks).await, [mark("a", "x\u{fffd}", 2)]);
}
