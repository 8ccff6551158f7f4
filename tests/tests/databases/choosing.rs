//! Going back, and where an operator says where to go.

use redis_resilient::{Breaker, State, redis_resilient};

use super::*;

#[tokio::test]
async fn a_heavier_one_is_gone_back_to_after_the_grace_period() -> TestResult {
    const GRACE: Duration = Duration::from_millis(700);
    let (eu, us) = (RealRedis::start()?, RealRedis::start()?);
    let told = Told::default();
    let redis = told.by(of(&eu, &us)?.grace_period(GRACE).minimum_stay(MS(100)));
    write(&redis, "k", 1).await;
    eu.kill();
    write(&redis, "k", 2).await;
    assert_eq!(present(&redis), "us");
    let returns = Instant::now();
    eu.restart()?;
    until("it is gone back to", || present(&redis) == "eu").await;
    let took = returns.elapsed();
    assert!(took >= GRACE, "after {took:?}");
    write(&redis, "k", 3).await;
    assert_eq!((kept(&eu, "k")?, kept(&us, "k")?), (Some(3), Some(2)));
    told.are(&[
        ("eu", "us", SwitchReason::Unhealthy),
        ("us", "eu", SwitchReason::Failback),
    ]);
    Ok(())
}

/// It comes and goes: it is left, and nobody is sent back to it.
#[tokio::test]
async fn one_that_flaps_is_left_once() -> TestResult {
    let (eu, us) = (RealRedis::start()?, RealRedis::start()?);
    let redis = of(&eu, &us)?.minimum_stay(MS(100)).build();
    write(&redis, "k", 1).await;
    for _ in 0..5 {
        eu.kill();
        until("it is known", || !is_healthy(&redis, "eu")).await;
        eu.restart()?;
        until("it is known", || is_healthy(&redis, "eu")).await;
        write(&redis, "k", 2).await;
    }
    let report = redis.databases().expect("it has several");
    assert_eq!((report.switches, &*present(&redis)), (1, "us"));
    Ok(())
}

#[tokio::test]
async fn an_operator_s_choice_holds_until_he_takes_it_back() -> TestResult {
    let (eu, us) = (RealRedis::start()?, RealRedis::start()?);
    let told = Told::default();
    let redis = told.by(of(&eu, &us)?.grace_period(MS(0)).minimum_stay(MS(0)));
    let mut connection = redis.get().await?;
    connection.set::<_, _, ()>("k", 1).await?;
    redis.switch_to("us")?;
    connection.set::<_, _, ()>("k", 2).await?;
    assert_eq!((kept(&eu, "k")?, kept(&us, "k")?), (Some(1), Some(2)));
    assert!(redis.databases().expect("it has several").by_hand);
    // Several rounds of probes, all of which find the heavier one well.
    tokio::time::sleep(MS(500)).await;
    assert_eq!(present(&redis), "us");
    redis.switch_automatically();
    until("the heavier one is gone back to", || {
        present(&redis) == "eu"
    })
    .await;
    connection.set::<_, _, ()>("k", 3).await?;
    assert_eq!(kept(&eu, "k")?, Some(3));
    told.are(&[
        ("eu", "us", SwitchReason::ByHand),
        ("us", "eu", SwitchReason::Failback),
    ]);
    Ok(())
}

#[tokio::test]
async fn who_names_none_of_them_is_told_which_there_are() -> TestResult {
    let (eu, _us, redis) = two()?;
    let error = redis.switch_to("asia").expect_err("there is none");
    let text = error.to_string();
    assert!(
        text.contains("`asia`") && text.contains("`eu`, `us`"),
        "{text}"
    );
    let one = Connector::open(eu.url())?;
    let error = one.switch_to("us").expect_err("there are not several");
    assert!(error.to_string().contains("Connector::failover"), "{error}");
    assert!(one.databases().is_none());
    Ok(())
}

static EU: Breaker = Breaker::new("databases-eu").failure_threshold(1);
static US: Breaker = Breaker::new("databases-us").failure_threshold(1);

#[redis_resilient(retries = 0)]
async fn set(redis: &Connector, value: u64) -> RedisResult<()> {
    redis.get().await?.set("k", value).await
}

/// By the rules of the breaker, whatever probes say; a circuit that an operator has opened keeps everybody away.
#[tokio::test]
async fn one_whose_circuit_opens_is_left_with_the_next_call() -> TestResult {
    let (eu, us) = (RealRedis::start()?, RealRedis::start()?);
    let redis = watched([
        Database::new("eu", patient(&eu.url())?.breaker(&EU)),
        Database::new("us", patient(&us.url())?.breaker(&US)).weight(50),
    ])
    .build();
    set(&redis, 1).await?;
    assert_eq!(redis.breaker().name(), "databases-eu");
    EU.try_acquire().expect("closed").failure();
    assert_eq!(EU.state(), State::Open);
    set(&redis, 2).await?;
    assert_eq!(redis.breaker().name(), "databases-us");
    assert_eq!((kept(&eu, "k")?, kept(&us, "k")?), (Some(1), Some(2)));
    // It answers, so its circuit is closed again.
    until("its circuit is closed", || EU.state() == State::Closed).await;
    EU.force_open(None);
    until("it is known to be barred", || !is_healthy(&redis, "eu")).await;
    let error = redis.switch_to("eu").expect_err("it is barred");
    assert!(error.to_string().contains("forced open"), "{error}");
    US.try_acquire().expect("closed").failure();
    let refused = set(&redis, 3).await.expect_err("there is nowhere to go");
    assert!(refused.to_string().contains("databases-us"), "{refused}");
    EU.reset();
    Ok(())
}

/// Whoever is told may give orders, and may panic.
#[tokio::test]
async fn who_is_told_of_a_switch_may_do_what_he_likes() -> TestResult {
    let (eu, us) = (RealRedis::start()?, RealRedis::start()?);
    let there: Arc<Mutex<Option<Connector>>> = Arc::default();
    let (own, told) = (there.clone(), Told::default());
    let tell = told.clone();
    let redis = of(&eu, &us)?
        .on_switch(move |switch| {
            let said = (switch.from.to_owned(), switch.to.to_owned(), switch.reason);
            tell.0.lock().expect("nobody panics").push(said);
            let redis = own.lock().expect("nobody panics").take();
            if let Some(redis) = redis {
                redis.switch_to("eu").expect("there is one");
            }
            panic!("as it happens");
        })
        .build();
    *there.lock().expect("nobody panics") = Some(redis.clone());
    redis.switch_to("us")?;
    assert_eq!(present(&redis), "eu");
    told.are(&[
        ("eu", "us", SwitchReason::ByHand),
        ("us", "eu", SwitchReason::ByHand),
    ]);
    write(&redis, "k", 1).await;
    Ok(())
}

#[test]
#[should_panic(expected = "two databases of the name `eu`")]
fn two_of_one_name_are_refused() {
    let one = || Database::new("eu", patient("redis://127.0.0.1").expect("an address"));
    let _ = Connector::failover([one(), one()]);
}
