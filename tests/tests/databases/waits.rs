//! What waits in a database, or has something in it, when that is left.

use redis_resilient::Class;

use super::*;

#[tokio::test]
async fn what_waits_is_ended_by_a_switch_and_may_have_been_executed() -> TestResult {
    let (_eu, us, redis) = two()?;
    let mut connection = redis.get().await?;
    let waits = tokio::spawn(async move {
        let popped: RedisResult<Option<(String, String)>> = connection.blpop("list", 0.0).await;
        (popped, connection)
    });
    tokio::time::sleep(MS(200)).await;
    redis.switch_to("us")?;
    let (popped, mut connection) = tokio::time::timeout(PATIENCE, waits).await??;
    let error = popped.expect_err("it waits in the former one");
    assert!(error.to_string().contains("another database"), "{error}");
    assert_eq!(Class::of(&error), Class::NotIdempotent);
    redis::Commands::rpush::<_, _, ()>(
        &mut redis_resilient_tests::connect(&us.url())?,
        "list",
        "one",
    )?;
    let popped: Option<(String, String)> = connection.blpop("list", 5.0).await?;
    assert_eq!(popped.map(|(_, value)| value).as_deref(), Some("one"));
    Ok(())
}

/// The writes went to the other one: nobody here can say how far they have come.
#[tokio::test]
async fn wait_says_nothing_of_writes_to_the_former_one() -> TestResult {
    let (_eu, _us, redis) = two()?;
    let mut connection = redis.get().await?;
    let wait = || {
        let mut wait = redis::cmd("WAIT");
        wait.arg(0).arg(10);
        wait
    };
    connection.set::<_, _, ()>("k", 1).await?;
    wait().exec_async(&mut connection).await?;
    redis.switch_to("us")?;
    let error = wait()
        .exec_async(&mut connection)
        .await
        .expect_err("it is another one");
    assert!(error.to_string().contains("another database"), "{error}");
    connection.set::<_, _, ()>("k", 2).await?;
    wait().exec_async(&mut connection).await?;
    Ok(())
}

#[tokio::test]
async fn a_connection_of_ones_own_is_over() -> TestResult {
    let (eu, us, redis) = two()?;
    let mut own = redis.dedicated().await?;
    own.set::<_, _, ()>("k", 1).await?;
    redis.switch_to("us")?;
    assert!(own.is_over());
    let error = own.set::<_, _, ()>("k", 2).await.expect_err("it is over");
    assert_eq!(Class::of(&error), Class::Unreachable);
    // Where it led is the present one again, but what it had there may have been changed meanwhile.
    redis.switch_to("eu")?;
    assert!(own.is_over());
    redis.switch_to("us")?;
    redis.dedicated().await?.set::<_, _, ()>("k", 3).await?;
    assert_eq!((kept(&eu, "k")?, kept(&us, "k")?), (Some(1), Some(3)));
    Ok(())
}

#[tokio::test]
async fn pipelines_and_transactions_go_along() -> TestResult {
    let (eu, us, redis) = two()?;
    let mut connection = redis.get().await?;
    redis::pipe()
        .set("a", 1)
        .set("b", 1)
        .exec_async(&mut connection)
        .await?;
    redis.switch_to("us")?;
    redis::pipe()
        .atomic()
        .set("a", 2)
        .set("b", 2)
        .exec_async(&mut connection)
        .await?;
    assert_eq!((kept(&eu, "b")?, kept(&us, "b")?), (Some(1), Some(2)));
    Ok(())
}

/// Nobody would say what has changed in the other database.
#[tokio::test]
async fn near_caches_that_are_told_of_changes_are_refused() -> TestResult {
    use redis_resilient::cache::Cache;
    use redis_resilient::{Event, observe, redis_cached};

    #[redis_cached(key = "n:{n}", ttl = "1m", near = "tracking", redis = redis)]
    async fn cached(redis: &Connector, n: u64) -> RedisResult<u64> {
        Ok(n)
    }

    let (eu, us) = (RealRedis::start()?, RealRedis::start()?);
    let redis = watched([
        Database::new("near-eu", patient(&eu.url())?),
        Database::new("near-us", patient(&us.url())?).weight(50),
    ])
    .build();
    let ttl = Duration::from_secs(60);
    let build = || {
        Cache::<u64>::builder("near")
            .ttl(ttl)
            .near_tracking()
            .build(&redis)
    };
    let refused = std::panic::catch_unwind(std::panic::AssertUnwindSafe(build));
    let text = refused.expect_err("it is refused");
    let text = text.downcast_ref::<String>().expect("a text");
    assert!(
        text.contains("several databases") && text.contains("near = \"5s\""),
        "{text}"
    );
    // That of a function does without, and says so.
    let told: Arc<Mutex<Vec<String>>> = Arc::default();
    let tells = told.clone();
    observe(move |event: &Event<'_>| {
        if let Event::TrackingLost(lost) = event
            && lost.connector == "databases near-eu, near-us"
        {
            tells
                .lock()
                .expect("nobody panics")
                .push(lost.error.to_owned());
        }
    });
    for n in [1, 1, 2] {
        assert_eq!(cached(&redis, n).await?, n);
    }
    let told = told.lock().expect("nobody panics");
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("several databases"), "{told:?}");
    Ok(())
}
