//! How long what was fetched is used, and how it is asked for again.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use drydock_core::task::{DesignRef, GivenRef};
use drydock_orchestrator::{Credentials, DesignError, DesignSource as _, Designs, HttpOptions, References};

use crate::rig::{Answer, HandClock, SECRET, Server, design, digest};

const FRESH: Duration = Duration::from_mins(3);
const ALMOST: Duration = Duration::from_secs(179);

fn designs(clock: &HandClock) -> Designs<References> {
    let references = References::new(&HttpOptions::default(), Credentials::default(), None).unwrap();
    Designs::over(references, Arc::new(clock.clone()), FRESH)
}

/// A server of one design, with these headers; what it has can be changed.
async fn server(headers: &'static [(&'static str, &'static str)]) -> (Server, Arc<Mutex<String>>) {
    let text = Arc::new(Mutex::new(design("one")));
    let now = Arc::clone(&text);
    let server = Server::http(move |_| {
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Answer::Page(200, headers, now.lock().unwrap().clone())
    })
    .await;
    (server, text)
}

#[tokio::test]
async fn questions_are_answered_with_what_was_fetched_for_a_while_by_the_clock() {
    let clock = HandClock::new();
    let (server, text) = server(&[]).await;
    let (designs, url) = (designs(&clock), server.url("/site"));
    let first = digest(&designs, &url).await;
    *text.lock().unwrap() = design("two");
    clock.advance(ALMOST);
    assert_eq!(digest(&designs, &url).await, first);
    assert_eq!(server.asked().len(), 1);
    clock.advance(FRESH.abs_diff(ALMOST));
    let second = digest(&designs, &url).await;
    assert_ne!(second, first);
    assert_eq!(server.asked().len(), 2);
    let reference: DesignRef = url.parse().unwrap();
    assert_eq!(
        designs.load_pinned(&reference, &first).await.unwrap().digest,
        first,
        "a task goes on with its own"
    );
    assert_eq!(server.asked().len(), 2);
}

/// Its nodes may be other instances' work, which know nothing of what was fetched here a while ago.
#[tokio::test]
async fn a_task_begins_with_the_design_as_it_is_now() {
    let clock = HandClock::new();
    let (server, text) = server(&[]).await;
    let (designs, url) = (designs(&clock), server.url("/site"));
    let first = digest(&designs, &url).await;
    *text.lock().unwrap() = design("two");
    let reference: DesignRef = url.parse().unwrap();
    let second = designs.load(&reference).await.unwrap().digest.clone();
    assert_ne!(second, first);
    assert_eq!(digest(&designs, &url).await, second, "and questions are answered with that");
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn a_task_that_wants_a_design_which_is_gone_asks_at_once() {
    let clock = HandClock::new();
    let (server, text) = server(&[]).await;
    let url = server.url("/site");
    let first = digest(&designs(&clock), &url).await;
    let restarted = designs(&clock);
    *text.lock().unwrap() = design("two");
    digest(&restarted, &url).await;
    let reference: DesignRef = url.parse().unwrap();
    let changed = restarted.load_pinned(&reference, &first).await;
    assert!(matches!(changed, Err(DesignError::Changed { .. })), "{changed:?}");
    *text.lock().unwrap() = design("one");
    assert_eq!(restarted.load_pinned(&reference, &first).await.unwrap().digest, first);
    assert_eq!(server.asked().len(), 4, "what lasts a while is no answer about another content");
}

#[tokio::test]
async fn a_server_is_asked_whether_anything_has_changed() {
    let clock = HandClock::new();
    for (name, header, value) in [
        ("etag", "if-none-match", "W/\"7\""),
        ("last-modified", "if-modified-since", "Sun, 01 Mar 2026 12:00:00 GMT"),
    ] {
        let whole = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&whole);
        let server = Server::http(move |asked| {
            if asked.header(header) == Some(value) {
                return Answer::Page(304, Vec::new(), String::new());
            }
            count.fetch_add(1, Ordering::Relaxed);
            Answer::Page(200, vec![(name, value.to_owned())], design("one"))
        })
        .await;
        let (designs, url) = (designs(&clock), server.url("/site"));
        let first = digest(&designs, &url).await;
        for _ in 0..3 {
            clock.advance(FRESH);
            assert_eq!(digest(&designs, &url).await, first);
            assert_eq!(digest(&designs, &url).await, first, "and its answer lasts, too");
        }
        assert_eq!((whole.load(Ordering::Relaxed), server.asked().len()), (1, 4));
    }
}

#[tokio::test]
async fn what_a_server_does_not_want_kept_is_asked_for_each_time() {
    let clock = HandClock::new();
    for headers in [&[("cache-control", "no-store")] as &[_], &[("cache-control", "no-cache")]] {
        let (server, _) = server(headers).await;
        let (designs, url) = (designs(&clock), server.url("/site"));
        digest(&designs, &url).await;
        digest(&designs, &url).await;
        assert_eq!(server.asked().len(), 2);
    }
}

#[tokio::test]
async fn what_somebody_saw_with_his_login_is_not_there_for_others() {
    let clock = HandClock::new();
    let server = Server::http(|asked| match asked.header("authorization") {
        Some(_) => Answer::ok(design("one")),
        None => Answer::status(401),
    })
    .await;
    let designs = designs(&clock);
    digest(&designs, &server.url_with(&format!("me:{SECRET}"), "/site")).await;
    assert!(designs.load(&server.url("/site").parse().unwrap()).await.is_err());
}

#[tokio::test]
async fn many_that_want_one_design_at_once_fetch_it_once() {
    let clock = HandClock::new();
    let (server, _) = server(&[]).await;
    let url = server.url("/site");
    let pinned = digest(&designs(&clock), &url).await;
    let designs = Arc::new(designs(&clock));
    let mut loads = tokio::task::JoinSet::new();
    for number in 0..32 {
        let (designs, pinned, reference) = (Arc::clone(&designs), pinned.clone(), url.parse().unwrap());
        loads.spawn(async move {
            let loaded = match number % 2 {
                0 => designs.load_given(&GivenRef::from(reference)).await,
                _ => designs.load_pinned(&reference, &pinned).await,
            };
            loaded.map(|design| design.digest.clone())
        });
    }
    let all = loads.join_all().await;
    assert!(all.iter().all(|digest| digest.as_ref().ok() == Some(&pinned)), "{all:?}");
    assert_eq!(server.asked().len(), 2);
}
