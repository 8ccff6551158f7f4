//! Subscriptions to many channels.

use super::*;

const MANY: usize = 2_000;

fn rooms() -> Vec<String> {
    (0..MANY).map(|index| format!("room:{index}")).collect()
}

/// A batch of them takes longer than a PING, on a busy machine.
fn unhurried(url: &str) -> RedisResult<ConnectorBuilder> {
    Ok(Connector::builder(url)?
        .connect_timeout(PATIENCE)
        .response_timeout(PATIENCE))
}

#[tokio::test]
async fn many_take_some_round_trips_and_not_one_each() -> TestResult {
    let (server, proxy) = proxied()?;
    // One after the other, they would take 80 s.
    proxy.set(WireFault::Delay(MS(20)));
    let redis = unhurried(&proxy.url())?.build();
    for patterns in [false, true] {
        let mut subscription = if patterns {
            redis.psubscribe(rooms())
        } else {
            redis.subscribe(rooms())
        };
        is_subscribed(&mut subscription).await?;
        // All of them are, by the time that it says so.
        let mut operator = connect(&server.url())?;
        for room in rooms() {
            assert_eq!(operator.publish::<_, _, u64>(&room, "one")?, 1, "{room}");
        }
        for room in rooms() {
            let SubscriptionEvent::Message(message) = next(&mut subscription).await? else {
                return Err("it is lost".into());
            };
            assert_eq!(message.get_channel_name(), room);
        }
        drop(subscription);
        let gone = Instant::now() + PATIENCE;
        while operator.publish::<_, _, u64>("room:0", "two")? > 0 {
            assert!(Instant::now() < gone, "it is still subscribed");
            tokio::time::sleep(MS(5)).await;
        }
    }
    Ok(())
}

#[tokio::test]
async fn one_that_is_not_allowed_is_told_wherever_it_stands() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let mut operator = connect(&server.url())?;
    let mut user = redis::cmd("ACL");
    user.arg(&[
        "SETUSER",
        "app",
        "on",
        "nopass",
        "+@all",
        "resetchannels",
        "&room:*",
    ]);
    user.exec(&mut operator)?;
    for place in [0, 1, 499, 500, 1_499, MANY - 1] {
        let mut names = rooms();
        "another".clone_into(&mut names[place]);
        let redis = unhurried(&server.url())?
            .credentials(|| Credentials::user("app", "x"))
            .build();
        let error = is_lost(&mut redis.subscribe(names)).await?;
        assert_eq!(error.code(), Some("NOPERM"), "{place}: {error}");
        assert_eq!(Class::of(&error), Class::Misconfigured);
    }
    Ok(())
}

#[tokio::test]
async fn none_are_none() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let redis = unhurried(&server.url())?.build();
    is_subscribed(&mut redis.subscribe(&[] as &[&str])).await
}
