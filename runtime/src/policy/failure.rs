//! What the error types of closures have to do: say what happened, and tell of what this crate refuses.

use std::any::TypeId;
use std::error::Error;

use redis::RedisError;

use crate::Classify;
use crate::class::lost_source::{self, Origin};
use crate::diagnosis::Diagnosis;

/// An error type that says what a failure means. `Via` is how; the compiler finds it.
#[diagnostic::on_unimplemented(
    message = "a `Policy` cannot tell whether `{Self}` is worth a retry, or cannot make one to refuse a call",
    label = "the closure fails with this type",
    note = "return `redis::RedisResult<..>`, or an error type that is `std::error::Error + 'static` and has `From<redis::RedisError>` (in `thiserror`: `#[from]`)",
    note = "for other types with `From<redis::RedisError>` implement `redis_resilient::Classify`"
)]
pub trait Failure<Via>: From<RedisError> {
    /// What it means.
    #[doc(hidden)]
    fn diagnosis(&self) -> Diagnosis;
}

/// An error type that can be read, though a function says what it means. `Via` is how; the compiler finds it.
#[diagnostic::on_unimplemented(
    message = "a `Policy` cannot read a `{Self}`, or cannot make one to refuse a call",
    label = "the function of `classify` gets this type",
    note = "let it be `std::error::Error + 'static`, or a wrapper like `anyhow::Error`, with `From<redis::RedisError>`",
    note = "for other types with `From<redis::RedisError>` implement `redis_resilient::Classify`, and leave `classify` out"
)]
pub trait Readable<Via>: From<RedisError> {
    /// What events show of it.
    #[doc(hidden)]
    fn readable(&self) -> &(dyn Error + 'static);
}

impl<E: Error + From<RedisError> + 'static> Readable<ViaError> for E {
    fn readable(&self) -> &(dyn Error + 'static) {
        self
    }
}

impl<E> Readable<ViaAsRef> for E
where
    E: AsRef<dyn Error + Send + Sync + 'static> + From<RedisError> + 'static,
{
    fn readable(&self) -> &(dyn Error + 'static) {
        self.as_ref()
    }
}

/// As a link of a chain of errors.
#[derive(Clone, Copy, Debug)]
pub enum ViaError {}

/// By its own word.
#[derive(Clone, Copy, Debug)]
pub enum ViaClassify {}

/// As what holds a chain of errors.
#[derive(Clone, Copy, Debug)]
pub enum ViaAsRef {}

impl<E: Error + From<RedisError> + 'static> Failure<ViaError> for E {
    fn diagnosis(&self) -> Diagnosis {
        let origin = Origin::Tried(lost_source::keeps::<E>);
        Diagnosis::of(self, TypeId::of::<E>(), origin)
    }
}

impl<E: Classify + From<RedisError>> Failure<ViaClassify> for E {
    fn diagnosis(&self) -> Diagnosis {
        self.class().into()
    }
}

impl<E> Failure<ViaAsRef> for E
where
    E: AsRef<dyn Error + Send + Sync + 'static> + From<RedisError> + 'static,
{
    fn diagnosis(&self) -> Diagnosis {
        Diagnosis::of(self.as_ref(), TypeId::of::<E>(), Origin::Kept)
    }
}
