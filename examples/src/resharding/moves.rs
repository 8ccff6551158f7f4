//! What is done to the cluster.

use std::fmt;
use std::thread;
use std::time::Duration;

use redis_resilient_testkit::RealCluster;

use crate::failover::PATIENCE;
use crate::program::Failure;

/// How long a slot stays between its two owners, before and after some of its keys have moved.
const HALF_WAY: Duration = Duration::from_millis(250);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A slot goes to another node key by key, and stays half-way for a while.
    KeyByKey,
    /// A slot goes to another node at once.
    Atomic,
    /// A replica takes its primary's place although that is well.
    Failover,
    /// A primary is killed, and restarted as a replica.
    Kill,
}

impl Kind {
    /// Those that the cluster can make.
    pub(super) fn all(cluster: &RealCluster) -> Vec<Self> {
        let mut kinds = vec![Self::KeyByKey, Self::Failover, Self::KeyByKey, Self::Kill];
        if cluster.has_atomic_migration() {
            kinds.insert(1, Self::Atomic);
        }
        kinds
    }

    pub(super) fn is_planned(self) -> bool {
        self != Self::Kill
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::KeyByKey => "a slot, key by key",
            Self::Atomic => "a slot, at once",
            Self::Failover => "a planned failover",
            Self::Kill => "a kill and a restart",
        })
    }
}

/// Moves the slots of the keys that are in use, in turn.
#[derive(Debug)]
pub(super) struct Mover<'a> {
    cluster: &'a RealCluster,
    keys: Vec<String>,
}

impl<'a> Mover<'a> {
    pub(super) fn new(cluster: &'a RealCluster, keys: Vec<String>) -> Self {
        Self { cluster, keys }
    }

    /// Makes a move, and calls `made` each time that all nodes agree on who has which slot.
    pub(super) fn make(&self, kind: Kind, round: usize, made: impl Fn()) -> Result<(), Failure> {
        let cluster = self.cluster;
        let key = &self.keys[round % self.keys.len()];
        let slot = RealCluster::slot_of(key);
        let owner = cluster.owner_of(key).ok_or("a slot has no owner")?;
        match kind {
            Kind::KeyByKey => {
                let moving = cluster.begin_move(slot, self.other_primary(owner, round)?)?;
                thread::sleep(HALF_WAY);
                moving.move_keys(1)?;
                thread::sleep(HALF_WAY);
                moving.finish()?;
            }
            Kind::Atomic => {
                cluster.migrate_slots(slot, slot, self.other_primary(owner, round)?)?;
            }
            Kind::Failover => {
                let replica = cluster.replica_of(owner).ok_or("an owner has no replica")?;
                cluster.failover(replica)?;
            }
            Kind::Kill => {
                cluster.kill(owner);
                cluster.wait_until_ok(PATIENCE)?;
                made();
                cluster.restart(owner)?;
            }
        }
        cluster.wait_until_ok(PATIENCE)?;
        made();
        Ok(())
    }

    fn other_primary(&self, owner: usize, round: usize) -> Result<usize, Failure> {
        let nodes = 0..self.cluster.nodes().len();
        let others: Vec<usize> = nodes
            .filter(|node| *node != owner && self.cluster.replica_of(*node).is_some())
            .collect();
        let chosen = others.get(round % others.len().max(1));
        Ok(*chosen.ok_or("there is no other primary")?)
    }
}
