//! Whether what a fallback has come to is a write that waits: decided by its type, at compile time.

use std::fmt;

/// A value that may say that a write waits to be executed.
pub trait Queued {
    /// Whether it does.
    fn is_queued(&self) -> bool;
}

/// What a fallback has come to.
pub struct Fallen<'a, R>(pub &'a R);

impl<R> fmt::Debug for Fallen<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fallen")
    }
}

/// Values that may say it.
pub trait ViaQueued {
    /// Whether the write waits.
    fn resilient_is_queued(&self) -> bool;
}

/// All others.
pub trait ViaAnswered {
    /// It does not.
    fn resilient_is_queued(&self) -> bool;
}

// Method lookup tries the receiver with more references first.
impl<T: Queued, E> ViaQueued for &Fallen<'_, Result<T, E>> {
    #[inline]
    fn resilient_is_queued(&self) -> bool {
        self.0.as_ref().is_ok_and(Queued::is_queued)
    }
}

impl<R> ViaAnswered for Fallen<'_, R> {
    #[inline]
    fn resilient_is_queued(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Waits(bool);

    impl Queued for Waits {
        fn is_queued(&self) -> bool {
            self.0
        }
    }

    #[expect(
        clippy::needless_borrow,
        reason = "as expansions have it, which do not know the type"
    )]
    #[test]
    fn only_a_value_that_says_so_is_queued() {
        let (waits, is_done) = (Ok::<_, ()>(Waits(true)), Ok::<_, ()>(Waits(false)));
        assert!((&&Fallen(&waits)).resilient_is_queued());
        assert!(!(&&Fallen(&is_done)).resilient_is_queued());
        assert!(!(&&Fallen(&Err::<Waits, _>(()))).resilient_is_queued());
        assert!(!(&&Fallen(&Ok::<_, ()>(1))).resilient_is_queued());
    }
}
