//! How a connector is built.

use std::future::Future;
use std::time::Duration;

#[cfg(any(feature = "cluster", feature = "sentinel"))]
use redis::ConnectionInfo;
use redis::{IntoConnectionInfo, RedisResult};
use redis_resilient_runtime::Breaker;

use crate::command::Effect;
use crate::connector::Connector;
use crate::endpoint::Endpoint;
#[cfg(feature = "cluster")]
use crate::endpoint::cluster::Cluster;
#[cfg(feature = "sentinel")]
use crate::endpoint::role::Role;
#[cfg(feature = "sentinel")]
use crate::endpoint::sentinel::Sentinels;
use crate::settings::credentials::{Credentials, CredentialsSource};
#[cfg(feature = "tls-rustls")]
use crate::settings::tls::{Certificates, CertificatesSource};
#[cfg(feature = "tls-rustls")]
use crate::settings::with_certificates;
use crate::settings::{ClientName, MOST_CONNECTIONS, Settings};

/// Builds a [`Connector`]. Does not connect.
#[derive(Clone, Debug)]
#[must_use = "it does nothing until `build` is called"]
pub struct ConnectorBuilder {
    endpoint: Endpoint,
    settings: Settings,
    /// `None`: that of the address.
    breaker: Option<&'static Breaker>,
}

impl ConnectorBuilder {
    pub(crate) fn new(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            settings: Settings::DEFAULT,
            breaker: None,
        }
    }

    #[cfg(feature = "sentinel")]
    pub(crate) fn sentinels<T: IntoConnectionInfo>(
        nodes: impl IntoIterator<Item = T>,
        primary: impl Into<String>,
    ) -> RedisResult<Self> {
        let sentinels = Sentinels::new(infos(nodes)?, primary.into())?;
        Ok(Self::new(Endpoint::Sentinels(Box::new(sentinels))))
    }

    #[cfg(feature = "cluster")]
    pub(crate) fn cluster<T: IntoConnectionInfo>(
        seeds: impl IntoIterator<Item = T>,
    ) -> RedisResult<Self> {
        let cluster = Cluster::new(infos(seeds)?)?;
        Ok(Self::new(Endpoint::Cluster(Box::new(cluster))))
    }

    pub(crate) fn single(address: impl IntoConnectionInfo) -> RedisResult<Self> {
        Ok(Self::new(Endpoint::Server(Box::new(
            address.into_connection_info()?,
        ))))
    }

    /// The limit for connecting, TLS handshake and `AUTH` included. Default: 1 s.
    ///
    /// # Panics
    /// If it is zero.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        assert!(
            !timeout.is_zero(),
            "connect_timeout has to be longer than zero"
        );
        self.settings.connect_timeout = timeout;
        self
    }

    /// How long Redis may take to answer a command. Default: 500 ms. Commands that block in the server, such as `BLPOP`, get their own timeout on top.
    ///
    /// # Panics
    /// If it is zero.
    pub fn response_timeout(mut self, timeout: Duration) -> Self {
        assert!(
            !timeout.is_zero(),
            "response_timeout has to be longer than zero"
        );
        self.settings.response_timeout = timeout;
        self
    }

    /// A connection that has been idle for this long is checked with a `PING` before it is used again, and behind Sentinels the primary's
    /// address is looked up. Default: 1 s. While a command blocks in a server, that server is checked at the same interval.
    pub fn health_check_after(mut self, idle: Duration) -> Self {
        self.settings.health_check_after = idle;
        self
    }

    /// After how many unanswered commands in a row the connection is given up. Default: 2. A command that blocks in a server is
    /// given up after as many unanswered health checks in a row.
    ///
    /// # Panics
    /// If it is zero.
    pub fn give_up_after(mut self, unanswered: u32) -> Self {
        assert!(unanswered > 0, "give_up_after has to be at least 1");
        self.settings.unanswered = unanswered;
        self
    }

    /// Whether an annotated function also retries, after a lost reply, commands that leave the same state when executed twice but reply
    /// differently, such as `SADD`, `DEL`, `HSET`, `SET … NX`. Default: `false`.
    ///
    /// Turn it on only if the replies are ignored: a second `DEL` replies 0, as if another client had deleted the key first.
    pub fn repeat_same_state(mut self, repeat: bool) -> Self {
        self.settings.repeated = if repeat {
            Effect::SameState
        } else {
            Effect::Repeatable
        };
        self
    }

    /// Over how many connections the commands are spread, at most 1,000. Default: 1, which is enough for most applications, because a connection
    /// carries many commands at once. Each tokio runtime that uses the connector has this many connections of its own.
    ///
    /// # Panics
    /// If it is zero, or more than 1,000.
    pub fn connections(mut self, connections: usize) -> Self {
        assert!(connections > 0, "a connector needs at least 1 connection");
        assert!(
            connections <= MOST_CONNECTIONS,
            "connections has to be at most 1000, not {connections}: a connection carries many commands at once, so a few are enough"
        );
        self.settings.connections = connections;
        self
    }

    /// How many commands may block in a server at once, such as `BLPOP`: each needs its own connection. Default: 512, for each server of a
    /// cluster. That is half of the 1,024 files that a process may open by default, and a small part of the 10,000 clients that a server accepts.
    ///
    /// A further command waits up to [`connect_timeout`](Self::connect_timeout) for one of them to end, and then fails
    /// with [`Rejection::Saturated`](redis_resilient_runtime::Rejection::Saturated), which is not retried and does not count as a failure of Redis. Dropping
    /// the future of a command closes its connection and frees its place.
    ///
    /// Those of [`dedicated`](crate::connector::Connector::dedicated) do not count, nor do those of synchronous code: the application
    /// holds those itself and knows how many there are.
    ///
    /// # Panics
    /// If it is zero.
    pub fn waiting_connections(mut self, connections: usize) -> Self {
        assert!(connections > 0, "waiting_connections has to be at least 1");
        self.settings.waiting_connections = connections;
        self
    }

    /// A callback that provides the credentials, called once for each connect: for passwords that change while the application runs, and for tokens
    /// that [expire](Credentials::valid_for).
    ///
    /// It overrides the credentials of the URL. It returns [`Credentials`] or a `RedisResult` of them, and may block: it runs on its own thread,
    /// inside the tokio runtime if asynchronous code connects. Connecting fails if it takes longer than half of the
    /// [`connect_timeout`](Self::connect_timeout) (class [`Unreachable`](redis_resilient_runtime::Class::Unreachable)), if it returns an error (with that
    /// error), or if it panics (class [`Misconfigured`](redis_resilient_runtime::Class::Misconfigured)).
    ///
    /// ```
    /// use redis_resilient::connection::{Connector, Credentials};
    ///
    /// # fn connect() -> redis::RedisResult<()> {
    /// let redis = Connector::builder("rediss://redis.internal/")?
    ///     .credentials(|| -> redis::RedisResult<_> {
    ///         let password = std::fs::read_to_string("/run/secrets/redis")?;
    ///         Ok(Credentials::user("app", password.trim()))
    ///     })
    ///     .build();
    /// # Ok(())
    /// # }
    /// ```
    pub fn credentials<C: Into<RedisResult<Credentials>>>(
        mut self,
        source: impl Fn() -> C + Send + Sync + 'static,
    ) -> Self {
        let source = CredentialsSource::closure(move || source().into());
        self.settings.credentials = Some(source);
        self
    }

    /// As [`credentials`](Self::credentials), with an async callback and the same time limit: for tokens that are fetched over the network.
    ///
    /// Connections for synchronous code call it too, in a small tokio runtime that ends after the call. So it must not depend on tasks of another
    /// runtime, as a pool of HTTP connections may.
    ///
    /// ```
    /// use redis_resilient::connection::{Connector, Credentials};
    /// use std::time::Duration;
    ///
    /// # async fn token() -> redis::RedisResult<String> { Ok(String::new()) }
    /// # fn connect() -> redis::RedisResult<()> {
    /// let redis = Connector::builder("rediss://redis.internal/")?
    ///     .credentials_async(|| async {
    ///         let token = token().await?;
    ///         Ok(Credentials::user("app", token).valid_for(Duration::from_secs(900)))
    ///     })
    ///     .build();
    /// # Ok(())
    /// # }
    /// ```
    pub fn credentials_async<F>(mut self, source: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = RedisResult<Credentials>> + Send + 'static,
    {
        self.settings.credentials = Some(CredentialsSource::future(source));
        self
    }

    /// Those that do not change.
    pub(crate) fn constant_credentials(mut self, credentials: Credentials) -> Self {
        self.settings.credentials = Some(CredentialsSource::constant(credentials));
        self
    }

    /// The connections' name in `CLIENT LIST`, so that whoever is on call finds them there. Default: none. It is left out where the ACL does not
    /// allow `CLIENT SETNAME`. The connections that redis-rs itself makes to a cluster have no name either.
    ///
    /// # Panics
    /// If it is empty, or has a space or another character that Redis does not take there.
    pub fn client_name(mut self, name: &str) -> Self {
        self.settings.client_name = ClientName::new(name);
        assert!(
            self.settings.client_name.is_some(),
            "client_name has to be ASCII without spaces, and not empty"
        );
        self
    }

    /// The longest reply that synchronous code accepts, in bytes on the wire. Default: no limit. In a pipeline the limit applies to each reply.
    ///
    /// A longer reply closes its connection as soon as its length is known, before it fills the memory. The error names this setting and has the
    /// class [`Permanent`](redis_resilient_runtime::Class::Permanent): the command was executed, and a retry would get the same reply.
    ///
    /// Replies to asynchronous code, and those over TLS, are read by redis-rs, which has no such limit.
    ///
    /// # Panics
    /// If it is zero.
    pub fn max_reply_bytes(mut self, bytes: usize) -> Self {
        assert!(bytes > 0, "max_reply_bytes has to be at least 1");
        self.settings.max_reply_bytes = Some(bytes);
        self
    }

    /// Whether to connect to the primary or to a replica. Default: the primary. Has no effect without Sentinels.
    #[cfg(feature = "sentinel")]
    pub fn role(mut self, role: Role) -> Self {
        if let Endpoint::Sentinels(sentinels) = &mut self.endpoint {
            sentinels.role = role;
        }
        self
    }

    /// Whether more than half of the named Sentinels have to agree that they know the server before it is connected to. Default: `true`. Has no
    /// effect without Sentinels.
    ///
    /// * `true`: a client that a partition has cut off together with the old primary and one Sentinel of three does not connect, so it does not write
    ///   to a server whose writes will be lost. This costs availability: while two Sentinels of three are down, no new connection can be made
    ///   although Redis may be healthy, and calls fail with an error that says how many Sentinels have answered.
    /// * `false`: a majority is awaited for half of the connect timeout. After that the newest configuration among the answers is used, even if only
    ///   one Sentinel has answered. This costs writes: in such a partition they go to the old primary, and are lost when it becomes a replica. Use it
    ///   for caches, and where Redis itself refuses such writes (`min-replicas-to-write`).
    ///
    /// The majority is counted among the Sentinels that are *named*, so name all of them. If one is named, its answer is enough; if two are named,
    /// both have to answer. A Sentinel that does not know the primary's name does not count as an answer.
    ///
    /// With both settings a connection in use is kept when the majority is gone, as long as its server answers and accepts commands: otherwise the
    /// loss of Sentinels, which a healthy Redis does not need, would be an outage. It is given up as soon as a majority names another server. So a
    /// connection made before a partition may write to the old primary during it. To prevent that, set `min-replicas-to-write 1` and
    /// `min-replicas-max-lag` in the configuration of Redis.
    #[cfg(feature = "sentinel")]
    pub fn sentinel_majority(mut self, needed: bool) -> Self {
        if let Endpoint::Sentinels(sentinels) = &mut self.endpoint {
            sentinels.needs_majority(needed);
        }
        self
    }

    /// Database, user, password and protocol for the servers that Sentinels name. Without Sentinels the URL says them.
    #[cfg(feature = "sentinel")]
    pub fn servers(mut self, settings: redis::RedisConnectionInfo) -> Self {
        if let Endpoint::Sentinels(sentinels) = &mut self.endpoint {
            sentinels.server = settings;
        }
        self
    }

    /// Sets the trusted CAs, in place of the system's, and the client certificate, for servers that ask for one.
    ///
    /// It applies to `rediss://` URLs, those of Sentinels included, and turns on [`servers_over_tls`](Self::servers_over_tls).
    ///
    /// ```
    /// use redis::{ClientTlsConfig, TlsCertificates};
    /// use redis_resilient::connection::Connector;
    ///
    /// # fn connect(authority: Vec<u8>, certificate: Vec<u8>, key: Vec<u8>) -> redis::RedisResult<Connector> {
    /// let redis = Connector::builder("rediss://redis.internal:6380")?
    ///     .tls_certificates(&TlsCertificates {
    ///         root_cert: Some(authority),
    ///         client_tls: Some(ClientTlsConfig { client_cert: certificate, client_key: key }),
    ///     })?
    ///     .build();
    /// # Ok(redis)
    /// # }
    /// ```
    ///
    /// # Errors
    /// If one of them is not valid PEM of the right kind, if the key does not belong to the certificate, or if the URL is not `rediss://`.
    #[cfg(feature = "tls-rustls")]
    pub fn tls_certificates(mut self, certificates: &redis::TlsCertificates) -> RedisResult<Self> {
        self.settings.certificates = None;
        self.trust(&Certificates::read(certificates)?)
    }

    /// As [`tls_certificates`](Self::tls_certificates), with a callback that is called for each new connection: for certificates that change while
    /// the application runs, such as those that are valid for an hour.
    ///
    /// It is called on a thread that runs asynchronous code, so it should do no more than read files. It is called once here, and has to succeed. If it
    /// fails later, or returns certificates that cannot be used (a file that is being written, a key that does not belong to the certificate yet), the
    /// last usable ones are kept. If the server no longer accepts those, it ends the handshake, and connecting fails with the server's error. Open
    /// connections keep the certificates that they were made with.
    ///
    /// ```
    /// use redis::{ClientTlsConfig, TlsCertificates};
    /// use redis_resilient::connection::Connector;
    /// use std::fs::read;
    ///
    /// # fn connect() -> redis::RedisResult<Connector> {
    /// let redis = Connector::builder("rediss://redis.internal:6380")?
    ///     .tls_certificates_from(|| {
    ///         Ok(TlsCertificates {
    ///             root_cert: Some(read("/etc/ssl/redis-ca.pem")?),
    ///             client_tls: Some(ClientTlsConfig {
    ///                 client_cert: read("/run/certificates/app.pem")?,
    ///                 client_key: read("/run/certificates/app-key.pem")?,
    ///             }),
    ///         })
    ///     })?
    ///     .build();
    /// # Ok(redis)
    /// # }
    /// ```
    ///
    /// # Errors
    /// The callback's error, and those of [`tls_certificates`](Self::tls_certificates).
    #[cfg(feature = "tls-rustls")]
    pub fn tls_certificates_from(
        mut self,
        source: impl Fn() -> RedisResult<redis::TlsCertificates> + Send + Sync + 'static,
    ) -> RedisResult<Self> {
        let source = CertificatesSource::new(source)?;
        let first = source.last();
        self.settings.certificates = Some(source);
        self.trust(&first)
    }

    #[cfg(feature = "tls-rustls")]
    fn trust(mut self, certificates: &Certificates) -> RedisResult<Self> {
        match &mut self.endpoint {
            Endpoint::Server(info) => **info = with_certificates(info, certificates)?,
            #[cfg(feature = "sentinel")]
            Endpoint::Sentinels(sentinels) => sentinels.trust(certificates.clone()),
            #[cfg(feature = "cluster")]
            Endpoint::Cluster(cluster) => cluster.trust(certificates.clone())?,
            // Made of a cluster, which has been told.
            #[cfg(feature = "cluster")]
            Endpoint::Node(_) => {}
        }
        Ok(self)
    }

    /// Connects to the servers that Sentinels name over TLS. Without Sentinels, `rediss://` in the URL says so.
    #[cfg(all(feature = "sentinel", feature = "tls-rustls"))]
    pub fn servers_over_tls(mut self) -> Self {
        if let Endpoint::Sentinels(sentinels) = &mut self.endpoint {
            sentinels.tls = true;
        }
        self
    }

    /// The circuit breaker of annotated functions, caches and journals that use the connector and name none. Default: one with the usual settings, for each
    /// address. Connectors that are given the same one share it, wherever they lead. It is [registered](redis_resilient_runtime::Registry::register).
    ///
    /// ```
    /// use redis_resilient::Breaker;
    /// use redis_resilient::connection::Connector;
    /// use std::time::Duration;
    ///
    /// static SESSIONS: Breaker = Breaker::new("sessions").reset_timeout_max(Duration::from_secs(2));
    ///
    /// # fn main() -> redis::RedisResult<()> {
    /// let redis = Connector::builder("redis://sessions.example/")?.breaker(&SESSIONS).build();
    /// assert_eq!(redis.breaker().name(), "sessions");
    /// # Ok(())
    /// # }
    /// ```
    pub const fn breaker(mut self, breaker: &'static Breaker) -> Self {
        self.breaker = Some(breaker);
        self
    }

    /// The connector.
    #[must_use]
    pub fn build(self) -> Connector {
        Connector::new(self.endpoint, self.settings, self.breaker)
    }
}

#[cfg(any(feature = "cluster", feature = "sentinel"))]
fn infos<T: IntoConnectionInfo>(
    addresses: impl IntoIterator<Item = T>,
) -> RedisResult<Vec<ConnectionInfo>> {
    let infos = addresses.into_iter().map(T::into_connection_info);
    infos.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(connections: usize) -> ConnectorBuilder {
        let builder = ConnectorBuilder::single("redis://localhost").expect("a URL");
        builder.connections(connections)
    }

    #[test]
    fn a_thousand_connections_are_the_most() {
        assert_eq!(with(MOST_CONNECTIONS).settings.connections, 1000);
    }

    #[test]
    #[should_panic(expected = "at most 1000, not 1001")]
    fn more_are_refused() {
        let _ = with(MOST_CONNECTIONS + 1);
    }
}
