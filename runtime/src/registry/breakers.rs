//! What the registry says of breakers and bulkheads.

use crate::bulkhead::BulkheadSnapshot;
use crate::handle::Handle;
use crate::{Breaker, Bulkhead, Snapshot, breaker, bulkhead};

/// A breaker that is listed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ListedBreaker {
    /// What it was doing when it was asked for.
    pub snapshot: Snapshot,
    /// The number that tells it from its namesakes in a `BreakerSet`.
    pub number: Option<u16>,
    handle: Option<Handle<Breaker>>,
}

impl ListedBreaker {
    /// To give it orders. `None`: it was not [registered](super::Registry::register), so that nobody knows whether it stays.
    #[must_use]
    pub const fn handle(&self) -> Option<&Handle<Breaker>> {
        self.handle.as_ref()
    }
}

/// A bulkhead that is listed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ListedBulkhead {
    /// What it was doing when it was asked for.
    pub snapshot: BulkheadSnapshot,
    handle: Option<Handle<Bulkhead>>,
}

impl ListedBulkhead {
    /// The bulkhead itself. `None`: it was not [registered](super::Registry::register), so that nobody knows whether it stays.
    #[must_use]
    pub const fn handle(&self) -> Option<&Handle<Bulkhead>> {
        self.handle.as_ref()
    }
}

pub(super) fn breakers() -> Vec<ListedBreaker> {
    let records = breaker::record::all();
    let listed = records.iter().map(|record| ListedBreaker {
        snapshot: Snapshot::of_record(record),
        number: record.number(),
        handle: record.handle(),
    });
    listed.collect()
}

pub(super) fn bulkheads() -> Vec<ListedBulkhead> {
    let records = bulkhead::record::all();
    let listed = records.iter().map(|record| ListedBulkhead {
        snapshot: record.snapshot(),
        handle: record.handle(),
    });
    listed.collect()
}
