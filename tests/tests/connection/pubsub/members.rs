//! The server of a subscription leaves its cluster, or all that were named are gone.

use super::*;

const OWN: usize = 3;

/// A subscription on a replica, the only server that it was told of.
async fn on_a_replica(cluster: &RealCluster) -> Result<Subscription, Box<dyn std::error::Error>> {
    let seed = cluster.urls()[OWN].clone();
    let redis = Connector::cluster([seed])?
        .connect_timeout(Duration::from_secs(1))
        .response_timeout(Duration::from_secs(1))
        .health_check_after(SILENCE)
        .build();
    let mut subscription = redis.subscribe("news");
    is_subscribed(&mut subscription).await?;
    Ok(subscription)
}

fn ask(url: &str, question: &[&str]) -> RedisResult<redis::Value> {
    let mut command = redis::cmd("CLUSTER");
    command.arg(question).query(&mut connect(url)?)
}

/// What is published on any of the others.
async fn hears_the_others(cluster: &RealCluster, subscription: &mut Subscription) -> TestResult {
    for (index, url) in cluster.urls().iter().enumerate() {
        if index != OWN {
            let text = format!("from {index}");
            publish(url, &text)?;
            brings(subscription, &text).await?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn all_that_were_named_are_gone_and_the_others_are_subscribed_to() -> TestResult {
    let cluster = RealCluster::start()?;
    let mut subscription = on_a_replica(&cluster).await?;
    cluster.kill(OWN);
    is_lost(&mut subscription).await?;
    is_back(&mut subscription).await?;
    hears_the_others(&cluster, &mut subscription).await
}

#[tokio::test]
async fn a_server_that_was_forgotten_is_left() -> TestResult {
    let cluster = RealCluster::start()?;
    let mut subscription = on_a_replica(&cluster).await?;
    let id: String = redis::from_redis_value(ask(&cluster.urls()[OWN], &["MYID"])?)?;
    for (index, url) in cluster.urls().iter().enumerate() {
        if index != OWN {
            ask(url, &["FORGET", &id])?;
        }
    }
    let error = is_lost(&mut subscription).await?;
    assert!(error.to_string().contains("left its cluster"), "{error}");
    is_back(&mut subscription).await?;
    hears_the_others(&cluster, &mut subscription).await
}

#[tokio::test]
async fn a_server_that_was_reset_is_left() -> TestResult {
    for how in ["SOFT", "HARD"] {
        let cluster = RealCluster::start()?;
        let mut subscription = on_a_replica(&cluster).await?;
        ask(&cluster.urls()[OWN], &["RESET", how])?;
        let error = is_lost(&mut subscription).await?;
        assert!(error.to_string().contains("left its cluster"), "{error}");
        is_back(&mut subscription).await?;
        hears_the_others(&cluster, &mut subscription).await?;
    }
    Ok(())
}

/// One that belongs to no cluster is not subscribed to in the first place.
#[tokio::test]
async fn a_server_without_a_cluster_is_passed_over() -> TestResult {
    let cluster = RealCluster::start()?;
    ask(&cluster.urls()[OWN], &["RESET", "HARD"])?;
    let seeds = [cluster.urls()[OWN].clone(), cluster.urls()[0].clone()];
    for _ in 0..10 {
        let mut subscription = quick(Connector::cluster(seeds.clone())?).subscribe("news");
        is_subscribed(&mut subscription).await?;
        publish(&cluster.urls()[1], "one")?;
        brings(&mut subscription, "one").await?;
    }
    Ok(())
}

/// Roles change, servers die and come back: a subscription on another one is none the worse for it.
#[tokio::test]
async fn a_subscription_is_left_where_it_is_while_its_server_is_a_member() -> TestResult {
    let cluster = RealCluster::start()?;
    let mut subscription = on_a_replica(&cluster).await?;
    cluster.kill(1);
    cluster.wait_until_ok(PATIENCE)?;
    ask(&cluster.urls()[OWN], &["FAILOVER", "TAKEOVER"])?;
    cluster.restart(1)?;
    cluster.wait_until_ok(PATIENCE)?;
    // Some more looks.
    tokio::time::sleep(SILENCE * 15).await;
    for url in cluster.urls() {
        publish(&url, "one")?;
        brings(&mut subscription, "one").await?;
    }
    Ok(())
}

/// A user who may not see the cluster is subscribed all the same.
#[tokio::test]
async fn who_may_not_ask_for_the_members_goes_on() -> TestResult {
    let cluster = RealCluster::start()?;
    for node in cluster.nodes() {
        let mut user = redis::cmd("ACL");
        user.arg(&[
            "SETUSER",
            "app",
            "on",
            "nopass",
            "allchannels",
            "+@pubsub",
            "+ping",
        ]);
        user.exec(&mut connect(&node.url())?)?;
    }
    let redis =
        quick(Connector::cluster(cluster.urls())?.credentials(|| Credentials::user("app", "x")));
    let mut subscription = redis.subscribe("news");
    is_subscribed(&mut subscription).await?;
    tokio::time::sleep(SILENCE * 5).await;
    publish(&cluster.urls()[1], "one")?;
    brings(&mut subscription, "one").await
}
