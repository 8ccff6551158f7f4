// row 62 | `extern "C"`, `#[unsafe(no_mangle)]`

#![deny(warnings)]
#![allow(improper_ctypes, improper_ctypes_definitions)]

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use redis::{ErrorKind, RedisError, RedisResult, ServerErrorKind};
use redis_resilient::redis_resilient;

#[redis_resilient(breaker = false, backoff = "none")]
#[unsafe(no_mangle)]
pub extern "C" fn redis_resilient_row_62(asked: &AtomicU32) -> RedisResult<u32> {
    match asked.fetch_add(1, Relaxed) + 1 {
        1 | 2 => Err(RedisError::from((ErrorKind::Server(ServerErrorKind::BusyLoading), "loading"))),
        asked => Ok(asked),
    }
}

mod elsewhere {
    use super::{AtomicU32, RedisResult};

    unsafe extern "C" {
        pub safe fn redis_resilient_row_62(asked: &AtomicU32) -> RedisResult<u32>;
    }
}

fn main() {
    assert_eq!(redis_resilient_row_62(&AtomicU32::new(0)), Ok(3));
    assert_eq!(elsewhere::redis_resilient_row_62(&AtomicU32::new(0)), Ok(3));
}
