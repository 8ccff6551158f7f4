//! What expansions name: those of `redis_cached`, and of `redis_resilient` with a `key`. Not part of the API: it changes with them.
#![allow(missing_docs)]

use std::time::Duration;

use redis::RedisError;

pub use crate::answers::lead::{Leader, Leads};
pub use crate::answers::{Answers, Keyed, SharedValue, keyed, leads, unanswered};
pub use crate::function::CachedFunction;
pub use crate::key::Key;
pub use crate::load_result::LoadResult;
pub use crate::missed::Read;
pub use crate::owned::{IntoTask, Owned, ttl_of};
pub use crate::remembered::{Remembered, Remembering, recall, remember};
pub use crate::room::{acquire as enter, acquire_blocking as enter_blocking};
pub use crate::settings::Settings;
pub use crate::share::Copies;
pub use crate::share::probe::{
    ByClone, ByText, ByTextOf, CanRefuse, CannotRefuse, NotShared, Probe,
};
pub use crate::state::Lifetime;

/// How long a caller waits for room at the primary store.
pub const LIMIT_WAIT: Duration = crate::defaults::LIMIT_WAIT;

/// An error type that can say that there is no room at the primary store.
#[diagnostic::on_unimplemented(
    message = "`limit` lets only so many calls load at once, and cannot make a `{Self}` to tell that to the others",
    label = "a call for which there is no room has to return this type",
    note = "implement `From<redis::RedisError>` for `{Self}`, or leave `limit` out"
)]
pub trait NoRoom: Sized {
    fn no_room(error: RedisError) -> Self;
}

#[diagnostic::do_not_recommend]
impl<E: From<RedisError>> NoRoom for E {
    fn no_room(error: RedisError) -> Self {
        Self::from(error)
    }
}
