//! Where Redis is, and how a connection to it is made.

use std::fmt;

use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, RedisError, RedisResult,
};

#[cfg(feature = "cluster")]
use super::cluster::{Cluster, redirected};
#[cfg(feature = "sentinel")]
use super::sentinel::Sentinels;
use super::settings::{Credentials, Settings, with_tcp_settings};
use super::wire::{BlockingWire, Wire};

/// Where Redis is.
#[derive(Clone)]
pub(super) enum Source {
    /// At one address.
    Server(Box<ConnectionInfo>),
    /// At the address that Sentinels name.
    #[cfg(feature = "sentinel")]
    Sentinels(Box<Sentinels>),
    #[cfg(feature = "cluster")]
    Cluster(Box<Cluster>),
}

/// Without passwords.
impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server(info) => write!(f, "Server({})", info.addr()),
            #[cfg(feature = "sentinel")]
            Self::Sentinels(sentinels) => sentinels.fmt(f),
            #[cfg(feature = "cluster")]
            Self::Cluster(cluster) => cluster.fmt(f),
        }
    }
}

/// What has been connected.
#[derive(Debug)]
pub(super) struct Connected {
    pub(super) wires: Vec<Wire>,
    /// Where it leads, if it leads to one server.
    pub(super) address: Option<ConnectionAddr>,
}

impl Source {
    /// Connects, so many times.
    pub(super) async fn connect(
        &self,
        settings: &Settings,
        credentials: Option<&Credentials>,
        times: usize,
    ) -> RedisResult<Connected> {
        let servers = match self {
            Self::Server(info) => vec![(**info).clone()],
            #[cfg(feature = "sentinel")]
            Self::Sentinels(sentinels) => sentinels.servers(settings, None).await?,
            #[cfg(feature = "cluster")]
            Self::Cluster(cluster) => {
                let client = cluster.client(settings, credentials)?;
                let mut wires = Vec::with_capacity(times);
                for _ in 0..times {
                    wires.push(Wire::Cluster(client.get_async_connection().await?));
                }
                return Ok(Connected {
                    wires,
                    address: None,
                });
            }
        };
        let mut failure = None;
        for server in servers {
            match connect_to(server, settings, credentials, times).await {
                Ok(connected) => return Ok(connected),
                Err(error) => failure = Some(error),
            }
        }
        Err(failure.unwrap_or_else(nowhere))
    }

    /// Where the server is now, if that may change; the `present` address, if it is as good as any.
    #[cfg_attr(
        not(feature = "sentinel"),
        expect(clippy::unused_async, reason = "only Sentinels have to be asked")
    )]
    pub(super) async fn moved_to(
        &self,
        settings: &Settings,
        present: Option<&ConnectionAddr>,
    ) -> Option<RedisResult<ConnectionAddr>> {
        match self {
            #[cfg(feature = "sentinel")]
            Self::Sentinels(sentinels) => {
                let servers = sentinels.servers(settings, present).await;
                Some(servers.and_then(|servers| {
                    let best = servers.into_iter().next();
                    best.map(|info| info.addr().clone()).ok_or_else(nowhere)
                }))
            }
            _ => {
                let _ = (settings, present);
                None
            }
        }
    }

    /// Whether the server may be another one after a while, without a word from the old one.
    pub(super) const fn moves(&self) -> bool {
        match self {
            #[cfg(feature = "sentinel")]
            Self::Sentinels(_) => true,
            _ => false,
        }
    }

    /// Whether the connection sees to lost servers by itself, and follows redirections.
    pub(super) const fn heals(&self) -> bool {
        match self {
            #[cfg(feature = "cluster")]
            Self::Cluster(_) => true,
            _ => false,
        }
    }

    /// The failure, with what is known about it here.
    pub(super) fn told(&self, error: RedisError) -> RedisError {
        match self {
            #[cfg(feature = "cluster")]
            Self::Cluster(_) => redirected(error),
            _ => error,
        }
    }

    /// The servers, best first, for synchronous code; `None` for a cluster. The one at the `present` address, if it is one of the best.
    #[cfg_attr(
        not(feature = "sentinel"),
        expect(clippy::unnecessary_wraps, reason = "only Sentinels may not know")
    )]
    pub(super) fn servers_blocking(
        &self,
        settings: &Settings,
        present: Option<&ConnectionAddr>,
    ) -> RedisResult<Option<Vec<ConnectionInfo>>> {
        let _ = (settings, present);
        match self {
            Self::Server(info) => Ok(Some(vec![(**info).clone()])),
            #[cfg(feature = "sentinel")]
            Self::Sentinels(sentinels) => sentinels.servers_blocking(settings, present).map(Some),
            #[cfg(feature = "cluster")]
            Self::Cluster(_) => Ok(None),
        }
    }

    pub(super) fn cluster_blocking(
        &self,
        settings: &Settings,
        credentials: Option<&Credentials>,
    ) -> RedisResult<BlockingWire> {
        match self {
            #[cfg(feature = "cluster")]
            Self::Cluster(cluster) => {
                let cluster = cluster.client(settings, credentials)?.get_connection()?;
                Ok(BlockingWire::Cluster(Box::new(cluster)))
            }
            _ => {
                let _ = (settings, credentials);
                Err(nowhere())
            }
        }
    }

    pub(super) fn database(&self) -> i64 {
        match self {
            Self::Server(info) => info.redis_settings().db(),
            #[cfg(feature = "sentinel")]
            Self::Sentinels(sentinels) => sentinels.server.db(),
            #[cfg(feature = "cluster")]
            Self::Cluster(_) => 0,
        }
    }
}

async fn connect_to(
    info: ConnectionInfo,
    settings: &Settings,
    credentials: Option<&Credentials>,
    times: usize,
) -> RedisResult<Connected> {
    let address = info.addr().clone();
    let client = client(info, credentials)?;
    let config = config(settings);
    let mut wires = Vec::with_capacity(times);
    for _ in 0..times {
        let wire = client
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        wires.push(Wire::Server(wire));
    }
    Ok(Connected {
        wires,
        address: Some(address),
    })
}

/// Connects to the first of them that lets it, and says which.
pub(super) fn connect_to_any(
    servers: Vec<ConnectionInfo>,
    settings: &Settings,
    credentials: Option<&Credentials>,
) -> RedisResult<(redis::Connection, ConnectionAddr)> {
    let mut failure = None;
    for server in servers {
        let address = server.addr().clone();
        let client = client(server, credentials)?;
        match client.get_connection_with_timeout(settings.connect_timeout) {
            Ok(connection) => return Ok((connection, address)),
            Err(error) => failure = Some(error),
        }
    }
    Err(failure.unwrap_or_else(nowhere))
}

/// There is no server to connect to.
pub(super) fn nowhere() -> RedisError {
    std::io::Error::from(std::io::ErrorKind::NotConnected).into()
}

/// A client for the server at this address.
pub(super) fn client(
    info: ConnectionInfo,
    credentials: Option<&Credentials>,
) -> RedisResult<Client> {
    #[cfg(feature = "tls-rustls")]
    if let ConnectionAddr::TcpTls { .. } = info.addr() {
        have_cryptography();
    }
    Client::open(authenticated(with_tcp_settings(info), credentials))
}

/// Our own timeouts go around every command: redis-rs's would cut off those that wait too.
pub(super) fn config(settings: &Settings) -> AsyncConnectionConfig {
    AsyncConnectionConfig::new()
        .set_connection_timeout(Some(settings.connect_timeout))
        .set_response_timeout(None)
}

/// Where the application has not chosen any: without, rustls panics.
#[cfg(feature = "tls-rustls")]
pub(super) fn have_cryptography() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // An error: somebody has chosen meanwhile.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}

fn authenticated(info: ConnectionInfo, credentials: Option<&Credentials>) -> ConnectionInfo {
    let Some(credentials) = credentials else {
        return info;
    };
    let mut redis = info
        .redis_settings()
        .clone()
        .set_password(&credentials.password);
    if let Some(username) = &credentials.username {
        redis = redis.set_username(username);
    }
    info.set_redis_settings(redis)
}
