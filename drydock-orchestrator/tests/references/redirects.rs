//! Where servers send us on, and that no credential goes there with us.

use std::sync::Arc;

use async_trait::async_trait;
use drydock_core::Disposition::Permanent;
use drydock_core::SecretString;
use drydock_orchestrator::{HttpOptions, TokenError, Tokens};

use crate::rig::{Answer, Asked, SECRET, Server, design, designs, digest, problem, with};

/// One token for ever.
struct OneToken;

#[async_trait]
impl Tokens for OneToken {
    async fn token(&self) -> Result<SecretString, TokenError> {
        Ok(SecretString::from(SECRET))
    }

    async fn refused(&self, _: &SecretString) {}
}

#[tokio::test]
async fn a_redirect_to_another_server_goes_without_credentials() {
    let other = Server::http(|_| Answer::ok(design("one"))).await;
    let target = other.url("/there?q");
    let first = Server::http(move |asked| match asked.line.split(' ').nth(1).unwrap() {
        "/site" => Answer::to("/elsewhere"),
        _ => Answer::to(&target),
    })
    .await;
    let (login, plain) = (format!("me:{SECRET}"), String::new());
    let both = |how: &str| format!("{} {how}\n{} {how}", first.origin, other.origin);
    for (credentials, reference) in [
        (both(&format!("basic {login}")), first.url("/site")),
        (both(&format!("bearer {SECRET}")), first.url("/site")),
        (both("keystone"), format!("deckhand+{}", first.url("/site"))),
        (plain, first.url_with(&login, "/site")),
    ] {
        let designs = with(&HttpOptions::default(), &credentials, Some(Arc::new(OneToken)));
        digest(&designs, &reference).await;
        let asked = first.asked();
        let on_the_way: Vec<_> = asked[asked.len() - 2..].iter().map(Asked::has_credentials).collect();
        assert_eq!(on_the_way, [true, true], "the same server keeps them: {asked:#?}");
        let asked = other.asked().pop().unwrap();
        assert!(!asked.has_credentials() && asked.line == "GET /there?q HTTP/1.1", "{asked:?}");
    }
}

#[tokio::test]
async fn another_server_that_wants_credentials_is_told_of_and_given_none() {
    let other = Server::http(|_| Answer::status(401)).await;
    let target = other.url(&format!("/{SECRET}"));
    let first = Server::http(move |_| Answer::to(&target)).await;
    let credentials = format!("{} basic me:{SECRET}\n{} basic me:{SECRET}", first.origin, other.origin);
    let (disposition, told) = problem(&designs(&credentials), &first.url("/site")).await;
    assert_eq!(disposition, Permanent);
    assert!(told.contains(&format!("{} answers 401: it was reached by a redirect", other.origin)), "{told}");
    assert!(other.asked().iter().all(|asked| asked.header("authorization").is_none()));
}

#[tokio::test]
async fn a_circle_and_what_is_no_web_address_are_refused() {
    let server = Server::http(|asked| match asked.line.split(' ').nth(1).unwrap() {
        "/file" => Answer::to("file:///etc/passwd"),
        "/nowhere" => Answer::status(301),
        "/login" => Answer::to(format!("ftp://me:{SECRET}@host/x")),
        path => Answer::to(path),
    })
    .await;
    for (path, text) in [
        ("/circle", "redirects too often"),
        ("/file", "redirects to a file: address, which is not followed"),
        ("/nowhere", "redirects to no address that can be read"),
        ("/login", "redirects to a ftp: address"),
    ] {
        let (disposition, told) = problem(&designs(""), &server.url(path)).await;
        assert_eq!(disposition, Permanent);
        assert!(told.contains(text), "{told}");
    }
    let circles = server.asked().iter().filter(|asked| asked.line.contains("/circle")).count();
    assert_eq!(circles, 6, "the first, and five more");
}
