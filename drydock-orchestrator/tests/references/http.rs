//! Statuses, credentials, sizes and times.

use std::time::Duration;

use drydock_core::Disposition::{Permanent, Retryable};
use drydock_core::task::GivenRef;
use drydock_orchestrator::{DesignError, DesignSource as _, HttpOptions};

use crate::rig::{Answer, SECRET, Server, design, designs, digest, problem, with};

/// `me:hush-hush`.
const BASIC: &str = "Basic bWU6aHVzaC1odXNo";

#[tokio::test]
async fn a_server_is_given_its_own_credentials_or_those_of_the_reference() {
    let server = Server::http(|asked| match asked.header("authorization") {
        Some(_) => Answer::ok(design("one")),
        None => Answer::status(401),
    })
    .await;
    let origin = &server.origin;
    let path = "/a%20b/site.yaml?v=1";
    for (credentials, login, expected) in [
        (format!("{origin} basic me:{SECRET}"), None, BASIC.to_owned()),
        (format!("{origin} bearer {SECRET}"), None, format!("Bearer {SECRET}")),
        (String::new(), Some(format!("me:{SECRET}")), BASIC.to_owned()),
        (format!("{origin} bearer other"), Some(format!("me:{SECRET}")), BASIC.to_owned()),
    ] {
        let url = login.map_or(server.url(path), |login| server.url_with(&login, path));
        digest(&designs(&credentials), &url).await;
        let asked = server.asked().pop().unwrap();
        assert_eq!(asked.header("authorization"), Some(expected.as_str()));
        assert_eq!(asked.line, format!("GET {path} HTTP/1.1"));
    }
    let (disposition, told) = problem(&designs("http://127.0.0.1:1 bearer other"), &server.url(path)).await;
    assert_eq!(disposition, Permanent);
    assert!(
        told.contains("answers 401: it wants credentials") && told.contains("--design-credentials"),
        "{told}"
    );
    assert!(!server.asked().pop().unwrap().has_credentials());
}

#[tokio::test]
async fn each_status_says_whether_to_ask_again_and_what_to_do() {
    let server = Server::http(|asked| {
        let status = asked.line.split(['/', ' ']).nth(2).unwrap();
        Answer::status(status.parse().unwrap())
    })
    .await;
    let designs = designs(&format!("{} basic me:{SECRET}", server.origin));
    for (status, disposition, text) in [
        (400, Permanent, "answers 400, which is no document"),
        (401, Permanent, "it refuses this user and password"),
        (403, Permanent, "it refuses this user and password"),
        (404, Permanent, "there is nothing at this address"),
        (408, Retryable, "later"),
        (429, Retryable, "later"),
        (500, Retryable, "later"),
        (503, Retryable, "later"),
        (204, Permanent, "which is no document"),
        (206, Permanent, "which is no document"),
        (304, Permanent, "which is no document"),
    ] {
        let (found, told) = problem(&designs, &server.url(&format!("/{status}"))).await;
        assert_eq!(found, disposition, "{told}");
        assert!(told.contains(text) && told.contains(&status.to_string()), "{told}");
    }
}

#[tokio::test]
async fn no_more_is_read_than_a_design_may_have() {
    let server = Server::http(|asked| match asked.line.split(' ').nth(1).unwrap() {
        "/fits" => Answer::Stream(4096),
        "/large" => Answer::Stream(usize::MAX / 2),
        _ => Answer::ok("#".repeat(4097)),
    })
    .await;
    let designs = with(&HttpOptions { bytes_max: 4096, ..HttpOptions::default() }, "", None);
    digest(&designs, &server.url("/fits")).await;
    let large = tempfile::NamedTempFile::new().unwrap();
    large.as_file().set_len(4097).unwrap();
    let file = format!("file://{}", large.path().display());
    for reference in [server.url("/large"), server.url("/announced"), file] {
        let (disposition, told) = problem(&designs, &reference).await;
        assert_eq!(disposition, Permanent);
        assert!(told.ends_with("it has more than the 4096 bytes that it may have"), "{told}");
    }
}

#[tokio::test]
async fn a_server_that_is_silent_or_breaks_off_may_be_asked_again() {
    let server = Server::http(|asked| match asked.line.split(' ').nth(1).unwrap() {
        "/silent" => Answer::Silence,
        _ => Answer::Half,
    })
    .await;
    let quick = HttpOptions { timeout: Duration::from_millis(20), ..HttpOptions::default() };
    let (disposition, told) = problem(&with(&quick, "", None), &server.url("/silent")).await;
    assert_eq!(disposition, Retryable);
    assert!(told.contains("no whole answer within 0.02 s"), "{told}");
    for url in
        [server.url_with(&format!("me:{SECRET}"), "/half"), format!("http://me:{SECRET}@127.0.0.1:1/x")]
    {
        let (disposition, told) = problem(&designs(""), &url).await;
        assert_eq!(disposition, Retryable);
        assert!(told.contains("does not answer"), "{told}");
    }
}

#[tokio::test]
async fn what_cannot_be_fetched_is_said_before_anything_is_sent() {
    let server = Server::http(|_| Answer::ok(design("one"))).await;
    let plain = server.url("/x");
    let designs = designs("");
    for (reference, text) in [
        ("gopher://host/x".to_owned(), "nothing that can be fetched here"),
        (format!("deckhand+{plain}"), "may not have a Keystone token"),
        (format!("promenade+{}", server.url_with(&format!("me:{SECRET}"), "/x")), "leave them out"),
        (format!("file://me:{SECRET}@host/x"), "leave them out"),
    ] {
        let (disposition, told) = problem(&designs, &reference).await;
        assert_eq!(disposition, Permanent);
        assert!(told.contains(text), "{told}");
    }
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn a_task_keeps_a_reference_without_its_login_or_is_refused() {
    let designs = designs(&format!("https://host basic me:{SECRET}"));
    let kept = |text: &str| designs.without_login(text.parse::<GivenRef>().unwrap());
    for text in ["file:///x", "https://host/x", "https://me:hush%2dhush@host:443/x", "https://other/x"] {
        let reference = kept(text).unwrap();
        assert!(!reference.as_str().contains('@'), "{reference}");
    }
    for text in [
        format!("https://me:{SECRET}@other/x"),
        format!("http://me:{SECRET}@host/x"),
        format!("https://you:{SECRET}@host/x"),
        format!("https://me:{SECRET}!@host/x"),
        format!("https://{SECRET}@host/x"),
        format!("deckhand+https://me:{SECRET}@host/x"),
    ] {
        let error = kept(&text).unwrap_err();
        assert!(matches!(error, DesignError::Login { .. }), "{error:?}");
        let told = format!("{error} {error:?}");
        assert!(told.contains("--design-credentials") && !told.contains(SECRET), "{told}");
    }
}
