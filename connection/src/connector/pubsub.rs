//! Connections for subscribers.

use std::future::Future;

use redis::aio::PubSub;
use redis::{ConnectionInfo, RedisResult};
use tokio::time::timeout;

use crate::connector::Connector;
use crate::deadline::Deadline;
#[cfg(feature = "cluster")]
use crate::endpoint::Endpoint;
use crate::endpoint::connect::{connect_to_any, connect_to_first};
use crate::events::Side;
use crate::manager::Manager;
use crate::not_sent::not_sent;
use crate::settings::client::client;
use crate::settings::credentials::Asked;

impl Connector {
    /// A pub/sub connection of redis-rs to the server or the current primary; in a cluster to any of the named servers, because messages reach all
    /// of them. It uses the connector's credentials, TLS settings and connect timeout.
    ///
    /// It does not reconnect, its credentials are not renewed, and a lost connection is noticed only when something is sent over it.
    /// [`subscribe`](Self::subscribe) does all of that.
    ///
    /// # Errors
    /// As [`get`](Self::get); callers that arrive just after a failure get that failure.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub async fn pubsub(&self) -> RedisResult<PubSub> {
        let manager = self.used()?;
        let settings = &manager.settings;
        let connect = |info, asked: Asked| async move {
            let client = client(info, settings, asked.get())?;
            client.get_async_pubsub().await
        };
        manager.try_subscriber()?;
        let connected = manager.connect_subscriber(&[], connect).await;
        manager.subscriber_was_tried(&connected);
        connected
    }

    /// As [`pubsub`](Self::pubsub) for synchronous code, for [`as_pubsub`](redis::Connection::as_pubsub). It waits for messages without a limit
    /// unless [`set_read_timeout`](redis::Connection::set_read_timeout) sets one; `ping` it then to check whether the server is still there.
    ///
    /// ```no_run
    /// use redis_resilient::connection::Connector;
    ///
    /// let redis = Connector::open("redis://127.0.0.1/")?;
    /// let mut connection = redis.pubsub_blocking()?;
    /// let mut pubsub = connection.as_pubsub();
    /// pubsub.subscribe("news")?;
    /// let news: String = pubsub.get_message()?.get_payload()?;
    /// # Ok::<(), redis::RedisError>(())
    /// ```
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn pubsub_blocking(&self) -> RedisResult<redis::Connection> {
        let manager = self.used()?;
        manager.try_subscriber()?;
        let connected = manager.pubsub_blocking().map_err(not_sent);
        manager.subscriber_was_tried(&connected);
        connected
    }
}

impl Manager {
    /// After a failure one tries, and the others fail as that one did.
    fn try_subscriber(&self) -> RedisResult<()> {
        let limit = self.endpoint.connect_limit(&self.settings);
        self.subscriptions.try_turn(limit)
    }

    /// For the next one, and for observers: of what is made and given away they are told nothing.
    fn subscriber_was_tried<T>(&self, connected: &RedisResult<T>) {
        self.subscriptions.done(connected);
        if let Err(error) = connected {
            self.connect_failed(Side::Subscriptions, error, None);
        }
    }

    /// Connects a subscriber to any server that will do, in its own way: to one that is `known` if there is any.
    pub(crate) async fn connect_subscriber<T, C>(
        &self,
        known: &[ConnectionInfo],
        connect: impl Fn(ConnectionInfo, Asked) -> C,
    ) -> RedisResult<T>
    where
        C: Future<Output = RedisResult<T>>,
    {
        let limit = self.endpoint.connect_limit(&self.settings);
        let deadline = Deadline::after(Some(limit));
        let connected = async {
            let servers = match &self.endpoint {
                #[cfg(feature = "cluster")]
                Endpoint::Cluster(_) => self.any_node(),
                endpoint => endpoint.servers(&self.settings, None).await?,
            };
            let is_known =
                |server: &ConnectionInfo| known.iter().any(|known| known.addr() == server.addr());
            let mut known = known.to_vec();
            fastrand::shuffle(&mut known);
            let others = servers.into_iter().filter(|server| !is_known(server));
            let servers: Vec<_> = known.into_iter().chain(others).collect();
            let asked = self.settings.ask().await?;
            let connect = |server| connect(server, asked.clone());
            let longest = self.settings.connect_timeout();
            connect_to_first(servers, deadline, longest, connect).await
        };
        match timeout(limit, connected).await {
            Ok(connected) => connected.map_err(not_sent),
            Err(_) => Err(self.took_too_long()),
        }
    }

    fn pubsub_blocking(&self) -> RedisResult<redis::Connection> {
        let deadline = Deadline::after(Some(self.settings.connect_timeout()));
        let servers = match &self.endpoint {
            #[cfg(feature = "cluster")]
            Endpoint::Cluster(_) => self.any_node(),
            endpoint => endpoint.servers_blocking(&self.settings, None)?,
        };
        connect_to_any(servers, &self.settings, deadline).map(|(connection, _)| connection)
    }

    /// All servers of the cluster that are known, in another order each time: the first may be one that does not answer.
    #[cfg(feature = "cluster")]
    fn any_node(&self) -> Vec<ConnectionInfo> {
        let mut nodes = self
            .nodes
            .as_ref()
            .map_or_else(Vec::new, |nodes| nodes.infos());
        fastrand::shuffle(&mut nodes);
        nodes
    }
}
