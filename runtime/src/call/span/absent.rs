//! Without the feature `tracing` no call has a span.

use std::future::Future;

use crate::Class;
use crate::cause::Description;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Redis,
    Retried,
    Fallback,
    Error,
}

#[derive(Debug, Default)]
pub(crate) struct CallSpan {}

#[allow(clippy::unused_self, reason = "as the other one")]
impl CallSpan {
    pub(crate) const fn is_wanted() -> bool {
        false
    }

    pub(crate) const OF_ALL: bool = false;

    pub(crate) const fn is_for_all() -> bool {
        false
    }

    pub(crate) const fn is_open(&self) -> bool {
        false
    }

    pub(crate) const fn is_without_failure(&self) -> bool {
        false
    }

    pub(crate) const fn begin(_: &'static str, _: Option<&'static str>) -> Self {
        Self {}
    }

    pub(crate) const fn fails(&mut self, _: Class, _: Option<&Description>) {}

    pub(crate) const fn says(&self, _: Class, _: Option<&Description>) {}

    pub(crate) const fn tells_attempt(_: u32, _: Class, _: Option<&Description>, _: bool) {}

    pub(crate) const fn open(
        _: &'static str,
        _: Option<&'static str>,
        _: Class,
        _: Option<&Description>,
    ) -> Self {
        Self {}
    }

    pub(crate) const fn enter(&mut self) {}

    pub(crate) const fn exit(&mut self) {}

    pub(crate) fn within<T>(&self, run: impl FnOnce() -> T) -> T {
        run()
    }

    pub(crate) const fn gives_up(&self, _: u32) {}

    pub(crate) const fn ends(&self, _: Ending) {}

    pub(crate) const fn leave_for_fallback(&self) {}
}

/// Nothing.
#[derive(Debug)]
pub struct LeftSpan;

/// Nothing is left for a fallback.
#[must_use]
pub const fn left_span() -> LeftSpan {
    LeftSpan
}

/// The fallback itself.
pub const fn in_span<F: Future>(_: &LeftSpan, fallback: F) -> F {
    fallback
}
