//! A layer that gives each request a time budget.

use std::task::{Context, Poll};
use std::time::Duration;

use redis_resilient_runtime::{RequestBudget, WithinBudget};
use tower_layer::Layer;
use tower_service::Service;

/// A layer of tower that gives each request a [`RequestBudget`]: so much time, which all annotated functions, caches and policies that it calls share.
///
/// It runs from when the request comes to the layer. The request itself is not cut off: what of it is not about Redis takes the time it takes.
#[derive(Clone, Copy, Debug)]
pub struct BudgetLayer {
    total: Duration,
}

impl BudgetLayer {
    /// So much for each request.
    ///
    /// # Panics
    /// If it is zero: every call would be refused.
    #[must_use]
    pub const fn new(total: Duration) -> Self {
        assert!(
            !total.is_zero(),
            "a time budget of zero refuses every call: leave the layer out to have none"
        );
        Self { total }
    }
}

impl<S> Layer<S> for BudgetLayer {
    type Service = Budget<S>;

    fn layer(&self, inner: S) -> Budget<S> {
        Budget {
            inner,
            total: self.total,
        }
    }
}

/// A service whose requests have a time budget. See [`BudgetLayer`].
#[derive(Clone, Copy, Debug)]
pub struct Budget<S> {
    inner: S,
    total: Duration,
}

impl<S: Service<R>, R> Service<R> for Budget<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = WithinBudget<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> WithinBudget<S::Future> {
        let budget = RequestBudget::new(self.total);
        // What it does before it is polled is a part of the request too.
        budget.scope(budget.run(|| self.inner.call(request)))
    }
}
