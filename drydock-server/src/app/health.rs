//! Is the server able to do its work? Asking writes nothing.

use std::time::Duration;

use drydock_core::error_chain;

use super::{App, AppError};

/// How long the store and the provisioner may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// What was found out.
#[derive(Debug)]
pub(crate) struct Health {
    /// What is wrong; empty when all is well. In v1.0's words.
    pub(crate) problems: Vec<&'static str>,
}

impl App {
    /// Whether the store answers. Whoever asks this may restart the server, so trouble elsewhere does not count.
    pub(crate) async fn store_health(&self) -> Result<(), AppError> {
        match tokio::time::timeout(PATIENCE, self.store.instance_list()).await {
            Ok(answer) => answer.map(drop).map_err(AppError::Store),
            Err(_) => Err(AppError::StoreSilent),
        }
    }

    /// Whether the store and the provisioner answer.
    pub(crate) async fn health(&self) -> Health {
        let (store, provisioner) = tokio::join!(self.store_health(), self.provisioner_answers());
        let mut problems = Vec::new();
        if let Err(error) = store {
            tracing::warn!(error = %error_chain(&error), "the store is not well");
            problems.push("Unable to connect to database");
        }
        if !provisioner {
            problems.push("Unable to connect to MaaS");
        }
        Health { problems }
    }

    async fn provisioner_answers(&self) -> bool {
        let Some(provisioner) = &self.provisioner else { return true };
        match tokio::time::timeout(PATIENCE, provisioner.check_services()).await {
            Ok(Ok(checks)) => {
                let ill: Vec<_> = checks.iter().filter(|check| !check.healthy).collect();
                for check in &ill {
                    tracing::warn!(check = check.name, "the provisioner is not well: {}", check.detail);
                }
                ill.is_empty()
            }
            Ok(Err(error)) => {
                tracing::warn!(error = %error_chain(&error), "the provisioner does not answer");
                false
            }
            Err(_) => {
                tracing::warn!("the provisioner does not answer within {PATIENCE:?}");
                false
            }
        }
    }
}
