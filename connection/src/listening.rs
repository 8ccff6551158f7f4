//! What a near cache needs of a connector: connections over which its primaries tell what has changed, and from which server a reply came.
//!
//! For the crate `cache`. Nothing here comes back by itself: whoever listens has to know of each loss, and begins anew.

use std::fmt;
use std::sync::{Arc, Weak};

use redis::aio::MultiplexedConnection;
use redis::{ConnectionAddr, ConnectionInfo, Pipeline, ProtocolVersion, PushInfo};
use redis::{RedisResult, Value};

use crate::blocking::BlockingConnection;
use crate::connector::Connector;
use crate::manager::Manager;
#[cfg(feature = "cluster")]
use crate::manager::nodes::Nodes;
use crate::multiplexed::Connection;
use crate::raw::disconnect_policy::Peer;
use crate::settings::client::{client, config};
use crate::settings::credentials::{Asked, Renewal};

/// A connector that is not kept alive by this.
#[derive(Clone)]
pub struct WeakConnector(Weak<Manager>);

/// One that somebody holds. To be let go again soon, else it lives for ever.
#[derive(Clone)]
pub struct HeldConnector(Arc<Manager>);

impl fmt::Debug for WeakConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WeakConnector")
    }
}

impl fmt::Debug for HeldConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.endpoint.fmt(f)
    }
}

impl WeakConnector {
    /// That of this one.
    #[must_use]
    pub fn of(connector: &Connector) -> Self {
        Self(Arc::downgrade(&connector.manager))
    }

    /// Whether it is this one, or a clone of it.
    #[must_use]
    pub fn is(&self, connector: &Connector) -> bool {
        std::ptr::eq(self.0.as_ptr(), Arc::as_ptr(&connector.manager))
    }

    /// Whether nobody holds it any more.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.0.strong_count() == 0
    }

    /// `None`: nobody holds it any more.
    #[must_use]
    pub fn hold(&self) -> Option<HeldConnector> {
        self.0.upgrade().map(HeldConnector)
    }
}

/// Whether it reads from servers that nobody listens to: from replicas, or from several databases. Why, for people.
#[must_use]
pub fn cannot_listen(connector: &Connector) -> Option<&'static str> {
    if connector.switching().is_some() {
        Some(
            "a connector with several databases: after a switch nobody would say what has changed in the other one",
        )
    } else if connector.manager.endpoint.peer() == Peer::Replica {
        Some("Role::Replica")
    } else {
        None
    }
}

/// From which server a reply came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// From this one.
    Server(ConnectionAddr),
    /// From the server that has the slot on this map, unless another command was sent on to one to which its slot is on the way: such a server need not
    /// be on the map.
    Cluster {
        /// The number of the map.
        map: u64,
        /// How often that has happened.
        sent_on: u64,
    },
}

/// What has been connected to, and can tell from where its last reply came.
pub trait HasOrigin {
    /// `None`: nothing is connected, or it is not known to what.
    fn origin(&self) -> Option<Origin>;
}

impl HasOrigin for Connection {
    fn origin(&self) -> Option<Origin> {
        #[cfg(feature = "cluster")]
        if let Some(nodes) = self.nodes() {
            return Some(nodes.slots());
        }
        self.address().cloned().map(Origin::Server)
    }
}

impl HasOrigin for BlockingConnection {
    fn origin(&self) -> Option<Origin> {
        #[cfg(feature = "cluster")]
        if let Some(nodes) = self.nodes() {
            return Some(nodes.slots());
        }
        self.address().cloned().map(Origin::Server)
    }
}

#[cfg(feature = "cluster")]
impl Nodes {
    pub(crate) fn slots(&self) -> Origin {
        Origin::Cluster {
            map: self.topology().version(),
            sent_on: self.topology().sent_on(),
        }
    }
}

/// The primaries of a connector, as they were found.
#[derive(Debug)]
pub struct Primaries {
    managers: Vec<Arc<Manager>>,
    slots: Option<Origin>,
}

impl HeldConnector {
    /// Where Redis is, as in the name of its breaker; and the client's name.
    #[must_use]
    pub fn name(&self) -> Arc<str> {
        let events = self.0.settings.events.as_ref();
        events.map_or_else(|| "".into(), |events| events.connector().clone())
    }

    /// Whether it leads to all servers of a cluster.
    #[must_use]
    pub fn is_cluster(&self) -> bool {
        self.0.endpoint.is_cluster()
    }

    /// Looks for the primaries; in a cluster by asking it who has the slots.
    ///
    /// # Errors
    /// If no server of the cluster says so.
    #[allow(
        clippy::unused_async,
        reason = "without Sentinels and clusters nothing has to be asked"
    )]
    pub async fn primaries(&self) -> RedisResult<Primaries> {
        #[cfg(feature = "cluster")]
        if let Some(nodes) = &self.0.nodes {
            nodes.learn().await?;
            let slots = self.slots();
            let owners = nodes.topology().map().owners();
            return Ok(Primaries {
                managers: owners
                    .iter()
                    .filter_map(|owner| nodes.manager(owner))
                    .collect(),
                slots,
            });
        }
        Ok(Primaries {
            managers: vec![self.0.clone()],
            slots: None,
        })
    }

    /// Where a reply comes from that comes now, if that is a matter of slots.
    #[must_use]
    pub fn slots(&self) -> Option<Origin> {
        #[cfg(feature = "cluster")]
        if let Some(nodes) = &self.0.nodes {
            return Some(nodes.slots());
        }
        None
    }

    /// Whether Sentinels name another server than this; `false` also where none of them says anything.
    pub async fn has_moved_from(&self, address: &ConnectionAddr) -> bool {
        let manager = &self.0;
        let now = manager.endpoint.moved_to(&manager.settings, Some(address));
        matches!(now.await, Some(Ok(now)) if now != *address)
    }

    /// Whether Sentinels may name another server.
    #[must_use]
    pub fn moves(&self) -> bool {
        self.0.endpoint.moves()
    }
}

impl Primaries {
    /// Connects to all of them. What they push is handed on where the connection is read, in order with replies, and `PushKind::Disconnection` when
    /// there will be no more of it.
    ///
    /// # Errors
    /// If one of them cannot be connected to, or does not speak RESP3.
    pub async fn listen(
        self,
        pushed: impl Fn(PushInfo) + Clone + Send + Sync + 'static,
    ) -> RedisResult<Listening> {
        let mut connecting = tokio::task::JoinSet::new();
        for manager in self.managers {
            let pushed = pushed.clone();
            connecting.spawn(async move { Listener::connect(&manager, pushed).await });
        }
        let mut listeners = Vec::new();
        while let Some(connected) = connecting.join_next().await {
            let listener = connected.map_err(std::io::Error::other)??;
            listeners.push(listener);
        }
        let origin = match (self.slots, listeners.first()) {
            (Some(slots), _) => slots,
            (None, Some(listener)) => Origin::Server(listener.server.addr().clone()),
            (None, None) => return Err(crate::endpoint::nowhere()),
        };
        Ok(Listening { listeners, origin })
    }
}

/// Connections to all primaries.
#[derive(Debug)]
pub struct Listening {
    /// One to each.
    pub listeners: Vec<Listener>,
    /// Where replies have to come from that these vouch for.
    pub origin: Origin,
}

/// A connection to one of them.
#[derive(Clone)]
pub struct Listener {
    connection: MultiplexedConnection,
    server: ConnectionInfo,
    renewal: Renewal,
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Listener({})", self.server.addr())
    }
}

impl Listener {
    async fn connect(
        manager: &Arc<Manager>,
        pushed: impl Fn(PushInfo) + Clone + Send + Sync + 'static,
    ) -> RedisResult<Self> {
        let connect = |info: ConnectionInfo, asked: Asked| {
            let pushed = pushed.clone();
            async move {
                // Pushes need it, whatever the connector speaks otherwise.
                let resp3 = info
                    .redis_settings()
                    .clone()
                    .set_protocol(ProtocolVersion::RESP3);
                let server = info.set_redis_settings(resp3);
                let client = client(server.clone(), &manager.settings, asked.get())?;
                let config = config(&manager.settings).set_push_sender(move |push: PushInfo| {
                    pushed(push);
                    Ok::<_, std::convert::Infallible>(())
                });
                let connection = client
                    .get_multiplexed_async_connection_with_config(&config)
                    .await?;
                Ok(Self {
                    connection,
                    server,
                    renewal: asked.renewal,
                })
            }
        };
        manager.connect_subscriber(&[], connect).await
    }

    /// Where it leads.
    #[must_use]
    pub fn address(&self) -> &ConnectionAddr {
        self.server.addr()
    }

    /// Sends these, and waits for the replies as long as they take. Refusals are among the replies.
    ///
    /// # Errors
    /// If the connection is lost.
    pub async fn ask(&mut self, commands: &Pipeline) -> RedisResult<Vec<Value>> {
        self.connection
            .send_packed_commands(commands, 0, commands.len())
            .await
    }

    /// Goes on with new credentials, if it is time.
    pub async fn renew(&mut self, connector: &HeldConnector) {
        let settings = &connector.0.settings;
        let Self {
            connection,
            server,
            renewal,
        } = self;
        settings
            .renew_subscriber(connection, renewal, server.addr())
            .await;
    }
}
