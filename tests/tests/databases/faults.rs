//! What happens to a database that has it left.

use redis_resilient_testkit::{EmbeddedRedis, FaultProxy, ReplyFault, WireFault, servers};

use super::*;

#[tokio::test]
async fn one_that_was_killed_is_left_on_every_server_at_hand() -> TestResult {
    for program in servers()? {
        let start = || RealRedis::builder().program(&program).start();
        let (eu, us) = (start()?, start()?);
        let told = Told::default();
        let redis = told.by(of(&eu, &us)?);
        let mut connection = redis.get().await?;
        connection.set::<_, _, ()>("k", 1).await?;
        assert_eq!((kept(&eu, "k")?, kept(&us, "k")?), (Some(1), None));
        eu.kill();
        write(&redis, "k", 2).await;
        assert_eq!(present(&redis), "us", "{program:?}");
        assert_eq!(kept(&us, "k")?, Some(2));
        assert_eq!(connection.get::<_, u64>("k").await?, 2, "it goes along");
        told.are(&[("eu", "us", SwitchReason::Unhealthy)]);
        let report = redis.databases().expect("it has several");
        assert_eq!(report.switches, 1);
        assert!(report.databases[0].last_error.is_some(), "{report:?}");
    }
    Ok(())
}

/// Calls until one succeeds; none may take longer than its limits.
async fn is_left_without_a_call_that_hangs(redis: &Connector) {
    let begun = Instant::now();
    loop {
        let call = async { redis.get().await?.set::<_, _, ()>("k", 1).await };
        let outcome = tokio::time::timeout(PATIENCE, call).await;
        match outcome.expect("a call hangs") {
            Ok(()) if present(redis) == "us" => return,
            Ok(()) | Err(_) => {}
        }
        assert!(begun.elapsed() < PATIENCE, "it is never left");
        tokio::time::sleep(MS(5)).await;
    }
}

#[tokio::test]
async fn one_that_stands_still_is_left() -> TestResult {
    let (eu, us) = (RealRedis::start()?, RealRedis::start()?);
    let redis = watched([
        Database::new("eu", brief(&eu.url())?),
        Database::new("us", patient(&us.url())?).weight(50),
    ])
    .build();
    write(&redis, "k", 1).await;
    eu.freeze();
    is_left_without_a_call_that_hangs(&redis).await;
    eu.thaw();
    Ok(())
}

#[tokio::test]
async fn one_that_nothing_reaches_any_more_is_left() -> TestResult {
    let (eu, us) = (RealRedis::start()?, RealRedis::start()?);
    let proxy = FaultProxy::to(eu.addr())?;
    let redis = watched([
        Database::new("eu", brief(&proxy.url())?),
        Database::new("us", patient(&us.url())?).weight(50),
    ])
    .build();
    write(&redis, "k", 1).await;
    proxy.set(WireFault::BlackHole);
    is_left_without_a_call_that_hangs(&redis).await;
    Ok(())
}

#[tokio::test]
async fn one_that_loads_is_left() -> TestResult {
    let (eu, us) = (EmbeddedRedis::start()?, RealRedis::start()?);
    let redis = watched([
        Database::new("eu", patient(&eu.url())?),
        Database::new("us", patient(&us.url())?).weight(50),
    ])
    .build();
    write(&redis, "k", 1).await;
    eu.always(Some(ReplyFault::Error(
        "LOADING Redis is loading the dataset in memory",
    )));
    is_left_without_a_call_that_hangs(&redis).await;
    Ok(())
}

/// While none is well: the failure is that of the one that commands go to, and the first that comes back is gone to.
#[tokio::test]
async fn with_all_away_calls_fail_as_the_present_one_does_and_the_first_to_return_is_gone_to()
-> TestResult {
    let (eu, us) = (EmbeddedRedis::start()?, RealRedis::start()?);
    let redis = watched([
        Database::new("eu", patient(&eu.url())?),
        Database::new("us", patient(&us.url())?).weight(50),
    ])
    .build();
    write(&redis, "k", 1).await;
    us.kill();
    until("us is known to be away", || !is_healthy(&redis, "us")).await;
    eu.always(Some(ReplyFault::Error("LOADING as it happens")));
    until("eu is known to be away", || !is_healthy(&redis, "eu")).await;
    let error = async { redis.get().await?.set::<_, _, ()>("k", 2).await }.await;
    let error = error.expect_err("it loads").to_string();
    assert!(error.contains("as it happens"), "{error}");
    assert_eq!(redis.databases().expect("it has several").switches, 0);
    us.restart()?;
    write(&redis, "k", 2).await;
    assert_eq!(present(&redis), "us");
    assert_eq!(kept(&us, "k")?, Some(2));
    Ok(())
}

/// Left in the middle of many calls, none of which hangs or gets another's reply.
#[tokio::test]
async fn many_callers_go_along() -> TestResult {
    let (eu, _us, redis) = two()?;
    write(&redis, "k", 1).await;
    let callers = (0..32_u64).map(|caller| {
        let redis = redis.clone();
        tokio::spawn(async move {
            let begun = Instant::now();
            let key = format!("k{caller}");
            loop {
                let call = async {
                    let mut redis = redis.get().await?;
                    redis.set::<_, _, ()>(&key, caller).await?;
                    redis.get::<_, Option<u64>>(&key).await
                };
                match tokio::time::timeout(PATIENCE, call)
                    .await
                    .expect("a call hangs")
                {
                    Ok(value) => {
                        // Between the two there may have been a switch.
                        assert!(value.is_none_or(|value| value == caller));
                        if present(&redis) == "us" {
                            return;
                        }
                    }
                    Err(error) => assert!(begun.elapsed() < PATIENCE, "{error}"),
                }
            }
        })
    });
    let callers: Vec<_> = callers.collect();
    tokio::time::sleep(MS(50)).await;
    eu.kill();
    for caller in callers {
        caller.await?;
    }
    Ok(())
}
