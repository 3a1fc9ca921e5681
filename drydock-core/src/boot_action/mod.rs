//! What a server gets when its operating system comes up for the first time: the assets of the boot actions that are for it, filled in, and packed.
//!
//! Pure: what assets refer to by `location` is fetched by somebody else, between [`Renderer::locations`] and
//! [`Renderer::files`]. The same design and the same context give the same bytes, always.
//!
//! * [`Context`]: what templates know; its `action` part differs from one deployment to the next.
//! * [`Renderer`]: assets to [`RenderedFile`]s, and lists of packages to [`Packages`].
//! * [`TemplateFiller`]: by what templates are filled in; [`InProcess`] unless somebody says otherwise.
//! * [`NodeKey`]: with what a node proves who it is; [`KeptKey`] is all that is stored of it.
//! * [`BootReport`]: what a node tells of an action.
//! * [`archive`]: files to a gzip'ed GNU tar, as the v1.0 API promises it.

mod action_id;
mod archive;
mod context;
mod error;
mod filler;
mod filters;
mod growth;
mod key;
mod known;
mod packages;
mod pipeline;
mod render;
mod report;
mod sandbox;

pub use action_id::{ActionId, InvalidActionId};
pub use archive::{archive, list};
pub use context::{ActionContext, Context};
pub use error::{ArchiveError, Reached, RenderError, RenderProblem, Stage};
pub use filler::{FillJob, InProcess, TemplateFiller};
pub use key::{InvalidKey, KeptKey, KeyRefused, NO_KEY, NodeKey};
pub use packages::{Packages, cloud_config};
pub use render::{Fetched, Location, RenderedFile, Renderer};
pub use report::{BootReport, ReportMessage, ReportStatus};
pub use sandbox::CONTENT_MAX;

use crate::design::{BootAction, EffectiveNode, Site};
use crate::node_filter::{Selector, Subject};

impl Site {
    /// The boot actions that are for a node, in the order of their names.
    pub fn boot_actions_for<'s>(&'s self, node: &EffectiveNode) -> Vec<&'s BootAction> {
        let subject = Subject::of(node, self.design());
        let meant = |action: &&BootAction| {
            action.node_filter.as_ref().is_none_or(|filter| Selector::new(filter).selects(&subject))
        };
        self.design().boot_actions.values().filter(meant).collect()
    }
}
