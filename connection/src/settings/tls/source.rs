//! Certificates that are changed while the application runs.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use redis::{ConnectionAddr, ConnectionInfo, RedisResult, TlsCertificates};

use super::{Certificates, cryptography};
use crate::settings::Settings;

/// What is asked for certificates, and those that it gave last.
#[derive(Clone)]
pub(crate) struct CertificatesSource {
    ask: Arc<dyn Fn() -> RedisResult<TlsCertificates> + Send + Sync>,
    last: Arc<Mutex<Certificates>>,
}

impl CertificatesSource {
    /// # Errors
    /// If it cannot give any that can be used.
    pub(crate) fn new(
        ask: impl Fn() -> RedisResult<TlsCertificates> + Send + Sync + 'static,
    ) -> RedisResult<Self> {
        let first = Certificates::read(&ask()?)?;
        Ok(Self {
            ask: Arc::new(ask),
            last: Arc::new(Mutex::new(first)),
        })
    }

    pub(crate) fn last(&self) -> Certificates {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.clone()
    }

    /// Those of now, or, where they cannot be had or used, of before: they may have been read while they were being written.
    pub(crate) fn now(&self) -> Certificates {
        // The panic hook has reported it.
        let asked = catch_unwind(AssertUnwindSafe(|| (self.ask)()));
        let Ok(Ok(pem)) = asked else {
            return self.last();
        };
        let before = self.last();
        if before.is_of(&pem) {
            return before;
        }
        match Certificates::read(&pem) {
            Ok(now) => {
                let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
                last.clone_from(&now);
                now
            }
            Err(_) => before,
        }
    }
}

impl Settings {
    /// Those of now, if they may change.
    #[cfg(feature = "cluster")]
    pub(crate) fn certificates_now(&self) -> Option<Certificates> {
        self.certificates.as_ref().map(CertificatesSource::now)
    }

    /// How to connect to a server, with the certificates of now if that is over TLS.
    ///
    /// # Errors
    /// If it is, and there is no cryptography for it.
    pub(crate) fn over_tls(&self, info: ConnectionInfo) -> RedisResult<ConnectionInfo> {
        if !matches!(info.addr(), ConnectionAddr::TcpTls { .. }) {
            return Ok(info);
        }
        cryptography()?;
        let Some(source) = &self.certificates else {
            return Ok(info);
        };
        let address = source.now().on(info.addr());
        Ok(match address {
            Some(address) => info.set_addr(address),
            None => info,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::super::{no_certificates, wrong};
    use super::*;

    const PEM: &[u8] = include_bytes!("../../connector/environment/authority.pem");

    fn with_root(pem: &[u8]) -> TlsCertificates {
        let mut certificates = no_certificates();
        certificates.root_cert = Some(pem.to_vec());
        certificates
    }

    #[test]
    fn those_that_cannot_be_had_or_used_leave_the_old_ones() {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = asked.clone();
        let source = CertificatesSource::new(move || match count.fetch_add(1, Ordering::Relaxed) {
            0 => Ok(with_root(PEM)),
            1 => Err(wrong("the file is gone")),
            2 => Ok(with_root(&PEM[..PEM.len() / 2])),
            3 => panic!("on purpose"),
            _ => Ok(with_root(&[PEM, PEM].concat())),
        });
        let source = source.expect("the first are good");
        for _ in 1..=3 {
            assert!(source.now().is_of(&with_root(PEM)));
        }
        assert!(source.now().is_of(&with_root(&[PEM, PEM].concat())));
        assert_eq!(asked.load(Ordering::Relaxed), 5);
    }

    #[test]
    fn the_first_have_to_be_good() {
        assert!(CertificatesSource::new(|| Err(wrong("the file is gone"))).is_err());
        assert!(CertificatesSource::new(|| Ok(with_root(b"none"))).is_err());
    }
}
