//! The routes of `/api/v1.0`.

mod boot_actions;
mod events;
mod health;
mod node_filter;
mod nodes;
mod tasks;
mod validate_design;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::app::App;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/api/v1.0/health", get(health::health))
        .route("/api/v1.0/health/extended", get(health::extended))
        .route("/api/v1.0/events", get(events::events))
        .route("/api/v1.0/tasks", get(tasks::list::list).post(tasks::create::create))
        .route("/api/v1.0/tasks/{id}", get(tasks::get::get))
        .route("/api/v1.0/tasks/{id}/builddata", get(tasks::build_data::build_data))
        .route("/api/v1.0/tasks/{id}/steps", get(tasks::steps::steps))
        .route("/api/v1.0/tasks/{id}/cancel", post(tasks::cancel::cancel))
        .route("/api/v1.0/nodes/{name}/builddata", get(nodes::build_data))
        .route("/api/v1.0/nodefilter", post(node_filter::select))
        .route("/api/v1.0/bootactions/nodes/{name}/files", get(boot_actions::files))
        .route("/api/v1.0/bootactions/nodes/{name}/units", get(boot_actions::units))
        .route("/api/v1.0/bootactions/{id}", post(boot_actions::report))
        .route("/api/v1.0/bootactions/{id}/", post(boot_actions::report))
        .route("/api/v1.0/validatedesign", post(validate_design::validate))
}
