//! A cluster, as redis-rs keeps it.
//!
//! Its own retries are off: they run again what may have run. It learns of a new topology by the failures that it hands out, so that the next
//! attempt of an annotated function goes the right way.

use std::fmt;

use redis::cluster::{ClusterClient, ClusterClientBuilder};
use redis::{ConnectionInfo, ErrorKind, RedisError, RedisResult, ServerErrorKind};

#[cfg(feature = "tls-rustls")]
use super::settings::with_certificates;
use super::settings::{Credentials, Settings, with_tcp_settings};
#[cfg(feature = "tls-rustls")]
use super::tls::Certificates;
use crate::Class;
use crate::class::known::known;

/// Where some of its servers are.
#[derive(Clone)]
pub(super) struct Cluster {
    seeds: Vec<ConnectionInfo>,
    #[cfg(feature = "tls-rustls")]
    certificates: Option<Certificates>,
}

/// Without addresses, which may carry passwords.
impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cluster({} seeds)", self.seeds.len())
    }
}

impl Cluster {
    pub(super) fn new(seeds: Vec<ConnectionInfo>) -> RedisResult<Self> {
        if seeds.is_empty() {
            return Err((
                ErrorKind::InvalidClientConfig,
                "no server of the cluster is named",
            )
                .into());
        }
        let seeds = seeds.into_iter().map(with_tcp_settings).collect();
        Ok(Self {
            seeds,
            #[cfg(feature = "tls-rustls")]
            certificates: None,
        })
    }

    #[cfg(feature = "tls-rustls")]
    pub(super) fn trust(&mut self, certificates: Certificates) -> RedisResult<()> {
        for seed in &mut self.seeds {
            *seed = with_certificates(seed, &certificates)?;
        }
        self.certificates = Some(certificates);
        Ok(())
    }

    pub(super) fn seeds(&self) -> &[ConnectionInfo] {
        &self.seeds
    }

    pub(super) fn client(
        &self,
        settings: &Settings,
        credentials: Option<&Credentials>,
    ) -> RedisResult<ClusterClient> {
        #[cfg(feature = "tls-rustls")]
        super::source::have_cryptography();
        let mut builder = ClusterClientBuilder::new(self.seeds.clone())
            .retries(0)
            .connection_timeout(settings.connect_timeout)
            .response_timeout(settings.response_timeout)
            // Of each answer, not of what comes before a command is sent.
            .overall_response_timeout(None);
        if let Some(seed) = self.seeds.first() {
            builder = builder.tcp_settings(seed.tcp_settings().clone());
        }
        if let Some(credentials) = credentials {
            builder = builder.password(&credentials.password);
            if let Some(username) = &credentials.username {
                builder = builder.username(username);
            }
        }
        #[cfg(feature = "tls-rustls")]
        if let Some(certificates) = &self.certificates {
            builder = builder.certs(certificates.pem());
        }
        builder.build()
    }
}

/// What a failure means where the connection follows redirections by itself: the next attempt goes where this one was sent.
pub(super) fn redirected(error: RedisError) -> RedisError {
    match error.kind() {
        ErrorKind::Server(ServerErrorKind::Moved | ServerErrorKind::Ask) => {
            known(Class::Unavailable, error)
        }
        // Without retries of its own, the command has not been sent.
        ErrorKind::ClusterConnectionNotFound => known(Class::Unreachable, error),
        _ => error,
    }
}
