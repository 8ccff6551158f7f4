//! Subscriptions that share a connection: what happens to one is nothing to the others.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use redis::Value;
use redis_resilient::connection::WhenFull;
use redis_resilient_testkit::servers;

use super::*;

const MANY: usize = 1_000;

/// How many subscribers the server counts for this channel.
fn subscribers(url: &str, channel: &str) -> RedisResult<u64> {
    let mut count = redis::cmd("PUBSUB");
    let counts: (String, u64) = count.arg("NUMSUB").arg(channel).query(&mut connect(url)?)?;
    Ok(counts.1)
}

/// Connections that have subscribed to something.
fn connections(url: &str) -> RedisResult<usize> {
    let mut list = redis::cmd("CLIENT");
    let list: String = list
        .arg(&["LIST", "TYPE", "PUBSUB"])
        .query(&mut connect(url)?)?;
    Ok(list.lines().count())
}

async fn until(mut is_so: impl FnMut() -> RedisResult<bool>) -> TestResult {
    let end = Instant::now() + PATIENCE;
    while !is_so()? {
        assert!(Instant::now() < end, "it does not come to be so");
        tokio::time::sleep(MS(5)).await;
    }
    Ok(())
}

/// Limits that a busy machine keeps.
fn patient(url: &str) -> RedisResult<Connector> {
    Ok(Connector::builder(url)?
        .connect_timeout(PATIENCE)
        .response_timeout(PATIENCE)
        .build())
}

#[tokio::test]
async fn a_thousand_have_one_connection_also_after_it_was_lost() -> TestResult {
    let (server, proxy) = proxied()?;
    let redis = patient(&proxy.url())?;
    let mut all: Vec<_> = (0..MANY)
        .map(|index| match index % 3 {
            0 => redis.psubscribe("room:*"),
            1 => redis.subscribe("room:1"),
            _ => redis.subscribe(format!("room:{index}")),
        })
        .collect();
    for subscription in &mut all {
        is_subscribed(subscription).await?;
    }
    assert_eq!(proxy.accepted(), 1);
    for round in 1..=2 {
        // To one channel, and to the pattern.
        let mut operator = connect(&server.url())?;
        assert_eq!(operator.publish::<_, _, u64>("room:1", "one")?, 2);
        for (index, subscription) in all.iter_mut().enumerate() {
            if index % 3 < 2 {
                brings(subscription, "one").await?;
            }
        }
        if round == 1 {
            proxy.reset_connections();
            for subscription in &mut all {
                is_lost(subscription).await?;
                is_back(subscription).await?;
            }
            assert_eq!(proxy.accepted(), 2);
        }
    }
    drop(all);
    until(|| Ok(subscribers(&server.url(), "room:1")? == 0)).await?;
    // Another one comes soon: the connection is kept for a moment.
    is_subscribed(&mut redis.subscribe("room:1")).await?;
    assert_eq!(proxy.accepted(), 2);
    Ok(())
}

/// However they are made: those that share a connection, and those that do not.
#[tokio::test]
async fn a_thousand_make_no_storm_of_connects_in_an_outage() -> TestResult {
    const TIME: Duration = Duration::from_secs(4);
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let accepted = Arc::new(AtomicU64::new(0));
    let count = accepted.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            count.fetch_add(1, Ordering::SeqCst);
            drop(stream);
        }
    });
    let redis = connector(&format!("redis://{address}/"))?;
    let mut tasks = tokio::task::JoinSet::new();
    for index in 0..MANY {
        let mut subscription = redis.subscribe("news");
        if index % 10 == 0 {
            subscription = subscription.own_connection();
        }
        tasks.spawn(async move {
            assert!(matches!(
                subscription.next().await,
                Some(SubscriptionEvent::Lost(_))
            ));
            subscription.next().await;
        });
    }
    tokio::time::sleep(TIME).await;
    let made = accepted.load(Ordering::SeqCst);
    // The first rests are shorter.
    assert!(made <= 11 * TIME.as_secs(), "{made}");
    assert!(made > 2, "{made}");
    Ok(())
}

/// Who asks for redis-rs's own connections makes none either.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nor_do_those_who_want_plain_connections() -> TestResult {
    const TIME: Duration = Duration::from_secs(2);
    let proxy = FaultProxy::to(([127, 0, 0, 1], 1).into())?;
    for is_blocking in [false, true] {
        let redis = connector(&proxy.url())?;
        let before = proxy.accepted();
        let mut callers = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let redis = redis.clone();
            if is_blocking {
                callers.spawn_blocking(move || {
                    let end = Instant::now() + TIME;
                    while Instant::now() < end {
                        assert!(redis.pubsub_blocking().is_err());
                        std::thread::sleep(MS(5));
                    }
                });
            } else {
                callers.spawn(async move {
                    let end = Instant::now() + TIME;
                    while Instant::now() < end {
                        assert!(redis.pubsub().await.is_err());
                        tokio::time::sleep(MS(5)).await;
                    }
                });
            }
        }
        while let Some(ended) = callers.join_next().await {
            ended?;
        }
        let made = proxy.accepted() - before;
        // All of them try once before the first failure is known.
        assert!(made <= 20 + 11 * TIME.as_secs(), "{made}");
    }
    Ok(())
}

#[tokio::test]
async fn one_that_is_refused_is_told_and_the_others_are_not_disturbed() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let mut operator = connect(&server.url())?;
    let mut may = |channels: &str| {
        let app = [
            "SETUSER",
            "app",
            "on",
            "nopass",
            "+@all",
            "resetchannels",
            channels,
        ];
        let mut user = redis::cmd("ACL");
        user.arg(&app).exec(&mut operator)
    };
    may("&news")?;
    let redis = Connector::builder(server.url())?
        .connect_timeout(PATIENCE)
        .response_timeout(PATIENCE)
        .credentials(|| Credentials::user("app", "x"))
        .build();
    let mut well = redis.subscribe("news");
    is_subscribed(&mut well).await?;
    let mut refused = redis.subscribe("secrets");
    let mut another = redis.subscribe("secrets");
    for refused in [&mut refused, &mut another] {
        assert_eq!(is_lost(refused).await?.code(), Some("NOPERM"));
    }
    // The same for a channel that is added, whose others go on.
    well.add("secrets");
    assert_eq!(is_lost(&mut well).await?.code(), Some("NOPERM"));
    publish(&server.url(), "one")?;
    brings(&mut well, "one").await?;
    well.remove("secrets");
    is_subscribed(&mut well).await?;
    publish(&server.url(), "two")?;
    brings(&mut well, "two").await?;
    assert_eq!(connections(&server.url())?, 1);
    // It is asked for again.
    may("allchannels")?;
    for refused in [&mut refused, &mut another] {
        is_back(refused).await?;
    }
    let mut operator = connect(&server.url())?;
    assert_eq!(operator.publish::<_, _, u64>("secrets", "three")?, 1);
    brings(&mut refused, "three").await?;
    brings(&mut another, "three").await
}

/// Unsubscribed and subscribed again as fast as it goes: the server hears of it in that order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_leaves_and_comes_again_is_subscribed() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let redis = patient(&server.url())?;
    let mut operator = connect(&server.url())?;
    let mut other = redis.subscribe("others");
    is_subscribed(&mut other).await?;
    for round in 0..300 {
        let mut subscription = redis.subscribe("news");
        is_subscribed(&mut subscription).await?;
        let text = format!("round {round}");
        assert_eq!(operator.publish::<_, _, u64>("news", &text)?, 1, "{round}");
        brings(&mut subscription, &text).await?;
        // As removed and added, in place of dropped and made, each second time.
        if round % 2 == 0 {
            subscription.remove("news");
            subscription.add("news");
            is_subscribed(&mut subscription).await?;
            assert_eq!(operator.publish::<_, _, u64>("news", "again")?, 1);
            brings(&mut subscription, "again").await?;
        }
    }
    Ok(())
}

/// Messages are numbered; whoever is subscribed gets each, from some number on, and none before it is told so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_while_channels_are_added_and_removed_under_load() -> TestResult {
    const ROUNDS: usize = 60;
    for program in servers()?.take(2) {
        let server = RealRedis::builder().program(&program).start()?;
        let redis = patient(&server.url())?;
        let mut steady = redis.subscribe("a").capacity(1_000_000);
        is_subscribed(&mut steady).await?;
        let mut restless = redis.subscribe("b").capacity(1_000_000);
        is_subscribed(&mut restless).await?;
        let over = Arc::new(AtomicBool::new(false));
        let taken = Arc::new(AtomicU64::new(0));
        let (url, is_over, is_taken) = (server.url(), over.clone(), taken.clone());
        let publisher = std::thread::spawn(move || -> RedisResult<u64> {
            let mut redis = connect(&url)?;
            let mut number = 0_u64;
            while !is_over.load(Ordering::SeqCst) {
                number += 1;
                let mut each = redis::pipe();
                for channel in ["a", "b", "c"] {
                    each.publish(channel, number).ignore();
                }
                each.exec(&mut redis)?;
                // Redis-rs sends nothing while it has more to read than it can: no more than it can.
                while number > is_taken.load(Ordering::SeqCst) + 100
                    && !is_over.load(Ordering::SeqCst)
                {
                    std::thread::yield_now();
                }
            }
            Ok(number)
        });
        let mut last = HashMap::new();
        for round in 0..ROUNDS {
            restless.add("c");
            let mut heard = 0;
            let mut is_added = false;
            while heard < 20 {
                match next(&mut restless).await? {
                    SubscriptionEvent::Subscribed => is_added = true,
                    SubscriptionEvent::Message(message) => {
                        let channel = message.get_channel_name().to_owned();
                        let number = message.get_payload::<u64>()?;
                        let before = last.insert(channel.clone(), number);
                        taken.store(number, Ordering::SeqCst);
                        if channel == "c" {
                            assert!(is_added, "{round}: a message before it is told");
                            heard += 1;
                        }
                        if let Some(before) = before {
                            assert_eq!(number, before + 1, "{round}: {channel}");
                        }
                    }
                    other => return Err(format!("{other:?}").into()),
                }
            }
            restless.remove("c");
            // What has come already is still to be taken.
            restless.add("d");
            loop {
                match next(&mut restless).await? {
                    SubscriptionEvent::Subscribed => break,
                    SubscriptionEvent::Message(message) => {
                        let number = message.get_payload::<u64>()?;
                        taken.store(number, Ordering::SeqCst);
                        last.insert(message.get_channel_name().to_owned(), number);
                    }
                    other => return Err(format!("{other:?}").into()),
                }
            }
            restless.remove("d");
            last.remove("c");
        }
        over.store(true, Ordering::SeqCst);
        let sent = publisher.join().map_err(|_| "it has panicked")??;
        let mut number = 0;
        while number < sent {
            let SubscriptionEvent::Message(message) = next(&mut steady).await? else {
                return Err("it was disturbed".into());
            };
            let got = message.get_payload::<u64>()?;
            assert!(number == 0 || got == number + 1, "{got} after {number}");
            number = got;
        }
    }
    Ok(())
}

#[tokio::test]
async fn one_that_takes_nothing_holds_up_nobody_and_is_told_what_it_missed() -> TestResult {
    const ROOM: usize = 100;
    const SENT: u64 = 5_000;
    let server = redis_resilient_tests::server()?;
    let redis = patient(&server.url())?;
    let mut quick = redis.subscribe("news");
    let slow = || redis.subscribe("news").capacity(ROOM);
    let mut oldest = slow();
    let mut newest = slow().when_full(WhenFull::DropNewest);
    let mut none = slow().when_full(WhenFull::Resubscribe);
    for subscription in [&mut quick, &mut oldest, &mut newest, &mut none] {
        is_subscribed(subscription).await?;
    }
    let mut operator = connect(&server.url())?;
    for number in 1..=SENT {
        operator.publish::<_, _, ()>("news", number)?;
        brings(&mut quick, &number.to_string()).await?;
    }
    let room = ROOM as u64;
    is_missed(&mut oldest, SENT - room).await?;
    for number in SENT - room + 1..=SENT {
        brings(&mut oldest, &number.to_string()).await?;
    }
    for number in 1..=room {
        brings(&mut newest, &number.to_string()).await?;
        brings(&mut none, &number.to_string()).await?;
    }
    is_missed(&mut newest, SENT - room).await?;
    let error = is_lost(&mut none).await?;
    assert!(error.to_string().contains("not taken"), "{error}");
    is_subscribed(&mut none).await?;
    operator.publish::<_, _, ()>("news", "more")?;
    for subscription in [&mut quick, &mut oldest, &mut newest, &mut none] {
        brings(subscription, "more").await?;
    }
    Ok(())
}

async fn is_missed(subscription: &mut Subscription, messages: u64) -> TestResult {
    match next(subscription).await? {
        SubscriptionEvent::Missed { count, .. } => {
            assert_eq!(count, messages);
            Ok(())
        }
        other => Err(format!("{other:?}").into()),
    }
}

/// Many messages wait, and whoever takes one after the other never has to.
#[tokio::test]
async fn one_that_takes_many_lets_others_have_their_turn() -> TestResult {
    const SENT: usize = 2_000;
    let server = redis_resilient_tests::server()?;
    let redis = patient(&server.url())?;
    let mut subscription = redis.subscribe("news");
    is_subscribed(&mut subscription).await?;
    let mut last = redis.subscribe("last");
    is_subscribed(&mut last).await?;
    let mut operator = connect(&server.url())?;
    let mut all = redis::pipe();
    for number in 0..SENT {
        all.publish("news", number).ignore();
    }
    all.publish("last", "of all").exec(&mut operator)?;
    brings(&mut last, "of all").await?;
    let turns = Arc::new(AtomicU64::new(0));
    let counted = turns.clone();
    tokio::spawn(async move {
        loop {
            counted.fetch_add(1, Ordering::SeqCst);
            tokio::task::yield_now().await;
        }
    });
    for _ in 0..SENT {
        assert!(subscription.next().await.is_some());
    }
    assert!(turns.load(Ordering::SeqCst) > 5);
    Ok(())
}

/// The server sends nothing in vain to one that is full.
#[tokio::test]
async fn one_that_wants_no_more_is_unsubscribed() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let redis = patient(&server.url())?;
    let full = redis.subscribe("news").capacity(1);
    let mut full = full.when_full(WhenFull::Resubscribe);
    is_subscribed(&mut full).await?;
    until(|| {
        publish(&server.url(), "one")?;
        Ok(subscribers(&server.url(), "news")? == 0)
    })
    .await?;
    brings(&mut full, "one").await?;
    is_lost(&mut full).await?;
    is_subscribed(&mut full).await?;
    assert_eq!(publish(&server.url(), "two")?, 1);
    brings(&mut full, "two").await
}

#[tokio::test]
async fn one_may_have_a_connection_of_its_own() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let redis = patient(&server.url())?;
    let mut shared = [redis.subscribe("news"), redis.psubscribe("n*")];
    let mut own = redis.subscribe("news").own_connection();
    for subscription in shared.iter_mut().chain([&mut own]) {
        is_subscribed(subscription).await?;
    }
    assert_eq!(connections(&server.url())?, 2);
    publish(&server.url(), "one")?;
    for subscription in shared.iter_mut().chain([&mut own]) {
        brings(subscription, "one").await?;
    }
    Ok(())
}

/// Whoever ends connections, and whatever for: an operator, or a server that lets a user do less.
#[tokio::test]
async fn connections_that_the_server_ends_come_back() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let mut operator = connect(&server.url())?;
    let mut order = |words: &[&str]| -> RedisResult<Value> {
        redis::cmd(words[0]).arg(&words[1..]).query(&mut operator)
    };
    order(&[
        "ACL", "SETUSER", "app", "on", ">old", "+@all", "&news", "&more",
    ])?;
    let password = Arc::new(Mutex::new("old"));
    let source = password.clone();
    let redis = Connector::builder(server.url())?
        .response_timeout(PATIENCE)
        .credentials(move || {
            let password = *source.lock().expect("a password");
            Credentials::user("app", password)
        })
        .build();
    let mut first = redis.subscribe("news");
    let mut second = redis.subscribe(&["news", "more"]);
    for subscription in [&mut first, &mut second] {
        is_subscribed(subscription).await?;
    }
    *password.lock().expect("a password") = "new";
    order(&["ACL", "SETUSER", "app", "resetpass", ">new"])?;
    for way in [
        &["CLIENT", "KILL", "TYPE", "PUBSUB"][..],
        &["ACL", "SETUSER", "app", "resetchannels", "&news"][..],
    ] {
        order(way)?;
        for subscription in [&mut first, &mut second] {
            is_lost(subscription).await?;
        }
        is_back(&mut first).await?;
        if way[0] == "CLIENT" {
            is_back(&mut second).await?;
        }
    }
    assert_eq!(is_lost(&mut second).await?.code(), Some("NOPERM"));
    second.remove("more");
    is_back(&mut second).await?;
    publish(&server.url(), "one")?;
    brings(&mut first, "one").await?;
    brings(&mut second, "one").await
}

#[tokio::test]
async fn many_follow_a_new_primary_over_one_connection() -> TestResult {
    let sentinels = RealSentinel::start()?;
    let nodes = (sentinels.sentinel_urls(), sentinels.primary_name());
    let redis = Connector::sentinel(nodes.0, nodes.1)?
        .health_check_after(SILENCE)
        .build();
    let mut all: Vec<_> = (0..50).map(|_| redis.subscribe("news")).collect();
    for subscription in &mut all {
        is_subscribed(subscription).await?;
    }
    all[0].add("more");
    is_subscribed(&mut all[0]).await?;
    let old = sentinels.kill_primary();
    sentinels.wait_for_failover(old, PATIENCE)?;
    for subscription in &mut all {
        is_lost(subscription).await?;
        is_back(subscription).await?;
    }
    let primary = sentinels.primary().url();
    assert_eq!(subscribers(&primary, "more")?, 1);
    assert_eq!(publish(&primary, "to the primary")?, 1);
    for subscription in &mut all {
        brings(subscription, "to the primary").await?;
    }
    Ok(())
}
