//! Limits: never more steps under way than there are slots, among all instances.

use drydock_core::Epoch;
use drydock_core::journal::{JournalError, SlotAnswer, SlotWish, Write};

use super::samples::{assert_fenced, claim, completed, id, join, put_workflow, running, step, submit, task};
use super::{Shared, rules};

rules!(
    there_are_as_many_slots_as_the_limit_says,
    it_is_all_or_nothing,
    several_wishes_are_answered_in_their_order,
    asking_again_for_what_is_held_is_harmless,
    a_slot_is_given_back,
    what_was_taken_anew_is_not_given_back_by_what_comes_late,
    a_retired_instance_holds_no_slot,
    who_has_ended_holds_no_slot,
    only_the_owner_takes_slots,
    simultaneous_askers_stay_within_the_limit,
    names_may_be_anything,
);

async fn takes(store: &Shared, epoch: Epoch, task: u32, of: &str, limits: &[(&str, u32)]) -> bool {
    let limits: Vec<(String, u32)> =
        limits.iter().map(|(name, slots)| ((*name).to_owned(), *slots)).collect();
    let wish = SlotWish { task: id(task), step: step(of), limits, ticket: 1 };
    let answers = store.slots_take(epoch, &[wish]).await.unwrap();
    assert_eq!(answers.len(), 1);
    answers[0] == SlotAnswer::Taken
}

fn wish(task: u32, of: &str, limits: &[(&str, u32)]) -> SlotWish {
    let limits = limits.iter().map(|(name, slots)| ((*name).to_owned(), *slots)).collect();
    SlotWish { task: id(task), step: step(of), limits, ticket: 1 }
}

fn full(name: &str) -> SlotAnswer {
    SlotAnswer::Full(name.to_owned())
}

/// One after the other, in their order, and each for itself.
pub async fn several_wishes_are_answered_in_their_order(store: Shared) {
    let epoch = running(&store).await;
    let other = join(&store, "b").await;
    let workflow = put_workflow(&store).await;
    store.append(epoch, &[Write::TaskStarted(task(2, workflow))]).await.unwrap();
    store.append(other, &[Write::TaskStarted(task(3, workflow))]).await.unwrap();
    assert!(takes(&store, other, 3, "a", &[("x", 3)]).await);
    let wishes = [
        wish(2, "a", &[("x", 3)]),
        wish(2, "b", &[("x", 3), ("e", 0)]),
        wish(3, "b", &[]),
        wish(9, "a", &[("x", 3)]),
        wish(1, "a", &[("x", 3), ("w", 1)]),
        wish(1, "b", &[("x", 3)]),
        wish(1, "a", &[("x", 3)]),
        wish(2, "c", &[("w", 1), ("x", 3)]),
        wish(2, "d", &[]),
    ];
    let expected = [
        SlotAnswer::Taken,
        full("e"),
        SlotAnswer::NotOwned,
        SlotAnswer::NotOwned,
        SlotAnswer::Taken,
        full("x"),
        SlotAnswer::Taken,
        full("w"),
        SlotAnswer::Taken,
    ];
    for _ in 0..2 {
        assert_eq!(store.slots_take(epoch, &wishes).await.unwrap(), expected);
    }
    assert_eq!(store.slots_take(epoch, &[]).await.unwrap(), []);
    store.append(epoch, &[Write::SlotsFreed(id(2), step("a"), 1)]).await.unwrap();
    assert_eq!(store.slots_take(epoch, &wishes[5..6]).await.unwrap(), [SlotAnswer::Taken]);
    store.instance_leave(epoch).await.unwrap();
    assert_fenced(store.slots_take(epoch, &wishes).await);
    assert_fenced(store.slots_take(epoch, &[]).await);
}

/// Steps of one task and of several.
pub async fn there_are_as_many_slots_as_the_limit_says(store: Shared) {
    let epoch = running(&store).await;
    let workflow = put_workflow(&store).await;
    submit(&store, workflow, [2]).await;
    assert_eq!(claim(&store, epoch, workflow, 9).await, [id(2)]);
    for (task, of) in [(1, "a"), (1, "a[1]"), (2, "a")] {
        assert!(takes(&store, epoch, task, of, &[("maas", 3)]).await, "{task} {of}");
    }
    assert!(!takes(&store, epoch, 2, "b", &[("maas", 3)]).await);
    assert!(takes(&store, epoch, 2, "b", &[("bmc", 1)]).await, "another limit");
    assert!(!takes(&store, epoch, 1, "b", &[("maas", 2)]).await, "a limit may shrink");
    assert!(takes(&store, epoch, 1, "b", &[("maas", 4)]).await, "and grow");
    assert!(!takes(&store, epoch, 1, "c", &[("none", 0)]).await);
    assert!(takes(&store, epoch, 1, "c", &[]).await);
}

/// A step that does not get one gets none.
pub async fn it_is_all_or_nothing(store: Shared) {
    let epoch = running(&store).await;
    assert!(takes(&store, epoch, 1, "a", &[("x", 1)]).await);
    assert!(!takes(&store, epoch, 1, "b", &[("w", 1), ("x", 1), ("y", 1)]).await);
    assert!(takes(&store, epoch, 1, "c", &[("y", 1), ("w", 1)]).await);
    assert!(!takes(&store, epoch, 1, "d", &[("z", 2), ("z", 0)]).await, "the smaller of two counts");
}

/// Also when the limit is full, or has shrunk since.
pub async fn asking_again_for_what_is_held_is_harmless(store: Shared) {
    let epoch = running(&store).await;
    assert!(
        takes(&store, epoch, 1, "a", &[("x", 2)]).await && takes(&store, epoch, 1, "b", &[("x", 2)]).await
    );
    for slots in [2, 1, 0] {
        assert!(takes(&store, epoch, 1, "a", &[("x", slots)]).await);
    }
    assert!(takes(&store, epoch, 1, "a", &[("x", 2), ("y", 1)]).await, "and may take more");
    assert!(!takes(&store, epoch, 1, "b", &[("y", 1)]).await);
}

/// Of all limits, by that step alone; twice is once.
pub async fn a_slot_is_given_back(store: Shared) {
    let epoch = running(&store).await;
    assert!(takes(&store, epoch, 1, "a", &[("x", 1), ("y", 1)]).await);
    assert!(takes(&store, epoch, 1, "b", &[("z", 1)]).await);
    let freed = [Write::SlotsFreed(id(1), step("a"), 1), Write::SlotsFreed(id(1), step("a"), 1)];
    for _ in 0..2 {
        store.append(epoch, &freed).await.unwrap();
    }
    assert!(takes(&store, epoch, 1, "c", &[("x", 1), ("y", 1)]).await);
    assert!(!takes(&store, epoch, 1, "c", &[("z", 1)]).await);
}

/// A batch that is sent again, or comes late, gives back what its step had then; not what the step has taken since.
pub async fn what_was_taken_anew_is_not_given_back_by_what_comes_late(store: Shared) {
    let epoch = running(&store).await;
    let take = async |of: &str, ticket| {
        let wish = SlotWish { ticket, ..wish(1, of, &[("x", 1)]) };
        store.slots_take(epoch, &[wish]).await.unwrap()[0] == SlotAnswer::Taken
    };
    let free = async |ticket| {
        store.append(epoch, &[Write::SlotsFreed(id(1), step("a"), ticket)]).await.unwrap();
    };
    assert!(take("a", 3).await);
    free(3).await;
    assert!(take("a", 5).await);
    free(3).await;
    assert!(!take("b", 6).await, "it is given back with its own ticket");
    assert!(take("a", 8).await && take("a", 7).await, "what it has it may ask for again");
    free(7).await;
    assert!(!take("b", 9).await, "the last ticket counts");
    free(9).await;
    assert!(take("b", 10).await, "and a later one does");
}

/// Retired by a rival, by itself, or by its own next incarnation.
pub async fn a_retired_instance_holds_no_slot(store: Shared) {
    let workflow = put_workflow(&store).await;
    submit(&store, workflow, [1]).await;
    let mut epoch = join(&store, "a").await;
    for round in 0..6 {
        assert_eq!(claim(&store, epoch, workflow, 9).await, [id(1)]);
        // Under another name each time: that of a step that may have been under way.
        assert!(takes(&store, epoch, 1, &format!("s{round}"), &[("x", 1)]).await, "round {round}");
        match round % 3 {
            0 => assert!(store.instance_retire(epoch, 0).await.unwrap()),
            1 => store.instance_leave(epoch).await.unwrap(),
            _ => {}
        }
        epoch = join(&store, "a").await;
    }
}

/// Even if it did not give it back.
pub async fn who_has_ended_holds_no_slot(store: Shared) {
    let epoch = running(&store).await;
    let workflow = put_workflow(&store).await;
    store.append(epoch, &[Write::TaskStarted(task(2, workflow))]).await.unwrap();
    assert!(
        takes(&store, epoch, 1, "a", &[("x", 1)]).await && !takes(&store, epoch, 2, "a", &[("x", 1)]).await
    );
    store.append(epoch, &[Write::TaskEnded(id(1), None, completed(5))]).await.unwrap();
    assert!(takes(&store, epoch, 2, "a", &[("x", 1)]).await);
}

/// Nor does anybody for a task that is not there, has ended, or is nobody's.
pub async fn only_the_owner_takes_slots(store: Shared) {
    let epoch = running(&store).await;
    let other = join(&store, "b").await;
    let of = |n| [wish(n, "a", &[("x", 1)])];
    assert_eq!(store.slots_take(other, &of(1)).await.unwrap(), [SlotAnswer::NotOwned]);
    assert_eq!(store.slots_take(epoch, &of(7)).await.unwrap(), [SlotAnswer::NotOwned]);
    store.instance_leave(epoch).await.unwrap();
    assert_fenced(store.slots_take(epoch, &of(1)).await);
    assert_eq!(store.slots_take(other, &[wish(1, "a", &[])]).await.unwrap(), [SlotAnswer::NotOwned]);
    let workflow = put_workflow(&store).await;
    assert_eq!(claim(&store, other, workflow, 9).await, [id(1)]);
    assert!(takes(&store, other, 1, "b", &[("x", 1)]).await, "a refused epoch holds the slot");
}

/// Steps of two instances ask for the same limits at once, in different orders, and give them back.
pub async fn simultaneous_askers_stay_within_the_limit(store: Shared) {
    let workflow = put_workflow(&store).await;
    let epochs = [join(&store, "a").await, join(&store, "b").await];
    for n in 0..6_u32 {
        let owner = epochs[usize::from(n.is_multiple_of(2))];
        store.append(owner, &[Write::TaskStarted(task(n, workflow))]).await.unwrap();
    }
    let under_way = std::sync::Mutex::new(std::collections::BTreeSet::<u32>::new());
    let work = async |n: u32| {
        let epoch = epochs[usize::from(n.is_multiple_of(2))];
        let mut limits = vec![("bmc".to_owned(), 2), ("maas".to_owned(), 3)];
        if n.is_multiple_of(3) {
            limits.reverse();
        }
        for _ in 0..40 {
            loop {
                let wish = SlotWish { task: id(n), step: step("a"), limits: limits.clone(), ticket: 1 };
                match store.slots_take(epoch, &[wish]).await.as_deref() {
                    Ok([SlotAnswer::Taken]) => break,
                    Ok([SlotAnswer::Full(_)]) | Err(JournalError::Unavailable(_)) => {
                        tokio::task::yield_now().await;
                    }
                    Ok(other) => panic!("{other:?}"),
                    Err(error) => panic!("{error:?}"),
                }
            }
            {
                let mut under_way = under_way.lock().unwrap();
                under_way.insert(n);
                assert!(under_way.len() <= 2, "{under_way:?}");
            }
            tokio::task::yield_now().await;
            under_way.lock().unwrap().remove(&n);
            store.append(epoch, &[Write::SlotsFreed(id(n), step("a"), 1)]).await.unwrap();
        }
    };
    tokio::join!(work(0), work(1), work(2), work(3), work(4), work(5));
}

/// Also nothing, and with a NUL, which is replaced as in every text.
pub async fn names_may_be_anything(store: Shared) {
    let epoch = running(&store).await;
    for (name, same) in [("", ""), ("bmc 'x' \"y\"/故障", "bmc 'x' \"y\"/故障"), ("z\0", "z\u{fffd}")] {
        assert!(takes(&store, epoch, 1, "a", &[(name, 1)]).await);
        assert!(!takes(&store, epoch, 1, "b", &[(same, 1)]).await);
    }
}
