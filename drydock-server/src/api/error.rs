//! From what went wrong to the response: one place, one form.

use axum::Json;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use drydock_core::journal::JournalError;
use drydock_core::node_filter::FieldProblem;
use drydock_core::{Classify as _, Disposition, error_chain};
use drydock_workflow::EngineError;

use super::document::{ErrorDetail, ErrorDocument};
use crate::app::AppError;

/// Why a request was refused, or failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum ApiError {
    /// There is nothing at this path.
    #[error("there is nothing at {0}")]
    NoRoute(String),
    /// Not with this method.
    #[error("{0} is not for this path: see the header Allow")]
    NoMethod(Method),
    /// The body is not declared as JSON.
    #[error("the body is not declared as JSON: send the header Content-Type: application/json")]
    ContentType,
    /// The body is too long.
    #[error("the body is longer than {} bytes", super::BODY_MAX)]
    TooLong,
    /// The body did not come whole.
    #[error("the body did not arrive")]
    Body,
    /// The request, or its answer, took too long.
    #[error("the request took too long; it may have had effect: look before you repeat it")]
    Late,
    /// A web page of another site sent it.
    #[error("{0}")]
    Foreign(String),
    /// No queue of this name is open to workers.
    #[error("there is no queue {0} for workers here")]
    NoQueue(String),
    /// A worker's hold on its job has ended.
    #[error(
        "the ticket is void: the job was answered, given to another worker, or is not wanted any more; stop it"
    )]
    TicketVoid,
    /// The token is missing or wrong.
    #[error("send the header Authorization: Bearer TOKEN with the token of this server's workers")]
    Unauthorized,
    /// The use case failed.
    #[error(transparent)]
    App(#[from] AppError),
}

/// What a client is told of an error.
struct Told {
    status: StatusCode,
    message: String,
    retry: bool,
}

impl ApiError {
    /// A parameter or a header with a wrong value.
    pub(super) fn parameter(name: &str, problem: impl Into<String>) -> Self {
        let problem = FieldProblem { path: name.to_owned(), text: problem.into() };
        Self::App(AppError::Invalid(vec![problem]))
    }

    fn told(&self) -> Told {
        let own = |status| Told { status, message: self.to_string(), retry: false };
        match self {
            Self::Unauthorized => own(StatusCode::UNAUTHORIZED),
            Self::TicketVoid => own(StatusCode::GONE),
            Self::NoRoute(_) | Self::NoQueue(_) => own(StatusCode::NOT_FOUND),
            Self::NoMethod(_) => own(StatusCode::METHOD_NOT_ALLOWED),
            Self::ContentType => own(StatusCode::UNSUPPORTED_MEDIA_TYPE),
            Self::TooLong => own(StatusCode::PAYLOAD_TOO_LARGE),
            Self::Body => own(StatusCode::BAD_REQUEST),
            Self::Foreign(_) => own(StatusCode::FORBIDDEN),
            Self::Late => Told { retry: true, ..own(StatusCode::SERVICE_UNAVAILABLE) },
            Self::App(error) => told(error),
        }
    }
}

fn told(error: &AppError) -> Told {
    let own = |status| Told { status, message: error.to_string(), retry: false };
    match error {
        AppError::NoSuchTask(_)
        | AppError::NoTaskId(_)
        | AppError::NoBuildData
        | AppError::NoBootActions(_)
        | AppError::NoBootAction(_) => own(StatusCode::NOT_FOUND),
        AppError::HasEnded(_) | AppError::BootActionOver(_) => own(StatusCode::CONFLICT),
        AppError::TooManyReports => own(StatusCode::TOO_MANY_REQUESTS),
        AppError::NoBootKey => own(StatusCode::UNAUTHORIZED),
        AppError::BootKeyRefused => own(StatusCode::FORBIDDEN),
        // The node that asks can do nothing about it, and the deployment is not what it should be.
        AppError::BootActions(error) => Told {
            status: match error.disposition() {
                Disposition::Retryable => StatusCode::SERVICE_UNAVAILABLE,
                Disposition::Permanent | Disposition::Cancelled | Disposition::Bug => StatusCode::CONFLICT,
            },
            message: error_chain(error),
            retry: error.disposition() == Disposition::Retryable,
        },
        AppError::Invalid(_) | AppError::UnsupportedAction(_) => own(StatusCode::BAD_REQUEST),
        // The server that has it may answer again.
        AppError::Design(problem) if problem.is_passing() => {
            Told { status: StatusCode::SERVICE_UNAVAILABLE, message: error_chain(problem), retry: true }
        }
        // Whoever names a design answers for it.
        AppError::Design(error) => {
            Told { status: StatusCode::BAD_REQUEST, message: error_chain(error), retry: false }
        }
        // It says from where to read on.
        AppError::Store(error @ JournalError::FeedTrimmed { .. }) => {
            Told { status: StatusCode::GONE, message: error.to_string(), retry: false }
        }
        AppError::StoreSilent => unavailable("the database does not answer"),
        AppError::Store(error) => journal(error),
        AppError::Engine(error) => engine(error),
        AppError::Record(_) | AppError::Submit(_) => internal(),
    }
}

fn engine(error: &EngineError) -> Told {
    match error {
        EngineError::Journal(error) => journal(error),
        EngineError::Draining => unavailable("the server is stopping and takes no new tasks"),
        EngineError::Interrupted => unavailable(
            "the server lost its lease on the database; the request may have had effect: look at the tasks before you repeat it",
        ),
        other if other.disposition() == Disposition::Retryable => {
            unavailable("the server runs no tasks at the moment")
        }
        _ => internal(),
    }
}

fn journal(error: &JournalError) -> Told {
    match error.disposition() {
        Disposition::Retryable => unavailable("the database does not answer"),
        Disposition::Permanent | Disposition::Cancelled | Disposition::Bug => internal(),
    }
}

fn unavailable(message: &str) -> Told {
    Told { status: StatusCode::SERVICE_UNAVAILABLE, message: message.to_owned(), retry: true }
}

fn internal() -> Told {
    let message = "internal error: the server's log tells more, under the id in the header X-Drydock-Req";
    Told { status: StatusCode::INTERNAL_SERVER_ERROR, message: message.to_owned(), retry: false }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let Told { status, message, retry } = self.told();
        if status == StatusCode::INTERNAL_SERVER_ERROR {
            tracing::error!(error = %error_chain(&self), "a request failed");
        } else if status.is_server_error() {
            tracing::warn!(error = %error_chain(&self), "a request could not be served");
        }
        let details = match &self {
            Self::App(AppError::Invalid(problems)) => problems
                .iter()
                // The message says it all when no field is to blame.
                .filter(|problem| !problem.path.is_empty())
                .map(|problem| ErrorDetail { field: problem.path.clone(), message: problem.text.clone() })
                .collect(),
            _ => Vec::new(),
        };
        let document = ErrorDocument { retry, details, ..ErrorDocument::new(message) };
        let mut response = (status, Json(document)).into_response();
        if matches!(self, Self::App(AppError::NoBootKey)) {
            let scheme = HeaderValue::from_static("Bootaction-Key");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
        }
        response
    }
}
