//! What the attribute's options `limit = …` and `fallback_limit = …` may name.

use std::rc::Rc;
use std::sync::{Arc, LazyLock};

use super::Bulkhead;

/// What the options `limit = …` and `fallback_limit = …` may name.
#[diagnostic::on_unimplemented(
    message = "`limit = …` and `fallback_limit = …` need a `Bulkhead`, not a `{Self}`",
    label = "not a `Bulkhead`",
    note = "declare `static POOL: Bulkhead = Bulkhead::new(\"pool\", 64);` and write `limit = POOL` or `fallback_limit = POOL`",
    note = "for the fallback of one function alone a number is written in place: `fallback_limit = 64`"
)]
pub trait IntoBulkhead<'a> {
    /// The bulkhead.
    fn into_bulkhead(self) -> &'a Bulkhead;
}

impl<'a> IntoBulkhead<'a> for &'a Bulkhead {
    fn into_bulkhead(self) -> &'a Bulkhead {
        self
    }
}

/// A reference to one that is held somewhere: a parameter of type `&Arc<Bulkhead>`. It lives as long as what it refers to.
#[diagnostic::do_not_recommend]
impl<'a, T: ?Sized> IntoBulkhead<'a> for &&'a T
where
    &'a T: IntoBulkhead<'a>,
{
    fn into_bulkhead(self) -> &'a Bulkhead {
        (*self).into_bulkhead()
    }
}

impl<'a> IntoBulkhead<'a> for &'a Arc<Bulkhead> {
    fn into_bulkhead(self) -> &'a Bulkhead {
        self
    }
}

impl<'a> IntoBulkhead<'a> for &'a Rc<Bulkhead> {
    fn into_bulkhead(self) -> &'a Bulkhead {
        self
    }
}

impl<'a> IntoBulkhead<'a> for &'a Box<Bulkhead> {
    fn into_bulkhead(self) -> &'a Bulkhead {
        self
    }
}

impl<'a, F: FnOnce() -> Bulkhead> IntoBulkhead<'a> for &'a LazyLock<Bulkhead, F> {
    fn into_bulkhead(self) -> &'a Bulkhead {
        self
    }
}

/// The bulkhead that an option names.
pub fn bulkhead<'a, B: IntoBulkhead<'a>>(bulkhead: B) -> &'a Bulkhead {
    bulkhead.into_bulkhead()
}

/// The same, named by a path in capitals.
// The compiler shows the line with the bound to those who name a `const`.
pub fn static_bulkhead<B>(bulkhead: B) -> &'static Bulkhead
where
    B: IntoBulkhead<'static>, // a `const` is made anew wherever it is named, and lets all in: declare it as a `static`
{
    bulkhead.into_bulkhead()
}
