//! An authority that signs certificates.

use std::sync::atomic::{AtomicU64, Ordering};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};

use crate::TlsCertificate;

/// A certificate authority of its own, for servers and clients in tests.
///
/// It is made anew each time, so that no other is trusted by those who trust it. Needs the feature
/// `tls`.
///
/// # Examples
///
/// A client that trusts the authority connects, until the server's certificate has expired:
///
/// ```
/// use redis::{Client, TlsCertificates};
/// use redis_resilient_testkit::{RealRedis, TlsAuthority};
///
/// let authority = TlsAuthority::new();
/// let redis = RealRedis::builder().tls(authority.server()).start()?;
/// let certificates = TlsCertificates {
///     client_tls: None,
///     root_cert: Some(authority.pem().into()),
/// };
/// let client = Client::build_with_tls(redis.url(), certificates)?;
/// redis::cmd("SET").arg("city").arg("Oslo").exec(&mut client.get_connection()?)?;
///
/// redis.set_certificate(&authority.expired_server())?;
/// assert!(client.get_connection().is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct TlsAuthority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl TlsAuthority {
    /// Makes an authority.
    ///
    /// # Panics
    ///
    /// Panics if the system has no random numbers.
    #[expect(
        clippy::new_without_default,
        reason = "each is another, and a default is expected to be the same"
    )]
    pub fn new() -> Self {
        // Clients tell authorities apart by their names.
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let mut params = params(&format!("redis-testkit authority {number}"), &[]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let issuer = CertifiedIssuer::self_signed(params, key());
        Self {
            issuer: issuer.expect("an authority can sign itself"),
        }
    }

    /// The authority's own certificate, which those have to trust who trust what it signs.
    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// A certificate for a server on this machine: `localhost`, `127.0.0.1` and `::1`.
    ///
    /// # Panics
    ///
    /// Panics if the system has no random numbers.
    pub fn server(&self) -> TlsCertificate {
        self.sign(local_server())
    }

    /// One as [`server`](Self::server), but out of date for years.
    ///
    /// # Panics
    ///
    /// Panics if the system has no random numbers.
    pub fn expired_server(&self) -> TlsCertificate {
        let mut params = local_server();
        params.not_after = date_time_ymd(2020, 1, 1);
        self.sign(params)
    }

    /// A certificate for a server of another name or address, as in `redis.example`.
    ///
    /// # Panics
    ///
    /// Panics if the name has letters other than ASCII, or the system has no random numbers.
    pub fn server_for(&self, host: &str) -> TlsCertificate {
        self.sign(server(&[host]))
    }

    /// A certificate for a client, for a server that
    /// [asks for one](crate::RealRedisBuilder::tls_client_authority).
    ///
    /// # Panics
    ///
    /// Panics if the system has no random numbers.
    pub fn client(&self) -> TlsCertificate {
        let mut params = params("client", &[]);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.sign(params)
    }

    fn sign(&self, mut params: CertificateParams) -> TlsCertificate {
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        let key = key();
        let certificate = params.signed_by(&key, &self.issuer);
        let certificate = certificate.expect("an authority can sign certificates");
        TlsCertificate::from_pem(certificate.pem(), key.serialize_pem())
    }
}

fn local_server() -> CertificateParams {
    server(&["localhost", "127.0.0.1", "::1"])
}

fn server(hosts: &[&str]) -> CertificateParams {
    let mut params = params("server", hosts);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params
}

fn params(name: &str, hosts: &[&str]) -> CertificateParams {
    let hosts: Vec<String> = hosts.iter().map(ToString::to_string).collect();
    let mut params = CertificateParams::new(hosts).expect("the name of a host is ASCII");
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn key() -> KeyPair {
    KeyPair::generate().expect("the system has random numbers")
}
