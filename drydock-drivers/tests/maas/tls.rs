//! TLS: a certificate is believed if an authority vouches for it, the system's or one of the options; never otherwise.

use drydock_drivers::DriverErrorKind::Unreachable;
use drydock_drivers::NodeDriver;
use drydock_testkit::{Authority, acceptor, authority};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::rig::{HandClock, driver, n1, options};

#[tokio::test]
async fn only_a_certificate_of_a_trusted_authority_is_believed() {
    let (good, other) = (authority().unwrap(), authority().unwrap());
    let (url, _server) = serve(&good).await;
    for (bundle, expected) in [
        (None, "does not answer"),
        (Some(other.pem()), "does not answer"),
        (Some(good.pem()), "418: I'm a teapot"),
        (Some(other.pem() + &good.pem()), "418: I'm a teapot"),
    ] {
        let mut options = options(&url);
        options.ca_bundle = bundle.map(String::into_bytes);
        let error = driver(&options, &HandClock::new()).find(&n1()).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(error.kind == Unreachable, expected == "does not answer");
    }
}

/// A TLS server on loopback that refuses everything, with a certificate of this authority.
async fn serve(authority: &Authority) -> (String, JoinSet<()>) {
    let acceptor = acceptor(authority, "127.0.0.1").unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/MAAS", listener.local_addr().unwrap());
    let mut server = JoinSet::new();
    server.spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            // A client that does not believe the certificate hangs up.
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await.unwrap();
            let answer = "HTTP/1.1 418 Teapot\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            stream.write_all(answer.as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
        }
    });
    (url, server)
}
