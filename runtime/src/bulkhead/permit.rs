//! A place inside of a bulkhead, given back when it is dropped.

use super::Bulkhead;

/// A place inside of a [`Bulkhead`]: keep it for as long as the work goes on, and drop it then.
#[derive(Debug)]
#[must_use = "the place is given back when this is dropped: keep it in a variable, `let _permit = …`"]
pub struct BulkheadPermit<'a> {
    bulkhead: &'a Bulkhead,
}

impl<'a> BulkheadPermit<'a> {
    #[inline]
    pub(super) const fn new(bulkhead: &'a Bulkhead) -> Self {
        Self { bulkhead }
    }
}

impl Drop for BulkheadPermit<'_> {
    #[inline(never)]
    fn drop(&mut self) {
        self.bulkhead.leave();
    }
}
