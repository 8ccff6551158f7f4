//! Where a cluster is, and how to connect to its servers.

use std::fmt;

#[cfg(feature = "tls-rustls")]
use redis::ConnectionAddr;
use redis::cluster::{ClusterClient, ClusterClientBuilder};
use redis::{ConnectionInfo, ErrorKind, RedisResult};

use crate::endpoint::place::addresses;
use crate::settings::credentials::Credentials;
#[cfg(feature = "tls-rustls")]
use crate::settings::tls::{Certificates, cryptography};
#[cfg(feature = "tls-rustls")]
use crate::settings::with_certificates;
use crate::settings::{Settings, with_tcp_settings};
use crate::slots::address::Address;

/// Where some of its servers are.
#[derive(Clone)]
pub(crate) struct Cluster {
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
    /// Where it is, for people.
    pub(crate) fn place(&self) -> String {
        format!("the cluster of {}", addresses(&self.seeds))
    }

    pub(crate) fn new(seeds: Vec<ConnectionInfo>) -> RedisResult<Self> {
        if seeds.is_empty() {
            return Err((
                ErrorKind::InvalidClientConfig,
                "no address of a cluster server is given",
            )
                .into());
        }
        if seeds.iter().any(|seed| Address::of(seed).is_none()) {
            return Err((
                ErrorKind::InvalidClientConfig,
                "the servers of a cluster have to be given as host and port",
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
    pub(crate) fn trust(&mut self, certificates: Certificates) -> RedisResult<()> {
        for seed in &mut self.seeds {
            *seed = with_certificates(seed, &certificates)?;
        }
        self.certificates = Some(certificates);
        Ok(())
    }

    pub(crate) fn database(&self) -> i64 {
        self.seeds
            .first()
            .map_or(0, |seed| seed.redis_settings().db())
    }

    #[cfg(feature = "tls-rustls")]
    fn is_over_tls(&self) -> bool {
        let mut seeds = self.seeds.iter();
        seeds.any(|seed| matches!(seed.addr(), ConnectionAddr::TcpTls { .. }))
    }

    /// The servers that were named.
    pub(crate) fn seeds(&self) -> impl Iterator<Item = &ConnectionInfo> {
        self.seeds.iter()
    }

    /// How to connect to this server of it.
    pub(crate) fn info(&self, address: &Address) -> Option<ConnectionInfo> {
        Some(address.like(self.seeds.first()?))
    }

    /// A client of redis-rs, which begins at these servers.
    pub(crate) fn client(
        &self,
        servers: Vec<ConnectionInfo>,
        settings: &Settings,
        credentials: Option<&Credentials>,
    ) -> RedisResult<ClusterClient> {
        #[cfg(feature = "tls-rustls")]
        if self.is_over_tls() {
            cryptography()?;
        }
        let mut builder = ClusterClientBuilder::new(servers)
            .retries(0)
            .connection_timeout(settings.connect_timeout())
            .response_timeout(settings.response_timeout())
            // Of each answer, not of what comes before a command is sent.
            .overall_response_timeout(None);
        if let Some(seed) = self.seeds.first() {
            builder = builder.tcp_settings(seed.tcp_settings().clone());
        }
        if let Some(credentials) = credentials {
            builder = builder.password(credentials.secret());
            if let Some(username) = credentials.username() {
                builder = builder.username(username);
            }
        }
        #[cfg(feature = "tls-rustls")]
        if let Some(certificates) = settings.certificates_now() {
            builder = builder.certs(certificates.pem());
        } else if let Some(certificates) = &self.certificates {
            builder = builder.certs(certificates.pem());
        }
        builder.build()
    }
}
