//! What others have met with several databases; see the table in the head of these tests.

use redis_resilient::{Breaker, Registry, State, observe};
use redis_resilient_testkit::{EmbeddedRedis, FaultProxy, WireFault};

use super::*;

/// With the default settings, and without any call after the first.
#[tokio::test]
async fn lettuce_3641_a_quiet_service_leaves_a_dead_database() -> TestResult {
    let (eu, us) = (RealRedis::start()?, RealRedis::start()?);
    let redis = Connector::failover([
        Database::new("eu", Connector::builder(eu.url())?),
        Database::new("us", patient(&us.url())?).weight(50),
    ])
    .build();
    write(&redis, "k", 1).await;
    eu.kill();
    until("it is left", || present(&redis) == "us").await;
    Ok(())
}

/// The same break ten times, each at another moment of the rounds.
#[tokio::test]
async fn redis_py_4301_a_short_break_is_not_slept_through() -> TestResult {
    let (eu, us) = (RealRedis::start()?, RealRedis::start()?);
    let proxy = FaultProxy::to(eu.addr())?;
    let redis = watched([
        Database::new("eu", patient(&proxy.url())?),
        Database::new("us", patient(&us.url())?).weight(50),
    ])
    .build();
    write(&redis, "k", 1).await;
    for round in 0..10 {
        tokio::time::sleep(MS(fastrand::u64(0..150))).await;
        proxy.set(WireFault::Refuse);
        until("it is left", || present(&redis) == "us").await;
        proxy.pass();
        until("it is back", || is_healthy(&redis, "eu")).await;
        redis.switch_to("eu")?;
        write(&redis, "k", round).await;
    }
    Ok(())
}

static HEALED: Breaker = Breaker::new("reported-healed").failure_threshold(1);

#[tokio::test]
async fn go_redis_3950_a_choice_by_hand_stays() -> TestResult {
    let (eu, us) = (RealRedis::start()?, RealRedis::start()?);
    let redis = watched([
        Database::new("eu", patient(&eu.url())?.breaker(&HEALED)),
        Database::new("us", patient(&us.url())?).weight(50),
    ])
    // No probe comes to the help of who has switched.
    .probe_every(PATIENCE)
    .build();
    write(&redis, "k", 1).await;
    HEALED.try_acquire().expect("closed").failure();
    assert_eq!(
        redis.breaker().state(),
        State::Closed,
        "that of the other one"
    );
    assert_eq!(present(&redis), "us");
    redis.switch_to("eu")?;
    for value in 0..10 {
        assert!(std::ptr::eq(redis.breaker(), &raw const HEALED));
        redis.get().await?.set::<_, _, ()>("k", value).await?;
    }
    assert_eq!(
        (present(&redis), HEALED.state()),
        ("eu".to_owned(), State::Closed)
    );
    Ok(())
}

#[tokio::test]
async fn go_redis_3950_a_late_error_moves_nobody() -> TestResult {
    let (eu, us) = (EmbeddedRedis::start()?, RealRedis::start()?);
    let redis = watched([
        Database::new("eu", patient(&eu.url())?),
        Database::new("us", patient(&us.url())?).weight(50),
    ])
    .probe_every(PATIENCE)
    .build();
    write(&redis, "k", 1).await;
    let mut connection = redis.get().await?;
    eu.freeze();
    let late = tokio::spawn(async move { connection.set::<_, _, ()>("k", 2).await });
    tokio::time::sleep(MS(100)).await;
    redis.switch_to("us")?;
    eu.down();
    tokio::time::timeout(PATIENCE, late)
        .await??
        .expect_err("its server has gone");
    for value in 0..10 {
        redis.get().await?.set::<_, _, ()>("k", value).await?;
    }
    let report = redis.databases().expect("it has several");
    assert_eq!((&*present(&redis), report.switches), ("us", 1));
    Ok(())
}

#[tokio::test]
async fn jedis_4175_a_blocking_read_that_finds_nothing_is_no_failure() -> TestResult {
    let (_eu, _us, redis) = two()?;
    let mut connection = redis.get().await?;
    for _ in 0..3 {
        let popped: Option<(String, String)> = connection.blpop("list", 0.1).await?;
        assert_eq!(popped, None);
    }
    let report = redis.databases().expect("it has several");
    assert_eq!((report.switches, report.databases[0].healthy), (0, true));
    assert_eq!(report.databases[0].last_error, None);
    Ok(())
}

/// There and back again: the same is listed, and it is true.
#[tokio::test]
async fn xtdb_5943_what_is_reported_does_not_depend_on_switches() -> TestResult {
    let (eu, us) = (RealRedis::start()?, RealRedis::start()?);
    let redis = watched([
        Database::new("xtdb-eu", patient(&eu.url())?),
        Database::new("xtdb-us", patient(&us.url())?).weight(50),
    ])
    .build();
    write(&redis, "k", 1).await;
    let listed = || {
        let mut all = Registry::global().databases();
        all.retain(|report| report.connector == "databases xtdb-eu, xtdb-us");
        assert_eq!(all.len(), 1);
        let report = all.remove(0);
        let of = |one: &redis_resilient::registry::DatabaseReport| {
            (one.name.clone(), one.weight, one.present)
        };
        (
            report.databases.iter().map(of).collect::<Vec<_>>(),
            report.switches,
        )
    };
    let before = listed();
    redis.switch_to("xtdb-us")?;
    let (there, switches) = listed();
    assert_eq!((there[0].2, there[1].2, switches), (false, true, 1));
    redis.switch_to("xtdb-eu")?;
    assert_eq!((before.0, 2), listed());
    drop(redis);
    let is_gone = || {
        let all = Registry::global().databases();
        all.iter()
            .all(|report| report.connector != "databases xtdb-eu, xtdb-us")
    };
    until("its thread has let it go", is_gone).await;
    Ok(())
}

#[tokio::test]
async fn civitai_2921_a_switch_by_hand_needs_no_redis() -> TestResult {
    let (eu, us, redis) = two()?;
    write(&redis, "k", 1).await;
    eu.kill();
    us.kill();
    until("both are known to be away", || {
        !is_healthy(&redis, "eu") && !is_healthy(&redis, "us")
    })
    .await;
    let before = present(&redis);
    let other = if before == "eu" { "us" } else { "eu" };
    redis.switch_to(other)?;
    assert_eq!(present(&redis), other);
    Ok(())
}

#[tokio::test]
async fn honcho_866_nothing_shows_a_password() -> TestResult {
    let told: Arc<Mutex<Vec<String>>> = Arc::default();
    let tells = told.clone();
    observe(move |event: &redis_resilient::Event<'_>| {
        tells
            .lock()
            .expect("nobody panics")
            .push(format!("{event:?}"));
    });
    let us = RealRedis::start()?;
    let secret = |port: u16| format!("redis://me:hunter2@127.0.0.1:{port}/");
    let eu = Connector::builder(secret(1))?;
    let builder = watched([
        Database::new("honcho-eu", eu),
        Database::new("honcho-us", patient(&us.url())?).weight(50),
    ]);
    let builder_shown = format!("{builder:?}");
    let redis = builder.build();
    write(&redis, "k", 1).await;
    let error = redis.switch_to("none").expect_err("there is none");
    let registry = Registry::global().databases();
    let told = told.lock().expect("nobody panics").join("\n");
    let all = format!("{builder_shown} {redis:?} {error} {error:?} {registry:?} {told}");
    assert!(all.contains("honcho-eu") && all.contains("DatabaseSwitched"));
    assert!(!all.contains("hunter2"), "{all}");
    Ok(())
}
