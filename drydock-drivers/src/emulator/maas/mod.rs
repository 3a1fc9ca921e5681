//! An emulated MAAS: the part of the REST API 2.0 that the driver uses, over HTTP, with the answers, refusals and oddities of
//! MAAS 3.4. Its machines are those of a [`Yard`]; it knows a machine only once that has enlisted.

mod auth;
mod body;
mod fault;
mod info;
mod inventory;
mod life;
mod machine;
mod names;
mod reply;
mod route;
mod site;
mod tags;

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Uri};
use axum::response::Response;
use drydock_core::{Clock, SecretString};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use self::fault::{MaasFault, MaasFaults};

use self::reply::Reply;
use self::site::Site;
use super::Yard;

/// Serves the API at `http://ADDRESS/MAAS/api/2.0/` for `yard`, until `stop`; returns when open requests are answered.
///
/// `api_key` is the only key it accepts, `CONSUMER:TOKEN:SECRET`; it belongs to an administrator. `clock` judges the timestamps of
/// requests; it should be the yard's and the driver's. `faults` is the handle by which a test makes it misbehave.
pub async fn serve_maas(
    listener: TcpListener,
    yard: Yard,
    api_key: SecretString,
    clock: Arc<dyn Clock>,
    faults: MaasFaults,
    stop: CancellationToken,
) -> io::Result<()> {
    let site = Arc::new(Mutex::new(Site::new(yard, api_key)));
    let server = Server { site, clock, faults, stop: stop.clone() };
    let router = Router::new().fallback(answer).with_state(server);
    axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await
}

#[derive(Clone)]
struct Server {
    site: Arc<Mutex<Site>>,
    clock: Arc<dyn Clock>,
    faults: MaasFaults,
    stop: CancellationToken,
}

impl Server {
    fn reply(&self, method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Reply {
        let mut site = self.site.lock().unwrap_or_else(PoisonError::into_inner);
        route::reply(&mut site, self.clock.now(), method, uri, headers, body)
    }
}

async fn answer(
    State(server): State<Server>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let now = server.clock.now();
    match server.faults.take(&uri) {
        None => server.reply(&method, &uri, &headers, &body).into_response(now),
        Some(MaasFault::Status(status)) => {
            Reply::text(status, "This failure is emulated.").into_response(now)
        }
        Some(MaasFault::Hang) => {
            server.stop.cancelled().await;
            dropped()
        }
        Some(MaasFault::DropConnection) => dropped(),
        Some(MaasFault::LoseAnswer) => {
            let _ = server.reply(&method, &uri, &headers, &body);
            dropped()
        }
    }
}

/// A body that breaks before its first byte: the server closes the connection without having sent anything.
fn dropped() -> Response {
    let broken = futures::stream::once(async { Err::<Bytes, _>(io::Error::from(io::ErrorKind::BrokenPipe)) });
    Response::new(Body::from_stream(broken))
}
