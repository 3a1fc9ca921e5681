//! A server that gives canned answers, in order, the last one again and again; and remembers what it was asked.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Uri};
use axum::response::Response;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// One answer.
#[derive(Debug, Clone)]
pub(crate) struct Canned {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    /// The body, where that is no text.
    pub(crate) bytes: Option<Vec<u8>>,
}

impl Canned {
    pub(crate) fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: String::new(), bytes: None }
    }

    pub(crate) fn json(body: &str) -> Self {
        let canned = Self { body: body.to_owned(), ..Self::status(200) };
        canned.header("content-type", "application/json; charset=utf-8")
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// One request that came in.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) line: String,
    pub(crate) authorization: String,
    pub(crate) body: String,
}

#[derive(Default)]
struct Log {
    seen: Vec<Seen>,
    under_way: usize,
    most_at_once: usize,
}

pub(crate) struct Replay {
    pub(crate) url: String,
    log: Arc<Mutex<Log>>,
    _server: JoinSet<()>,
}

impl Replay {
    pub(crate) async fn start(answers: Vec<Canned>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/MAAS", listener.local_addr().unwrap());
        let log = Arc::new(Mutex::new(Log::default()));
        let router = Router::new().fallback(answer).with_state((log.clone(), Arc::new(answers)));
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, log, _server: server }
    }

    pub(crate) fn requests(&self) -> Vec<Seen> {
        self.log.lock().unwrap().seen.clone()
    }

    pub(crate) fn most_at_once(&self) -> usize {
        self.log.lock().unwrap().most_at_once
    }
}

type Shared = (Arc<Mutex<Log>>, Arc<Vec<Canned>>);

async fn answer(
    State((log, answers)): State<Shared>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let canned = {
        let mut log = log.lock().unwrap();
        let header = headers.get("authorization").map_or("", |value| value.to_str().unwrap());
        log.seen.push(Seen {
            line: format!("{method} {uri}"),
            authorization: header.to_owned(),
            body: String::from_utf8_lossy(&body).into_owned(),
        });
        log.under_way += 1;
        log.most_at_once = log.most_at_once.max(log.under_way);
        answers[(log.seen.len() - 1).min(answers.len() - 1)].clone()
    };
    // Lets the others come in, if they may.
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
    log.lock().unwrap().under_way -= 1;
    let mut response = Response::builder().status(canned.status);
    for (name, value) in &canned.headers {
        response = response.header(name, value);
    }
    response.body(canned.bytes.map_or_else(|| Body::from(canned.body), Body::from)).unwrap()
}
