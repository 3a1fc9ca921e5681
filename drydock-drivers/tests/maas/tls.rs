//! TLS: a certificate is believed if an authority vouches for it, the system's or one of the options; never otherwise.

use std::sync::Arc;

use drydock_drivers::DriverErrorKind::Unreachable;
use drydock_drivers::NodeDriver;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::rig::{HandClock, driver, n1, options};

#[tokio::test]
async fn only_a_certificate_of_a_trusted_authority_is_believed() {
    let (good, other) = (authority(), authority());
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

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A TLS server on loopback that refuses everything, with a certificate of this authority.
async fn serve(authority: &CertifiedIssuer<'static, KeyPair>) -> (String, JoinSet<()>) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, authority).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
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
