//! A small HTTP server on loopback that answers as a test wants and keeps what it was asked; a clock that moves by hand.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use drydock_core::error_chain;
use drydock_core::{Classify as _, Clock, Disposition, Timestamp};
use drydock_orchestrator::{
    Credentials, DesignError, DesignSource, Designs, HttpOptions, References, Tokens,
};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// Longer than anything here takes.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// What must be in no text.
pub(crate) const SECRET: &str = "hush-hush";

/// A design of one region.
pub(crate) fn design(name: &str) -> String {
    format!("schema: drydock/Region/v1\nmetadata: {{name: {name}}}\ndata: {{}}\n")
}

/// What was asked.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) line: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// Whether anything of it is a credential.
    pub(crate) fn has_credentials(&self) -> bool {
        ["authorization", "x-auth-token", "cookie"].iter().any(|name| self.headers.contains_key(*name))
            || self.line.contains(SECRET)
    }
}

/// What is answered.
pub(crate) enum Answer {
    /// A status with headers and a body.
    Page(u16, Vec<(&'static str, String)>, String),
    /// This many bytes, without saying so first.
    Stream(usize),
    /// Nothing, ever.
    Silence,
    /// The beginning of an answer.
    Half,
}

impl Answer {
    pub(crate) fn ok(body: impl Into<String>) -> Self {
        Self::Page(200, Vec::new(), body.into())
    }

    pub(crate) fn status(status: u16) -> Self {
        Self::Page(status, Vec::new(), SECRET.to_owned())
    }

    pub(crate) fn to(location: impl Into<String>) -> Self {
        Self::Page(302, vec![("location", location.into())], String::new())
    }
}

type Handler = Arc<dyn Fn(&Asked) -> Answer + Send + Sync>;

/// A server. Dropped, it ends.
pub(crate) struct Server {
    /// Its scheme, host and port.
    pub(crate) origin: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    _task: JoinSet<()>,
}

impl Server {
    pub(crate) async fn http(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        Self::start(None, Arc::new(answer)).await
    }

    pub(crate) async fn https(
        tls: TlsAcceptor,
        answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static,
    ) -> Self {
        Self::start(Some(tls), Arc::new(answer)).await
    }

    async fn start(tls: Option<TlsAcceptor>, answer: Handler) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let origin = format!("{scheme}://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (log, mut task) = (Arc::clone(&asked), JoinSet::new());
        task.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (tls, log, answer) = (tls.clone(), Arc::clone(&log), Arc::clone(&answer));
                connections.spawn(async move {
                    match tls {
                        None => talk(stream, &log, &answer).await,
                        // A client that does not believe the certificate hangs up.
                        Some(tls) => match tls.accept(stream).await {
                            Ok(stream) => talk(stream, &log, &answer).await,
                            Err(_) => None,
                        },
                    }
                });
            }
        });
        Self { origin, asked, _task: task }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// The same with these before the host.
    pub(crate) fn url_with(&self, login: &str, path: &str) -> String {
        self.url(path).replacen("://", &format!("://{login}@"), 1)
    }

    /// Everything that was asked until now.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

/// One request and its answer; `None` when the client has gone.
async fn talk(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    log: &Mutex<Vec<Asked>>,
    answer: &Handler,
) -> Option<()> {
    let asked = request(&mut stream).await?;
    let answer = answer(&asked);
    log.lock().unwrap().push(asked);
    match answer {
        Answer::Page(status, headers, body) => {
            let length = body.len();
            let mut head =
                format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n");
            for (name, value) in headers {
                head.extend([name, ": ", value.as_str(), "\r\n"]);
            }
            head += "\r\n";
            stream.write_all((head + &body).as_bytes()).await.ok()?;
        }
        Answer::Stream(length) => {
            stream.write_all(b"HTTP/1.1 200 X\r\nconnection: close\r\n\r\n").await.ok()?;
            for _ in 0..length.div_ceil(1024) {
                stream.write_all(&[b'#'; 1024]).await.ok()?;
            }
        }
        Answer::Silence => std::future::pending().await,
        Answer::Half => {
            stream.write_all(b"HTTP/1.1 200 X\r\ncontent-length: 9999\r\n\r\nschema").await.ok()?;
        }
    }
    stream.shutdown().await.ok()
}

async fn request(stream: &mut (impl AsyncRead + Unpin)) -> Option<Asked> {
    let mut bytes = Vec::new();
    let head = loop {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        if let Some(end) = end {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let text = String::from_utf8(bytes[..head].to_vec()).unwrap();
    let mut lines = text.lines();
    let line = lines.next().unwrap().to_owned();
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length: usize = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = bytes.split_off(head + 4);
    while body.len() < length {
        stream.read_buf(&mut body).await.ok()?;
    }
    Some(Asked { line, headers, body: String::from_utf8(body).unwrap() })
}

/// A clock that stands still until it is advanced.
#[derive(Clone)]
pub(crate) struct HandClock(Arc<Mutex<Timestamp>>);

impl HandClock {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new("2026-03-01T12:00:00Z".parse().unwrap())))
    }

    pub(crate) fn advance(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// Designs with these credentials, which never last.
pub(crate) fn designs(credentials: &str) -> Designs<References> {
    with(&HttpOptions::default(), credentials, None)
}

pub(crate) fn with(
    options: &HttpOptions,
    credentials: &str,
    tokens: Option<Arc<dyn Tokens>>,
) -> Designs<References> {
    let credentials = Credentials::parse(credentials).unwrap();
    let references = References::new(options, credentials, tokens).unwrap();
    Designs::over(references, Arc::new(HandClock::new()), Duration::ZERO)
}

/// The digest of the design there, which must be one.
pub(crate) async fn digest(designs: &Designs<References>, reference: &str) -> String {
    let given = reference.parse().unwrap();
    let loaded = tokio::time::timeout(PATIENCE, designs.load_given(&given)).await.unwrap();
    loaded.unwrap().digest.clone()
}

/// Why there is no design, without a secret in any text.
pub(crate) async fn problem(designs: &Designs<References>, reference: &str) -> (Disposition, String) {
    let given = reference.parse().unwrap();
    let loaded = tokio::time::timeout(PATIENCE, designs.load_given(&given)).await.unwrap();
    let error: DesignError = loaded.unwrap_err();
    let (told, shown) = (error_chain(&error), format!("{error:?} {given:?}"));
    assert!(!told.contains(SECRET) && !shown.contains(SECRET), "{told}\n{shown}");
    (error.disposition(), told)
}
