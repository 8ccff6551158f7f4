//! Failovers to order.

use std::io;

use super::{PATIENCE, RealCluster, slots::SLOTS, view::View};
use crate::poll::poll;

impl RealCluster {
    /// The index of a replica of that node that is up.
    pub fn replica_of(&self, primary: usize) -> Option<usize> {
        let id = self.id_of(primary).ok()?;
        self.views()
            .iter()
            .find(|(_, view)| view.myself().primary() == Some(&id))
            .map(|(index, _)| *index)
    }

    /// Has a replica take its primary's place although that is well (`CLUSTER FAILOVER`), and waits
    /// until all nodes that are up agree on it. Nothing that was acknowledged is lost.
    ///
    /// # Errors
    ///
    /// If the node is no replica, or its primary is away; [`TimedOut`](io::ErrorKind::TimedOut) if it
    /// takes longer than half a minute.
    ///
    /// # Panics
    ///
    /// Panics if there is none of that index, which goes from 0 to 5.
    pub fn failover(&self, replica: usize) -> io::Result<()> {
        let view = View::of(self.node(replica));
        let primary = view.as_ref().and_then(|view| view.myself().primary());
        let Some(primary) = primary else {
            return Err(io::Error::other(format!("node {replica} is no replica")));
        };
        let slots = self.slots_of(primary);
        // It may be refused while the last one is not over.
        let ordered = || self.order(replica, "CLUSTER FAILOVER").ok();
        poll(PATIENCE, "a failover", ordered, || self.describe())?;
        self.wait_until_owned(&slots, replica)
    }

    fn slots_of(&self, id: &str) -> Vec<u16> {
        let views = self.views();
        let node = views.iter().find(|(_, view)| view.myself().id() == id);
        (0..SLOTS)
            .filter(|slot| node.is_some_and(|(_, view)| view.myself().owns(*slot)))
            .collect()
    }
}
