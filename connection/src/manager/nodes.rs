//! A cluster: its servers, each with connections of its own, and which of them has which slot.
//!
//! Redis-rs's own cluster connection is used only for what goes to several servers at once. It cannot follow `ASK` without retries of its own,
//! which execute again what may have been executed; of a pipeline that was refused in part it forgets what was executed; and a transaction
//! that was refused tells it nothing of the slots.

pub(crate) mod errors;
pub(crate) mod fan_out;
pub(crate) mod shard_channels;
pub(crate) mod topology;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use redis::ConnectionInfo;

use crate::endpoint::Endpoint;
use crate::endpoint::cluster::Cluster;
use crate::manager::Manager;
use crate::settings::Settings;
use crate::slots::address::Address;
use fan_out::FanOut;
pub(crate) use shard_channels::host;
use topology::Topology;

/// The servers of a cluster, as far as they are known.
pub(crate) struct Nodes {
    pub(crate) cluster: Cluster,
    pub(crate) settings: Settings,
    topology: Topology,
    managers: Mutex<HashMap<Address, Arc<Manager>>>,
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
    pub(crate) fn new(cluster: &Cluster, settings: &Settings) -> Self {
        Self {
            cluster: cluster.clone(),
            settings: settings.clone(),
            topology: Topology::new(),
            managers: Mutex::new(HashMap::new()),
            fan_outs: Mutex::new(Vec::new()),
        }
    }

    /// What keeps the connections to this server.
    pub(crate) fn manager(&self, address: &Address) -> Option<Arc<Manager>> {
        let mut managers = self.managers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(manager) = managers.get(address) {
            return Some(manager.clone());
        }
        let endpoint = Endpoint::Node(Box::new(self.cluster.info(address)?));
        let manager = Arc::new(Manager::new(endpoint, self.settings.clone()));
        managers.insert(address.clone(), manager.clone());
        Some(manager)
    }

    /// What keeps connections, to whichever server.
    pub(crate) fn all(&self) -> Vec<Arc<Manager>> {
        let managers = self.managers.lock().unwrap_or_else(PoisonError::into_inner);
        managers.values().cloned().collect()
    }

    /// All servers that are known: those that were named, and those that have been learnt of.
    pub(crate) fn known(&self) -> Vec<Address> {
        let map = self.topology.map();
        let learnt = map.servers().iter().map(|address| (**address).clone());
        let mut known: Vec<_> = learnt.collect();
        for seed in self.cluster.seeds().filter_map(Address::of) {
            if !known.contains(&seed) {
                known.push(seed);
            }
        }
        known
    }

    /// How to connect to each of them.
    pub(crate) fn infos(&self) -> Vec<ConnectionInfo> {
        let known = self.known();
        let infos = known
            .iter()
            .filter_map(|address| self.cluster.info(address));
        infos.collect()
    }

    /// The same of those that have slots.
    pub(crate) fn owner_infos(&self) -> Vec<ConnectionInfo> {
        let owners = self.topology.map().owners();
        let infos = owners.iter().filter_map(|owner| self.cluster.info(owner));
        infos.collect()
    }

    /// Connections to servers that have left the cluster are given up.
    fn forget_all_but(&self, known: &[Address]) {
        let mut managers = self.managers.lock().unwrap_or_else(PoisonError::into_inner);
        managers.retain(|address, _| known.contains(address));
    }

    /// Whether anything is known of its slots.
    pub(crate) fn are_known(&self) -> bool {
        self.topology.version() > 0
    }
}
