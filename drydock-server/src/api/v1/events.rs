//! `GET /events`: what the instances committed, to be read from any cursor. An extension.
//!
//! An answer has at most `limit` commits after the cursor `after`, and the cursor with which the next is asked for. No commits: that is
//! all for now. `task` leaves the events of one task. Without a cursor, `since` begins at a time, a task with its beginning, and all else
//! with the oldest event that is kept.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use drydock_core::TaskId;
use drydock_core::Timestamp;
use drydock_core::journal::FeedCursor;

use crate::api::document::EventsDocument;
use crate::api::error::ApiError;
use crate::api::request::Parameters;
use crate::app::App;

/// The longest page, and that of whoever says nothing.
const LIMIT: (usize, usize) = (1_000, 100);

pub(in crate::api::v1) async fn events(
    State(app): State<Arc<App>>,
    parameters: Parameters,
) -> Result<Json<EventsDocument>, ApiError> {
    let task: Option<TaskId> = match parameters.get("task") {
        None => None,
        Some(text) => match text.parse() {
            Ok(task) => Some(task),
            Err(_) => return Err(ApiError::parameter("task", format!("{text:?} is not a task's id"))),
        },
    };
    let limit = match parameters.get("limit").map(str::parse) {
        None => LIMIT.1,
        Some(Ok(limit)) if (1..=LIMIT.0).contains(&limit) => limit,
        Some(_) => {
            return Err(ApiError::parameter("limit", format!("is not a number between 1 and {}", LIMIT.0)));
        }
    };
    let after: FeedCursor = match (parameters.get("after"), parameters.get("since")) {
        (Some(_), Some(_)) => {
            return Err(ApiError::parameter(
                "since",
                "there is a cursor already: a reader has one beginning",
            ));
        }
        (Some(text), None) => {
            text.parse().map_err(|error| ApiError::parameter("after", format!("{error}")))?
        }
        (None, Some(text)) => {
            let time = text.parse::<Timestamp>().map_err(|_| {
                ApiError::parameter("since", format!("{text:?} is not a time such as 2026-02-03T04:05:06Z"))
            })?;
            app.feed_since(time).await?
        }
        (None, None) => match task {
            Some(task) => app.feed_of(task).await?,
            None => FeedCursor::START,
        },
    };
    let page = app.feed(&after, task, limit).await?;
    Ok(Json(EventsDocument::of(page)))
}
