//! What a body owns that runs in a task of its own, where the function was given references.

use std::borrow::{Borrow as _, ToOwned};
use std::fmt;

use crate::state::Lifetime;

/// What can be owned by a task.
#[diagnostic::on_unimplemented(
    message = "the body runs in a task of its own, which cannot have a copy of this `{Self}`",
    label = "passed by reference, and neither `Clone` nor otherwise to be owned",
    note = "derive `Clone` for `{Self}`, or take an `Arc` of it",
    note = "`background = true`, `soft_timeout`, `stale_while_revalidate` and `refresh_ahead` have the body run in a task: without them it borrows what it likes"
)]
pub trait IntoTask: ToOwned<Owned: Send + Sync + 'static> {}

#[diagnostic::do_not_recommend]
impl<T: ?Sized + ToOwned<Owned: Send + Sync + 'static>> IntoTask for T {}

/// An owned copy of what is behind a reference.
pub struct Owned<T: ?Sized + IntoTask>(T::Owned);

impl<T: ?Sized + IntoTask> Owned<T> {
    #[must_use]
    /// Of what that refers to.
    pub fn of(value: &T) -> Self {
        Self(value.to_owned())
    }

    /// As the body knows it.
    #[must_use]
    pub fn lend(&self) -> &T {
        self.0.borrow()
    }
}

impl<T: ?Sized + IntoTask> fmt::Debug for Owned<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Owned")
    }
}

/// What a closure says of a value.
pub fn ttl_of<T: ?Sized>(ttl: impl FnOnce(&T) -> std::time::Duration, value: &T) -> Lifetime {
    Lifetime::For(ttl(value))
}
