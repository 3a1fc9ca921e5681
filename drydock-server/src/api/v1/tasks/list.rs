//! `GET /tasks`: all tasks, as in v1.0; or page by page, an extension.
//!
//! `limit` makes a page, in the order of ids, which is that of creation to the microsecond; the header `Link` with `rel="next"`
//! names the next page, if there is one. No task that was there when the first page was read is missed or told twice.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};

use crate::api::document::TaskDocument;
use crate::api::error::ApiError;
use crate::api::request::Parameters;
use crate::app::App;

/// The longest page.
const LIMIT_MAX: u32 = 1_000;

pub(in crate::api::v1) async fn list(
    State(app): State<Arc<App>>,
    parameters: Parameters,
) -> Result<(HeaderMap, Json<Vec<TaskDocument>>), ApiError> {
    let limit = match parameters.get("limit") {
        None => None,
        Some(text) => match text.parse() {
            Ok(limit @ 1..=LIMIT_MAX) => Some(limit),
            Ok(_) | Err(_) => {
                return Err(ApiError::parameter(
                    "limit",
                    format!("{text:?} is not a number between 1 and {LIMIT_MAX}"),
                ));
            }
        },
    };
    let after = match parameters.get("after") {
        None => None,
        Some(text) => {
            let id = text
                .parse()
                .map_err(|_| ApiError::parameter("after", format!("{text:?} is not a task's id")))?;
            Some(id)
        }
    };
    let page = app.task_list(after, limit).await?;
    let mut headers = HeaderMap::new();
    if let (Some(next), Some(limit)) = (page.next, limit) {
        let link = format!("</api/v1.0/tasks?limit={limit}&after={next}>; rel=\"next\"");
        // Digits and an id are always a header's value.
        headers.extend(HeaderValue::try_from(link).ok().map(|link| (header::LINK, link)));
    }
    Ok((headers, Json(page.tasks.iter().map(TaskDocument::of).collect())))
}
