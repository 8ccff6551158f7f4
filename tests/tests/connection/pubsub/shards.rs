//! Sharded channels: on one server, and in clusters whose slots move.

use redis_resilient_testkit::servers;

use super::*;

const LIMIT: Duration = Duration::from_secs(2);

/// To any server of a cluster: redis-rs's own connection does not follow redirections.
fn spublish(url: &str, channel: &str, text: &str) -> RedisResult<u64> {
    let mut publish = redis::cmd("SPUBLISH");
    publish.arg(channel).arg(text).query(&mut connect(url)?)
}

/// To the server that has the channel.
fn in_cluster(cluster: &RealCluster, channel: &str, text: &str) -> Result<u64, String> {
    let owner = cluster.owner_of(channel).ok_or("nobody has it")?;
    spublish(&cluster.urls()[owner], channel, text).map_err(|error| error.to_string())
}

fn sharded(cluster: &RealCluster) -> RedisResult<Connector> {
    Ok(Connector::cluster(cluster.urls())?
        .connect_timeout(LIMIT)
        .response_timeout(LIMIT)
        .health_check_after(SILENCE)
        .build())
}

/// A channel on each of the first three servers.
fn channels(cluster: &RealCluster) -> [String; 3] {
    [0, 1, 2].map(|index| cluster.key_on(index))
}

#[tokio::test]
async fn one_server_has_them_too() -> TestResult {
    for program in servers()? {
        let server = RealRedis::builder().program(&program).start()?;
        let redis = connector(&server.url())?;
        let mut sharded = redis.ssubscribe(&["news", "more"]);
        let mut plain = redis.subscribe("news");
        is_subscribed(&mut sharded).await?;
        is_subscribed(&mut plain).await?;
        assert_eq!(spublish(&server.url(), "news", "to the shard")?, 1);
        assert_eq!(publish(&server.url(), "to all")?, 1);
        brings(&mut sharded, "to the shard").await?;
        brings(&mut plain, "to all").await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_server_that_does_not_know_them_is_told_clearly() -> TestResult {
    let server = server_with(&["--rename-command", "SSUBSCRIBE", ""])?;
    let redis = connector(&server.url())?;
    let mut plain = redis.subscribe("news");
    is_subscribed(&mut plain).await?;
    let error = is_lost(&mut redis.ssubscribe("news")).await?;
    assert!(error.to_string().contains("Redis 7 or Valkey"), "{error}");
    assert_eq!(Class::of(&error), Class::Misconfigured);
    publish(&server.url(), "one")?;
    brings(&mut plain, "one").await
}

#[tokio::test]
async fn each_is_subscribed_where_its_slot_is_over_shared_connections() -> TestResult {
    let cluster = RealCluster::start()?;
    let redis = sharded(&cluster)?;
    let channels = channels(&cluster);
    let mut all: Vec<_> = (0..20).map(|_| redis.ssubscribe(&channels)).collect();
    for subscription in &mut all {
        is_subscribed(subscription).await?;
    }
    for channel in &channels {
        assert_eq!(in_cluster(&cluster, channel, channel)?, 1);
        for subscription in &mut all {
            brings(subscription, channel).await?;
        }
    }
    let more = format!("{{{}}}more", channels[1]);
    all[0].add(&more);
    is_subscribed(&mut all[0]).await?;
    all[0].remove(&channels[0]);
    assert_eq!(in_cluster(&cluster, &more, "more")?, 1);
    brings(&mut all[0], "more").await?;
    drop(all);
    let end = Instant::now() + PATIENCE;
    for channel in &channels {
        while in_cluster(&cluster, channel, "nobody")? > 0 {
            assert!(Instant::now() < end, "somebody is still subscribed");
            tokio::time::sleep(MS(5)).await;
        }
    }
    Ok(())
}

#[tokio::test]
async fn they_follow_their_slot_and_those_of_other_slots_are_not_disturbed() -> TestResult {
    for program in servers()? {
        let cluster = RealCluster::builder().program(&program).start()?;
        let redis = sharded(&cluster)?;
        let channels = channels(&cluster);
        let mut all: Vec<_> = channels
            .iter()
            .map(|channel| redis.ssubscribe(channel))
            .collect();
        for subscription in &mut all {
            is_subscribed(subscription).await?;
        }
        let slot = RealCluster::slot_of(&channels[0]);
        for to in [1, 2] {
            if to == 2 && cluster.has_atomic_migration() {
                cluster.migrate_slots(slot, slot, to)?;
            } else {
                cluster.move_slot(slot, to)?;
            }
            is_lost(&mut all[0]).await?;
            is_back(&mut all[0]).await?;
            for (channel, subscription) in channels.iter().zip(&mut all) {
                assert_eq!(in_cluster(&cluster, channel, "one")?, 1, "{channel}");
                brings(subscription, "one").await?;
            }
        }
        // One that comes when the slot is not where it was first learnt to be.
        let mut late = redis.ssubscribe(&channels[0]);
        is_subscribed(&mut late).await?;
    }
    Ok(())
}

/// What a connector has learnt of the slots is old: it follows without telling of a loss.
#[tokio::test]
async fn one_that_is_sent_on_is_not_lost() -> TestResult {
    let cluster = RealCluster::start()?;
    let redis = sharded(&cluster)?;
    let channel = cluster.key_on(0);
    write(&mut redis.get().await?, &channel, 1).await?;
    cluster.move_slot(RealCluster::slot_of(&channel), 2)?;
    let mut subscription = redis.ssubscribe(&channel);
    is_subscribed(&mut subscription).await?;
    assert_eq!(in_cluster(&cluster, &channel, "one")?, 1);
    brings(&mut subscription, "one").await
}

#[tokio::test]
async fn they_follow_to_the_server_that_takes_over() -> TestResult {
    let cluster = RealCluster::start()?;
    let redis = sharded(&cluster)?;
    let channels = channels(&cluster);
    let mut all: Vec<_> = channels
        .iter()
        .map(|channel| redis.ssubscribe(channel))
        .collect();
    for subscription in &mut all {
        is_subscribed(subscription).await?;
    }
    // One dies, and another says nothing more.
    cluster.kill(0);
    is_lost(&mut all[0]).await?;
    cluster.wait_until_ok(PATIENCE)?;
    is_back(&mut all[0]).await?;
    cluster.freeze(1);
    is_lost(&mut all[1]).await?;
    cluster.wait_until_ok(PATIENCE)?;
    is_back(&mut all[1]).await?;
    for (channel, subscription) in channels.iter().zip(&mut all) {
        assert_eq!(in_cluster(&cluster, channel, "one")?, 1, "{channel}");
        brings(subscription, "one").await?;
    }
    Ok(())
}

/// A server that ends a subscription by itself, while it is asked for others: redis-rs takes the one for the answer to the other.
#[test]
fn channels_are_added_while_slots_move() -> TestResult {
    let cluster = RealCluster::start()?;
    let redis = sharded(&cluster)?;
    let channels = channels(&cluster);
    let slot = RealCluster::slot_of(&channels[0]);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let mut first = redis.ssubscribe(&channels[0]);
    let mut second = redis.ssubscribe(&channels[1]);
    runtime.block_on(is_subscribed(&mut first))?;
    runtime.block_on(is_subscribed(&mut second))?;
    std::thread::scope(|scope| {
        let back_and_forth =
            || (0..10).try_for_each(|round| cluster.move_slot(slot, 1 - round % 2));
        let mover = scope.spawn(back_and_forth);
        let mut round = 0;
        while !mover.is_finished() {
            round += 1;
            let name = |index| format!("{{{}}}{round}:{index}", channels[1]);
            let names: Vec<_> = (0..5).map(name).collect();
            second.add(&names);
            runtime.block_on(is_back(&mut second))?;
            second.remove(&names);
        }
        mover.join().map_err(|_| "it has panicked")??;
        assert!(round > 10, "{round}");
        Ok::<_, Box<dyn std::error::Error>>(())
    })?;
    // Whatever came between, both are there in the end.
    assert_eq!(cluster.owner_of(&channels[0]), Some(0));
    runtime.block_on(async {
        for (channel, subscription) in channels.iter().zip([&mut first, &mut second]) {
            comes_to_hear(&cluster, channel, subscription).await?;
        }
        Ok(())
    })
}

/// Whatever it has to tell before.
async fn comes_to_hear(
    cluster: &RealCluster,
    channel: &str,
    subscription: &mut Subscription,
) -> TestResult {
    let end = Instant::now() + PATIENCE;
    loop {
        assert!(Instant::now() < end, "nothing comes");
        in_cluster(cluster, channel, "the last")?;
        while let Ok(Some(event)) = tokio::time::timeout(MS(100), subscription.next()).await {
            if let SubscriptionEvent::Message(message) = event {
                assert_eq!(message.get_payload::<String>()?, "the last");
                return Ok(());
            }
        }
    }
}
