//! The dependency is called `resilient` here, so whatever an expansion looks for elsewhere is not found.

#[cfg(test)]
mod tests {
    use redis::{RedisError, RedisResult};
    use resilient::redis_resilient;
    use std::cell::Cell;
    use std::io::{Error, ErrorKind};
    use std::time::Duration;

    fn get(tries: &Cell<u64>) -> RedisResult<u64> {
        tries.set(tries.get() + 1);
        if tries.get() < 3 {
            return Err(Error::from(ErrorKind::ConnectionRefused).into());
        }
        Ok(tries.get())
    }

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .expect("a runtime")
            .block_on(future)
    }

    #[redis_resilient(crate = resilient, delay = "1us")]
    async fn plain(tries: &Cell<u64>) -> RedisResult<u64> {
        get(tries)
    }

    #[redis_resilient(crate = ::resilient, delay = "1us", breaker = false)]
    fn sync(tries: &Cell<u64>) -> RedisResult<u64> {
        get(tries)
    }

    #[redis_resilient(
        crate = resilient,
        retries = retries,
        delay = "1us",
        jitter = "none",
        deadline = Duration::from_secs(5),
        fallback = |error: RedisError| Err(error),
    )]
    async fn with_options(tries: &Cell<u64>, retries: u32) -> RedisResult<u64> {
        get(tries)
    }

    #[redis_resilient(crate = resilient, retries = 0, fallback = [|error| given_back(error), other, Ok(100)])]
    async fn with_fallbacks(tries: &Cell<u64>) -> RedisResult<u64> {
        get(tries)
    }

    fn given_back(error: RedisError) -> RedisResult<u64> {
        Err(error)
    }

    async fn other(tries: &Cell<u64>) -> RedisResult<u64> {
        std::future::ready(get(tries)).await
    }

    #[redis_resilient(crate = resilient, retries = 1, backoff = "none", fallback = in_sync)]
    fn with_fallback(tries: &Cell<u64>) -> RedisResult<u64> {
        get(tries)
    }

    fn in_sync(tries: &Cell<u64>) -> RedisResult<u64> {
        get(tries).map(|found| found * 10)
    }

    #[test]
    fn the_dependency_may_have_any_name() {
        assert_eq!(block_on(plain(&Cell::new(0))).ok(), Some(3));
        assert_eq!(sync(&Cell::new(0)).ok(), Some(3));
        assert_eq!(block_on(with_options(&Cell::new(0), 2)).ok(), Some(3));
        assert_eq!(block_on(with_fallbacks(&Cell::new(0))).ok(), Some(100));
        assert_eq!(with_fallback(&Cell::new(0)).ok(), Some(30));
    }
}
