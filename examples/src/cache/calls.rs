//! The reads, which the services take in turn, and what came of them.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::popularity::Popularity;
#[cfg(feature = "peer-cached")]
use super::services::OfCached;
use super::services::{Answer, ByHand, Origin, Ours};
use crate::database;
use crate::load::{Calls, Kind};
use crate::stats::Served;

pub(super) const OURS: usize = 0;
const BY_HAND: usize = 1;
#[cfg(not(feature = "peer-cached"))]
pub(super) const NAMES: [&str; 2] = ["ours", "by hand"];
#[cfg(feature = "peer-cached")]
pub(super) const NAMES: [&str; 3] = ["ours", "by hand", "cached"];

#[allow(clippy::cast_possible_truncation, reason = "they are two or three")]
const SERVICES: u32 = NAMES.len() as u32;
/// Of each service, per second.
pub(super) const READS: u32 = 1_000;

/// After that the caller is gone.
const DEADLINE: Duration = Duration::from_secs(1);

pub(super) struct Readers {
    pub(super) ours: Ours,
    pub(super) by_hand: ByHand,
    #[cfg(feature = "peer-cached")]
    pub(super) cached: OfCached,
    pub(super) popularity: Popularity,
    pub(super) tallies: [Tally; NAMES.len()],
}

/// The reads of one service.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) redis: AtomicU32,
    pub(super) primary: AtomicU32,
    pub(super) stale: AtomicU32,
    pub(super) nothing: AtomicU32,
    /// Of the answers, those that are not what the primary store has.
    pub(super) wrong: AtomicU32,
}

impl Tally {
    fn count(&self, answer: Option<Origin>) {
        let which = match answer {
            Some(Origin::Redis) => &self.redis,
            Some(Origin::Primary) => &self.primary,
            Some(Origin::Stale) => &self.stale,
            None => &self.nothing,
        };
        which.fetch_add(1, Ordering::Relaxed);
    }
}

impl Calls for Readers {
    /// A thousand for each service.
    const RATE: u32 = READS * SERVICES;
    const DEADLINE: Duration = DEADLINE;
    /// All that may come within the deadline, so that no service waits for another's callers.
    const IN_FLIGHT: u32 = 4_096;

    fn kind(&self, number: u32) -> Kind {
        Kind {
            row: service(number),
            is_read: true,
        }
    }

    async fn call(&self, number: u32) -> Served {
        let (service, user) = (service(number), self.popularity.user(number / SERVICES));
        let read = tokio::time::timeout(DEADLINE, self.read(service, user));
        let answer = read.await.ok().flatten();
        let tally = &self.tallies[service];
        if let Some((name, _)) = &answer
            && *name != database::name_of(user)
        {
            tally.wrong.fetch_add(1, Ordering::Relaxed);
        }
        let from = answer.map(|(_, from)| from);
        tally.count(from);
        match from {
            Some(Origin::Redis) => Served::Redis,
            Some(Origin::Primary | Origin::Stale) => Served::Fallback,
            None => Served::Nobody,
        }
    }
}

impl Readers {
    pub(super) async fn read(&self, service: usize, user: u32) -> Answer {
        match service {
            OURS => self.ours.name(user).await,
            BY_HAND => self.by_hand.name(user).await,
            #[cfg(feature = "peer-cached")]
            _ => self.cached.name(user).await,
            #[cfg(not(feature = "peer-cached"))]
            _ => None,
        }
    }
}

fn service(number: u32) -> usize {
    (number % SERVICES) as usize
}
