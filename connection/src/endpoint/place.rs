//! Where Redis is, for people.

#[cfg(any(feature = "sentinel", feature = "cluster"))]
use redis::ConnectionInfo;

use crate::endpoint::Endpoint;

/// Where Redis is, for people: without what may be secret in an address.
pub(crate) fn place(endpoint: &Endpoint) -> String {
    match endpoint {
        Endpoint::Server(info) => match info.redis_settings().db() {
            0 => info.addr().to_string(),
            database => format!("{}/{database}", info.addr()),
        },
        #[cfg(feature = "sentinel")]
        Endpoint::Sentinels(sentinels) => sentinels.place(),
        #[cfg(feature = "cluster")]
        Endpoint::Cluster(cluster) => cluster.place(),
        #[cfg(feature = "cluster")]
        Endpoint::Node(info) => info.addr().to_string(),
    }
}

/// Several addresses.
#[cfg(any(feature = "sentinel", feature = "cluster"))]
pub(crate) fn addresses(servers: &[ConnectionInfo]) -> String {
    let servers: Vec<_> = servers.iter().map(|info| info.addr().to_string()).collect();
    servers.join(", ")
}
