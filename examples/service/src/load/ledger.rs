//! What customers were told, to hold the shop to it.

use std::collections::BTreeMap;

/// A customer and a sum.
pub(crate) type Billed = (u64, u64);

#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    /// Orders that were accepted, and those of which nobody knows, by number.
    pub(crate) orders: BTreeMap<u64, Billed>,
    pub(crate) unsure_orders: BTreeMap<u64, Billed>,
    /// By page.
    pub(crate) views: BTreeMap<u64, Views>,
    /// Sessions that were not what they had been told last.
    pub(crate) sessions_wrong: u64,
    /// Users that were not as the database has them.
    pub(crate) users_wrong: u64,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Views {
    pub(crate) served: u64,
    /// Not answered: perhaps counted.
    pub(crate) unsure: u64,
}
