//! How a cluster is to be started.

use super::RealCluster;
use crate::{RealRedis, RealRedisBuilder, ServerProgram, StartError, replication};

/// The options of a [`RealCluster`], from [`RealCluster::builder`].
#[derive(Clone, Debug)]
#[must_use = "a builder starts nothing until `start` is called"]
pub struct RealClusterBuilder {
    /// One of its nodes, before it knows the others.
    node: RealRedisBuilder,
}

impl RealClusterBuilder {
    pub(super) fn new() -> Self {
        let node = RealRedis::builder()
            .cluster_node()
            .args(["--cluster-node-timeout", "1000"])
            // One dead shard is no reason for the others to refuse.
            .args(["--cluster-require-full-coverage", "no"])
            // A replica takes over however long it has not heard from its primary.
            .args(["--cluster-replica-validity-factor", "0"])
            .args(replication::ARGS);
        Self { node }
    }

    /// Runs that program on all nodes, and not the machine's [first](RealRedis).
    pub fn program(mut self, program: &ServerProgram) -> Self {
        self.node = self.node.program(program);
        self
    }

    /// Puts a proxy in front of each node, as [`RealCluster::start_proxied`] does.
    pub fn proxied(mut self) -> Self {
        self.node = self.node.proxied();
        self
    }

    /// Starts all nodes and waits until each serves its slots and the replicas have caught up.
    ///
    /// # Errors
    ///
    /// [`StartError`] where there is no server program or it does not start, as with Redis 6.
    pub fn start(self) -> Result<RealCluster, StartError> {
        RealCluster::start_of(&self.node)
    }
}
