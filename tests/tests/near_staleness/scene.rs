//! The servers, and what happens to them.

use std::thread::sleep;
use std::time::Duration;

use redis::{ConnectionAddr, RedisResult};
use redis_resilient::connection::{Connector, ConnectorBuilder};
use redis_resilient_testkit::{FaultProxy, RealCluster, RealRedis, RealSentinel, WireFault};

use crate::{AnyResult, MS};

const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) enum Scene {
    One(Box<RealRedis>, FaultProxy),
    Sentinels(RealSentinel),
    Cluster(RealCluster),
}

fn built(builder: ConnectorBuilder) -> Connector {
    builder
        .connect_timeout(MS(500))
        .response_timeout(MS(500))
        .build()
}

impl Scene {
    pub(crate) fn one() -> AnyResult<Self> {
        let server = RealRedis::start()?;
        let proxy = FaultProxy::to(server.addr())?;
        Ok(Self::One(Box::new(server), proxy))
    }

    pub(crate) fn sentinels() -> AnyResult<Self> {
        Ok(Self::Sentinels(RealSentinel::start()?))
    }

    pub(crate) fn cluster() -> AnyResult<Self> {
        Ok(Self::Cluster(RealCluster::start()?))
    }

    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::One(..) => "one server",
            Self::Sentinels(_) => "Sentinels",
            Self::Cluster(_) => "cluster",
        }
    }

    /// Whether a server may take over without all that was acknowledged.
    pub(crate) const fn loses_writes(&self) -> bool {
        !matches!(self, Self::One(..))
    }

    /// The process that keeps values near.
    pub(crate) fn reader(&self) -> RedisResult<Connector> {
        match self {
            Self::One(_, proxy) => Ok(built(Connector::builder(proxy.url())?)),
            _ => self.writer(),
        }
    }

    /// Somebody else, on whom no fault of the network strikes.
    pub(crate) fn writer(&self) -> RedisResult<Connector> {
        Ok(built(match self {
            Self::One(server, _) => Connector::builder(server.url())?,
            Self::Sentinels(sentinels) => {
                Connector::sentinel(sentinels.sentinel_urls(), sentinels.primary_name())?
            }
            Self::Cluster(cluster) => Connector::cluster(cluster.urls())?,
        }))
    }

    /// Another way for the reader, and what passes for where it leads.
    pub(crate) fn way_round(&self) -> RedisResult<Option<(Connector, ConnectionAddr)>> {
        let Self::One(_, proxy) = self else {
            return Ok(None);
        };
        let address = proxy.addr();
        let address = ConnectionAddr::Tcp(address.ip().to_string(), address.port());
        Ok(Some((self.writer()?, address)))
    }

    /// Lets something happen, until it is over.
    pub(crate) fn strike(&self, number: usize) -> AnyResult<()> {
        match self {
            Self::One(server, proxy) => one(server, proxy, number),
            Self::Sentinels(sentinels) => fail_over(sentinels, number),
            Self::Cluster(cluster) => replace(cluster, number),
        }
    }
}

fn one(server: &RealRedis, proxy: &FaultProxy, number: usize) -> AnyResult<()> {
    match number % 6 {
        0 => {
            proxy.set(WireFault::BlackHole);
            sleep(MS(2500));
            proxy.pass();
        }
        1 => {
            server.kill();
            sleep(MS(200));
            server.restart()?;
        }
        2 => {
            proxy.set(WireFault::BlackHoleExisting);
            sleep(MS(2500));
            proxy.pass();
        }
        3 => {
            let mut redis = redis::Client::open(server.url())?.get_connection()?;
            redis::cmd("CLIENT")
                .arg(&["KILL", "TYPE", "normal", "SKIPME", "yes"])
                .exec(&mut redis)?;
        }
        4 => {
            server.freeze();
            sleep(MS(1500));
            server.thaw();
        }
        _ => proxy.reset_connections(),
    }
    Ok(())
}

/// Planned, and by the death of the primary.
fn fail_over(sentinels: &RealSentinel, number: usize) -> AnyResult<()> {
    if number.is_multiple_of(2) {
        let old = sentinels.kill_primary();
        sentinels.wait_for_failover(old, PATIENCE)?;
        sentinels.server(old).restart()?;
    } else {
        sentinels.failover()?;
    }
    Ok(())
}

fn replace(cluster: &RealCluster, number: usize) -> AnyResult<()> {
    let primaries: Vec<usize> = (0..6)
        .filter(|node| cluster.replica_of(*node).is_some())
        .collect();
    let primary = primaries[number % primaries.len()];
    if number.is_multiple_of(2) {
        cluster.kill(primary);
        cluster.wait_until_ok(PATIENCE)?;
        cluster.restart(primary)?;
    } else {
        let replica = cluster.replica_of(primary).ok_or("no replica")?;
        cluster.failover(replica)?;
    }
    cluster.wait_until_ok(PATIENCE)?;
    Ok(())
}
