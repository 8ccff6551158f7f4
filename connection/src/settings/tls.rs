//! Certificates: whom to trust, and who the application is.

pub(crate) mod pem;
pub(crate) mod source;

use std::sync::Arc;

use redis::{Client, ConnectionAddr, ErrorKind, RedisError, RedisResult, TlsCertificates};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

pub(crate) use pem::{client_certificate, no_certificates};
pub(crate) use source::CertificatesSource;

/// Certificates that can be used.
#[derive(Clone)]
pub(crate) struct Certificates {
    pem: TlsCertificates,
    /// Of this only the certificates count: redis-rs has no name for them.
    read: ConnectionAddr,
}

impl Certificates {
    /// redis-rs takes a text without any certificate for the wish to trust nobody, and a key that belongs to another certificate until it
    /// connects.
    pub(crate) fn read(pem: &TlsCertificates) -> RedisResult<Self> {
        let mut roots = RootCertStore::empty();
        if let Some(text) = &pem.root_cert {
            for root in certificates(text).ok_or_else(|| wrong(ROOT))? {
                roots.add(root).map_err(|_| wrong(ROOT))?;
            }
        }
        if let Some(client) = &pem.client_tls {
            let chain = certificates(&client.client_cert).ok_or_else(|| wrong(CLIENT))?;
            // The error of one that cannot be read might show parts of it.
            let key = PrivateKeyDer::from_pem_slice(&client.client_key).map_err(|_| wrong(KEY))?;
            // Without any, connecting fails, and says so.
            if let Ok(provider) = cryptography() {
                let builder = ClientConfig::builder_with_provider(provider)
                    .with_safe_default_protocol_versions()
                    .map_err(|_| wrong(CLIENT))?;
                builder
                    .with_root_certificates(roots)
                    .with_client_auth_cert(chain, key)
                    .map_err(|_| wrong(PAIR))?;
            }
        }
        let client = Client::build_with_tls("rediss://localhost", pem.clone())?;
        Ok(Self {
            pem: pem.clone(),
            read: client.get_connection_info().addr().clone(),
        })
    }

    /// For redis-rs's cluster client.
    #[cfg(feature = "cluster")]
    pub(crate) fn pem(&self) -> TlsCertificates {
        self.pem.clone()
    }

    fn is_of(&self, pem: &TlsCertificates) -> bool {
        let of_client = |pem: &TlsCertificates| {
            let client = pem.client_tls.as_ref()?;
            Some((client.client_cert.clone(), client.client_key.clone()))
        };
        self.pem.root_cert == pem.root_cert && of_client(&self.pem) == of_client(pem)
    }

    /// The same address with these certificates, if it is one over TLS.
    pub(crate) fn on(&self, address: &ConnectionAddr) -> Option<ConnectionAddr> {
        match (address, &self.read) {
            (
                ConnectionAddr::TcpTls {
                    host,
                    port,
                    insecure,
                    ..
                },
                ConnectionAddr::TcpTls { tls_params, .. },
            ) => Some(ConnectionAddr::TcpTls {
                host: host.clone(),
                port: *port,
                insecure: *insecure,
                tls_params: tls_params.clone(),
            }),
            _ => None,
        }
    }
}

const ROOT: &str =
    "root_cert has to be a PEM text with certificates, -----BEGIN CERTIFICATE----- and so on";
const CLIENT: &str =
    "client_cert has to be a PEM text with certificates, -----BEGIN CERTIFICATE----- and so on";
const KEY: &str =
    "client_key has to be a PEM text with a private key, -----BEGIN PRIVATE KEY----- and so on";
const PAIR: &str = "client_key has to be the key of the first certificate in client_cert";

/// For addresses that are not to be reached over TLS.
pub(crate) const NO_TLS: &str = "certificates are for TLS: write rediss:// in place of redis://";

pub(crate) fn wrong(what: &'static str) -> RedisError {
    (ErrorKind::InvalidClientConfig, what).into()
}

/// `None`: there is none, or one that cannot be read.
fn certificates(pem: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    read.ok().filter(|read| !read.is_empty())
}

/// The provider that all of the process's TLS uses which is not told otherwise, such as redis-rs's: it leaves no way to be told another.
///
/// Rustls would choose one by itself where only one is compiled in, and panic where there are more: so which features other crates switch on
/// would decide.
///
/// # Errors
/// If the application has installed none, and has not asked for one by the feature `tls-rustls-ring`.
pub(crate) fn cryptography() -> RedisResult<Arc<CryptoProvider>> {
    #[cfg(feature = "tls-rustls-ring")]
    if CryptoProvider::get_default().is_none() {
        // An error: somebody has installed another meanwhile.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
    CryptoProvider::get_default()
        .cloned()
        .ok_or_else(|| wrong(NO_CRYPTOGRAPHY))
}

const NO_CRYPTOGRAPHY: &str = "TLS needs a cryptography provider, and this process has installed none: at the start of `main` write \
     `rustls::crypto::ring::default_provider().install_default()`, or that of another provider, or use redis-resilient with its feature \
     `tls-rustls-ring`";

#[cfg(all(test, not(feature = "tls-rustls-ring")))]
mod tests {
    use super::*;

    #[test]
    fn a_provider_that_is_missing_is_an_error_that_says_what_to_write() {
        let error = cryptography().expect_err("nothing in these tests installs one");
        assert_eq!(
            redis_resilient_runtime::Class::of(&error),
            redis_resilient_runtime::Class::Misconfigured
        );
        assert!(error.to_string().contains("install_default"), "{error}");
        assert!(CryptoProvider::get_default().is_none());
    }
}
