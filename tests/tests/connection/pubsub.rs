//! Subscribers, and what they are told when their connection is lost.

mod channels;
mod members;
mod runtimes;
mod shards;
mod shared;

use redis::{Commands, RedisError};
use redis_resilient::Class;
use redis_resilient::connection::{Credentials, Subscription, SubscriptionEvent};
use redis_resilient_testkit::{RealCluster, RealSentinel, WireFault};
use redis_resilient_tests::{connect, server_with};
use std::time::Instant;

use super::*;

const SILENCE: Duration = Duration::from_millis(100);
/// For what nothing but a busy machine holds up.
const PATIENCE: Duration = Duration::from_secs(20);

fn quick(builder: ConnectorBuilder) -> Connector {
    builder
        .connect_timeout(CONNECT)
        .response_timeout(RESPONSE)
        .health_check_after(SILENCE)
        .build()
}

async fn next(subscription: &mut Subscription) -> Result<SubscriptionEvent, &'static str> {
    let next = tokio::time::timeout(PATIENCE, subscription.next()).await;
    next.map_err(|_| "nothing happens")?.ok_or("it ends")
}

async fn is_subscribed(subscription: &mut Subscription) -> TestResult {
    match next(subscription).await? {
        SubscriptionEvent::Subscribed => Ok(()),
        other => Err(format!("{other:?}").into()),
    }
}

async fn is_lost(subscription: &mut Subscription) -> Result<RedisError, String> {
    match next(subscription).await? {
        SubscriptionEvent::Lost(error) => Ok(error),
        other => Err(format!("{other:?}")),
    }
}

/// Also where an attempt to come back has told why it failed.
async fn is_back(subscription: &mut Subscription) -> TestResult {
    loop {
        match next(subscription).await? {
            SubscriptionEvent::Subscribed => return Ok(()),
            SubscriptionEvent::Lost(_) => {}
            other => return Err(format!("{other:?}").into()),
        }
    }
}

async fn brings(subscription: &mut Subscription, text: &str) -> TestResult {
    match next(subscription).await? {
        SubscriptionEvent::Message(message) => {
            assert_eq!(message.get_payload::<String>()?, text);
            Ok(())
        }
        other => Err(format!("{other:?}").into()),
    }
}

/// Returns how many have got it.
fn publish(url: &str, text: &str) -> RedisResult<u64> {
    connect(url)?.publish("news", text)
}

#[tokio::test]
async fn what_is_published_is_received() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let redis = quick(Connector::builder(server.url())?);
    let mut channels = redis.subscribe(&["old", "news"]);
    let mut patterns = redis.psubscribe("n*");
    for subscription in [&mut channels, &mut patterns] {
        is_subscribed(subscription).await?;
    }
    assert_eq!(publish(&server.url(), "one")?, 2);
    for subscription in [&mut channels, &mut patterns] {
        brings(subscription, "one").await?;
    }
    // Longer than it takes to look whether the server is there.
    tokio::time::sleep(SILENCE * 5).await;
    assert_eq!(publish(&server.url(), "two")?, 2);
    for subscription in [&mut channels, &mut patterns] {
        brings(subscription, "two").await?;
    }
    drop((channels, patterns));
    let gone = Instant::now() + PATIENCE;
    while publish(&server.url(), "three")? > 0 {
        assert!(Instant::now() < gone, "they are still subscribed");
        tokio::time::sleep(MS(5)).await;
    }
    Ok(())
}

#[tokio::test]
async fn a_server_that_was_killed_is_subscribed_to_again_and_the_gap_is_told() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let redis = quick(Connector::builder(server.url())?);
    let mut subscription = redis.subscribe("news");
    is_subscribed(&mut subscription).await?;
    server.kill();
    is_lost(&mut subscription).await?;
    server.restart()?;
    is_back(&mut subscription).await?;
    assert_eq!(publish(&server.url(), "one")?, 1);
    brings(&mut subscription, "one").await
}

#[tokio::test]
async fn it_begins_with_redis_down() -> TestResult {
    let server = redis_resilient_tests::server()?;
    server.kill();
    let redis = quick(Connector::builder(server.url())?);
    let mut subscription = redis.subscribe("news");
    let error = is_lost(&mut subscription).await?;
    assert_eq!(Class::of(&error), Class::Unreachable);
    server.restart()?;
    is_back(&mut subscription).await
}

#[tokio::test]
async fn a_connection_that_leads_nowhere_is_noticed_in_time() -> TestResult {
    let (server, proxy) = proxied()?;
    let redis = quick(Connector::builder(proxy.url())?);
    let mut subscription = redis.subscribe("news");
    is_subscribed(&mut subscription).await?;
    proxy.set(WireFault::BlackHoleExisting);
    let begun = Instant::now();
    let error = is_lost(&mut subscription).await?;
    assert!(error.is_timeout(), "{error}");
    let took = begun.elapsed();
    assert!(took < SILENCE * 2 + RESPONSE + SLACK, "{took:?}");
    is_back(&mut subscription).await?;
    publish(&server.url(), "one")?;
    brings(&mut subscription, "one").await
}

#[tokio::test]
async fn a_wrong_password_is_told_and_a_right_one_is_taken() -> TestResult {
    let server = server_with(&["--requirepass", "right"])?;
    let builder = Connector::builder(server.url())?;
    let wrong = quick(
        builder
            .clone()
            .credentials(|| Credentials::password("wrong")),
    );
    let error = is_lost(&mut wrong.subscribe("news")).await?;
    assert_eq!(Class::of(&error), Class::Misconfigured);
    let right = quick(builder.credentials(|| Credentials::password("right")));
    is_subscribed(&mut right.subscribe("others")).await?;
    let mut plain = right.pubsub().await?;
    plain.subscribe("news").await?;
    let url = format!("redis://:right@{}/", server.addr());
    assert_eq!(publish(&url, "one")?, 1);
    Ok(())
}

#[tokio::test]
async fn a_new_primary_is_followed_whether_the_old_one_is_dead_or_well() -> TestResult {
    let sentinels = RealSentinel::start()?;
    let nodes = (sentinels.sentinel_urls(), sentinels.primary_name());
    let redis = quick(Connector::sentinel(nodes.0, nodes.1)?);
    let mut subscription = redis.subscribe("news");
    is_subscribed(&mut subscription).await?;
    sentinels.failover()?;
    is_lost(&mut subscription).await?;
    is_back(&mut subscription).await?;
    reaches_the_primary(&sentinels, &mut subscription).await?;
    let old = sentinels.kill_primary();
    sentinels.wait_for_failover(old, PATIENCE)?;
    is_lost(&mut subscription).await?;
    is_back(&mut subscription).await?;
    reaches_the_primary(&sentinels, &mut subscription).await
}

#[tokio::test]
async fn a_server_that_is_no_longer_the_primary_is_left_though_it_says_nothing() -> TestResult {
    let sentinels = RealSentinel::start()?;
    let nodes = (sentinels.sentinel_urls(), sentinels.primary_name());
    let redis = quick(Connector::sentinel(nodes.0.clone(), nodes.1)?);
    let mut subscription = redis.subscribe("news");
    is_subscribed(&mut subscription).await?;
    let other = redis_resilient_tests::server()?;
    for sentinel in nodes.0 {
        let mut sentinel = connect(&sentinel)?;
        let mut tell = redis::cmd("SENTINEL");
        tell.arg("REMOVE").arg(nodes.1).exec(&mut sentinel)?;
        let mut tell = redis::cmd("SENTINEL");
        tell.arg("MONITOR").arg(nodes.1).arg("127.0.0.1");
        tell.arg(other.addr().port()).arg(2).exec(&mut sentinel)?;
    }
    is_lost(&mut subscription).await?;
    is_back(&mut subscription).await?;
    assert_eq!(publish(&other.url(), "one")?, 1);
    brings(&mut subscription, "one").await
}

async fn reaches_the_primary(
    sentinels: &RealSentinel,
    subscription: &mut Subscription,
) -> TestResult {
    let received = publish(&sentinels.primary().url(), "to the primary")?;
    assert_eq!(received, 1, "it is subscribed to the primary itself");
    brings(subscription, "to the primary").await
}

#[tokio::test]
async fn in_a_cluster_it_goes_to_another_server_when_its_own_is_lost() -> TestResult {
    let cluster = RealCluster::start()?;
    let mut subscription = quick(Connector::cluster(cluster.urls())?).subscribe("news");
    is_subscribed(&mut subscription).await?;
    let its_own = |url: &String| Ok::<_, RedisError>(publish(url, "one")? == 1);
    let mut own = None;
    for (index, url) in cluster.urls().iter().enumerate() {
        if its_own(url)? {
            own = Some(index);
        }
        brings(&mut subscription, "one").await?;
    }
    cluster.kill(own.ok_or("it is subscribed nowhere")?);
    is_lost(&mut subscription).await?;
    is_back(&mut subscription).await
}

#[test]
fn synchronous_code_subscribes_to_the_current_primary() -> TestResult {
    let sentinels = RealSentinel::start()?;
    let nodes = (sentinels.sentinel_urls(), sentinels.primary_name());
    let redis = quick(Connector::sentinel(nodes.0, nodes.1)?);
    let old = sentinels.kill_primary();
    sentinels.wait_for_failover(old, PATIENCE)?;
    let mut connection = redis.pubsub_blocking()?;
    let mut pubsub = connection.as_pubsub();
    pubsub.set_read_timeout(Some(PATIENCE))?;
    pubsub.subscribe("news")?;
    assert_eq!(publish(&sentinels.primary().url(), "one")?, 1);
    assert_eq!(pubsub.get_message()?.get_payload::<String>()?, "one");
    Ok(())
}
