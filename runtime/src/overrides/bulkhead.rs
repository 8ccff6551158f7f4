//! What can be said of a bulkhead.

use super::overlay::Overlay;

/// What is said of one bulkhead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct BulkheadOverride {
    pub limit: Option<u32>,
}

impl Overlay for BulkheadOverride {
    fn overlay(&mut self, over: &Self) {
        self.limit = over.limit.or(self.limit);
    }
}
