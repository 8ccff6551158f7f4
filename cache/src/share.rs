//! How the error of one load is told to all who waited for it.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use redis::RedisError;

pub use crate::flight::Copies;

/// An error that a load of another caller's has ended with, where that error cannot be copied.
///
/// Those who wait for one load all get its error. If the function's error type is not `Clone`, they get one that is made of this: with the text of
/// the error, and that of its sources.
///
/// ```
/// use redis_resilient::cache::LoadFailed;
///
/// #[derive(Debug)]
/// enum AppError {
///     Io(std::io::Error),
///     Cached(LoadFailed),
/// }
///
/// impl From<LoadFailed> for AppError {
///     fn from(error: LoadFailed) -> Self {
///         Self::Cached(error)
///     }
/// }
/// ```
#[derive(Clone, Debug)]
pub struct LoadFailed {
    text: Arc<str>,
    source: Option<Box<LoadFailed>>,
}

impl LoadFailed {
    pub(crate) fn of(error: &(dyn Error + 'static)) -> Self {
        Self {
            text: error.to_string().into(),
            source: error.source().map(|source| Box::new(Self::of(source))),
        }
    }
}

impl fmt::Display for LoadFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for LoadFailed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// How an error is shared.
#[allow(unreachable_pub, reason = "expansions name it")]
pub type Share<E> = fn(&E) -> Copies<E>;

/// How an error says what this crate itself refuses.
#[allow(unreachable_pub, reason = "expansions name it")]
pub type Refuse<E> = fn(RedisError) -> E;

/// By a clone.
pub(crate) fn cloned<E: Clone + Send + 'static>(error: &E) -> Copies<E> {
    Copies::of(error.clone(), Clone::clone)
}

fn told<E: From<LoadFailed>>(error: &(dyn Error + 'static)) -> Copies<E> {
    Copies::of(LoadFailed::of(error), |failed| E::from(failed.clone()))
}

/// How a function's error is shared, found out by its type: the methods of these traits have one name, and the compiler takes the first that fits.
#[allow(missing_docs, unreachable_pub, reason = "for expansions")]
pub mod probe {
    use std::error::Error;
    use std::fmt;
    use std::marker::PhantomData;

    use redis::RedisError;

    use super::{LoadFailed, Refuse, Share, cloned, told};

    pub struct Probe<E>(PhantomData<fn() -> E>);

    impl<E> Probe<E> {
        #[must_use]
        pub const fn new() -> Self {
            Self(PhantomData)
        }
    }

    impl<E> Default for Probe<E> {
        fn default() -> Self {
            Self::new()
        }
    }

    impl<E> fmt::Debug for Probe<E> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("Probe")
        }
    }

    pub trait ByClone<E> {
        fn share(&self) -> Option<Share<E>>;
    }

    impl<E: Clone + Send + 'static> ByClone<E> for &&&Probe<E> {
        fn share(&self) -> Option<Share<E>> {
            Some(cloned)
        }
    }

    pub trait ByText<E> {
        fn share(&self) -> Option<Share<E>>;
    }

    impl<E: Error + From<LoadFailed> + 'static> ByText<E> for &&Probe<E> {
        fn share(&self) -> Option<Share<E>> {
            Some(|error| told(error))
        }
    }

    pub trait ByTextOf<E> {
        fn share(&self) -> Option<Share<E>>;
    }

    impl<E: AsRef<dyn Error + Send + Sync> + From<LoadFailed> + 'static> ByTextOf<E> for &Probe<E> {
        fn share(&self) -> Option<Share<E>> {
            Some(|error| told(error.as_ref()))
        }
    }

    /// The error of a load that several callers wait for.
    #[diagnostic::on_unimplemented(
        message = "callers that wait for the same load or fallback share its error, and a `{Self}` cannot be copied",
        label = "the error of one has to be given to all who wait for it",
        note = "derive `Clone` for `{Self}`, or implement `From<redis_resilient::cache::LoadFailed>` for it, which has the error's text",
        note = "or let each caller run its own: `coalesce = false`"
    )]
    pub trait Shared {}

    pub trait NotShared<E> {
        fn share(&self) -> Option<Share<E>>
        where
            E: Shared;
    }

    impl<E> NotShared<E> for Probe<E> {
        fn share(&self) -> Option<Share<E>>
        where
            E: Shared,
        {
            None
        }
    }

    pub trait CanRefuse<E> {
        fn refuse(&self) -> Option<Refuse<E>>;
    }

    impl<E: From<RedisError>> CanRefuse<E> for &Probe<E> {
        fn refuse(&self) -> Option<Refuse<E>> {
            Some(E::from)
        }
    }

    pub trait CannotRefuse<E> {
        fn refuse(&self) -> Option<Refuse<E>>;
    }

    impl<E> CannotRefuse<E> for Probe<E> {
        fn refuse(&self) -> Option<Refuse<E>> {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use super::probe::{ByClone, ByText, ByTextOf, CanRefuse, CannotRefuse, Probe};

    fn text<E: fmt::Display>(share: Option<Share<E>>, error: &E) -> String {
        share.expect("it is shared")(error).make().to_string()
    }

    #[derive(Debug)]
    struct Told(LoadFailed);

    impl From<LoadFailed> for Told {
        fn from(error: LoadFailed) -> Self {
            Self(error)
        }
    }

    impl fmt::Display for Told {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "told: {}", self.0)
        }
    }

    impl Error for Told {}

    #[test]
    #[expect(clippy::needless_borrow, reason = "as expansions have it")]
    fn it_is_found_out_whether_an_error_can_refuse() {
        type Boxed = Box<dyn Error + Send + Sync>;
        assert!((&&Probe::<RedisError>::new()).refuse().is_some());
        assert!((&&Probe::<Boxed>::new()).refuse().is_some());
        assert!((&&Probe::<Told>::new()).refuse().is_none());
    }

    #[test]
    fn a_copy_says_what_the_error_said() {
        let redis = RedisError::from(std::io::Error::other("inner"));
        assert_eq!(
            text((&&&Probe::<RedisError>::new()).share(), &redis),
            redis.to_string()
        );
        let boxed: Box<dyn Error + Send + Sync> = "the primary is gone".into();
        assert_eq!(
            text(
                (&&Probe::<Box<dyn Error + Send + Sync>>::new()).share(),
                &boxed
            ),
            "the primary is gone"
        );
        let own = Told(LoadFailed::of(&redis));
        assert_eq!(
            text((&&&Probe::<Told>::new()).share(), &own),
            format!("told: told: {redis}")
        );
        let told = LoadFailed::of(&redis);
        assert_eq!(
            told.source().map(ToString::to_string).as_deref(),
            Some("inner")
        );
    }
}
