//! What the registry says of annotated functions, and of what they are on.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use redis::{Client, RedisResult};
use redis_resilient::registry::FunctionSnapshot;
use redis_resilient::{Backoff, Breaker, Bulkhead, Class, Policy, Registry, redis_resilient};

fn functions(name: &str) -> Vec<FunctionSnapshot> {
    let name = format!("{}::{name}", module_path!());
    let all = Registry::global().functions().into_iter();
    all.filter(|one| one.name == name).collect()
}

/// The one with this name.
fn function(name: &str) -> FunctionSnapshot {
    let found = functions(name);
    assert_eq!(found.len(), 1, "{found:?}");
    found[0]
}

/// What a server that is not there says.
fn ping() -> RedisResult<String> {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let mut connection = Client::open(format!("redis://127.0.0.1:{port}/"))?.get_connection()?;
    redis::cmd("PING").query(&mut connection)
}

/// There is nothing to tell of it; where calls are counted, in a build with other crates, it is listed all the same.
fn assert_nothing_failed(name: &str) {
    for function in functions(name) {
        assert_eq!((function.failed_attempts, function.turned_away), (0, 0));
    }
}

#[test]
fn a_function_is_listed_from_its_first_failure_with_the_numbers_of_its_attribute() {
    static LISTED: Breaker = Breaker::new("registry: listed").failure_threshold(100);

    #[redis_resilient(retries = 2, delay = "1ms", timeout = false, deadline = "5s", breaker = LISTED, idempotent = true)]
    fn read(fails: bool) -> RedisResult<String> {
        if fails { ping() } else { Ok("PONG".to_owned()) }
    }

    assert!(read(false).is_ok());
    assert_nothing_failed("read");
    assert!(read(true).is_err());
    let read_ = function("read");
    assert_eq!(read_.breaker, Some("registry: listed"));
    assert_eq!(
        (read_.failed_attempts, read_.retries, read_.failed),
        (3, 2, 1)
    );
    assert_eq!((read_.fallbacks, read_.turned_away), (0, 0));
    assert_eq!(read_.fallback_limit, None);
    let last = read_.last_failure.expect("it has failed");
    assert_eq!(last.class, Class::Unreachable);
    assert!(last.ago < Duration::from_secs(60), "{last:?}");
    let policy = read_.policy;
    assert_eq!((policy.retries, policy.timeout), (2, None));
    assert_eq!(policy.deadline, Some(Duration::from_secs(5)));
    assert_eq!(policy.idempotent, Some(true));
    assert!(policy.retry_budget && !policy.fallback && !policy.computed);

    let listed = Registry::global().breakers();
    assert!(
        listed
            .iter()
            .any(|one| one.snapshot.name == "registry: listed")
    );
}

#[tokio::test]
async fn what_fails_falls_back_and_finds_no_room_is_counted() {
    static REFUSES: Breaker = Breaker::new("registry: refuses");
    static ROOM: Bulkhead = Bulkhead::new("registry: room", 1);

    #[redis_resilient(retries = 0, breaker = REFUSES, fallback = instead, fallback_limit = ROOM)]
    async fn guarded() -> RedisResult<String> {
        ping()
    }

    async fn instead() -> RedisResult<String> {
        Ok("instead".to_owned())
    }

    #[redis_resilient(retries = 0, breaker = REFUSES, fallback = instead_at_once, fallback_limit = ROOM)]
    fn guarded_too() -> RedisResult<String> {
        ping()
    }

    #[expect(
        clippy::unnecessary_wraps,
        reason = "a fallback gives what its function gives"
    )]
    fn instead_at_once() -> RedisResult<String> {
        Ok("instead".to_owned())
    }

    assert!(guarded().await.is_ok());
    assert!(guarded_too().is_ok());
    REFUSES.force_open(None);
    for _ in 0..2 {
        assert!(guarded().await.is_ok());
        assert!(guarded_too().is_ok());
    }
    {
        let _room = ROOM.try_acquire().expect("it is empty");
        assert!(guarded().await.is_err());
        assert!(guarded_too().is_err());
    }
    for name in ["guarded", "guarded_too"] {
        let function = function(name);
        let limit = function.fallback_limit.expect("there was no room");
        assert_eq!((limit.name, limit.limit), ("registry: room", 1));
        assert_eq!(
            (function.failed_attempts, function.failed),
            (1, 0),
            "{name}"
        );
        assert_eq!(
            function.fallbacks, 1,
            "{name}: not those that the circuit refused"
        );
        assert_eq!(function.turned_away, 1, "{name}");
        assert!(function.policy.fallback);
    }
    let bulkheads = Registry::global().bulkheads();
    let room = bulkheads
        .iter()
        .find(|one| one.snapshot.name == "registry: room");
    assert_eq!(room.map(|room| room.snapshot.refused), Some(2));
}

#[tokio::test]
async fn attempts_that_are_cut_off_are_counted() {
    #[redis_resilient(retries = 1, delay = "1ms", timeout = "10ms", breaker = false)]
    async fn hangs() -> RedisResult<()> {
        std::future::pending().await
    }

    assert!(hangs().await.is_err());
    let hangs = function("hangs");
    assert_eq!(
        (hangs.failed_attempts, hangs.retries, hangs.failed),
        (2, 1, 1)
    );
    assert_eq!(
        hangs.last_failure.map(|last| last.class),
        Some(Class::Ambiguous)
    );
    assert_eq!(hangs.breaker, None);
}

#[test]
fn of_values_that_are_computed_the_last_are_told() {
    #[redis_resilient(retries = retries, delay = "1ms", breaker = false)]
    fn computed(retries: u32) -> RedisResult<String> {
        ping()
    }

    for retries in [1, 0, 2] {
        assert!(computed(retries).is_err());
    }
    let computed = function("computed");
    assert!(computed.policy.computed);
    assert_eq!(computed.policy.retries, 2);
    assert_eq!((computed.failed_attempts, computed.failed), (6, 3));
}

#[test]
fn two_functions_with_one_name_are_listed_both() {
    #[redis_resilient(name = "registry::twins", retries = 0, breaker = false)]
    fn one() -> RedisResult<String> {
        ping()
    }

    #[redis_resilient(name = "registry::twins", retries = 7, delay = "1ms", breaker = false)]
    fn other() -> RedisResult<String> {
        ping()
    }

    assert!(other().is_err());
    assert!(one().is_err());
    let twins = || -> Vec<_> {
        let all = Registry::global().functions().into_iter();
        all.filter(|one| one.name == "registry::twins")
            .map(|one| one.policy.retries)
            .collect()
    };
    assert_eq!(twins(), [7, 0], "by when they first failed");
    assert_eq!(twins(), [7, 0], "and so again");
}

#[test]
fn all_of_a_generic_function_is_one() {
    #[redis_resilient(retries = 0, breaker = false)]
    fn generic<T>(answer: fn() -> T) -> RedisResult<T> {
        ping()?;
        Ok(answer())
    }

    assert!(generic(|| 1_u64).is_err());
    assert!(generic(String::new).is_err());
    assert_eq!(function("generic").failed, 2);
}

#[test]
fn threads_that_fail_at_once_are_all_counted() {
    static CALLS: AtomicU32 = AtomicU32::new(0);

    #[redis_resilient(retries = 0, breaker = false)]
    fn together() -> RedisResult<String> {
        CALLS.fetch_add(1, Ordering::Relaxed);
        ping()
    }

    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..25 {
                    assert!(together().is_err());
                }
            });
        }
    });
    assert_eq!(CALLS.load(Ordering::Relaxed), 100);
    assert_eq!(function("together").failed, 100);
}

static POOL: Bulkhead = Bulkhead::new("registry: pool", 1);

#[test]
fn a_full_limit_of_attempts_is_counted() {
    #[redis_resilient(retries = 0, breaker = false, limit = POOL)]
    fn limited() -> RedisResult<String> {
        Ok("PONG".to_owned())
    }

    assert!(limited().is_ok());
    assert_nothing_failed("limited");
    let permit = POOL.try_acquire().expect("it is empty");
    assert!(limited().is_err());
    drop(permit);
    let limited = function("limited");
    assert_eq!((limited.turned_away, limited.failed_attempts), (1, 0));
    let bulkheads = Registry::global().bulkheads();
    let pool = bulkheads
        .iter()
        .find(|one| one.snapshot.name == "registry: pool");
    assert_eq!(pool.map(|pool| pool.snapshot.refused), Some(1));
}

#[test]
fn policies_with_one_name_are_one() {
    for retries in [0, 1] {
        let policy = Policy::new("registry::policy")
            .retries(retries)
            .backoff(Backoff::none());
        assert!(policy.run_blocking(ping).is_err());
    }
    let all = Registry::global().functions().into_iter();
    let policies: Vec<_> = all.filter(|one| one.name == "registry::policy").collect();
    assert_eq!(policies.len(), 1, "{policies:?}");
    assert_eq!((policies[0].failed, policies[0].policy.retries), (2, 1));
    assert_eq!(policies[0].breaker, Some("default"));
}
