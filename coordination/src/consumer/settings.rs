//! What a consumer goes by.

use std::time::Duration;

use redis_resilient_runtime::{Backoff, Jitter};

/// How often a consumer looks for what dead ones have left, and for how long a read waits in the server at most.
pub(super) const TICK: Duration = Duration::from_millis(500);

const RETRIES: Backoff = Backoff::exponential(Duration::from_millis(100))
    .max_delay(Duration::from_secs(10))
    .jitter(Jitter::Equal);

/// Where a group begins that nobody has known yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begin {
    Start,
    End,
}

#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) stream: Vec<u8>,
    pub(super) group: String,
    pub(super) label: Option<String>,
    pub(super) concurrency: u32,
    /// `None`: as many as fit, see [`prefetch`](Self::prefetch).
    pub(super) prefetch: Option<u32>,
    pub(super) is_ordered: bool,
    pub(super) max_deliveries: u32,
    /// `None`: beside the stream.
    pub(super) dead_letters: Option<Vec<u8>>,
    pub(super) backoff: Backoff,
    pub(super) claim_after: Duration,
    pub(super) grace: Duration,
    pub(super) remember_for: Duration,
    pub(super) begin: Begin,
}

impl Settings {
    pub(super) fn new(stream: &[u8], group: &str) -> Self {
        Self {
            stream: stream.to_vec(),
            group: group.to_owned(),
            label: None,
            concurrency: 1,
            prefetch: None,
            is_ordered: false,
            max_deliveries: 5,
            dead_letters: None,
            backoff: RETRIES,
            claim_after: Duration::from_secs(30),
            grace: Duration::from_secs(30),
            remember_for: Duration::from_secs(3600),
            begin: Begin::Start,
        }
    }

    /// Where there is an order, entries wait for those before them, and others have to be at hand meanwhile.
    pub(super) fn prefetch(&self) -> u32 {
        let ordered = self.concurrency.saturating_mul(4);
        self.prefetch
            .unwrap_or(if self.is_ordered { ordered } else { 0 })
    }

    /// How often the server is told that an entry is still worked on.
    pub(super) fn keep_every(&self) -> Duration {
        self.claim_after / 4
    }

    /// After trouble others have so long to tell the server that they are still at work, before entries are taken from anybody.
    pub(super) fn hold_off(&self) -> Duration {
        self.claim_after.min(Duration::from_secs(2))
    }

    /// After so long without a sign of life a consumer that has nothing pending is forgotten.
    pub(super) fn forget_after(&self) -> Duration {
        self.claim_after.saturating_mul(10)
    }
}
