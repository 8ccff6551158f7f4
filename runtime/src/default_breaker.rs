//! The breaker of a function that names none: that of the Redis which its `Connector` leads to, or else the one that all others share.
//!
//! What the function takes is looked at by its type, at compile time. It is a breaker that is always there, so that nothing of the function's
//! arguments stays borrowed for it.

use std::fmt;
use std::rc::Rc;
use std::sync::{Arc, LazyLock, OnceLock};

use crate::breaker::{Breaker, DEFAULT_BREAKER};

/// What leads to a `Connector`.
pub trait HoldsConnector {
    /// The breaker of the Redis that it leads to; `None` if it is not there yet.
    fn connector_breaker(&self) -> Option<&'static Breaker>;
}

impl<T: HoldsConnector + ?Sized> HoldsConnector for &T {
    #[inline]
    fn connector_breaker(&self) -> Option<&'static Breaker> {
        (**self).connector_breaker()
    }
}

impl<T: HoldsConnector + ?Sized> HoldsConnector for &mut T {
    #[inline]
    fn connector_breaker(&self) -> Option<&'static Breaker> {
        (**self).connector_breaker()
    }
}

impl<T: HoldsConnector + ?Sized> HoldsConnector for Arc<T> {
    #[inline]
    fn connector_breaker(&self) -> Option<&'static Breaker> {
        (**self).connector_breaker()
    }
}

impl<T: HoldsConnector + ?Sized> HoldsConnector for Rc<T> {
    #[inline]
    fn connector_breaker(&self) -> Option<&'static Breaker> {
        (**self).connector_breaker()
    }
}

impl<T: HoldsConnector + ?Sized> HoldsConnector for Box<T> {
    #[inline]
    fn connector_breaker(&self) -> Option<&'static Breaker> {
        (**self).connector_breaker()
    }
}

impl<T: HoldsConnector, F: FnOnce() -> T> HoldsConnector for LazyLock<T, F> {
    #[inline]
    fn connector_breaker(&self) -> Option<&'static Breaker> {
        (**self).connector_breaker()
    }
}

impl<T: HoldsConnector> HoldsConnector for OnceLock<T> {
    #[inline]
    fn connector_breaker(&self) -> Option<&'static Breaker> {
        self.get()?.connector_breaker()
    }
}

/// Something that the function takes, or that its body uses.
pub struct Taken<'a, T: ?Sized>(pub &'a T);

impl<T: ?Sized> fmt::Debug for Taken<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Taken")
    }
}

/// Tried first: what leads to a `Connector`.
pub trait ViaConnector {
    /// The breaker of its Redis.
    fn resilient_breaker(&self) -> Option<&'static Breaker>;
}

impl<T: HoldsConnector + ?Sized> ViaConnector for &Taken<'_, T> {
    #[inline]
    fn resilient_breaker(&self) -> Option<&'static Breaker> {
        self.0.connector_breaker()
    }
}

/// Everything else.
pub trait ViaNoConnector {
    /// It has none.
    #[inline]
    fn resilient_breaker(&self) -> Option<&'static Breaker> {
        None
    }
}

impl<T: ?Sized> ViaNoConnector for Taken<'_, T> {}

/// The breaker of a call that names none: the first of those that were found.
#[inline]
pub fn default_breaker<const N: usize>(
    found: [Option<&'static Breaker>; N],
) -> Option<&'static Breaker> {
    let mut found = found.into_iter().flatten();
    Some(found.next().unwrap_or(&DEFAULT_BREAKER))
}

#[cfg(test)]
mod tests {
    use super::*;

    static OWN: Breaker = Breaker::new("own");

    struct Leads;

    impl HoldsConnector for Leads {
        fn connector_breaker(&self) -> Option<&'static Breaker> {
            Some(&OWN)
        }
    }

    macro_rules! found {
        ($($taken:expr),*) => {
            default_breaker([$((&&Taken(&$taken)).resilient_breaker()),*]).map(Breaker::name)
        };
    }

    #[test]
    fn whatever_leads_to_a_connector_has_its_breaker() {
        assert_eq!(found!(Leads), Some("own"));
        assert_eq!(found!(&Leads), Some("own"));
        assert_eq!(found!(&mut Leads), Some("own"));
        assert_eq!(found!(Arc::new(Leads)), Some("own"));
        assert_eq!(found!(&Rc::new(Box::new(Leads))), Some("own"));
        assert_eq!(found!(LazyLock::new(|| Leads)), Some("own"));
        assert_eq!(found!(OnceLock::from(Leads)), Some("own"));
        assert_eq!(found!("a key", 3, Leads), Some("own"));
    }

    #[test]
    fn everything_else_has_the_one_that_all_share() {
        assert_eq!(found!("a key", vec![1], &String::new()), Some("default"));
        assert_eq!(found!(OnceLock::<Leads>::new()), Some("default"));
    }
}
