//! The graphs of the actions. `*_node` are one node's share; [`over_nodes`] makes the action of them.

pub(crate) mod deploy_node;
pub(crate) mod destroy_node;
pub(crate) mod over_nodes;
pub(crate) mod prepare_node;
pub(crate) mod validate_design;
pub(crate) mod verify_node;
pub(crate) mod verify_site;
