//! What steps said.

use drydock_core::journal::{Message, Subject, Write};

use super::samples::{at, claimed, id, join, message, put_workflow, running};
use super::{Shared, rules};

rules!(messages_are_kept_by_place, all_of_a_message_is_kept, the_next_place_is_known, text_may_hold_a_nul);

/// The first at each place stands.
pub async fn messages_are_kept_by_place(store: Shared) {
    let epoch = running(&store).await;
    for seq in [1, 0, 11, 2] {
        store.append(epoch, &[Write::MessageSaid(id(1), message(seq))]).await.unwrap();
    }
    let again = Message { text: "another".to_owned(), ..message(1) };
    store.append(epoch, &[Write::MessageSaid(id(1), again)]).await.unwrap();
    let kept = store.task_get(id(1)).await.unwrap().unwrap().messages;
    assert_eq!(kept, [message(0), message(1), message(2), message(11)]);
}

/// Errors, subjects, and text of any script.
pub async fn all_of_a_message_is_kept(store: Shared) {
    let epoch = running(&store).await;
    let subject = Some(Subject { kind: "node".to_owned(), name: "rack1-n07".to_owned() });
    let said =
        Message { error: true, text: "Lüfter 3: 故障 'x' \"y\"\n".to_owned(), subject, ..message(0) };
    store.append(epoch, &[Write::MessageSaid(id(1), said.clone())]).await.unwrap();
    assert_eq!(store.task_get(id(1)).await.unwrap().unwrap().messages, [said]);
}

/// A new owner goes on where the old one stopped.
pub async fn the_next_place_is_known(store: Shared) {
    let epoch = running(&store).await;
    let batch: Vec<Write> = (0..3).map(|seq| Write::MessageSaid(id(1), message(seq))).collect();
    store.append(epoch, &batch).await.unwrap();
    store.instance_leave(epoch).await.unwrap();
    let next = join(&store, "b").await;
    let workflow = put_workflow(&store).await;
    assert_eq!(claimed(&store, next, &[workflow], at(9), 1).await.first().unwrap().messages, 3);
}

/// As in a wait's reason, so in every text of a message.
pub async fn text_may_hold_a_nul(store: Shared) {
    let epoch = running(&store).await;
    let subject = Some(Subject { kind: "no\0de".to_owned(), name: "n\0".to_owned() });
    let odd = Message { text: "\0".to_owned(), subject, ..message(0) };
    store.append(epoch, &[Write::MessageSaid(id(1), odd)]).await.unwrap();
    let subject = Some(Subject { kind: "no\u{fffd}de".to_owned(), name: "n\u{fffd}".to_owned() });
    let kept = Message { text: "\u{fffd}".to_owned(), subject, ..message(0) };
    assert_eq!(store.task_get(id(1)).await.unwrap().unwrap().messages, [kept]);
}
