//! What a connector says of itself to those who read the registry: where it leads to, what is connected, and what failed last.

use std::sync::Arc;
use std::time::Duration;

use redis_resilient_runtime::__seam::clock::now_ms;
use redis_resilient_runtime::Registry;
use redis_resilient_runtime::registry::{
    ConnectionFailure, ConnectionReport, ConnectorReport, ConnectorSettings, RegisteredConnector,
    ServerRole,
};

use super::Manager;
use super::generation::Generation;
use crate::raw::disconnect_policy::Peer;

impl Manager {
    /// Lists it from now on, unless it is one server of a cluster that is listed.
    pub(crate) fn is_listed(self: &Arc<Self>) {
        if self.endpoint.node().is_none() {
            self.listed
                .call_once(|| Registry::global().register_connector(self));
        }
    }

    /// Those that keep connections: itself, or one for each server of a cluster.
    fn keeping(&self, tell: &mut dyn FnMut(&Self)) {
        tell(self);
        #[cfg(feature = "cluster")]
        if let Some(nodes) = &self.nodes {
            for manager in nodes.all() {
                tell(&manager);
            }
        }
    }

    fn reported(&self, generation: &Generation) -> Option<ConnectionReport> {
        let connected_for = Duration::from_millis(now_ms().saturating_sub(generation.since_ms()));
        let report = ConnectionReport::new(generation.leads_to()?.to_string(), connected_for);
        // As Sentinels have said.
        let is_primary = self.endpoint.moves() && self.endpoint.peer() == Peer::Server;
        Some(if is_primary {
            report.role(ServerRole::Primary)
        } else {
            report
        })
    }
}

/// The connections that asynchronous callers share. Those of synchronous code come and go, and are not counted.
impl RegisteredConnector for Manager {
    fn report(&self) -> ConnectorReport {
        let (mut connections, mut failures) = (Vec::new(), Vec::<ConnectionFailure>::new());
        let mut name = String::new();
        self.settings
            .tell(|events| events.connector().as_ref().clone_into(&mut name));
        self.keeping(&mut |manager| {
            let generations = manager.generations();
            connections.extend(generations.iter().filter_map(|one| manager.reported(one)));
            manager
                .settings
                .tell(|events| failures.extend(events.last_failure()));
        });
        connections.sort_by(|one, other| one.address.cmp(&other.address));
        let report = connections
            .into_iter()
            .fold(ConnectorReport::new(name), ConnectorReport::connection);
        match failures.into_iter().min_by_key(|failure| failure.ago) {
            Some(failure) => report.last_failure(failure),
            None => report,
        }
    }

    fn tune(&self, said: &ConnectorSettings) {
        // Those of the servers of a cluster are the same.
        if let Some(shared) = &self.settings.said {
            shared.replace(said);
        }
    }
}

#[cfg(test)]
mod tests {
    use redis_resilient_runtime::Class;

    use super::*;
    use crate::Connector;

    fn reports(description: &str) -> Vec<ConnectorReport> {
        let mut reports = Registry::global().connectors();
        reports.retain(|report| report.description == description);
        reports
    }

    #[test]
    fn a_connector_is_listed_once_it_has_been_used_and_says_what_failed_last() {
        let connector = Connector::builder("redis://:hunter2@127.0.0.1:1/7")
            .expect("an address")
            .client_name("listed")
            .build();
        let description = "127.0.0.1:1/7 as listed";
        assert_eq!(reports(description), [], "it has nothing to tell");
        assert!(connector.get_blocking().is_err());
        assert!(connector.get_blocking().is_err());
        let [report] = &reports(description)[..] else {
            panic!("{:?}", reports(description));
        };
        assert_eq!(report.connections, []);
        let failure = report.last_failure.as_ref().expect("nobody is there");
        assert_eq!(failure.class, Class::Unreachable);
        assert!(failure.error.contains("refused"), "{failure:?}");
        assert!(!format!("{report:?}").contains("hunter2"));
        drop(connector);
        assert_eq!(reports(description), [], "it is gone");
    }
}
