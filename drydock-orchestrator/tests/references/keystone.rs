//! References that take a token of Keystone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::time::Duration;

use drydock_core::Disposition::{Permanent, Retryable};
use drydock_core::SecretString;
use drydock_orchestrator::{
    DesignSource as _, Designs, HttpOptions, KeystoneOptions, KeystoneTokens, References,
};
use serde_json::{Value, json};

use crate::rig::{Answer, HandClock, SECRET, Server, design, digest, problem, with};

const PATH: &str = "/api/v1.0/revisions/3/rendered-documents";

/// A Keystone whose tokens are numbered and last an hour of `clock`.
pub(crate) async fn keystone(clock: &HandClock) -> Server {
    let (clock, count) = (clock.clone(), AtomicU16::new(0));
    Server::http(move |_| {
        let number = count.fetch_add(1, Ordering::Relaxed) + 1;
        let expires = drydock_core::Clock::now(&clock) + Duration::from_hours(1);
        let body = json!({"token": {"expires_at": expires.to_rfc3339(), "catalog": []}});
        let headers = vec![("x-subject-token", format!("{SECRET}-{number}"))];
        Answer::Page(201, headers, body.to_string())
    })
    .await
}

pub(crate) fn tokens(keystone: &Server, clock: &HandClock) -> Arc<KeystoneTokens> {
    let options = KeystoneOptions {
        url: keystone.url("/identity/v3").parse().unwrap(),
        user: "drydock".to_owned(),
        password: SecretString::from(SECRET),
        user_domain: "default".to_owned(),
        project: "service".to_owned(),
        project_domain: "infra".to_owned(),
    };
    assert!(!format!("{options:?}").contains(SECRET));
    Arc::new(KeystoneTokens::new(&HttpOptions::default(), options, Arc::new(clock.clone())).unwrap())
}

/// Designs of a Deckhand that may have a token.
fn designs(deckhand: &Server, keystone: &Server, clock: &HandClock) -> Designs<References> {
    let credentials = format!("{} keystone", deckhand.origin);
    with(&HttpOptions::default(), &credentials, Some(tokens(keystone, clock)))
}

#[tokio::test]
async fn a_token_is_asked_for_once_and_again_before_it_expires() {
    let clock = HandClock::new();
    let keystone = keystone(&clock).await;
    let deckhand = Server::http(|_| Answer::ok(design("one"))).await;
    let designs = designs(&deckhand, &keystone, &clock);
    let last_token = || deckhand.asked().pop().unwrap().header("x-auth-token").map(str::to_owned);
    for (scheme, wait, token) in [
        ("deckhand", 0, 1),
        ("promenade", 40, 1),
        ("deckhand", 16, 2),
        ("deckhand", 54, 2),
        ("deckhand", 2, 3),
    ] {
        clock.advance(Duration::from_mins(wait));
        digest(&designs, &format!("{scheme}+{}", deckhand.url(PATH))).await;
        assert_eq!(last_token().unwrap(), format!("{SECRET}-{token}"));
    }
    assert!(deckhand.asked().iter().all(|asked| asked.line == format!("GET {PATH} HTTP/1.1")));
    let asked = keystone.asked();
    assert_eq!((asked.len(), asked[0].line.as_str()), (3, "POST /identity/v3/auth/tokens HTTP/1.1"));
    let user = json!({"name": "drydock", "domain": {"name": "default"}, "password": SECRET});
    let expected = json!({"auth": {
        "identity": {"methods": ["password"], "password": {"user": user}},
        "scope": {"project": {"name": "service", "domain": {"name": "infra"}}},
    }});
    assert_eq!(serde_json::from_str::<Value>(&asked[0].body).unwrap(), expected);
}

#[tokio::test]
async fn many_that_want_a_token_at_once_share_one() {
    let clock = HandClock::new();
    let keystone = keystone(&clock).await;
    let deckhand = Server::http(|_| Answer::ok(design("one"))).await;
    let designs = Arc::new(designs(&deckhand, &keystone, &clock));
    let mut loads = tokio::task::JoinSet::new();
    for number in 0..16 {
        let reference = format!("deckhand+{}", deckhand.url(&format!("/{number}"))).parse().unwrap();
        let designs = Arc::clone(&designs);
        loads.spawn(async move { designs.load(&reference).await.map(|design| design.digest.clone()) });
    }
    assert!(loads.join_all().await.iter().all(Result::is_ok));
    assert_eq!((keystone.asked().len(), deckhand.asked().len()), (1, 16));
}

#[tokio::test]
async fn a_token_that_is_refused_is_replaced_once() {
    let clock = HandClock::new();
    let keystone = keystone(&clock).await;
    let revoked = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&revoked);
    let deckhand = Server::http(move |asked| {
        let token = asked.header("x-auth-token").unwrap_or_default();
        let is_first = token == format!("{SECRET}-1");
        let refuses = asked.line.contains("/never") || (is_first && seen.load(Ordering::Relaxed));
        if refuses { Answer::status(401) } else { Answer::ok(design("one")) }
    })
    .await;
    let designs = designs(&deckhand, &keystone, &clock);
    let reference = format!("deckhand+{}", deckhand.url(PATH));
    digest(&designs, &reference).await;
    revoked.store(true, Ordering::Relaxed);
    digest(&designs, &reference).await;
    digest(&designs, &reference).await;
    assert_eq!((keystone.asked().len(), deckhand.asked().len()), (2, 4));
    let (disposition, told) = problem(&designs, &format!("deckhand+{}", deckhand.url("/never"))).await;
    assert_eq!(disposition, Permanent);
    assert!(told.contains("answers 401: it refuses the Keystone token"), "{told}");
    assert_eq!((keystone.asked().len(), deckhand.asked().len()), (3, 6), "not for ever");
}

#[tokio::test]
async fn what_keystone_says_instead_of_a_token_is_told_without_the_password() {
    let clock = HandClock::new();
    let deckhand = Server::http(|_| Answer::ok(design("one"))).await;
    let reference = format!("deckhand+{}", deckhand.url(PATH));
    for (status, disposition, text) in [
        (401, Permanent, "refuses the user drydock"),
        (403, Permanent, "refuses the user drydock"),
        (300, Permanent, "answers 300, where 201"),
        (201, Permanent, "answers 201, where 201 with a token"),
        (503, Retryable, "answers 503, where 201"),
    ] {
        let keystone = Server::http(move |_| Answer::status(status)).await;
        let (found, told) = problem(&designs(&deckhand, &keystone, &clock), &reference).await;
        assert_eq!(found, disposition, "{told}");
        assert!(told.contains(text), "{told}");
    }
    let away = Server::http(|_| Answer::Half).await;
    let (found, told) = problem(&designs(&deckhand, &away, &clock), &reference).await;
    assert_eq!(found, Permanent, "half an answer has no token: {told}");
    assert!(deckhand.asked().is_empty());
}

#[tokio::test]
async fn a_token_goes_only_to_servers_that_may_have_it() {
    let clock = HandClock::new();
    let keystone = keystone(&clock).await;
    let (deckhand, other) = (
        Server::http(|_| Answer::ok(design("one"))).await,
        Server::http(|_| Answer::ok(design("one"))).await,
    );
    let with_one = designs(&deckhand, &keystone, &clock);
    let (disposition, told) = problem(&with_one, &format!("deckhand+{}", other.url(PATH))).await;
    assert_eq!(disposition, Permanent);
    assert!(told.contains(&format!("put the line `{} keystone` into the file", other.origin)), "{told}");
    let without = with(&HttpOptions::default(), &format!("{} keystone", deckhand.origin), None);
    let (_, told) = problem(&without, &format!("deckhand+{}", deckhand.url(PATH))).await;
    assert!(told.contains("--keystone-url"), "{told}");
    // Nobody asked for a token here.
    digest(&with_one, &deckhand.url(PATH)).await;
    assert!(!deckhand.asked().pop().unwrap().has_credentials());
    assert!(other.asked().is_empty() && keystone.asked().is_empty());
}
