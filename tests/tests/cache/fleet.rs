//! Many processes that miss the same key at the same time.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use redis::{AsyncCommands, RedisResult};
use redis_resilient::connection::Connector;
use redis_resilient_testkit::RealRedis;

use crate::support::{Testing, names};

const PROCESSES: usize = 8;
const CALLERS: usize = 125;
/// Where the server is, for those processes that the test starts.
const URL: &str = "RR_TESTS_CACHE_FLEET";

#[tokio::test]
async fn of_eight_processes_with_125_callers_each_one_loads() -> Testing {
    let server = RealRedis::start()?;
    let start = || {
        Command::new(std::env::current_exe()?)
            .args(["--exact", "fleet::one_of_the_fleet", "--nocapture"])
            .env(URL, server.url())
            .stdout(Stdio::null())
            .spawn()
    };
    let fleet: Result<Vec<Child>, _> = (0..PROCESSES).map(|_| start()).collect();
    for mut process in fleet? {
        assert!(process.wait()?.success(), "one of the fleet has failed");
    }
    let mut redis = Connector::open(server.url())?.get().await?;
    let (loads, calls): (usize, usize) = redis.mget(&["loads", "calls"]).await?;
    assert_eq!((loads, calls), (1, PROCESSES * CALLERS));
    Ok(())
}

/// Not a test by itself: it is what each process runs.
#[tokio::test]
async fn one_of_the_fleet() -> Testing {
    let Ok(url) = std::env::var(URL) else {
        return Ok(());
    };
    let redis = Connector::open(url)?;
    let names = names().build(&redis);
    let mut counters = redis.get().await?;
    let mut ready: usize = counters.incr("ready", 1).await?;
    while ready < PROCESSES {
        tokio::time::sleep(Duration::from_millis(2)).await;
        ready = counters.get("ready").await?;
    }
    let calls: Vec<_> = (0..CALLERS)
        .map(|_| {
            let (names, counters) = (names.clone(), counters.clone());
            tokio::spawn(async move {
                let load = || async {
                    let loads: u32 = counters.clone().incr("loads", 1).await?;
                    tokio::time::sleep(Duration::from_millis(300)).await;
                    RedisResult::Ok(Some(format!("load {loads}")))
                };
                names.get_or_load(7, load).await
            })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await??, Some("load 1".to_owned()));
    }
    counters.incr::<_, _, ()>("calls", CALLERS).await?;
    Ok(())
}
