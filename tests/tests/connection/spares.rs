//! The connections of commands that wait: how many there are, how they are made, and when they are closed.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Instant;

use redis::{AsyncCommands, RedisError, Value, cmd};
use redis_resilient::{Breaker, Class, Rejection, State};
use redis_resilient_testkit::WireFault;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::*;

/// A number that `INFO` tells, over a connection of its own.
fn info(observer: &mut redis::Connection, what: &str) -> u64 {
    let info: String = cmd("INFO").query(observer).expect("the server is well");
    let number = info.lines().find_map(|line| line.strip_prefix(what));
    let number = number.and_then(|rest| rest.strip_prefix(':')?.trim().parse().ok());
    number.unwrap_or_else(|| panic!("{what}: {info}"))
}

/// Waits until `INFO` tells no more than this.
async fn falls_to(observer: &mut redis::Connection, what: &str, most: u64) -> TestResult {
    let end = Instant::now() + MS(20_000);
    loop {
        let now = info(observer, what);
        if now <= most {
            return Ok(());
        }
        if Instant::now() > end {
            return Err(format!("{what} is still {now}").into());
        }
        sleep(MS(50)).await;
    }
}

/// Waits until so many commands wait in the server.
async fn block(observer: &mut redis::Connection, count: u64) -> TestResult {
    let end = Instant::now() + MS(20_000);
    while info(observer, "blocked_clients") != count {
        if Instant::now() > end {
            return Err("they do not wait in the server".into());
        }
        sleep(MS(10)).await;
    }
    Ok(())
}

async fn pop(redis: &Connector, list: &str, seconds: f64) -> RedisResult<Option<(String, i64)>> {
    redis.get().await?.blpop(list, seconds).await
}

async fn id(redis: &mut Connection) -> RedisResult<u64> {
    cmd("CLIENT").arg("ID").query_async(redis).await
}

/// Polls once, and leaves it at that.
async fn polled_once<F: Future>(future: &mut Pin<Box<F>>) {
    poll_fn(|context| {
        let _ = future.as_mut().poll(context);
        Poll::Ready(())
    })
    .await;
}

#[tokio::test]
async fn a_server_that_takes_no_more_clients_is_not_stormed() -> TestResult {
    let server = redis_resilient_tests::server_with(&["--maxclients", "12"])?;
    let mut observer = redis_resilient_tests::connect(&server.url())?;
    let redis = connector(&server.url())?;
    redis.get().await?.set::<_, _, ()>("k", 1).await?;
    let begun = Instant::now();
    let mut workers = JoinSet::new();
    for _ in 0..100 {
        let redis = redis.clone();
        workers.spawn(async move {
            let mut popped = 0;
            while begun.elapsed() < MS(3000) {
                match pop(&redis, "list", 0.5).await {
                    Ok(_) => popped += 1,
                    Err(error) => assert!(
                        !matches!(Class::of(&error), Class::Ambiguous | Class::NotIdempotent),
                        "never sent: {error}"
                    ),
                }
                sleep(MS(10)).await;
            }
            popped
        });
    }
    let mut popped = 0;
    while let Some(worker) = workers.join_next().await {
        popped += worker?;
    }
    let seconds = begun.elapsed().as_secs_f64();
    let refused = info(&mut observer, "rejected_connections");
    assert!(refused > 0, "it was full");
    assert!(
        Duration::from_secs(refused / 11) < Duration::from_secs_f64(seconds),
        "{refused} in {seconds:.1} s"
    );
    // Those that are connected are used all the time.
    assert!(popped >= 10, "{popped}");
    Ok(())
}

#[tokio::test]
async fn a_burst_is_served_at_once_and_what_it_has_connected_is_closed_after_it() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let mut observer = redis_resilient_tests::connect(&server.url())?;
    let redis = Connector::open(server.url())?;
    let before = info(&mut observer, "connected_clients");
    let made_before = info(&mut observer, "total_connections_received");
    let begun = Instant::now();
    let mut burst = JoinSet::new();
    for _ in 0..500 {
        let redis = redis.clone();
        burst.spawn(async move { pop(&redis, "list", 0.3).await });
    }
    while let Some(popped) = burst.join_next().await {
        assert_eq!(popped??, None);
    }
    // Less than a second where nothing else is done.
    assert!(begun.elapsed() < MS(10_000), "{:?}", begun.elapsed());
    let made = info(&mut observer, "total_connections_received") - made_before;
    assert!(made <= 1 + 500, "{made}");
    // The shared one and a few.
    falls_to(&mut observer, "connected_clients", before + 5).await?;
    pop(&redis, "list", 0.01).await?;
    falls_to(&mut observer, "connected_clients", before + 1).await?;
    pop(&redis, "list", 0.01).await?;
    Ok(())
}

#[tokio::test]
async fn workers_go_on_over_the_same_connections() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let mut observer = redis_resilient_tests::connect(&server.url())?;
    let before = info(&mut observer, "total_connections_received");
    let redis = connector(&server.url())?;
    let mut workers = JoinSet::new();
    for _ in 0..30 {
        let redis = redis.clone();
        workers.spawn(async move {
            for _ in 0..10 {
                pop(&redis, "list", 0.05).await?;
            }
            Ok::<_, RedisError>(())
        });
    }
    while let Some(worker) = workers.join_next().await {
        worker??;
    }
    // The shared one, and one for each.
    let made = info(&mut observer, "total_connections_received") - before;
    assert!(made <= 1 + 30, "{made}");
    Ok(())
}

#[tokio::test]
async fn one_too_many_is_told_which_setting_it_was() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let mut observer = redis_resilient_tests::connect(&server.url())?;
    let redis = builder(&server.url())?.waiting_connections(2).build();
    let mut workers = JoinSet::new();
    for _ in 0..2 {
        let redis = redis.clone();
        workers.spawn(async move { pop(&redis, "list", 0.0).await });
    }
    block(&mut observer, 2).await?;

    let breaker = Breaker::new("jobs").failure_threshold(1);
    let commands = info(&mut observer, "total_commands_processed");
    let error = annotated_pop(&redis, &breaker)
        .await
        .expect_err("it is full");
    assert_eq!(Class::of(&error), Class::Rejected);
    assert_eq!(breaker.state(), State::Closed, "Redis is well");
    assert!(matches!(
        Rejection::find(&error),
        Some(Rejection::Saturated { limit: 2, .. })
    ));
    let text = error.to_string();
    assert!(
        text.contains("ConnectorBuilder::waiting_connections"),
        "{text}"
    );
    assert!(text.contains("2 commands wait"), "{text}");
    // INFO itself, and nothing else.
    assert!(info(&mut observer, "total_commands_processed") <= commands + 2);

    // The others, and the shared connection, never knew.
    redis
        .get()
        .await?
        .rpush::<_, _, ()>("list", &[1, 2])
        .await?;
    while let Some(popped) = workers.join_next().await {
        assert!(popped??.is_some());
    }
    pop(&redis, "list", 0.01).await?;
    Ok(())
}

#[redis_resilient(retries = 3, breaker = breaker)]
async fn annotated_pop(redis: &Connector, breaker: &Breaker) -> RedisResult<Option<(String, i64)>> {
    let _ = breaker;
    pop(redis, "list", 0.01).await
}

#[tokio::test]
async fn one_too_many_waits_for_another_to_end() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let redis = Connector::builder(server.url())?
        .connect_timeout(MS(20_000))
        .waiting_connections(2)
        .build();
    let mut workers = JoinSet::new();
    for _ in 0..6 {
        let redis = redis.clone();
        workers.spawn(async move { pop(&redis, "list", 0.2).await });
    }
    while let Some(popped) = workers.join_next().await {
        assert_eq!(popped??, None);
    }
    Ok(())
}

#[tokio::test]
async fn one_that_is_dropped_gives_its_place_back_and_closes_its_connection() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let mut observer = redis_resilient_tests::connect(&server.url())?;
    let redis = builder(&server.url())?.waiting_connections(1).build();
    for _ in 0..3 {
        let worker = tokio::spawn({
            let redis = redis.clone();
            async move { pop(&redis, "list", 0.0).await }
        });
        block(&mut observer, 1).await?;
        worker.abort();
        let _ = worker.await;
        block(&mut observer, 0).await?;
    }
    assert_eq!(pop(&redis, "list", 0.01).await?, None);
    Ok(())
}

#[tokio::test]
async fn futures_that_nobody_polls_hold_nobody_up() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let redis = connector(&server.url())?;
    redis.get().await?.set::<_, _, ()>("k", 1).await?;
    // Each is left at another await: as it begins to connect, while it does, and when it is connected.
    let mut left = Vec::new();
    for polls in 0..20 {
        let mut redis = redis.get().await?;
        let mut unpolled =
            Box::pin(async move { redis.blpop::<_, Option<(String, i64)>>("none", 0.0).await });
        for _ in 0..polls {
            polled_once(&mut unpolled).await;
            tokio::task::yield_now().await;
        }
        left.push(unpolled);
    }
    let mut others = JoinSet::new();
    for _ in 0..50 {
        let redis = redis.clone();
        others.spawn(async move { pop(&redis, "list", 0.01).await });
    }
    while let Some(popped) = timeout(MS(10_000), others.join_next()).await? {
        assert_eq!(popped??, None);
    }
    drop(left);
    Ok(())
}

#[tokio::test]
async fn one_that_waits_for_a_place_and_is_not_polled_holds_nobody_up() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let mut observer = redis_resilient_tests::connect(&server.url())?;
    let redis = Connector::builder(server.url())?
        .connect_timeout(MS(10_000))
        .waiting_connections(1)
        .build();
    let holder = tokio::spawn({
        let redis = redis.clone();
        async move { pop(&redis, "list", 0.0).await }
    });
    block(&mut observer, 1).await?;
    let mut unpolled: Vec<_> = (0..3)
        .map(|_| {
            let redis = redis.clone();
            Box::pin(async move { pop(&redis, "list", 0.01).await })
        })
        .collect();
    for unpolled in &mut unpolled {
        polled_once(unpolled).await;
    }
    let other = tokio::spawn({
        let redis = redis.clone();
        async move { pop(&redis, "list", 0.01).await }
    });
    holder.abort();
    // Much less than the place would be waited for.
    assert_eq!(timeout(MS(5_000), other).await???, None);
    drop(unpolled);
    Ok(())
}

#[tokio::test]
async fn a_lost_one_says_nothing_about_the_shared_connection() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let mut observer = redis_resilient_tests::connect(&server.url())?;
    let redis = connector(&server.url())?;
    let mut shared = redis.get().await?;
    let before = id(&mut shared).await?;
    for how in ["KILL", "UNBLOCK"] {
        let worker = tokio::spawn({
            let redis = redis.clone();
            async move { pop(&redis, "list", 0.0).await }
        });
        block(&mut observer, 1).await?;
        let clients: String = cmd("CLIENT").arg("LIST").query(&mut observer)?;
        let blocked = clients
            .lines()
            .find(|client| client.contains("cmd=blpop"))
            .and_then(|client| client.strip_prefix("id=")?.split(' ').next())
            .ok_or("nobody waits")?;
        if how == "KILL" {
            cmd("CLIENT")
                .arg("KILL")
                .arg("ID")
                .arg(blocked)
                .exec(&mut observer)?;
        } else {
            cmd("CLIENT")
                .arg("UNBLOCK")
                .arg(blocked)
                .arg("ERROR")
                .exec(&mut observer)?;
        }
        let error = worker.await?.expect_err(how);
        let class = if how == "KILL" {
            Class::NotIdempotent
        } else {
            Class::Unavailable
        };
        assert_eq!(Class::of(&error), class, "{error}");
        assert_eq!(id(&mut redis.get().await?).await?, before, "{how}");
        assert_eq!(id(&mut shared).await?, before, "{how}");
    }
    Ok(())
}

#[tokio::test]
async fn a_server_that_has_changed_its_role_is_left_by_the_shared_connection_too() -> TestResult {
    let (server, primary) = (
        redis_resilient_tests::server()?,
        redis_resilient_tests::server()?,
    );
    let mut observer = redis_resilient_tests::connect(&server.url())?;
    let redis = connector(&server.url())?;
    let before = id(&mut redis.get().await?).await?;
    let worker = tokio::spawn({
        let redis = redis.clone();
        async move { pop(&redis, "list", 0.0).await }
    });
    block(&mut observer, 1).await?;
    cmd("REPLICAOF")
        .arg(primary.addr().ip().to_string())
        .arg(primary.addr().port())
        .exec(&mut observer)?;
    let error = worker.await?.expect_err("it is a replica now");
    assert_eq!(Class::of(&error), Class::Unavailable, "{error}");
    assert_ne!(id(&mut redis.get().await?).await?, before);
    Ok(())
}

/// Several at once, each over another connection.
async fn pop_together(redis: &Connector) -> TestResult {
    let mut burst = JoinSet::new();
    for _ in 0..4 {
        let redis = redis.clone();
        burst.spawn(async move { pop(&redis, "list", 0.3).await });
    }
    while let Some(popped) = burst.join_next().await {
        assert_eq!(popped??, None);
    }
    Ok(())
}

#[tokio::test]
async fn idle_ones_that_lead_nowhere_are_not_tried_one_by_one() -> TestResult {
    let (_server, proxy) = proxied()?;
    let response = MS(4000);
    let redis = Connector::builder(proxy.url())?
        .connect_timeout(response)
        .response_timeout(response)
        .health_check_after(MS(60_000))
        .build();
    pop_together(&redis).await?;
    // So that they are looked at before they are used again.
    sleep(MS(50)).await;
    proxy.set(WireFault::BlackHoleExisting);
    let begun = Instant::now();
    // A `PING` that gets no answer, and a new connection.
    assert_eq!(pop(&redis, "list", 0.01).await?, None);
    assert!(begun.elapsed() < 2 * response, "{:?}", begun.elapsed());
    let begun = Instant::now();
    pop_together(&redis).await?;
    assert!(begun.elapsed() < response, "{:?}", begun.elapsed());
    Ok(())
}

#[tokio::test]
async fn dedicated_ones_do_not_count_and_go_through_the_same_gate() -> TestResult {
    let server = redis_resilient_tests::server_with(&["--maxclients", "12"])?;
    let mut observer = redis_resilient_tests::connect(&server.url())?;
    let redis = builder(&server.url())?.waiting_connections(1).build();
    let mut own = Vec::new();
    for _ in 0..5 {
        own.push(redis.dedicated().await?);
    }
    assert_eq!(pop(&redis, "list", 0.01).await?, None);
    let begun = Instant::now();
    let mut callers = JoinSet::new();
    for _ in 0..50 {
        let redis = redis.clone();
        callers.spawn(async move {
            let mut own = Vec::new();
            while begun.elapsed() < MS(2000) {
                match redis.dedicated().await {
                    Ok(dedicated) => own.push(dedicated),
                    Err(_) => sleep(MS(10)).await,
                }
            }
            own.len()
        });
    }
    while let Some(own) = callers.join_next().await {
        own?;
    }
    let refused = info(&mut observer, "rejected_connections");
    let seconds = begun.elapsed().as_secs_f64();
    assert!(refused > 0, "it was full");
    assert!(
        Duration::from_secs(refused / 11) < Duration::from_secs_f64(seconds),
        "{refused} in {seconds:.1} s"
    );
    drop(own);
    Ok(())
}

#[tokio::test]
async fn nothing_is_left_of_a_connector_that_is_dropped() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let mut observer = redis_resilient_tests::connect(&server.url())?;
    let before = info(&mut observer, "connected_clients");
    let redis = connector(&server.url())?;
    let mut held = redis.get().await?;
    held.blpop::<_, Option<(String, Value)>>("list", 0.01)
        .await?;
    drop((redis, held));
    falls_to(&mut observer, "connected_clients", before).await
}
