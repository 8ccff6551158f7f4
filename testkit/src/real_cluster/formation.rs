//! How six servers become a cluster.

use std::io;
use std::time::{Duration, Instant};

use super::{PATIENCE, PRIMARIES, RealCluster, slots::SLOTS};
use crate::{FaultProxy, RealRedis, poll::poll, real_redis::ask::ask};

/// Nodes forget who has not answered them by then.
const MEETING: Duration = Duration::from_secs(3);

impl RealCluster {
    /// Makes a cluster of nodes that do not know each other.
    pub(super) fn form(&self) -> io::Result<()> {
        let (primaries, replicas) = self.nodes.split_at(PRIMARIES);
        let share = SLOTS / 3 + 1;
        let starts = (0..SLOTS).step_by(usize::from(share));
        for ((primary, start), epoch) in primaries.iter().zip(starts).zip(1..) {
            let end = (start + share).min(SLOTS) - 1;
            order(primary, &format!("CLUSTER ADDSLOTSRANGE {start} {end}"))?;
            order(primary, &format!("CLUSTER SET-CONFIG-EPOCH {epoch}"))?;
        }
        self.meet()?;
        let mut met = Instant::now();
        for (primary, replica) in primaries.iter().zip(replicas) {
            let id: String = ask(primary, "CLUSTER MYID").map_err(io::Error::other)?;
            // Refused until they have met.
            let command = format!("CLUSTER REPLICATE {id}");
            let replicate = || {
                // On a busy machine they may have met for longer than they wait for each other.
                if met.elapsed() > MEETING {
                    self.meet().ok()?;
                    met = Instant::now();
                }
                ask::<()>(replica, &command).ok()
            };
            poll(PATIENCE, "a replica", replicate, || self.describe())?;
        }
        self.wait_until_ok(PATIENCE)
    }

    /// The first is told where all others are.
    fn meet(&self) -> io::Result<()> {
        let (first, others) = self.nodes.split_at(1);
        for other in others {
            let addr = other.proxy().map_or_else(|| other.addr(), FaultProxy::addr);
            let (port, bus) = (addr.port(), other.bus_port().unwrap_or_default());
            order(&first[0], &format!("CLUSTER MEET 127.0.0.1 {port} {bus}"))?;
        }
        Ok(())
    }
}

fn order(node: &RealRedis, command: &str) -> io::Result<()> {
    ask(node, command).map_err(|error| io::Error::other(format!("{command}: {error}")))
}
