//! Where Redis is, and how a connection to it is made.

#[cfg(feature = "cluster")]
pub(crate) mod cluster;
pub(crate) mod connect;
pub(crate) mod place;
#[cfg(feature = "sentinel")]
pub(crate) mod role;
#[cfg(feature = "sentinel")]
pub(crate) mod sentinel;
pub(crate) mod share;

use std::fmt;
use std::time::Duration;

use redis::{ConnectionAddr, ConnectionInfo, RedisError, RedisResult};

use super::deadline::Deadline;
use super::settings::Settings;
#[cfg(feature = "cluster")]
use crate::endpoint::cluster::Cluster;
use crate::endpoint::connect::connect_to_first;
#[cfg(feature = "sentinel")]
use crate::endpoint::role::Role;
#[cfg(feature = "sentinel")]
use crate::endpoint::sentinel::Sentinels;
use crate::raw::RawConnection;
use crate::raw::disconnect_policy::Peer;
use crate::settings::client::client;
use crate::settings::client::config;
use crate::settings::credentials::{Asked, Renewal};
use redis_resilient_runtime::__seam::clock::now_ms;

/// Where Redis is.
#[derive(Clone)]
pub(crate) enum Endpoint {
    /// At one address.
    Server(Box<ConnectionInfo>),
    /// At the address that Sentinels name.
    #[cfg(feature = "sentinel")]
    Sentinels(Box<Sentinels>),
    /// In the servers of a cluster, which are found from some of them.
    #[cfg(feature = "cluster")]
    Cluster(Box<Cluster>),
    /// One server of a cluster.
    #[cfg(feature = "cluster")]
    Node(Box<ConnectionInfo>),
}

/// Without passwords.
impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server(info) => write!(f, "Server({})", info.addr()),
            #[cfg(feature = "sentinel")]
            Self::Sentinels(sentinels) => sentinels.fmt(f),
            #[cfg(feature = "cluster")]
            Self::Cluster(cluster) => cluster.fmt(f),
            #[cfg(feature = "cluster")]
            Self::Node(info) => write!(f, "Node({})", info.addr()),
        }
    }
}

/// What has been connected.
#[derive(Debug)]
pub(crate) struct Connected {
    pub(crate) raws: Vec<RawConnection>,
    /// Where it leads, if it leads to one server.
    pub(crate) address: Option<ConnectionAddr>,
    pub(crate) renewal: Renewal,
}

#[cfg(feature = "cluster")]
impl Connected {
    /// For what has its connections elsewhere.
    pub(crate) const fn nothing() -> Self {
        Self {
            raws: Vec::new(),
            address: None,
            renewal: Renewal::NEVER,
        }
    }
}

impl Endpoint {
    /// Connects, as many times as the settings say. Each server has its share of the time.
    pub(crate) async fn connect(&self, settings: &Settings) -> RedisResult<Connected> {
        let limit = settings.connect_timeout();
        let deadline = Deadline::after(Some(limit));
        let servers = self.servers(settings, None).await?;
        let asked = settings.ask().await?;
        let connect = |server| connect_to(server, settings, &asked);
        connect_to_first(servers, deadline, limit, connect).await
    }

    /// The servers, best first; none for a cluster, whose servers are connected to one by one. The one at the `present` address, if it is one of
    /// the best.
    #[cfg_attr(
        not(feature = "sentinel"),
        expect(clippy::unused_async, reason = "only Sentinels have to be asked")
    )]
    pub(crate) async fn servers(
        &self,
        settings: &Settings,
        present: Option<&ConnectionAddr>,
    ) -> RedisResult<Vec<ConnectionInfo>> {
        match self {
            #[cfg(feature = "sentinel")]
            Self::Sentinels(sentinels) => sentinels.servers(settings, present).await,
            _ => {
                let _ = (settings, present);
                Ok(self.named())
            }
        }
    }

    /// Those that need not be asked for.
    fn named(&self) -> Vec<ConnectionInfo> {
        match self {
            Self::Server(info) => vec![(**info).clone()],
            #[cfg(feature = "cluster")]
            Self::Node(info) => vec![(**info).clone()],
            #[cfg(feature = "sentinel")]
            Self::Sentinels(_) => Vec::new(),
            #[cfg(feature = "cluster")]
            Self::Cluster(_) => Vec::new(),
        }
    }

    /// Where the server is now, if that may change; the `present` address, if it is as good as any.
    pub(crate) async fn moved_to(
        &self,
        settings: &Settings,
        present: Option<&ConnectionAddr>,
    ) -> Option<RedisResult<ConnectionAddr>> {
        if !self.moves() {
            return None;
        }
        let servers = self.servers(settings, present).await;
        let best = servers.and_then(|servers| {
            let best = servers.into_iter().next();
            best.map(|info| info.addr().clone()).ok_or_else(nowhere)
        });
        if let Ok(address) = &best {
            self.leads_to(settings, address);
        }
        Some(best)
    }

    /// It leads to this server now: observers are told where that is another primary than before.
    pub(crate) fn leads_to(&self, settings: &Settings, address: &ConnectionAddr) {
        if self.moves() && self.peer() == Peer::Server {
            settings.tell(|events| events.primary_is(address));
        }
    }

    /// Where the server is, if there is one and that is known.
    #[cfg_attr(
        not(any(feature = "sentinel", feature = "cluster")),
        expect(clippy::unnecessary_wraps, reason = "only one server has one")
    )]
    pub(crate) fn address(&self) -> Option<&ConnectionAddr> {
        match self {
            Self::Server(info) => Some(info.addr()),
            #[cfg(feature = "cluster")]
            Self::Node(info) => Some(info.addr()),
            #[cfg(any(feature = "sentinel", feature = "cluster"))]
            _ => None,
        }
    }

    /// Whether the server may be another one after a while, without a word from the old one.
    pub(crate) const fn moves(&self) -> bool {
        match self {
            #[cfg(feature = "sentinel")]
            Self::Sentinels(_) => true,
            _ => false,
        }
    }

    /// Whether it is all servers of a cluster.
    pub(crate) const fn is_cluster(&self) -> bool {
        match self {
            #[cfg(feature = "cluster")]
            Self::Cluster(_) => true,
            _ => false,
        }
    }

    /// The one server of a cluster that it is, if it is one.
    pub(crate) fn node(&self) -> Option<&ConnectionInfo> {
        match self {
            #[cfg(feature = "cluster")]
            Self::Node(info) => Some(info),
            _ => None,
        }
    }

    /// What a connection leads to.
    pub(crate) const fn peer(&self) -> Peer {
        match self {
            #[cfg(feature = "sentinel")]
            Self::Sentinels(sentinels) => match sentinels.role {
                Role::Primary => Peer::Server,
                Role::Replica => Peer::Replica,
            },
            #[cfg(feature = "cluster")]
            Self::Cluster(_) | Self::Node(_) => Peer::Node,
            Self::Server(_) => Peer::Server,
        }
    }

    /// How long it may take to connect to all of it, TLS, AUTH and all.
    pub(crate) fn connect_limit(&self, settings: &Settings) -> Duration {
        match self {
            // The first servers that are asked may be those that stand still.
            #[cfg(feature = "cluster")]
            Self::Cluster(_) => settings.connect_timeout().saturating_mul(3),
            _ => settings.connect_timeout(),
        }
    }

    /// The same, for synchronous code.
    #[cfg_attr(
        not(feature = "sentinel"),
        expect(clippy::unnecessary_wraps, reason = "only Sentinels may not know")
    )]
    pub(crate) fn servers_blocking(
        &self,
        settings: &Settings,
        present: Option<&ConnectionAddr>,
    ) -> RedisResult<Vec<ConnectionInfo>> {
        match self {
            #[cfg(feature = "sentinel")]
            Self::Sentinels(sentinels) => sentinels.servers_blocking(settings, present),
            _ => {
                let _ = (settings, present);
                Ok(self.named())
            }
        }
    }

    pub(crate) fn database(&self) -> i64 {
        match self {
            Self::Server(info) => info.redis_settings().db(),
            #[cfg(feature = "sentinel")]
            Self::Sentinels(sentinels) => sentinels.server.db(),
            #[cfg(feature = "cluster")]
            Self::Cluster(cluster) => cluster.database(),
            #[cfg(feature = "cluster")]
            Self::Node(info) => info.redis_settings().db(),
        }
    }
}

async fn connect_to(
    info: ConnectionInfo,
    settings: &Settings,
    asked: &Asked,
) -> RedisResult<Connected> {
    let address = info.addr().clone();
    let client = client(info, settings, asked.get())?;
    let config = config(settings);
    let mut raws = Vec::with_capacity(settings.connections);
    for _ in 0..settings.connections {
        let mut server = client
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        if let Some(name) = &settings.client_name {
            // Not worth failing for: it may not be allowed.
            let _ = server.send_packed_command(&name.command()).await;
        }
        raws.push(RawConnection::new(
            server,
            settings.response_timeout(),
            settings.repeated,
            asked.renewal,
            now_ms(),
        ));
    }
    Ok(Connected {
        raws,
        address: Some(address),
        renewal: asked.renewal,
    })
}

/// Redis-rs says no more of it than that it has timed out, or in other words for code that blocks.
pub(crate) fn no_connection(limit: Duration) -> RedisError {
    let text = format!("no connection within {limit:?}");
    std::io::Error::new(std::io::ErrorKind::TimedOut, text).into()
}

/// There is no server to connect to.
pub(crate) fn nowhere() -> RedisError {
    std::io::Error::from(std::io::ErrorKind::NotConnected).into()
}
