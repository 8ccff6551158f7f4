//! Who has the last word.

/// What can be said once more, by somebody who has the last word.
pub(crate) trait Overlay: Clone {
    /// What `over` says holds, and what it does not say stays.
    fn overlay(&mut self, over: &Self);
}
