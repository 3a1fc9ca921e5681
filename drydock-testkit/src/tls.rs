//! Certificates made on the spot, for servers that tests speak TLS to.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// Why there is no certificate, or no server with it.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// It could not be made.
    #[error("a certificate could not be made")]
    Certificate(#[from] rcgen::Error),
    /// It could not be used.
    #[error("a certificate could not be used")]
    Tls(#[from] tokio_rustls::rustls::Error),
    /// Its key could not be read back.
    #[error("the key of a certificate could not be read: {0}")]
    Key(&'static str),
}

/// Somebody who vouches for certificates; `pem` gives its own.
pub type Authority = CertifiedIssuer<'static, KeyPair>;

/// An authority of its own, which nobody trusts yet.
pub fn authority() -> Result<Authority, TlsError> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    Ok(CertifiedIssuer::self_signed(params, KeyPair::generate()?)?)
}

/// The server's side of TLS, with a certificate of this authority for this host.
pub fn acceptor(authority: &Authority, host: &str) -> Result<TlsAcceptor, TlsError> {
    let key = KeyPair::generate()?;
    let certificate = CertificateParams::new(vec![host.to_owned()])?.signed_by(&key, authority)?;
    let secret = PrivateKeyDer::try_from(key.serialize_der()).map_err(TlsError::Key)?;
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], secret)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
