//! What steps found out about subjects.

use drydock_core::journal::{Fact, FactRecord, Write};

use super::samples::{at, claimed, fact, id, join, put_workflow, running, taken_over, task};
use super::{Shared, rules};
use crate::repo::{FactCursor, FactQuery, FoundFact};

rules!(
    facts_are_kept_by_place,
    all_of_a_fact_is_kept,
    the_next_place_is_known,
    names_may_hold_a_nul,
    a_subjects_facts_are_found_in_all_tasks_newest_first,
    pages_neither_overlap_nor_leave_a_gap,
    the_latest_of_each_generator_is_found,
    facts_outlive_their_tasks,
);

async fn found(store: &Shared, query: FactQuery) -> Vec<FactRecord> {
    let page = store.fact_list(&query).await.unwrap();
    assert_eq!(page.next, None);
    page.facts.into_iter().map(|found| found.record).collect()
}

fn wrote(task: u32, facts: impl IntoIterator<Item = FactRecord>) -> Vec<Write> {
    facts.into_iter().map(|fact| Write::FactFound(id(task), fact)).collect()
}

/// The first at each place stands, in one batch as in two; so what is sent again is not kept twice.
pub async fn facts_are_kept_by_place(store: Shared) {
    let epoch = running(&store).await;
    let again = FactRecord { step: "b".parse().unwrap(), ..fact(1, "n2", "lldp", 9) };
    let batch = wrote(1, [fact(1, "n1", "lshw", 3), fact(0, "n1", "lshw", 2), again.clone()]);
    store.append(epoch, &batch).await.unwrap();
    store.append(epoch, &batch).await.unwrap();
    store.append(epoch, &wrote(1, [again, fact(2, "n1", "lshw", 4)])).await.unwrap();
    let kept = [fact(2, "n1", "lshw", 4), fact(1, "n1", "lshw", 3), fact(0, "n1", "lshw", 2)];
    assert_eq!(found(&store, FactQuery::of_task(id(1))).await, kept);
    assert_eq!(found(&store, FactQuery::about("node", "n2")).await, []);
}

/// Any bytes, under names of any script, found in an item of a map.
pub async fn all_of_a_fact_is_kept(store: Shared) {
    let epoch = running(&store).await;
    let data: Vec<u8> = (0..=255).collect();
    let odd = Fact::about("Lüfter", "故障 'x'").by("a \"b\"").data("application/octet-stream", data);
    let odd = FactRecord { step: "wipe[3]".parse().unwrap(), fact: odd, ..fact(0, "", "", 3) };
    let empty =
        FactRecord { fact: Fact::about("node", "n1").by("lldp").text("text/xml", ""), ..fact(1, "", "", 2) };
    store.append(epoch, &wrote(1, [odd.clone(), empty.clone()])).await.unwrap();
    assert_eq!(found(&store, FactQuery::of_task(id(1))).await, [odd.clone(), empty]);
    assert_eq!(found(&store, FactQuery::about("Lüfter", "故障 'x'")).await, [odd]);
}

/// A new owner goes on where the old one stopped.
pub async fn the_next_place_is_known(store: Shared) {
    let epoch = running(&store).await;
    store.append(epoch, &wrote(1, (0..3).map(|seq| fact(seq, "n1", "lshw", 2)))).await.unwrap();
    assert_eq!(taken_over(&store, epoch).await.facts, 3);
}

/// As in every text: it is replaced, and so found.
pub async fn names_may_hold_a_nul(store: Shared) {
    let epoch = running(&store).await;
    let of = |kind: &str, name: &str, by: &str, format: &str| FactRecord {
        fact: Fact::about(kind, name).by(by).text(format, "\0"),
        ..fact(0, "", "", 2)
    };
    store.append(epoch, &wrote(1, [of("no\0de", "n\0", "\0", "x\0")])).await.unwrap();
    let kept = of("no\u{fffd}de", "n\u{fffd}", "\u{fffd}", "x\u{fffd}");
    assert_eq!(found(&store, FactQuery::about("no\0de", "n\0")).await, [kept]);
}

/// Two tasks, of which the second found something first.
async fn in_two_tasks(store: &Shared) {
    let epoch = running(store).await;
    let workflow = put_workflow(store).await;
    store.append(epoch, &[Write::TaskStarted(task(2, workflow))]).await.unwrap();
    let first = [
        fact(0, "n1", "lshw", 3),
        fact(1, "n1", "lldp", 5),
        fact(2, "n2", "lshw", 4),
        fact(3, "n1", "lshw", 5),
    ];
    let second = [fact(0, "n1", "lldp", 2), fact(1, "n1", "lldp", 5), fact(2, "N1", "lshw", 6)];
    store.append(epoch, &[wrote(1, first), wrote(2, second)].concat()).await.unwrap();
}

/// By time, then task, then place; of this kind and name alone.
pub async fn a_subjects_facts_are_found_in_all_tasks_newest_first(store: Shared) {
    in_two_tasks(&store).await;
    let page = store.fact_list(&FactQuery::about("node", "n1")).await.unwrap();
    let places: Vec<_> = page.facts.iter().map(|found| (found.task, found.record.seq)).collect();
    assert_eq!(places, [(id(2), 1), (id(1), 3), (id(1), 1), (id(1), 0), (id(2), 0)]);
    assert_eq!(found(&store, FactQuery::about("rack", "n1")).await, []);
    assert_eq!(found(&store, FactQuery::of_task(id(3))).await, []);
}

/// Of any size; what is recorded in between comes on no later page. A cursor can be written down.
pub async fn pages_neither_overlap_nor_leave_a_gap(store: Shared) {
    in_two_tasks(&store).await;
    let epoch = join(&store, "a").await;
    let all = store.fact_list(&FactQuery::about("node", "n1")).await.unwrap().facts;
    for limit in 1..6 {
        let (mut paged, mut after): (Vec<FoundFact>, Option<FactCursor>) = (Vec::new(), None);
        loop {
            let query = FactQuery { after, limit, ..FactQuery::about("node", "n1") };
            let page = store.fact_list(&query).await.unwrap();
            paged.extend(page.facts);
            store.append(epoch, &wrote(9, [fact(limit, "n1", "later", 60)])).await.unwrap();
            after = page.next.map(|next| next.to_string().parse().unwrap());
            if after.is_none() {
                break;
            }
        }
        paged.retain(|found| found.task != id(9));
        assert_eq!(paged, all, "pages of {limit}");
    }
}

/// About a subject whichever task found it; of a task about each subject.
pub async fn the_latest_of_each_generator_is_found(store: Shared) {
    in_two_tasks(&store).await;
    let about = found(&store, FactQuery::about("node", "n1").latest()).await;
    assert_eq!(about, [fact(1, "n1", "lldp", 5), fact(3, "n1", "lshw", 5)]);
    let of_task = found(&store, FactQuery::of_task(id(1)).latest()).await;
    assert_eq!(of_task, [fact(3, "n1", "lshw", 5), fact(1, "n1", "lldp", 5), fact(2, "n2", "lshw", 4)]);
    let first = FactQuery { limit: 1, ..FactQuery::about("node", "n1").latest() };
    let next = store.fact_list(&first).await.unwrap().next;
    let second = store.fact_list(&FactQuery { after: next, ..first }).await.unwrap();
    assert_eq!((second.facts.len(), second.facts[0].task, second.next), (1, id(1), None));
}

/// They are about the world, not about the task.
pub async fn facts_outlive_their_tasks(store: Shared) {
    let epoch = running(&store).await;
    let end = Write::TaskEnded(id(1), None, super::samples::completed(9));
    store.append(epoch, &[wrote(1, [fact(0, "n1", "lshw", 2)]), vec![end]].concat()).await.unwrap();
    assert_eq!(found(&store, FactQuery::about("node", "n1")).await, [fact(0, "n1", "lshw", 2)]);
    let workflow = put_workflow(&store).await;
    assert!(claimed(&store, epoch, &[workflow], at(9), 9).await.is_empty());
}
