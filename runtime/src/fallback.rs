//! A fallback in an async function may be a future or a plain value: which one is decided by its type, at compile time.
//!
//! The method has a name that no trait of the user has, for his are in scope as well.

use std::future::{Future, Ready, ready};
use std::marker::PhantomData;

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
    pub fn settle<T>(self, fallback: T) -> Ready<T> {
        ready(fallback)
    }
}

/// Calls a closure given as fallback; the bound tells the compiler the type of its parameter.
pub fn with_error<E, R, F: FnOnce(E) -> R>(fallback: F, error: E) -> R {
    fallback(error)
}
