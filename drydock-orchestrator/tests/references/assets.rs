//! What boot actions refer to goes the ways of designs, with the same credentials and the same rules.

use drydock_core::{Classify as _, Disposition, error_chain};
use drydock_orchestrator::{AssetError, AssetSource, Credentials, HttpOptions, References};

use crate::keystone::{keystone, tokens};
use crate::rig::{Answer, HandClock, PATIENCE, SECRET, Server};

async fn asset(references: &References, location: &str) -> Result<Vec<u8>, AssetError> {
    let location = location.parse().unwrap();
    tokio::time::timeout(PATIENCE, AssetSource::fetch(references, &location, 64)).await.unwrap()
}

/// Why it does not come; no text has a secret in it.
async fn problem(references: &References, location: &str) -> String {
    let error = asset(references, location).await.unwrap_err();
    let (told, shown) = (error_chain(&error), format!("{error:?}"));
    assert!(!told.contains(SECRET) && !shown.contains(SECRET), "{told}\n{shown}");
    assert_eq!(error.disposition(), Disposition::Permanent, "{told}");
    told
}

#[tokio::test]
async fn a_server_of_assets_is_given_what_the_file_of_credentials_says() {
    let clock = HandClock::new();
    let keystone = keystone(&clock).await;
    let server = Server::http(|asked| match asked.line.split(' ').nth(1).unwrap() {
        "/large" => Answer::Stream(65),
        "/moved" => Answer::to("/there"),
        _ if asked.has_credentials() => Answer::ok("here it is"),
        _ => Answer::status(401),
    })
    .await;
    let with = |line: &str| {
        let credentials = Credentials::parse(&format!("{} {line}", server.origin)).unwrap();
        let tokens = tokens(&keystone, &clock);
        References::new(&HttpOptions::default(), credentials, Some(tokens)).unwrap()
    };
    let (deckhand, promenade) = (format!("deckhand+{}", server.url("/x")), "promenade+");
    for (line, location) in [
        (format!("basic me:{SECRET}"), server.url("/moved")),
        (format!("bearer {SECRET}"), server.url("/x")),
        ("keystone".to_owned(), deckhand.clone()),
        ("keystone".to_owned(), format!("{promenade}{}", server.url("/x"))),
    ] {
        assert_eq!(asset(&with(&line), &location).await.unwrap(), b"here it is", "{location}");
    }
    let basic = with(&format!("basic me:{SECRET}"));
    assert!(problem(&basic, &deckhand).await.contains("may not have a Keystone token"));
    assert!(problem(&basic, &server.url("/large")).await.contains("more than the 64 bytes"));
    assert!(problem(&with("keystone"), &server.url("/x")).await.contains("--design-credentials"));
}

#[tokio::test]
async fn what_comes_with_a_location_stays_with_its_server() {
    let other = Server::http(|_| Answer::ok("elsewhere")).await;
    let there = other.url("/there");
    let server = Server::http(move |_| Answer::to(there.clone())).await;
    let references = References::new(&HttpOptions::default(), Credentials::default(), None).unwrap();
    let location = server.url_with(&format!("me:{SECRET}"), "/x");
    assert_eq!(asset(&references, &location).await.unwrap(), b"elsewhere");
    assert!(server.asked()[0].has_credentials() && !other.asked()[0].has_credentials());
}
