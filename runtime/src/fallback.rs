//! A fallback in an async function may be a future or a plain value: which one is decided by its type, at compile time.
//!
//! The method has a name that no trait of the user has, for his are in scope as well.

mod arity;

pub use arity::{
    AnyArity, Arity, Callee, Takes, Takes0, Takes1, Takes2, Takes3, Takes4, Takes5, Takes6, Takes7,
    Takes8, TakesAny, TakesMissing, takes,
};

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A type to look at; holds nothing of the value, so it is `Send` whatever that is.
#[derive(Debug)]
pub struct Kind<T>(PhantomData<fn() -> T>);

/// The kind of `value`.
pub const fn probe<T>(_: &T) -> Kind<T> {
    Kind(PhantomData)
}

/// Tried first: what is a future is awaited.
pub trait FutureKind {
    /// Futures.
    fn resilient_kind(&self) -> IsFuture {
        IsFuture
    }
}

impl<F: Future> FutureKind for Kind<F> {}

/// Tried next: everything else is the answer itself.
pub trait ValueKind {
    /// Plain values.
    fn resilient_kind(&self) -> IsValue {
        IsValue
    }
}

impl<T> ValueKind for &Kind<T> {}

/// The fallback is a future.
#[derive(Clone, Copy, Debug)]
pub struct IsFuture;

/// The fallback is a plain value.
#[derive(Clone, Copy, Debug)]
pub struct IsValue;

impl IsFuture {
    /// The future itself.
    pub fn settle<F: Future>(self, fallback: F) -> F {
        fallback
    }
}

impl IsValue {
    /// A future that is ready with the value.
    pub const fn settle<T>(self, fallback: T) -> Answer<T> {
        Answer(Some(fallback))
    }
}

/// Is ready at once. Other than the standard library's, it does not panic when it is polled once more.
#[derive(Debug)]
pub struct Answer<T>(Option<T>);

impl<T> Unpin for Answer<T> {}

impl<T> Future for Answer<T> {
    type Output = T;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<T> {
        self.0.take().map_or(Poll::Pending, Poll::Ready)
    }
}

/// The future that `settle` makes of a fallback. The bound tells the compiler the type of the closure's parameter.
#[inline]
pub fn settled<T, F: Future>(fallback: T, settle: impl FnOnce(T) -> F) -> F {
    settle(fallback)
}

/// Calls a closure given as fallback; the bound tells the compiler the type of its parameter.
pub fn with_error<E, R, F: FnOnce(E) -> R>(fallback: F, error: E) -> R {
    fallback(error)
}
