//! Boot actions, for the nodes that have them: what a node gets, and what it reports. A node proves by its key who it is.

use drydock_core::TaskId;
use drydock_core::boot_action::{ActionId, BootReport, KeyRefused, NodeKey};
use drydock_core::design::AssetKind;
use drydock_orchestrator::{BootActionFact, HeardReport, NodeKeyFact, REPORT_SIGNAL};
use drydock_store::repo::FactQuery;
use serde::de::DeserializeOwned;

use super::{App, AppError};

/// How much a node may tell of its boot actions, in bytes: all of it is read whenever an instance takes the task over.
const REPORTS_MAX: usize = 1 << 20;

/// What came of a report.
#[derive(Debug)]
pub(crate) struct Reported {
    /// The action.
    pub(crate) action: BootActionFact,
    /// The task that deploys its node.
    pub(crate) task: TaskId,
}

impl App {
    /// The archive of a node's files or units, as its newest deployment has them.
    pub(crate) async fn boot_files(
        &self,
        node: &str,
        key: Option<&str>,
        kind: AssetKind,
    ) -> Result<Vec<u8>, AppError> {
        let known = self.newest::<NodeKeyFact>(NodeKeyFact::KIND, node).await?;
        let (task, known) = known.ok_or_else(|| AppError::NoBootActions(node.to_owned()))?;
        let key = self.admit(node, &known, key)?;
        let input = self.record(task).await?.input.decode().map_err(AppError::Record)?;
        let files = self.orchestrator.boot_files(task, &input, &key, kind).await;
        files.map_err(AppError::BootActions)
    }

    /// The boot action of this id, for a node that may report on it.
    pub(crate) async fn boot_action(&self, id: ActionId, key: Option<&str>) -> Result<Reported, AppError> {
        let unknown = || AppError::NoBootAction(id.to_string());
        let action = self.newest::<BootActionFact>(BootActionFact::KIND, &id.to_string()).await?;
        let (task, action) = action.ok_or_else(unknown)?;
        let known = self.newest::<NodeKeyFact>(NodeKeyFact::KIND, action.node.as_str()).await?;
        let (newest, known) = known.ok_or_else(unknown)?;
        self.admit(action.node.as_str(), &known, key)?;
        if newest != task {
            // The action is of an earlier deployment: the key of that is the node's no more, and this one is not of it.
            return Err(AppError::BootKeyRefused);
        }
        Ok(Reported { action, task })
    }

    /// Passes a report on to the task that deploys the node. An action whose end was reported, or is not waited for, takes none.
    pub(crate) async fn boot_report(
        &self,
        id: ActionId,
        reported: &Reported,
        report: BootReport,
    ) -> Result<(), AppError> {
        let Reported { action, task } = reported;
        let over = || AppError::BootActionOver(action.name.clone());
        let state = self.store.task_read(*task).await?.ok_or_else(over)?;
        let id = id.to_string();
        let signals = state.task.signals.iter().filter(|signal| signal.name == REPORT_SIGNAL);
        let mut bytes = 0;
        for signal in signals {
            bytes += signal.payload.len();
            let heard = signal.payload.decode::<HeardReport>();
            if heard.is_ok_and(|heard| heard.action == id && heard.report.status.is_some()) {
                return Err(over());
            }
        }
        if !action.signaling || state.end.is_some() {
            return Err(over());
        }
        // The last word is heard whatever was said before.
        if bytes > REPORTS_MAX && report.status.is_none() {
            return Err(AppError::TooManyReports);
        }
        let heard = HeardReport { action: id, report };
        let sent = self.engine.signal(*task, REPORT_SIGNAL, &heard, action.node.as_str()).await?;
        if sent { Ok(()) } else { Err(over()) }
    }

    /// The key that a request brings, if it is the node's. What is wrong with one that is not, only the log says.
    fn admit(&self, node: &str, known: &NodeKeyFact, key: Option<&str>) -> Result<NodeKey, AppError> {
        let key = key.filter(|key| !key.is_empty()).ok_or(AppError::NoBootKey)?;
        let offered = NodeKey::from_hex(key).map_err(|_| KeyRefused::Wrong);
        let admitted = offered.and_then(|key| known.key.admit(&key, self.clock.now()).map(|()| key));
        admitted.map_err(|refused| {
            tracing::warn!(node.name = node, "a key offered for node {node} is refused: {refused}");
            AppError::BootKeyRefused
        })
    }

    /// The newest fact about something, and the task that recorded it.
    async fn newest<T: DeserializeOwned>(
        &self,
        kind: &str,
        name: &str,
    ) -> Result<Option<(TaskId, T)>, AppError> {
        let query = FactQuery { limit: 1, ..FactQuery::about(kind, name) };
        let page = self.store.fact_list(&query).await?;
        let Some(found) = page.facts.into_iter().next() else { return Ok(None) };
        let fact = found.record.fact.data.decode().map_err(AppError::Record)?;
        Ok(Some((found.task, fact)))
    }
}
