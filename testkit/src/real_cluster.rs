//! A real Redis Cluster.

mod builder;
mod failover;
mod formation;
mod slot_move;
mod slots;
mod view;

use std::{collections::HashSet, io, time::Duration};

pub use builder::RealClusterBuilder;
pub use slot_move::SlotMove;
use slots::{SLOTS, slot_of};
use view::View;

use crate::{
    FaultProxy, RealRedis, RealRedisBuilder, StartError,
    poll::poll,
    real_redis::ask::{ask, ask_field},
    replication::Replication,
};

const PRIMARIES: usize = 3;
/// How long the cluster may take to form.
const PATIENCE: Duration = Duration::from_secs(30);

/// Three primaries that share the slots, with a replica each: six real processes on ports of their
/// own.
///
/// Nodes 0 to 2 are the primaries at first, and node `i + 3` is the replica of node `i`. When a
/// primary is killed or frozen, the others notice after a second, and within two to four seconds its
/// replica has its slots. Starting takes two seconds, since a node serves nothing before.
///
/// Needs Redis 7 or Valkey.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use redis::cluster::ClusterClient;
/// use redis_resilient_testkit::RealCluster;
///
/// let cluster = RealCluster::start()?;
/// let write = || {
///     let client = ClusterClient::new(cluster.urls())?;
///     redis::cmd("INCR").arg("n").exec(&mut client.get_connection()?)
/// };
/// write()?;
///
/// let owner = cluster.owner_of("n").unwrap();
/// cluster.kill(owner);
/// cluster.wait_until_ok(Duration::from_secs(20))?;
/// assert_ne!(cluster.owner_of("n"), Some(owner));
/// write()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct RealCluster {
    nodes: Vec<RealRedis>,
}

impl RealCluster {
    /// Starts all nodes and waits until each serves its slots and the replicas have caught up.
    ///
    /// # Errors
    ///
    /// [`StartError`] where there is no server program or it does not start, as with Redis 6.
    pub fn start() -> Result<Self, StartError> {
        Self::builder().start()
    }

    /// Starts a cluster with options of one's own.
    pub fn builder() -> RealClusterBuilder {
        RealClusterBuilder::new()
    }

    /// As [`start`](Self::start), with a [`proxy`](Self::proxy) in front of each node.
    ///
    /// The nodes name the proxies' ports as their own, so that whoever starts from
    /// [`urls`](Self::urls) reaches all of them through their proxies, also after a redirection.
    /// They talk to each other past the proxies, and what a replica gets from its primary is
    /// [spared](FaultProxy) most faults: a black hole brings about no failover.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    ///
    /// # Examples
    ///
    /// ```
    /// use redis::cluster::ClusterClient;
    /// use redis_resilient_testkit::{RealCluster, ReplyCut};
    ///
    /// let cluster = RealCluster::start_proxied()?;
    /// let client = ClusterClient::builder(cluster.urls()).retries(0).build()?;
    /// let mut connection = client.get_connection()?;
    /// let key = cluster.key_on(1);
    ///
    /// cluster.proxy(1).next_reply(ReplyCut::CloseAfter(0));
    /// let lost = redis::cmd("INCR").arg(&key).query::<i64>(&mut connection);
    /// assert!(lost.unwrap_err().is_connection_dropped());
    ///
    /// let mut past_the_proxy = redis::Client::open(cluster.node(1).url())?.get_connection()?;
    /// let n: i64 = redis::cmd("GET").arg(&key).query(&mut past_the_proxy)?;
    /// assert_eq!(n, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn start_proxied() -> Result<Self, StartError> {
        Self::builder().proxied().start()
    }

    fn start_of(node: &RealRedisBuilder) -> Result<Self, StartError> {
        let nodes = (0..2 * PRIMARIES).map(|_| node.clone().start());
        let nodes = nodes.collect::<Result<_, _>>()?;
        let cluster = Self { nodes };
        cluster.form().map_err(|error| StartError::NotReady {
            waited: PATIENCE,
            log: error.to_string(),
        })?;
        Ok(cluster)
    }

    /// The URLs of all nodes, as for redis-rs's `ClusterClient`; those of their proxies where they
    /// have some.
    pub fn urls(&self) -> Vec<String> {
        let url = |node: &RealRedis| node.proxy().map_or_else(|| node.url(), FaultProxy::url);
        self.nodes.iter().map(url).collect()
    }

    /// The proxy in front of a node.
    ///
    /// # Panics
    ///
    /// Panics if the cluster was not [started with proxies](Self::start_proxied), or there is no
    /// node of that index, which goes from 0 to 5.
    pub fn proxy(&self, index: usize) -> &FaultProxy {
        self.nodes[index]
            .proxy()
            .expect("the cluster was started without proxies")
    }

    /// The nodes, be they up or not.
    pub fn nodes(&self) -> &[RealRedis] {
        &self.nodes
    }

    /// One of the [`nodes`](Self::nodes).
    ///
    /// # Panics
    ///
    /// Panics if there is none of that index, which goes from 0 to 5.
    pub fn node(&self, index: usize) -> &RealRedis {
        &self.nodes[index]
    }

    /// The index of the node that takes writes of `key`.
    ///
    /// Of several that say so, as after a failover of which one has not heard yet, it is the one
    /// that the others will follow. `None` while there is none, as during a failover.
    pub fn owner_of(&self, key: impl AsRef<[u8]>) -> Option<usize> {
        self.owner(slot_of(key.as_ref()))
    }

    /// A key of which the node says that it is its own.
    ///
    /// More of them are in the same place: where this is `k5`, `{k5}a` and `{k5}b`.
    ///
    /// # Panics
    ///
    /// Panics if the node does not answer or is a replica.
    pub fn key_on(&self, index: usize) -> String {
        let view = View::of(&self.nodes[index]).expect("the node does not answer");
        (0..u32::from(SLOTS))
            .map(|number| format!("k{number}"))
            .find(|key| view.myself().owns(slot_of(key.as_bytes())))
            .expect("the node has no slots")
    }

    /// [Kills](RealRedis::kill) a node.
    ///
    /// # Panics
    ///
    /// Panics if there is none of that index, which goes from 0 to 5.
    pub fn kill(&self, index: usize) {
        self.nodes[index].kill();
    }

    /// [Restarts](RealRedis::restart) a node, which knows the cluster but not its data.
    ///
    /// It is the replica of the node that took its place; one that comes back before that has
    /// happened is still the primary, and its data is lost.
    ///
    /// # Errors
    ///
    /// [`StartError`] where the server does not start.
    ///
    /// # Panics
    ///
    /// Panics if there is none of that index, which goes from 0 to 5.
    pub fn restart(&self, index: usize) -> Result<(), StartError> {
        self.nodes[index].restart()
    }

    /// [Freezes](RealRedis::freeze) a node.
    ///
    /// # Panics
    ///
    /// Panics if there is none of that index, and if it is not running.
    pub fn freeze(&self, index: usize) {
        self.nodes[index].freeze();
    }

    /// [Thaws](RealRedis::thaw) a node.
    ///
    /// # Panics
    ///
    /// Panics if there is none of that index, and if it is not running.
    pub fn thaw(&self, index: usize) {
        self.nodes[index].thaw();
    }

    /// Waits until all slots are served: the nodes that are neither killed nor frozen agree whose
    /// each of them is, the owners are among them, and their replicas are sent what is written.
    ///
    /// After a [`kill`](Self::kill) or [`freeze`](Self::freeze) of a primary, that is when a replica
    /// has taken its place.
    ///
    /// # Errors
    ///
    /// [`TimedOut`](io::ErrorKind::TimedOut) if that takes longer than `timeout`.
    pub fn wait_until_ok(&self, timeout: Duration) -> io::Result<()> {
        let ok = || self.is_ok().then_some(());
        poll(timeout, "an agreed cluster", ok, || self.describe())
    }

    fn is_ok(&self) -> bool {
        let views = self.views();
        let awake = self.nodes.iter().filter(|node| node.is_awake());
        let answering: HashSet<_> = views.iter().map(|(_, view)| view.myself().id()).collect();
        let Some((_, first)) = views.first() else {
            return false;
        };
        let owners = first.owners();
        answering.len() == awake.count()
            && views.iter().all(|(_, view)| view.owners() == owners)
            && owners
                .iter()
                .all(|owner| owner.is_some_and(|owner| answering.contains(owner)))
            && self.are_nodes_well() == Some(true)
    }

    /// Whether the nodes say that they serve, and the replicas are sent what is written.
    fn are_nodes_well(&self) -> Option<bool> {
        let awake: Vec<_> = self.nodes.iter().filter(|node| node.is_awake()).collect();
        let said: Vec<_> = awake
            .iter()
            .map(|node| Replication::of(node))
            .collect::<Option<_>>()?;
        Some(awake.iter().zip(&said).all(|(node, own)| {
            let state = ask_field(node, "CLUSTER INFO", "cluster_state");
            let is_fed = || own.is_linked() && said.iter().any(|other| other.is_sent_to(node));
            state.is_some_and(|state| state == "ok") && (own.is_primary() || is_fed())
        }))
    }

    /// What the nodes that answer know, with their indices.
    fn views(&self) -> Vec<(usize, View)> {
        let nodes = self.nodes.iter().enumerate();
        nodes
            .filter(|(_, node)| node.is_awake())
            .filter_map(|(index, node)| Some((index, View::of(node)?)))
            .collect()
    }

    fn describe(&self) -> String {
        let said = self.nodes.iter().map(|node| {
            let view: Option<String> = ask(node, "CLUSTER NODES").ok();
            let state = ask_field(node, "CLUSTER INFO", "cluster_state");
            format!("\n{} {state:?}: {view:?}", node.addr())
        });
        said.collect()
    }
}
