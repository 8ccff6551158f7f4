//! A cluster: its servers, each with connections of its own, and which of them has which slot.
//!
//! Redis-rs's own cluster connection is used only for what goes to several servers at once. It cannot follow `ASK` without retries of its own,
//! which execute again what may have been executed; of a pipeline that was refused in part it forgets what was executed; and a transaction
//! that was refused tells it nothing of the slots.

mod address;
mod blocking;
mod connection;
mod fan_out;
mod redirect;
mod route;
mod shard_channels;
mod slot_map;
mod split;
mod topology;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

#[cfg(feature = "tls-rustls")]
use redis::ConnectionAddr;
use redis::cluster::{ClusterClient, ClusterClientBuilder};
use redis::{ConnectionInfo, ErrorKind, RedisResult};

use super::credentials::Credentials;
use super::default_breaker::addresses;
use super::keeper::Keeper;
#[cfg(feature = "tls-rustls")]
use super::settings::with_certificates;
use super::settings::{Settings, with_tcp_settings};
use super::source::Source;
#[cfg(feature = "tls-rustls")]
use super::tls::{Certificates, cryptography};
use address::Address;
pub(super) use blocking::BlockingClusterConnection;
pub(super) use connection::ClusterConnection;
use fan_out::FanOut;
pub(super) use shard_channels::host;
use topology::Topology;

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
    /// Where it is, for people.
    pub(super) fn place(&self) -> String {
        format!("the cluster of {}", addresses(&self.seeds))
    }

    pub(super) fn new(seeds: Vec<ConnectionInfo>) -> RedisResult<Self> {
        if seeds.is_empty() {
            return Err((
                ErrorKind::InvalidClientConfig,
                "no server of the cluster is named",
            )
                .into());
        }
        if seeds.iter().any(|seed| Address::of(seed).is_none()) {
            return Err((
                ErrorKind::InvalidClientConfig,
                "the servers of a cluster have to be named by host and port",
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

    pub(super) fn database(&self) -> i64 {
        self.seeds
            .first()
            .map_or(0, |seed| seed.redis_settings().db())
    }

    #[cfg(feature = "tls-rustls")]
    fn is_over_tls(&self) -> bool {
        let mut seeds = self.seeds.iter();
        seeds.any(|seed| matches!(seed.addr(), ConnectionAddr::TcpTls { .. }))
    }

    /// How to connect to this server of it.
    fn info(&self, address: &Address) -> Option<ConnectionInfo> {
        Some(address.like(self.seeds.first()?))
    }

    /// A client of redis-rs, which begins at these servers.
    fn client(
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
            .connection_timeout(settings.connect_timeout)
            .response_timeout(settings.response_timeout)
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

/// The servers of a cluster, as far as they are known.
pub(super) struct Nodes {
    cluster: Cluster,
    settings: Settings,
    topology: Topology,
    keepers: Mutex<HashMap<Address, Arc<Keeper>>>,
    /// For commands that go to several servers at once; made for the first of them on each runtime.
    fan_outs: Mutex<Vec<FanOut>>,
}

impl fmt::Debug for Nodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nodes")
            .field("cluster", &self.cluster)
            .finish_non_exhaustive()
    }
}

impl Nodes {
    pub(super) fn new(cluster: &Cluster, settings: &Settings) -> Self {
        Self {
            cluster: cluster.clone(),
            settings: settings.clone(),
            topology: Topology::new(),
            keepers: Mutex::new(HashMap::new()),
            fan_outs: Mutex::new(Vec::new()),
        }
    }

    /// What keeps the connections to this server.
    fn keeper(&self, address: &Address) -> Option<Arc<Keeper>> {
        let mut keepers = self.keepers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(keeper) = keepers.get(address) {
            return Some(keeper.clone());
        }
        let source = Source::Node(Box::new(self.cluster.info(address)?));
        let keeper = Arc::new(Keeper::new(source, self.settings.clone()));
        keepers.insert(address.clone(), keeper.clone());
        Some(keeper)
    }

    /// What keeps connections, to whichever server.
    pub(super) fn all(&self) -> Vec<Arc<Keeper>> {
        let keepers = self.keepers.lock().unwrap_or_else(PoisonError::into_inner);
        keepers.values().cloned().collect()
    }

    /// All servers that are known: those that were named, and those that have been learnt of.
    fn known(&self) -> Vec<Address> {
        let map = self.topology.map();
        let learnt = map.servers().iter().map(|address| (**address).clone());
        let mut known: Vec<_> = learnt.collect();
        for seed in self.cluster.seeds.iter().filter_map(Address::of) {
            if !known.contains(&seed) {
                known.push(seed);
            }
        }
        known
    }

    /// How to connect to each of them.
    pub(super) fn infos(&self) -> Vec<ConnectionInfo> {
        let known = self.known();
        let infos = known
            .iter()
            .filter_map(|address| self.cluster.info(address));
        infos.collect()
    }

    /// The same of those that have slots.
    fn owner_infos(&self) -> Vec<ConnectionInfo> {
        let owners = self.topology.map().owners();
        let infos = owners.iter().filter_map(|owner| self.cluster.info(owner));
        infos.collect()
    }

    /// Connections to servers that have left the cluster are given up.
    fn forget_all_but(&self, known: &[Address]) {
        let mut keepers = self.keepers.lock().unwrap_or_else(PoisonError::into_inner);
        keepers.retain(|address, _| known.contains(address));
    }

    /// Whether anything is known of its slots.
    pub(super) fn are_known(&self) -> bool {
        self.topology.version() > 0
    }
}
