//! When things are dropped: as they would be without the attribute.

use std::sync::{Arc, Mutex};

use redis::RedisResult;
use redis_resilient::redis_resilient;

use crate::support::{Redis, TestResult};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<&'static str>>>);

impl Log {
    fn noisy(&self, name: &'static str) -> Noisy {
        Noisy(name, self.clone())
    }

    fn take(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.0.lock().expect("no test panics with it"))
    }
}

struct Noisy(&'static str, Log);

impl Noisy {
    fn get(&self, redis: &Redis) -> RedisResult<usize> {
        redis.ask().map(|_| self.0.len())
    }
}

impl Drop for Noisy {
    fn drop(&mut self) {
        self.1
            .0
            .lock()
            .expect("no test panics with it")
            .push(self.0);
    }
}

macro_rules! functions {
    ($(#[$attribute:meta])* $sync:ident, $asynchronous:ident) => {
        functions!(@ $(#[$attribute])* [fn] $sync);
        functions!(@ $(#[$attribute])* [async fn] $asynchronous);
    };
    (@ $(#[$attribute:meta])* [$($keyword:ident)+] $name:ident) => {
        #[allow(clippy::unused_async, clippy::used_underscore_binding)]
        $(#[$attribute])*
        $($keyword)+ $name(
            redis: &Redis,
            log: &Log,
            _first: Noisy,
            _: Noisy,
            (_taken, _): (Noisy, Noisy),
            mut _last: Noisy,
        ) -> RedisResult<usize> {
            let _local = log.noisy("local");
            let _ = log.noisy("at once");
            log.noisy("of the last expression").get(redis)
        }
    };
}
functions!(plain, plain_async);
functions!(
    #[redis_resilient(breaker = false, backoff = "none")]
    resilient,
    resilient_async
);
functions!(
    #[redis_resilient(breaker = false, backoff = "none", timeout = false, fallback = Ok(0))]
    unlimited,
    unlimited_async
);

/// What drops when, if Redis is there at once, and if it is not.
macro_rules! order {
    ($function:ident $($wait:tt)*) => {{
        let log = Log::default();
        let [a, b, c, d, e] = ["a", "b", "c", "d", "e"].map(|name| log.noisy(name));
        let redis = Redis::starting();
        while redis.asked() < 2 {
            let _ = redis.ask();
        }
        $function(&redis, &log, a, b, (c, d), e)$($wait)*?;
        let there = log.take();
        let [a, b, c, d, e] = ["a", "b", "c", "d", "e"].map(|name| log.noisy(name));
        let result = $function(&Redis::starting(), &log, a, b, (c, d), e)$($wait)*;
        (there, log.take(), result.is_ok())
    }};
}

// row 40 | `_` parameters, and the order in which parameters and variables are dropped | async-trait#199, async-trait#234, async-trait#125
#[test]
fn row_40_drop_order() -> TestResult {
    let (plain, _, _) = order!(plain);
    attempts_drop_what_is_theirs(&plain, &order!(resilient));
    attempts_drop_what_is_theirs(&plain, &order!(unlimited));
    Ok(())
}

#[tokio::test]
async fn row_40_drop_order_async() -> TestResult {
    let (plain, _, _) = order!(plain_async.await);
    attempts_drop_what_is_theirs(&plain, &order!(resilient_async.await));
    attempts_drop_what_is_theirs(&plain, &order!(unlimited_async.await));
    Ok(())
}

/// Each attempt drops its variables, and the arguments go once, at the end.
#[track_caller]
fn attempts_drop_what_is_theirs(
    plain: &[&str],
    (once, retried, ok): &(Vec<&str>, Vec<&str>, bool),
) {
    assert_eq!(once, plain);
    let (attempt, arguments) = plain.split_at(3);
    assert!(attempt.contains(&"local"), "{plain:?}");
    assert_eq!(*retried, [attempt, attempt, attempt, arguments].concat());
    assert!(ok);
}
