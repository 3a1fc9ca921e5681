//! What boot actions refer to, fetched like designs: by the same ways, with the same rules and the same credentials.

use std::time::Duration;

use async_trait::async_trait;
use drydock_core::task::{GivenRef, InvalidDesignRef};
use url::Url;

use super::error::FetchError;
use super::fetch::{Bounds, Fetch as _, Fetched, References};
use crate::assets::{AssetError, AssetSource, shown};

/// The longest time until all is there: the node that asks waits for less than a minute.
const WHOLE: Duration = Duration::from_secs(30);

#[async_trait]
impl AssetSource for References {
    async fn fetch(&self, location: &Url, limit: usize) -> Result<Vec<u8>, AssetError> {
        let unusable = |problem| AssetError::Location { location: shown(location), problem };
        let failed = |source| AssetError::Fetch { location: shown(location), source: Box::new(source) };
        let GivenRef { reference, login } = given(location).map_err(unusable)?;
        let bounds = Bounds { time: self.limit().min(WHOLE), bytes: limit };
        match self.fetch_within(&reference, login.as_ref(), None, bounds).await.map_err(failed)? {
            Fetched::Content(content) => Ok(content.bytes),
            // Nothing was said of an earlier answer, so this is none.
            Fetched::Unchanged => Err(failed(FetchError::Status {
                origin: location.origin().ascii_serialization(),
                status: 304,
                advice: ", which is no document",
            })),
        }
    }
}

/// The reference that the location is, and who to be there.
fn given(location: &Url) -> Result<GivenRef, InvalidDesignRef> {
    // A URL may have some characters as they are that a reference has in percent encoding only (RFC 3986 section 2).
    let mut text = String::with_capacity(location.as_str().len());
    for c in location.as_str().chars() {
        match c {
            '"' => text.push_str("%22"),
            '<' => text.push_str("%3C"),
            '>' => text.push_str("%3E"),
            '\\' => text.push_str("%5C"),
            '^' => text.push_str("%5E"),
            '`' => text.push_str("%60"),
            '{' => text.push_str("%7B"),
            '|' => text.push_str("%7C"),
            '}' => text.push_str("%7D"),
            c => text.push(c),
        }
    }
    text.parse()
}

#[cfg(test)]
mod tests {
    use drydock_core::{Classify as _, Disposition, error_chain};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::super::{Credentials, HttpOptions};
    use super::*;

    async fn fetch(location: &str, limit: usize) -> Result<Vec<u8>, AssetError> {
        let references = References::new(&HttpOptions::default(), Credentials::default(), None).unwrap();
        AssetSource::fetch(&references, &location.parse().unwrap(), limit).await
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
            (location.as_str(), 4, "more than the 4 bytes"),
            ("file:///dev/zero", 5, "not a regular file"),
            ("file:///no/such/file", 5, "No such file"),
            ("ftp://me:hush@host/x?token=hush", 5, "http://"),
            ("http://me:%zz@host/x?token=hush", 5, "cannot be read"),
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
            let location = format!("http://me:hush@{}/x?token=hush&set={{a|", listener.local_addr().unwrap());
            let (fetched, request) = tokio::join!(fetch(&location, limit), answer(listener, text));
            // "me:hush" in Base64.
            assert!(
                request.contains("bWU6aHVzaA==") && request.starts_with("GET /x?token=hush&set=%7Ba%7C"),
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
