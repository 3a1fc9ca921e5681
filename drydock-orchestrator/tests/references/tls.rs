//! TLS: a certificate is believed if an authority vouches for it, the system's or one of the options; never otherwise.

use drydock_core::Disposition::{Permanent, Retryable};
use drydock_orchestrator::{ClientError, Credentials, HttpOptions, References};
use drydock_testkit::{Authority, authority};
use tokio_rustls::TlsAcceptor;

use crate::rig::{Answer, SECRET, Server, design, digest, problem, with};

/// With a certificate of this authority for this host.
fn acceptor(authority: &Authority, host: &str) -> TlsAcceptor {
    drydock_testkit::acceptor(authority, host).unwrap()
}

fn trusting(authority: Option<&Authority>) -> HttpOptions {
    HttpOptions {
        ca_bundle: authority.map(|authority| authority.pem().into_bytes()),
        ..HttpOptions::default()
    }
}

#[tokio::test]
async fn only_a_certificate_of_a_trusted_authority_for_this_host_is_believed() {
    let (good, other) = (authority().unwrap(), authority().unwrap());
    let server = Server::https(acceptor(&good, "127.0.0.1"), |_| Answer::ok(design("one"))).await;
    let url = server.url("/site");
    digest(&with(&trusting(Some(&good)), "", None), &url).await;
    let misnamed = Server::https(acceptor(&good, "127.0.0.2"), |_| Answer::ok(design("one"))).await;
    for (options, server) in
        [(trusting(None), &server), (trusting(Some(&other)), &server), (trusting(Some(&good)), &misnamed)]
    {
        let designs = with(&options, &format!("{} bearer {SECRET}", server.origin), None);
        let (disposition, told) = problem(&designs, &server.url("/site")).await;
        assert_eq!(disposition, Retryable);
        assert!(told.contains("does not answer") && told.contains("certificate"), "{told}");
    }
    assert_eq!((server.asked().len(), misnamed.asked().len()), (1, 0), "nothing was said to the others");
}

#[tokio::test]
async fn nobody_is_led_from_https_to_http() {
    let plain = Server::http(|_| Answer::ok(design("one"))).await;
    let target = plain.url("/site");
    let good = authority().unwrap();
    let server = Server::https(acceptor(&good, "127.0.0.1"), move |_| Answer::to(&target)).await;
    for credentials in [String::new(), format!("{} bearer {SECRET}", server.origin)] {
        let designs = with(&trusting(Some(&good)), &credentials, None);
        let (disposition, told) = problem(&designs, &server.url("/site")).await;
        assert_eq!(disposition, Permanent);
        assert!(told.contains("redirects from https to http"), "{told}");
    }
    assert!(plain.asked().is_empty());
}

#[tokio::test]
async fn certificates_that_are_none_are_refused_at_once() {
    for bundle in ["", "not PEM", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        let options = HttpOptions { ca_bundle: Some(bundle.as_bytes().to_vec()), ..HttpOptions::default() };
        let made = References::new(&options, Credentials::default(), None);
        let error = made.err().unwrap();
        assert!(matches!(error, ClientError::Certificates(_) | ClientError::Client(_)), "{error:?}");
    }
}
