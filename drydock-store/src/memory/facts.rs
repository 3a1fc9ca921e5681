//! Facts, page by page.

use drydock_core::journal::Subject;

use super::State;
use crate::batch::storable;
use crate::repo::{FactCursor, FactPage, FactQuery, FactsOf, FoundFact};

impl State {
    pub(super) fn facts_found(&self, query: &FactQuery) -> FactPage {
        let mut facts: Vec<FoundFact> = self
            .facts
            .iter()
            .map(|((task, _), record)| FoundFact { task: *task, record: record.clone() })
            .filter(|found| is_of(found, &query.of))
            .collect();
        facts.sort_by_key(|found| std::cmp::Reverse(FactCursor::of(found)));
        if query.latest {
            let mut seen = Vec::new();
            facts.retain(|FoundFact { record, .. }| {
                let of = (record.fact.subject.clone(), record.fact.generator.clone());
                let first = !seen.contains(&of);
                seen.push(of);
                first
            });
        }
        facts.retain(|found| query.after.is_none_or(|after| FactCursor::of(found) < after));
        facts.truncate(usize::try_from(query.limit).unwrap_or(usize::MAX).saturating_add(1));
        FactPage::of(facts, query.limit)
    }
}

fn is_of(found: &FoundFact, of: &FactsOf) -> bool {
    match of {
        FactsOf::Task(task) => found.task == *task,
        FactsOf::Subject(Subject { kind, name }) => {
            let subject = &found.record.fact.subject;
            *subject.kind == *storable(kind) && *subject.name == *storable(name)
        }
    }
}
