//! Assets by `http://`, `https://` and `file:///`.

use std::io::{self, ErrorKind};
use std::time::Duration;

use async_trait::async_trait;
use reqwest::redirect;
use tokio::io::AsyncReadExt as _;
use url::Url;

use crate::assets::{AssetError, AssetSource, shown};

/// The longest time to connect.
const CONNECT: Duration = Duration::from_secs(5);
/// The longest time until all is there: whoever asked waits for less than a minute.
const WHOLE: Duration = Duration::from_secs(30);
/// How often a server may send the request elsewhere. Credentials are not sent to another host.
const REDIRECTS: usize = 5;

/// Fetches from web servers and from files. Certificates are always verified; a user and a password in a location are sent to its host.
pub struct WebAssets {
    http: reqwest::Client,
}

impl WebAssets {
    /// A client with a pool of connections. An error when the system gives no TLS.
    pub fn new() -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .user_agent(concat!("drydock/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::limited(REDIRECTS))
            .connect_timeout(CONNECT)
            .timeout(WHOLE)
            .build()?;
        Ok(Self { http })
    }

    async fn web(&self, location: &Url, limit: usize) -> Result<Vec<u8>, AssetError> {
        let unreachable = |problem: reqwest::Error| AssetError::Unreachable {
            location: shown(location),
            source: problem.without_url().into(),
        };
        let mut answer = self.http.get(location.clone()).send().await.map_err(unreachable)?;
        let status = answer.status();
        if !status.is_success() {
            return Err(AssetError::Refused { location: shown(location), status: status.as_u16() });
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(unreachable)? {
            if bytes.len() + chunk.len() > limit {
                return Err(AssetError::TooLarge { location: shown(location), limit });
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }
}

#[async_trait]
impl AssetSource for WebAssets {
    async fn fetch(&self, location: &Url, limit: usize) -> Result<Vec<u8>, AssetError> {
        match location.scheme() {
            "http" | "https" => self.web(location, limit).await,
            "file" => file(location, limit).await,
            _ => Err(AssetError::Scheme { location: shown(location) }),
        }
    }
}

/// A regular file, and no more of it than an asset may have.
async fn file(location: &Url, limit: usize) -> Result<Vec<u8>, AssetError> {
    let path = location.to_file_path().map_err(|()| AssetError::Scheme { location: shown(location) })?;
    let unreadable = |source| AssetError::Unreadable { location: shown(location), source };
    // Looked at before it is opened, for opening a pipe waits for its writer.
    if !tokio::fs::metadata(&path).await.map_err(unreadable)?.is_file() {
        return Err(unreadable(io::Error::new(ErrorKind::InvalidInput, "it is not a regular file")));
    }
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    let opened = tokio::fs::File::open(&path).await.map_err(unreadable)?;
    opened.take(most).read_to_end(&mut bytes).await.map_err(unreadable)?;
    if bytes.len() > limit {
        return Err(AssetError::TooLarge { location: shown(location), limit });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use drydock_core::{Classify as _, Disposition, error_chain};
    use tokio::io::AsyncWriteExt as _;
    use tokio::net::TcpListener;

    use super::*;

    async fn fetch(location: &str, limit: usize) -> Result<Vec<u8>, AssetError> {
        WebAssets::new().unwrap().fetch(&location.parse().unwrap(), limit).await
    }

    /// Answers once, and gives the request.
    async fn answer(listener: TcpListener, answer: &str) -> String {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = vec![0; 4096];
        let mut len = 0;
        while !request[..len].ends_with(b"\r\n\r\n") {
            len += stream.read(&mut request[len..]).await.unwrap();
        }
        stream.write_all(answer.as_bytes()).await.unwrap();
        String::from_utf8_lossy(&request[..len]).into_owned()
    }

    #[tokio::test]
    async fn files_are_read_up_to_the_limit() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "12345").unwrap();
        let location = format!("file://{}", file.path().display());
        assert_eq!(fetch(&location, 5).await.unwrap(), b"12345");
        for (location, limit, expected) in [
            (location.as_str(), 4, "more than 4 bytes"),
            ("file:///dev/zero", 5, "not a regular file"),
            ("file:///no/such/file", 5, "No such file"),
            ("ftp://me:hush@host/x?token=hush", 5, "http://"),
        ] {
            let error = fetch(location, limit).await.unwrap_err();
            let told = format!("{} {error:?}", error_chain(&error));
            assert!(told.contains(expected) && !told.contains("hush"), "{told}");
            assert_eq!(error.disposition(), Disposition::Permanent, "{told}");
        }
    }

    #[tokio::test]
    async fn a_web_servers_status_and_length_count() {
        for (text, limit, expected) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n12345", 5, Ok("12345")),
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n12345", 4, Err(Disposition::Permanent)),
            ("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", 5, Err(Disposition::Permanent)),
            ("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", 5, Err(Disposition::Retryable)),
            ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n123", 9, Err(Disposition::Retryable)),
        ] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let location = format!("http://me:hush@{}/x?token=hush", listener.local_addr().unwrap());
            let (fetched, request) = tokio::join!(fetch(&location, limit), answer(listener, text));
            // "me:hush" in Base64.
            assert!(
                request.contains("bWU6aHVzaA==") && request.starts_with("GET /x?token=hush"),
                "{request}"
            );
            match fetched {
                Ok(bytes) => assert_eq!(expected, Ok(std::str::from_utf8(&bytes).unwrap()), "{text}"),
                Err(error) => {
                    assert!(!format!("{} {error:?}", error_chain(&error)).contains("hush"), "{error:?}");
                    assert_eq!(expected, Err(error.disposition()), "{text}");
                }
            }
        }
    }
}
