//! The listener: accepts connections, serves each in a task of its own, and ends within a bounded time whatever clients do.

use std::io;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

/// How many connections are held at once; more wait to be accepted.
const CONNECTIONS_MAX: usize = 1_024;
/// How long a client may take for the head of a request, and how long a connection may idle.
const HEAD_MAX: Duration = Duration::from_secs(30);
/// How long requests under way may go on after the end was asked for. Then their connections are cut.
const CLOSING_MAX: Duration = Duration::from_secs(5);
/// The pause after an error of accepting, which may be a lack of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until `end` is cancelled, then lets requests under way finish, for [`CLOSING_MAX`]. Dropped, it cuts all connections.
pub(crate) async fn run(listener: TcpListener, router: Router, end: CancellationToken) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = end.cancelled() => break,
            Some(ended) = connections.join_next() => tell_panic(ended),
            accepted = listener.accept(), if connections.len() < CONNECTIONS_MAX => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, router.clone(), end.clone()));
                }
                Err(error) if is_clients(&error) => {}
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    let closing = async {
        while let Some(ended) = connections.join_next().await {
            tell_panic(ended);
        }
    };
    if tokio::time::timeout(CLOSING_MAX, closing).await.is_err() {
        tracing::warn!(connections = connections.len(), "connections are cut: their requests take too long");
    }
    connections.shutdown().await;
}

async fn connection(stream: TcpStream, router: Router, end: CancellationToken) {
    // Small answers should not wait for more; without the option they are only slower.
    let _slower = stream.set_nodelay(true).is_err();
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_MAX)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let mut serving = std::pin::pin!(serving);
    let result = tokio::select! {
        result = serving.as_mut() => result,
        () = end.cancelled() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "a connection broke");
    }
}

/// A handler that panicked took its connection with it, and nothing else.
fn tell_panic(ended: Result<(), JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        tracing::error!(%error, "a request's handler panicked");
    }
}

/// The client went away before it was accepted.
fn is_clients(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    )
}
