//! Where Redis is, and how a connection to it is made.

use std::fmt;
use std::time::Duration;

use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, RedisError, RedisResult,
};

#[cfg(feature = "cluster")]
use super::cluster::{Cluster, redirected};
use super::ending::Peer;
#[cfg(feature = "sentinel")]
use super::role::Role;
#[cfg(feature = "sentinel")]
use super::sentinel::Sentinels;
use super::settings::{Credentials, Settings, with_tcp_settings};
use super::wire::{BlockingWire, Wire};

/// In so many ranges the slots of a cluster are watched: few of them belong to two masters.
const RANGES: usize = 64;

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
    /// Connects, as many times as the settings say.
    pub(super) async fn connect(
        &self,
        settings: &Settings,
        credentials: Option<&Credentials>,
    ) -> RedisResult<Connected> {
        let servers = match self {
            Self::Server(info) => vec![(**info).clone()],
            #[cfg(feature = "sentinel")]
            Self::Sentinels(sentinels) => sentinels.servers(settings, None).await?,
            #[cfg(feature = "cluster")]
            Self::Cluster(cluster) => {
                let client = cluster.client(settings, credentials)?;
                let mut wires = Vec::with_capacity(settings.connections);
                for _ in 0..settings.connections {
                    let cluster = client.get_async_connection().await?;
                    wires.push(Wire::to_cluster(cluster, self.answer_limit(settings)));
                }
                return Ok(Connected {
                    wires,
                    address: None,
                });
            }
        };
        let mut failure = None;
        for server in servers {
            match self.connect_to(server, settings, credentials).await {
                Ok(connected) => return Ok(connected),
                Err(error) => failure = Some(error),
            }
        }
        Err(failure.unwrap_or_else(nowhere))
    }

    async fn connect_to(
        &self,
        info: ConnectionInfo,
        settings: &Settings,
        credentials: Option<&Credentials>,
    ) -> RedisResult<Connected> {
        let address = info.addr().clone();
        let client = client(info, credentials)?;
        let config = config(settings);
        let mut wires = Vec::with_capacity(settings.connections);
        for _ in 0..settings.connections {
            let mut server = client
                .get_multiplexed_async_connection_with_config(&config)
                .await?;
            if let Some(name) = &settings.client_name {
                // Not worth failing for: it may not be allowed.
                let _ = server.send_packed_command(&name.command()).await;
            }
            wires.push(Wire::to_server(server, self.answer_limit(settings)));
        }
        Ok(Connected {
            wires,
            address: Some(address),
        })
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

    /// What a connection leads to.
    pub(super) const fn peer(&self) -> Peer {
        match self {
            #[cfg(feature = "sentinel")]
            Self::Sentinels(sentinels) => match sentinels.role {
                Role::Master => Peer::Server,
                Role::Replica => Peer::Replica,
            },
            #[cfg(feature = "cluster")]
            Self::Cluster(_) => Peer::Cluster,
            Self::Server(_) => Peer::Server,
        }
    }

    /// How many parts of it fall silent by themselves.
    pub(super) const fn parts(&self) -> usize {
        match self.peer() {
            Peer::Server | Peer::Replica => 1,
            Peer::Cluster => RANGES,
        }
    }

    /// How long an answer may take, with all that is done before the command is sent.
    fn answer_limit(&self, settings: &Settings) -> Duration {
        match self.peer() {
            Peer::Server | Peer::Replica => settings.response_timeout,
            // Redis-rs itself limits the answer. All commands wait while it looks at the servers anew, and must not fail for one that is lost.
            Peer::Cluster => settings
                .response_timeout
                .saturating_add(self.connect_limit(settings)),
        }
    }

    /// How long it may take to connect to all of it, TLS, AUTH and all.
    pub(super) fn connect_limit(&self, settings: &Settings) -> Duration {
        match self.peer() {
            Peer::Server | Peer::Replica => settings.connect_timeout,
            // A seed and later a server of the cluster may use up the time for one; the slots are asked for between them.
            Peer::Cluster => settings.connect_timeout.saturating_mul(3),
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

/// How long an answer may take is said once connected: it is another matter how long connecting may take.
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
