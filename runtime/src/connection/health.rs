//! What is done about a connection of which nothing is heard.

use std::sync::Arc;

use redis::RedisResult;
use tokio::time::timeout;

use super::command::Args;
use super::ending::Peer;
use super::keeper::Keeper;
use super::key::first_key;
use super::live::Live;
use super::silence::Patience;
use super::slot;
use crate::clock::{now_ms, whole_millis};

impl Keeper {
    /// Which of the servers behind a connection a command goes to, as the slot of its key. The only one has all slots.
    pub(super) fn slot_of<'a>(&self, command: impl Args<'a>) -> Option<usize> {
        match self.source.peer() {
            Peer::Server | Peer::Replica => Some(0),
            Peer::Cluster => first_key(command).map(slot::of_key),
        }
    }

    pub(super) fn patience(&self) -> Patience {
        Patience {
            unanswered: self.settings.unanswered,
            idle_ms: whole_millis(self.settings.health_check_after),
        }
    }

    /// Those that have this slot have been silent for too long.
    pub(super) fn silent(self: &Arc<Self>, live: &Arc<Live>, slot: usize) {
        match self.source.peer() {
            Peer::Server | Peer::Replica => live.give_up(),
            Peer::Cluster => self.replace_if_heard(live, slot),
        }
    }

    /// Makes another connection to the cluster. It takes the place of this one if those that have the slot answer on it: while they are not
    /// there for anybody, all others go on undisturbed on this one.
    fn replace_if_heard(self: &Arc<Self>, live: &Arc<Live>, slot: usize) {
        let Some(replacing) = live.begins_replacement() else {
            return;
        };
        let (keeper, live) = (self.clone(), live.clone());
        tokio::spawn(async move {
            let _replacing = replacing;
            let Ok(new) = keeper.connect_live(keeper.credentials().as_ref()).await else {
                return;
            };
            let Some(mut wire) = new.wire() else {
                return;
            };
            // With a key: a server that does not have its slot says so.
            let mut probe = redis::cmd("EXISTS");
            probe.arg(slot::name_in(slot, b"redis-resilient"));
            let limit = keeper.settings.response_timeout;
            if let Ok(Ok(_)) = timeout(limit, wire.send(&probe)).await {
                keeper.replace(&live, new);
            }
        });
    }

    /// Whether nothing has been heard for so long that a command might be lost on it, or be executed by a server that is the master no more.
    ///
    /// A cluster is not tried: one of its servers that stands still would hold up all commands.
    pub(super) fn doubts(&self, live: &Live) -> bool {
        if self.source.peer() == Peer::Cluster {
            return false;
        }
        let (now_ms, limit_ms) = (now_ms(), self.patience().idle_ms);
        let idle_ms = live
            .silence(0)
            .map_or(0, |silence| silence.lasts_ms(now_ms));
        idle_ms >= limit_ms || self.source.moves() && live.unverified_ms(now_ms) >= limit_ms
    }

    /// The same after it has been tried, or what is connected in its place.
    pub(super) async fn checked(self: &Arc<Self>, live: &Arc<Live>) -> RedisResult<Arc<Live>> {
        let checking = live.checking.lock().await;
        // Somebody else may have done it meanwhile.
        if live.is_given_up() || self.doubts(live) && !self.holds(live).await {
            live.give_up();
            drop(checking);
            return self.live().await;
        }
        Ok(live.clone())
    }

    async fn holds(&self, live: &Live) -> bool {
        let present = live.leads_to();
        match self.source.moved_to(&self.settings, present).await {
            Some(Ok(address)) if present != Some(&address) => return false,
            // Without an answer the server itself is asked.
            Some(_) => live.verified(now_ms()),
            None => {}
        }
        let (Some(mut wire), Some(silence)) = (live.wire(), live.silence(0)) else {
            return false;
        };
        let answer = wire.send(&redis::cmd("PING")).await;
        let is_well = self.source.peer().is_well(&answer);
        if is_well {
            silence.answered(now_ms());
        }
        is_well
    }
}
