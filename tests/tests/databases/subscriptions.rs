//! Subscriptions go along.

use redis_resilient::connection::{Subscription, SubscriptionEvent};
use redis_resilient_testkit::RealCluster;

use super::*;

async fn next(subscription: &mut Subscription) -> SubscriptionEvent {
    let next = tokio::time::timeout(PATIENCE, subscription.next()).await;
    next.expect("nothing happens").expect("it does not end")
}

async fn is_subscribed(subscription: &mut Subscription) {
    let event = next(subscription).await;
    assert!(matches!(event, SubscriptionEvent::Subscribed), "{event:?}");
}

async fn is_lost(subscription: &mut Subscription) -> String {
    match next(subscription).await {
        SubscriptionEvent::Lost(error) => error.to_string(),
        event => panic!("{event:?}"),
    }
}

/// Whatever is told before that.
async fn is_back(subscription: &mut Subscription) {
    while !matches!(next(subscription).await, SubscriptionEvent::Subscribed) {}
}

async fn brings(subscription: &mut Subscription, text: &str) -> TestResult {
    match next(subscription).await {
        SubscriptionEvent::Message(message) => {
            assert_eq!(message.get_payload::<String>()?, text);
            Ok(())
        }
        event => Err(format!("{event:?}").into()),
    }
}

fn publish(server: &RealRedis, text: &str) -> RedisResult<u64> {
    let mut connection = redis_resilient_tests::connect(&server.url())?;
    redis::Commands::publish(&mut connection, "news", text)
}

#[tokio::test]
async fn a_switch_by_hand_has_them_subscribed_in_the_other_one_and_the_gap_told() -> TestResult {
    let (eu, us, redis) = two()?;
    let mut news = redis.subscribe("news");
    let mut all = redis.psubscribe("n*");
    for subscription in [&mut news, &mut all] {
        is_subscribed(subscription).await;
        assert_eq!(publish(&us, "nobody hears it")?, 0);
    }
    assert_eq!(publish(&eu, "one")?, 2);
    for subscription in [&mut news, &mut all] {
        brings(subscription, "one").await?;
    }
    redis.switch_to("us")?;
    for subscription in [&mut news, &mut all] {
        let lost = is_lost(subscription).await;
        assert!(lost.contains("`us`") && lost.contains("`eu`"), "{lost}");
        is_subscribed(subscription).await;
    }
    assert_eq!(publish(&us, "two")?, 2);
    for subscription in [&mut news, &mut all] {
        brings(subscription, "two").await?;
    }
    until("nobody hears the former one", || {
        publish(&eu, "x").is_ok_and(|heard| heard == 0)
    })
    .await;
    news.add("more");
    is_subscribed(&mut news).await;
    Ok(())
}

#[tokio::test]
async fn a_database_that_was_killed_has_them_subscribed_in_the_other_one() -> TestResult {
    let (eu, us, redis) = two()?;
    let mut news = redis.subscribe("news");
    is_subscribed(&mut news).await;
    eu.kill();
    is_lost(&mut news).await;
    is_back(&mut news).await;
    assert_eq!(present(&redis), "us");
    assert_eq!(publish(&us, "one")?, 1);
    brings(&mut news, "one").await
}

/// Whoever is not polled meanwhile learns of it when he is.
#[tokio::test]
async fn who_does_not_look_learns_of_it_later() -> TestResult {
    let (_eu, us, redis) = two()?;
    let mut news = redis.subscribe("news");
    is_subscribed(&mut news).await;
    redis.switch_to("us")?;
    redis.switch_to("eu")?;
    redis.switch_to("us")?;
    is_lost(&mut news).await;
    is_subscribed(&mut news).await;
    assert_eq!(publish(&us, "one")?, 1);
    brings(&mut news, "one").await
}

/// From one server to the owners of the channels' slots.
#[tokio::test]
async fn sharded_channels_go_along_to_a_cluster_and_back() -> TestResult {
    let (eu, us) = (RealRedis::start()?, RealCluster::start()?);
    let cluster = Connector::cluster(us.urls())?
        .connect_timeout(PATIENCE)
        .response_timeout(PATIENCE);
    let redis = watched([
        Database::new("eu", patient(&eu.url())?),
        Database::new("us", cluster).weight(50),
    ])
    .build();
    let channels = [us.key_on(0), us.key_on(1)];
    let mut news = redis.ssubscribe(&channels);
    is_subscribed(&mut news).await;
    redis.switch_to("us")?;
    is_lost(&mut news).await;
    is_subscribed(&mut news).await;
    for (place, channel) in channels.iter().enumerate() {
        let mut node = redis_resilient_tests::connect(&us.node(place).url())?;
        let heard: u64 = redis::cmd("SPUBLISH")
            .arg(channel)
            .arg("one")
            .query(&mut node)?;
        assert_eq!(heard, 1);
        brings(&mut news, "one").await?;
    }
    redis.switch_to("eu")?;
    is_lost(&mut news).await;
    is_subscribed(&mut news).await;
    let mut server = redis_resilient_tests::connect(&eu.url())?;
    let heard: u64 = redis::cmd("SPUBLISH")
        .arg(&channels[0])
        .arg("two")
        .query(&mut server)?;
    assert_eq!(heard, 1);
    brings(&mut news, "two").await
}
