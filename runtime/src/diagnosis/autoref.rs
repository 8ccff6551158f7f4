//! Finds the class of an error of any type, decided at compile time by what the type can do.
//!
//! Method lookup tries the receiver with the most references first: [`Mute`] types, [`Classify`] with [`Error`] and without, then [`Error`], with `From<RedisError>` or without, then
//! the wrappers that only hand out a `dyn Error`. The last rung takes every type and demands [`Classify`], so that its message is the one shown.
//!
//! The method has a name that no trait of the user has, for his are in scope as well. It is there once for each type, not for each function.

use std::any::TypeId;
use std::error::Error;
use std::fmt;

use redis::RedisError;

use super::Diagnosis;
use crate::class::lost_source::{self, Origin};
use crate::class::tagged;
use crate::{Class, Classify};

/// An error to look at.
pub struct View<'a, E: ?Sized>(pub &'a E);

impl<E: ?Sized> fmt::Debug for View<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("View")
    }
}

/// Types that say it themselves.
pub trait ViaClassify {
    /// The error's class.
    fn resilient_diagnosis(&self) -> Diagnosis;
}

/// Types that say it themselves, and are errors besides.
pub trait ViaClassifyError {
    /// The error's class.
    fn resilient_diagnosis(&self) -> Diagnosis;
}

impl<E: Classify + Error + 'static> ViaClassifyError for &&&&&&View<'_, E> {
    #[inline(never)]
    fn resilient_diagnosis(&self) -> Diagnosis {
        Diagnosis::said(self.0.class(), Some(self.0))
    }
}

impl<E: Classify> ViaClassify for &&&&&View<'_, E> {
    fn resilient_diagnosis(&self) -> Diagnosis {
        self.0.class().into()
    }
}

/// Types of the standard library that can tell nothing of Redis, and cannot be taught to: an error message that says so.
pub trait ViaMute {
    /// The type that is mute.
    type Mute;
    /// There is none.
    fn resilient_diagnosis(&self) -> Diagnosis
    where
        Self::Mute: TellsOfRedis;
}

impl<E: Mute> ViaMute for &&&&&&&View<'_, E> {
    type Mute = E;

    fn resilient_diagnosis(&self) -> Diagnosis
    where
        E: TellsOfRedis,
    {
        Class::NotRedis.into()
    }
}

/// A type that never has a Redis error inside.
pub trait Mute {}

macro_rules! mute {
    ($($ty:ty),* $(,)?) => { $(impl Mute for $ty {})* };
}

mute! {
    fmt::Error,
    std::array::TryFromSliceError,
    std::char::ParseCharError,
    std::env::VarError,
    std::ffi::FromBytesWithNulError,
    std::ffi::NulError,
    std::net::AddrParseError,
    std::num::ParseFloatError,
    std::num::ParseIntError,
    std::num::TryFromIntError,
    std::str::ParseBoolError,
    std::str::Utf8Error,
    std::string::FromUtf8Error,
    std::sync::mpsc::RecvError,
    std::time::SystemTimeError,
}

/// What no `Mute` type does.
#[diagnostic::on_unimplemented(
    message = "`#[redis_resilient]` never finds a failure of Redis in a `{Self}`: the function would be tried once, without a fallback",
    label = "this type never has a Redis error inside",
    note = "return `redis::RedisResult<..>`, or an error type of your own with the `redis::RedisError` as its `source` (in `thiserror`: `#[from]`)",
    note = "or say what its errors mean: `classify = |error| Class::Ambiguous`"
)]
pub trait TellsOfRedis {}

/// Types that are errors, and can be made of a Redis error.
pub trait ViaFromRedis {
    /// The error's class.
    fn resilient_diagnosis(&self) -> Diagnosis;
}

impl<E: Error + From<RedisError> + 'static> ViaFromRedis for &&&&View<'_, E> {
    #[inline(never)]
    fn resilient_diagnosis(&self) -> Diagnosis {
        let origin = Origin::Tried(lost_source::keeps::<E>);
        Diagnosis::of(self.0, TypeId::of::<E>(), origin)
    }
}

/// Types that are errors.
pub trait ViaError<'e> {
    /// The error's class.
    fn resilient_diagnosis(&self) -> Diagnosis;
    /// Whether a connection knows that its command may be repeated.
    fn resilient_is_repeatable(&self) -> bool;
    /// What can be read.
    fn resilient_error(&self) -> Option<&'e (dyn Error + 'static)>;
}

impl<'e, E: Error + 'static> ViaError<'e> for &&&View<'e, E> {
    #[inline(never)]
    fn resilient_diagnosis(&self) -> Diagnosis {
        Diagnosis::of(self.0, TypeId::of::<E>(), Origin::Unknown)
    }

    fn resilient_is_repeatable(&self) -> bool {
        tagged::is_repeatable(self.0)
    }

    fn resilient_error(&self) -> Option<&'e (dyn Error + 'static)> {
        Some(self.0)
    }
}

/// `anyhow::Error`, `eyre::Report`, `Box<dyn Error + Send + Sync>`.
pub trait ViaAsRefSendSync<'e> {
    /// The error's class.
    fn resilient_diagnosis(&self) -> Diagnosis;
    /// Whether a connection knows that its command may be repeated.
    fn resilient_is_repeatable(&self) -> bool;
    /// What can be read.
    fn resilient_error(&self) -> Option<&'e (dyn Error + 'static)>;
}

impl<'e, E: AsRef<dyn Error + Send + Sync + 'static> + 'static> ViaAsRefSendSync<'e>
    for &&View<'e, E>
{
    #[inline(never)]
    fn resilient_diagnosis(&self) -> Diagnosis {
        Diagnosis::of(self.0.as_ref(), TypeId::of::<E>(), Origin::Kept)
    }

    fn resilient_is_repeatable(&self) -> bool {
        tagged::is_repeatable(self.0.as_ref())
    }

    fn resilient_error(&self) -> Option<&'e (dyn Error + 'static)> {
        Some(self.0.as_ref())
    }
}

/// `Box<dyn Error>`.
pub trait ViaAsRef<'e> {
    /// The error's class.
    fn resilient_diagnosis(&self) -> Diagnosis;
    /// Whether a connection knows that its command may be repeated.
    fn resilient_is_repeatable(&self) -> bool;
    /// What can be read.
    fn resilient_error(&self) -> Option<&'e (dyn Error + 'static)>;
}

impl<'e, E: AsRef<dyn Error + 'static> + 'static> ViaAsRef<'e> for &View<'e, E> {
    #[inline(never)]
    fn resilient_diagnosis(&self) -> Diagnosis {
        Diagnosis::of(self.0.as_ref(), TypeId::of::<E>(), Origin::Kept)
    }

    fn resilient_is_repeatable(&self) -> bool {
        tagged::is_repeatable(self.0.as_ref())
    }

    fn resilient_error(&self) -> Option<&'e (dyn Error + 'static)> {
        Some(self.0.as_ref())
    }
}

/// Everything else: an error message that says what to implement.
pub trait ViaNothing<'e> {
    /// The type that needs [`Classify`].
    type Unknown;
    /// The error's class.
    fn resilient_diagnosis(&self) -> Diagnosis
    where
        Self::Unknown: Classify;
    /// Nobody has said so.
    fn resilient_is_repeatable(&self) -> bool {
        false
    }
    /// Nothing can be read.
    fn resilient_error(&self) -> Option<&'e (dyn Error + 'static)> {
        None
    }
}

impl<'e, E> ViaNothing<'e> for View<'e, E> {
    type Unknown = E;

    fn resilient_diagnosis(&self) -> Diagnosis
    where
        E: Classify,
    {
        self.0.class().into()
    }
}

/// Asks the function given as `classify`; the bound tells the compiler the type of a closure's parameter. `readable` is the same error, where
/// it is one.
pub fn classify_with<E, F: FnOnce(&E) -> Class>(
    error: &E,
    readable: Option<&(dyn Error + 'static)>,
    classify: F,
) -> Diagnosis {
    Diagnosis::said(classify(error), readable)
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Arc;

    use super::*;

    macro_rules! class {
        ($error:expr) => {{
            let error = &$error;
            (&&&&&&&&View(error)).resilient_diagnosis().class
        }};
    }

    fn refused() -> RedisError {
        io::Error::from(io::ErrorKind::ConnectionRefused).into()
    }

    #[derive(Debug, thiserror::Error)]
    enum AppError {
        #[error("cache")]
        Cache(#[from] RedisError),
        #[error(transparent)]
        Seen(RedisError),
        #[error("no such user")]
        NotFound,
    }

    struct Bare;
    impl Classify for Bare {
        fn class(&self) -> Class {
            Class::WriteRefused
        }
    }

    #[derive(Debug, thiserror::Error)]
    #[error("knows better")]
    struct Opinionated(#[source] RedisError);
    impl Classify for Opinionated {
        fn class(&self) -> Class {
            Class::Permanent
        }
    }

    #[test]
    fn every_common_error_type_is_classified() {
        assert_eq!(class!(refused()), Class::Unreachable);
        assert_eq!(class!(AppError::from(refused())), Class::Unreachable);
        assert_eq!(class!(AppError::Seen(refused())), Class::Unreachable);
        assert_eq!(class!(AppError::NotFound), Class::NotRedis);
        assert_eq!(class!(Arc::new(refused())), Class::Unreachable);
        assert_eq!(class!(Box::new(refused())), Class::Unreachable);
        assert_eq!(class!(io::Error::other(refused())), Class::Unreachable);
        assert_eq!(
            class!(io::Error::from(io::ErrorKind::ConnectionReset)),
            Class::NotRedis
        );
        assert_eq!(
            class!(anyhow::Error::from(refused()).context("loading")),
            Class::Unreachable
        );
        let boxed: Box<dyn Error> = Box::new(refused());
        assert_eq!(class!(boxed), Class::Unreachable);
        let boxed: Box<dyn Error + Send + Sync> = Box::new(AppError::from(refused()));
        assert_eq!(class!(boxed), Class::Unreachable);
    }

    #[test]
    fn a_type_s_own_word_comes_first() {
        assert_eq!(class!(Bare), Class::WriteRefused);
        assert_eq!(class!(Opinionated(refused())), Class::Permanent);
    }

    #[test]
    fn a_transparent_wrapper_of_a_server_error_is_seen_through() {
        let loading: RedisError = redis::make_extension_error("BUSY".into(), None);
        assert_eq!(class!(AppError::Seen(loading)), Class::Unavailable);
    }

    #[test]
    fn bounds_decide_in_generic_functions() {
        #[expect(
            clippy::needless_borrow,
            reason = "as the attribute writes it, whatever the type"
        )]
        fn generic<E: Error + 'static>(error: &E) -> Class {
            (&&&&&&&&View(error)).resilient_diagnosis().class
        }
        assert_eq!(generic(&refused()), Class::Unreachable);
    }
}
