//! Cached functions in a request with a time budget.

use std::future::pending;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use redis::{RedisError, RedisResult};
use redis_resilient::cache::{self, Cache, Served};
use redis_resilient::connection::Connector;
use redis_resilient::{Event, Rejection, RequestBudget, observe, redis_cached};
use redis_resilient_testkit::RealRedis;
use tokio::time::timeout;

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// What a request is given here.
const BUDGET: Duration = Duration::from_millis(300);
/// Far longer than that, and far shorter than what would be waited for without it.
const SOON: Duration = Duration::from_secs(15);

fn redis() -> Result<(RealRedis, Connector), Box<dyn std::error::Error>> {
    let server = RealRedis::start()?;
    let connector = Connector::open(server.url().as_str())?;
    Ok((server, connector))
}

/// A request with that budget, which would not end by itself.
async fn within_budget<T>(request: impl Future<Output = T>) -> T {
    let request = RequestBudget::new(BUDGET).scope(request);
    timeout(SOON, request).await.expect("it ends in time")
}

fn used_up() -> RequestBudget {
    let budget = RequestBudget::new(Duration::from_millis(1));
    while !budget.left().is_zero() {
        std::thread::sleep(Duration::from_millis(1));
    }
    budget
}

/// Whether Redis or the load was asked, if it was the budget that ended it.
fn exceeded<T: std::fmt::Debug>(result: &RedisResult<T>) -> Option<bool> {
    match Rejection::find(result.as_ref().expect_err("it is over"))? {
        Rejection::RequestBudgetExceeded { attempted, .. } => Some(*attempted),
        _ => None,
    }
}

/// How often Redis was asked for a value.
async fn asked(redis: &Connector) -> RedisResult<String> {
    let mut connection = redis.get().await?;
    let stats: String = redis::cmd("INFO")
        .arg("commandstats")
        .query_async(&mut connection)
        .await?;
    let of = |name: &str| {
        let mut lines = stats.lines().filter(|line| line.starts_with(name));
        let line = lines.next().unwrap_or_default();
        line.split(',').next().unwrap_or_default().to_owned()
    };
    Ok([
        of("cmdstat_get:"),
        of("cmdstat_evalsha:"),
        of("cmdstat_eval:"),
    ]
    .join(" "))
}

static LOADS: AtomicU32 = AtomicU32::new(0);

#[redis_cached(key = "budget:counted:{id}", ttl = "10m")]
async fn counted(redis: &Connector, id: u32) -> RedisResult<u32> {
    LOADS.fetch_add(1, Ordering::SeqCst);
    Ok(id)
}

#[tokio::test]
async fn where_it_is_used_up_neither_redis_nor_the_load_is_asked() -> Outcome {
    static TOLD: Mutex<Vec<bool>> = Mutex::new(Vec::new());
    observe(|event: &Event<'_>| {
        if let Event::RequestBudgetExhausted(of) = event
            && of.function.ends_with("counted")
        {
            TOLD.lock().expect("no panic").push(of.attempted);
        }
    });
    let (_server, redis) = redis()?;
    // Values are stored beside what the caller does.
    while cache::served(counted(&redis, 1)).await.1 != Some(Served::Redis) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let loads = LOADS.load(Ordering::SeqCst);
    let before = asked(&redis).await?;
    let error = used_up().scope(counted(&redis, 2)).await;
    assert_eq!(exceeded(&error), Some(false));
    assert_eq!(asked(&redis).await?, before);
    assert_eq!(LOADS.load(Ordering::SeqCst), loads);
    assert_eq!(*TOLD.lock().expect("no panic"), [false], "once");
    let error = error.expect_err("it is over");
    assert!(redis_resilient::is_outage(&error));
    // The others are served as ever.
    let budget = RequestBudget::new(Duration::from_secs(60));
    assert_eq!(budget.scope(counted(&redis, 2)).await?, 2);
    Ok(())
}

#[redis_cached(key = "budget:hangs:{id}", ttl = "10m")]
async fn hangs(redis: &Connector, id: u32) -> RedisResult<u32> {
    pending().await
}

#[redis_cached(key = "budget:hangs beside:{id}", ttl = "10m", background = true)]
async fn hangs_beside(redis: &Connector, id: u32) -> RedisResult<u32> {
    pending().await
}

#[tokio::test]
async fn a_load_that_hangs_takes_no_more_than_is_left() -> Outcome {
    let (server, redis) = redis()?;
    for frozen in [false, true] {
        if frozen {
            server.freeze();
        }
        let begun = Instant::now();
        let alone = within_budget(hangs(&redis, 1)).await;
        assert_eq!(exceeded(&alone), Some(true));
        let beside = within_budget(hangs_beside(&redis, 1)).await;
        assert_eq!(exceeded(&beside), Some(true));
        let took = begun.elapsed();
        assert!(took >= BUDGET * 2 && took < SOON, "{took:?}");
    }
    server.thaw();
    Ok(())
}

#[tokio::test]
async fn what_is_stale_is_served_in_time() -> Outcome {
    let (_server, redis) = redis()?;
    let names: Cache<String> = Cache::builder("budget stale")
        .ttl(Duration::from_millis(50))
        .stale_if_error(Duration::from_secs(3_600))
        .build(&redis);
    let load = async || Ok::<_, RedisError>("old".to_owned());
    names.get_or_load(1, load).await?;
    let hangs = async || pending::<RedisResult<String>>().await;
    let begun = Instant::now();
    // It may be fresh at first.
    while begun.elapsed() < BUDGET {
        let got = within_budget(names.get_or_load(1, hangs)).await;
        assert_eq!(got?, "old");
    }
    let many = async |_: Vec<u32>| pending::<RedisResult<Vec<(u32, String)>>>().await;
    let got = within_budget(names.get_many_or_load([1], many)).await;
    assert_eq!(got?, [Some("old".to_owned())]);
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    Ok(())
}

/// Its error type cannot say that the time is used up.
#[redis_cached(key = "budget:own:{id}", ttl = "10m")]
async fn own(redis: &Connector, id: u32) -> Result<u32, std::num::ParseIntError> {
    tokio::time::sleep(Duration::from_millis(50)).await;
    "7".parse()
}

#[tokio::test]
async fn a_load_is_not_cut_off_where_nothing_could_be_given_instead() -> Outcome {
    let (_server, redis) = redis()?;
    assert_eq!(used_up().scope(own(&redis, 1)).await?, 7);
    let short = RequestBudget::new(Duration::from_millis(20));
    assert_eq!(short.scope(own(&redis, 2)).await?, 7);
    Ok(())
}

#[redis_cached(key = "budget:slow:{id}", ttl = "10m")]
async fn slow(redis: &Connector, id: u32) -> RedisResult<u32> {
    tokio::time::sleep(Duration::from_secs(2)).await;
    Ok(id)
}

#[redis_cached(key = "budget:slow:{id}", ttl = "10m")]
fn slow_blocking(redis: &Connector, id: u32) -> RedisResult<u32> {
    std::thread::sleep(Duration::from_secs(2));
    Ok(id)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_waits_for_another_s_load_longer_than_is_left() -> Outcome {
    let (_server, redis) = redis()?;
    let leader = tokio::spawn({
        let redis = redis.clone();
        async move { slow(&redis, 1).await }
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    let begun = Instant::now();
    let follower = within_budget(slow(&redis, 1)).await;
    let took = begun.elapsed();
    assert_eq!(exceeded(&follower), Some(true), "after {took:?}");
    assert!(took >= BUDGET, "{took:?}");
    assert_eq!(leader.await??, 1, "whoever has the time goes on");

    let on_thread = |redis: Connector, budget: Option<RequestBudget>| {
        tokio::task::spawn_blocking(move || match budget {
            Some(budget) => budget.run(|| slow_blocking(&redis, 2)),
            None => slow_blocking(&redis, 2),
        })
    };
    let leader = on_thread(redis.clone(), None);
    tokio::time::sleep(Duration::from_millis(200)).await;
    let follower = on_thread(redis.clone(), Some(RequestBudget::new(BUDGET))).await?;
    assert_eq!(exceeded(&follower), Some(true));
    assert_eq!(leader.await??, 2);
    let error = on_thread(redis, Some(used_up())).await?;
    assert_eq!(exceeded(&error), Some(false));
    Ok(())
}
