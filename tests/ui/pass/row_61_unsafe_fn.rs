// row 61 | `unsafe fn`, `async unsafe fn`, with a body that needs no `unsafe` block in its edition | tracing#2864

#![deny(warnings)]

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use redis::{ErrorKind, RedisError, RedisResult, ServerErrorKind};
use redis_resilient::redis_resilient;

#[redis_resilient(breaker = false, backoff = "none")]
#[allow(unsafe_op_in_unsafe_fn)]
unsafe fn sync(asked: *const AtomicU32) -> RedisResult<u32> {
    ask(&*asked)
}

#[redis_resilient(breaker = false, backoff = "none", fallback = Ok(0))]
async unsafe fn asynchronous(asked: &AtomicU32) -> RedisResult<u32> {
    tokio::task::yield_now().await;
    unsafe { ask(&*std::ptr::from_ref(asked)) }
}

fn ask(asked: &AtomicU32) -> RedisResult<u32> {
    match asked.fetch_add(1, Relaxed) + 1 {
        1 | 2 => Err(RedisError::from((ErrorKind::Server(ServerErrorKind::BusyLoading), "loading"))),
        asked => Ok(asked),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let asked = AtomicU32::new(0);
    assert_eq!(unsafe { sync(&asked) }, Ok(3));
    let asked = AtomicU32::new(0);
    assert_eq!(unsafe { asynchronous(&asked) }.await, Ok(3));
}
