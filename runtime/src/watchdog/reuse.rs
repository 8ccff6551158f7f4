//! What calls that wait need, kept by each thread for the next one.

use std::cell::RefCell;
use std::thread::LocalKey;

/// So many of a kind does a thread keep.
const MOST: usize = 256;

/// Boxes that are used again.
#[derive(Debug)]
pub(crate) struct Reuse<T: 'static>(pub(crate) &'static LocalKey<RefCell<Vec<T>>>);

impl<T: Default> Reuse<T> {
    /// One that was used before, as it was given back; else a new one.
    #[inline]
    pub(crate) fn take(&self) -> T {
        // A thread that ends has no such place any more.
        let kept = self.0.try_with(|kept| kept.try_borrow_mut().ok()?.pop());
        kept.ok().flatten().unwrap_or_default()
    }

    #[inline]
    pub(crate) fn give_back(&self, used: T) {
        let mut used = Some(used);
        let _ = self.0.try_with(|kept| {
            if let Ok(mut kept) = kept.try_borrow_mut()
                && kept.len() < MOST
            {
                kept.extend(used.take());
            }
        });
    }
}
