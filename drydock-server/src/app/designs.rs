//! Questions about designs that need no task: is a design valid, which nodes does a filter select.

use drydock_core::task::{NodeFilterRequest, ValidateDesignRequest};
use drydock_core::{NodeName, Timestamp};
use drydock_orchestrator::DesignError;

use super::{App, AppError};
use crate::api::document::ValidationDocument;

impl App {
    /// Reads a design and says what is wrong with it. An error only when it cannot be read at all.
    pub(crate) async fn design_validate(
        &self,
        request: ValidateDesignRequest,
    ) -> Result<ValidationDocument, AppError> {
        let now: Timestamp = self.clock.now();
        match self.orchestrator.designs().load_given(&request.href).await {
            Ok(design) => Ok(ValidationDocument::of(Ok((&design.report, &design.notes)), now)),
            Err(DesignError::Invalid { source, .. }) => Ok(ValidationDocument::of(Err(&source), now)),
            Err(error) => Err(error.into()),
        }
    }

    /// The nodes that a filter selects, in the order of names.
    pub(crate) async fn nodes_select(&self, request: NodeFilterRequest) -> Result<Vec<NodeName>, AppError> {
        let design = self.orchestrator.designs().load_given(&request.design_ref).await?;
        Ok(design.site.select(request.node_filter.as_ref()).into_iter().cloned().collect())
    }
}
