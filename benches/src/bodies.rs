//! The functions that are called: a few instructions each, and never inlined, as a real one would not be.

use std::future::Future;
use std::hint::black_box;
use std::pin::Pin;
use std::task::{Context, Poll};

use redis::{ErrorKind, RedisResult, ServerErrorKind};

#[inline(never)]
#[allow(clippy::unnecessary_wraps)]
pub(crate) fn answer(n: u64) -> RedisResult<u64> {
    Ok(black_box(n) + 1)
}

#[inline(never)]
#[allow(clippy::unnecessary_wraps)]
pub(crate) fn fallback(n: u64) -> RedisResult<u64> {
    Ok(black_box(n) + 2)
}

/// Fails at every 16th number, without allocating.
#[inline(never)]
pub(crate) fn sometimes(n: u64) -> RedisResult<u64> {
    if black_box(n) % 16 == 15 {
        return Err((ErrorKind::Server(ServerErrorKind::TryAgain), "later").into());
    }
    Ok(n + 1)
}

#[cfg(feature = "peers-tower")]
#[inline(never)]
pub(crate) fn fails(n: u64) -> RedisResult<u64> {
    black_box(n);
    Err((ErrorKind::Server(ServerErrorKind::TryAgain), "later").into())
}

/// Pending once; the task is woken at once.
#[derive(Debug, Default)]
pub(crate) struct Yield {
    yielded: bool,
}

impl Future for Yield {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.yielded {
            return Poll::Ready(());
        }
        self.yielded = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Uses a result as callers do: value and error go different ways.
#[inline(always)]
#[allow(clippy::inline_always)]
fn used<E>(result: Result<u64, E>) {
    match result {
        Ok(value) => {
            black_box(value);
        }
        Err(error) => {
            black_box(&error);
        }
    }
}

/// Calls `call` with 0, 1, 2, …
pub(crate) fn repeat<E>(calls: u64, mut call: impl FnMut(u64) -> Result<u64, E>) {
    for n in 0..calls {
        used(call(black_box(n)));
    }
}

thread_local! {
    static RUNTIME: tokio::runtime::Runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
}

/// Awaits `call` with 0, 1, 2, … in one task.
pub(crate) fn repeat_async<E>(calls: u64, mut call: impl AsyncFnMut(u64) -> Result<u64, E>) {
    RUNTIME.with(|runtime| {
        runtime.block_on(async {
            for n in 0..calls {
                used(call(black_box(n)).await);
            }
        });
    });
}
