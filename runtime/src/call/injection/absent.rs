//! Without the feature `chaos` nothing is injected, and nothing asks.

use std::task::{Context, Poll};

use super::Call;

#[derive(Debug, Default)]
pub(crate) struct AttemptFault(());

pub(crate) const fn is_armed() -> bool {
    false
}

#[allow(clippy::unused_self, reason = "as the other one")]
#[expect(clippy::inline_always, reason = "they do nothing")]
impl AttemptFault {
    #[inline(always)]
    pub(crate) const fn is_due(&mut self) -> bool {
        false
    }

    #[inline(always)]
    pub(crate) const fn loses_reply(&self) -> bool {
        false
    }
}

#[allow(clippy::unused_self, reason = "as the other one")]
impl Call<'_> {
    pub(crate) const fn meets_fault(
        &mut self,
        _: &mut AttemptFault,
        _: &mut Context<'_>,
    ) -> Poll<bool> {
        Poll::Ready(true)
    }

    pub(crate) const fn loses_reply(&mut self) {}

    pub(super) const fn settles_injected(&mut self) {}

    pub(super) const fn meets_faults_blocking(&mut self) -> bool {
        true
    }

    pub(super) const fn loses_reply_blocking(&mut self) -> bool {
        false
    }
}
