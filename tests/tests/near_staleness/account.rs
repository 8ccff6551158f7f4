//! What was served, and how old it was. Pure.

use std::collections::HashSet;
use std::time::{Duration, Instant};

/// No value is served so long after the acknowledgement of a write that made it old.
const PROMISE: Duration = Duration::from_secs(1);
/// For each fault: fewer say nothing.
const ENOUGH_WRITES: u64 = 20;
const ENOUGH_NEAR: u64 = 500;

/// A write that was acknowledged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Write {
    pub(crate) version: u64,
    pub(crate) acknowledged: Instant,
}

/// A value that was served although a newer one had been written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Old {
    pub(crate) key: usize,
    pub(crate) version: u64,
    /// When the read began that brought it from Redis.
    pub(crate) read: Instant,
    /// Before it was asked for.
    pub(crate) served: Instant,
}

#[derive(Debug, Default)]
pub(crate) struct Account {
    pub(crate) faults: usize,
    pub(crate) writes: u64,
    pub(crate) lost: u64,
    pub(crate) reads: u64,
    pub(crate) near: u64,
    pub(crate) old: u64,
    pub(crate) too_old: u64,
    pub(crate) oldest: Duration,
}

impl Account {
    pub(crate) const HEAD: &str = "faults | writes acknowledged, lost later | reads | served near | of these old | the oldest | too old";

    /// Judges what was served by what was written, for each key, and by what of it was there in the end; `None`: nothing can have been lost by another
    /// server's taking over.
    pub(crate) fn judge(
        &mut self,
        writes: &[Vec<Write>],
        kept: Option<&[HashSet<u64>]>,
        served: &[Old],
    ) {
        let has_come_true = |key: usize, write: &Write| {
            kept.is_none_or(|kept| {
                kept.get(key)
                    .is_some_and(|kept| kept.contains(&write.version))
            })
        };
        for (key, writes) in writes.iter().enumerate() {
            let lost = writes.iter().filter(|write| !has_come_true(key, write));
            self.lost += lost.count() as u64;
            self.writes += writes.len() as u64;
        }
        for old in served {
            let newer = writes.get(old.key).into_iter().flatten().find(|write| {
                // What was acknowledged before the read began is Redis's own affair.
                write.version > old.version
                    && write.acknowledged >= old.read
                    && has_come_true(old.key, write)
            });
            let Some(newer) = newer else { continue };
            let age = old.served.saturating_duration_since(newer.acknowledged);
            if !age.is_zero() {
                self.old += 1;
            }
            self.oldest = self.oldest.max(age);
            if age > PROMISE {
                self.too_old += 1;
            }
        }
    }

    pub(crate) fn is_kept(&self) -> bool {
        let faults = self.faults as u64;
        self.too_old == 0
            && self.writes >= ENOUGH_WRITES * faults
            && self.near >= ENOUGH_NEAR * faults
    }

    pub(crate) fn line(&self, scene: &str) -> String {
        let Self {
            faults,
            writes,
            lost,
            reads,
            near,
            old,
            too_old,
            oldest,
        } = self;
        format!(
            "{scene}: {faults} | {writes}, {lost} | {reads} | {near} | {old} | {} ms | {too_old}",
            oldest.as_millis()
        )
    }
}
