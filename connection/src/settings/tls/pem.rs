//! Redis-rs's certificates, with redis-rs 1 and 2.
//!
//! Redis-rs 1 has no constructors for them, and redis-rs 2 allows nothing else. No source compiles with both, so `.ci/next-redis` sets
//! `rr_redis_2`.

use redis::{ClientTlsConfig, TlsCertificates};

/// None yet.
#[cfg(not(rr_redis_2))]
pub(crate) fn no_certificates() -> TlsCertificates {
    TlsCertificates {
        client_tls: None,
        root_cert: None,
    }
}

/// None yet.
#[cfg(rr_redis_2)]
pub(crate) fn no_certificates() -> TlsCertificates {
    TlsCertificates::new()
}

/// Who the application is.
#[cfg(not(rr_redis_2))]
pub(crate) fn client_certificate(client_cert: Vec<u8>, client_key: Vec<u8>) -> ClientTlsConfig {
    ClientTlsConfig {
        client_cert,
        client_key,
    }
}

/// Who the application is.
#[cfg(rr_redis_2)]
pub(crate) fn client_certificate(client_cert: Vec<u8>, client_key: Vec<u8>) -> ClientTlsConfig {
    ClientTlsConfig::new(client_cert, client_key)
}
