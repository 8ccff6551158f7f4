//! What the functions of these tests talk to instead of Redis.

use ::core::cell::Cell;
use ::core::pin::Pin;
use ::redis::{RedisError, RedisResult};
use ::std::io::{Error, ErrorKind};

pub(crate) fn refused() -> RedisError {
    Error::from(ErrorKind::ConnectionRefused).into()
}

/// Refuses once, and counts.
#[derive(Default)]
pub(crate) struct Server(Cell<u64>);

impl Server {
    pub(crate) fn get(&self) -> RedisResult<u64> {
        self.0.set(self.0.get() + 1);
        if self.0.get() == 1 {
            Err(refused())
        } else {
            Ok(self.0.get())
        }
    }

    pub(crate) fn refuse(&self) -> RedisResult<u64> {
        self.0.set(self.0.get() + 1);
        Err(refused())
    }

    pub(crate) fn seen(&self) -> u64 {
        self.0.get()
    }
}

pub(crate) type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// # Panics
/// If there is no runtime to be had.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    ::tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime")
        .block_on(future)
}
