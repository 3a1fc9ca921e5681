//! Host profiles: what servers have in common.

use super::{Form, HostSettings, Origin};

/// A `HostProfile` document: settings that nodes, and other profiles, inherit.
#[derive(Debug, Clone)]
pub struct HostProfile {
    /// Its name.
    pub name: String,
    /// Where the document stands.
    pub origin: Origin,
    /// How the document is written.
    pub form: Form,
    /// Its own settings, without those of its parents.
    pub settings: HostSettings,
}
