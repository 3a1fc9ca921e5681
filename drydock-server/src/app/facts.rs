//! What tasks found out about nodes.

use drydock_core::TaskId;
use drydock_orchestrator::NODE;
use drydock_store::repo::{FactQuery, FoundFact};

use super::{App, AppError, TaskTree};

/// So many facts are read at once.
const PAGE: u32 = 200;

impl App {
    /// What a task found out about nodes, the oldest first. An error when that is nothing.
    pub(crate) async fn facts_of_task(&self, id: TaskId) -> Result<Vec<FoundFact>, AppError> {
        self.record(id).await?;
        let facts = self.facts(FactQuery::of_task(id)).await?;
        if facts.is_empty() { Err(AppError::NoBuildData) } else { Ok(facts) }
    }

    /// What all tasks found out about a node, the oldest first; with `latest` of each generator the newest. An error when that is
    /// nothing.
    pub(crate) async fn facts_about(&self, node: &str, latest: bool) -> Result<Vec<FoundFact>, AppError> {
        let facts = self.facts(FactQuery { latest, ..FactQuery::about(NODE, node) }).await?;
        if facts.is_empty() { Err(AppError::NoBuildData) } else { Ok(facts) }
    }

    /// Adds what the tasks of the first `layers` found out about nodes.
    pub(crate) async fn add_facts(&self, tree: &mut TaskTree, layers: usize) -> Result<(), AppError> {
        for task in tree.layers.iter().take(layers).flatten() {
            tree.facts.extend(self.facts(FactQuery::of_task(task.id)).await?);
        }
        Ok(())
    }

    /// All pages, turned round.
    async fn facts(&self, query: FactQuery) -> Result<Vec<FoundFact>, AppError> {
        let mut query = FactQuery { limit: PAGE, ..query };
        let mut facts = Vec::new();
        loop {
            let page = self.store.fact_list(&query).await?;
            facts.extend(page.facts.into_iter().filter(|found| found.record.fact.subject.kind == NODE));
            match page.next {
                Some(next) => query.after = Some(next),
                None => break,
            }
        }
        facts.reverse();
        Ok(facts)
    }
}
