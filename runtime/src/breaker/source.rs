//! Where the breaker of a call comes from: what the attribute's option `breaker = …` may be.

use std::rc::Rc;
use std::sync::{Arc, LazyLock};

use super::Breaker;

/// What the option `breaker = …` may be.
#[diagnostic::on_unimplemented(
    message = "`breaker = …` needs a `Breaker`, not a `{Self}`",
    label = "not a `Breaker`",
    note = "declare `static SESSIONS: Breaker = Breaker::new(\"sessions\");` and write `breaker = SESSIONS`",
    note = "or write what leads to it, however it is held: `breaker = LATER.get_or_init(make)`, `breaker = *guard`"
)]
pub trait IntoBreaker<'a> {
    /// The breaker.
    fn into_breaker(self) -> &'a Breaker;
}

impl<'a> IntoBreaker<'a> for &'a Breaker {
    fn into_breaker(self) -> &'a Breaker {
        self
    }
}

/// A reference to one that is held somewhere: a parameter of type `&Arc<Breaker>`. It lives as long as what it refers to.
#[diagnostic::do_not_recommend]
impl<'a, T: ?Sized> IntoBreaker<'a> for &&'a T
where
    &'a T: IntoBreaker<'a>,
{
    fn into_breaker(self) -> &'a Breaker {
        (*self).into_breaker()
    }
}

impl<'a> IntoBreaker<'a> for &'a Arc<Breaker> {
    fn into_breaker(self) -> &'a Breaker {
        self
    }
}

impl<'a> IntoBreaker<'a> for &'a Rc<Breaker> {
    fn into_breaker(self) -> &'a Breaker {
        self
    }
}

impl<'a> IntoBreaker<'a> for &'a Box<Breaker> {
    fn into_breaker(self) -> &'a Breaker {
        self
    }
}

impl<'a, F: FnOnce() -> Breaker> IntoBreaker<'a> for &'a LazyLock<Breaker, F> {
    fn into_breaker(self) -> &'a Breaker {
        self
    }
}

/// The breaker of a call, where it has a place of its own.
#[inline]
pub fn breaker<'a, B: IntoBreaker<'a>>(breaker: B) -> Option<&'a Breaker> {
    Some(breaker.into_breaker())
}

/// The breaker of a call, where it is named by a path in capitals.
// The compiler shows the line with the bound to those who name a `const`.
#[inline]
pub fn static_breaker<B>(breaker: B) -> Option<&'static Breaker>
where
    B: IntoBreaker<'static>, // a `const` is made anew wherever it is named, and never opens: declare it as a `static`
{
    Some(breaker.into_breaker())
}

/// What a call in the option `breaker = …` may give: not a `Breaker` by value, which would be a new one for each call.
#[diagnostic::on_unimplemented(
    message = "`breaker = …` has to give a `Breaker` that is there for all calls, not a `{Self}`",
    label = "not a reference to a `Breaker`",
    note = "a `Breaker` that is made here is a new one for each call, and never opens",
    note = "declare `static SESSIONS: Breaker = Breaker::new(\"sessions\");` and write `breaker = SESSIONS`",
    note = "or write what leads to it, however it is held: `breaker = LATER.get_or_init(make)`, `breaker = *guard`"
)]
pub trait HoldsBreaker {
    /// The breaker.
    fn held(&self) -> &Breaker;
}

impl HoldsBreaker for &Breaker {
    fn held(&self) -> &Breaker {
        self
    }
}

impl HoldsBreaker for Arc<Breaker> {
    fn held(&self) -> &Breaker {
        self
    }
}

impl HoldsBreaker for Rc<Breaker> {
    fn held(&self) -> &Breaker {
        self
    }
}

impl<'a, T: ?Sized> HoldsBreaker for &&'a T
where
    &'a T: HoldsBreaker,
{
    fn held(&self) -> &Breaker {
        (**self).held()
    }
}

impl HoldsBreaker for &Arc<Breaker> {
    fn held(&self) -> &Breaker {
        self
    }
}

impl HoldsBreaker for &Rc<Breaker> {
    fn held(&self) -> &Breaker {
        self
    }
}

impl HoldsBreaker for &Box<Breaker> {
    fn held(&self) -> &Breaker {
        self
    }
}

impl<F: FnOnce() -> Breaker> HoldsBreaker for &LazyLock<Breaker, F> {
    fn held(&self) -> &Breaker {
        self
    }
}

/// The breaker of a call, where it comes from a call.
#[inline]
pub fn held_breaker<H: HoldsBreaker>(holder: &H) -> Option<&Breaker> {
    Some(holder.held())
}
