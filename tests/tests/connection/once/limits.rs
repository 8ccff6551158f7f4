//! Commands of many words, and of no end.

use redis_resilient::Class;

use super::*;

/// In three parts.
const MANY: usize = 20_000;

fn many(name: &str, words: usize) -> Cmd {
    let mut command = typed(name);
    command.arg((0..words).collect::<Vec<_>>());
    command
}

async fn patient(url: &str) -> RedisResult<Connection> {
    let redis = Connector::builder(url)?.response_timeout(Duration::from_secs(60));
    redis.build().get().await
}

#[tokio::test]
async fn many_words_are_executed_once_and_in_order() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let mut redis = patient(&server.url()).await?;
    let all = i64::try_from(MANY)?;
    for (line, expected) in [
        ("RPUSH right", all),
        ("LPUSH left", all),
        ("RPUSHX right", all * 2),
        ("LPUSHX left", all * 2),
        ("LPUSHX none", 0),
        ("SADD set", all),
        ("SADD set", 0),
        ("SREM set", all),
        ("HSET hash", all / 2),
        ("HDEL hash", all / 2),
        ("ZADD sorted", all / 2),
        ("ZREM sorted", all / 2),
        ("PFADD log", 1),
        ("PFADD log", 0),
        ("XDEL stream", 0),
        ("XACK stream group", 0),
        ("DEL", 0),
        ("UNLINK", 0),
    ] {
        let (once, command) = (Once::new(), many(line, MANY));
        for time in ["first", "again"] {
            let reply: i64 = once.run(&mut redis, "k", &command).await?;
            assert_eq!(reply, expected, "{line}, {time}");
        }
    }
    for line in ["MSET", "HMSET hash"] {
        let reply: String = Once::new().run(&mut redis, "k", &many(line, MANY)).await?;
        assert_eq!(reply, "OK");
    }
    assert_eq!(redis.get::<_, usize>("19998").await?, 19_999);
    let deleted: usize = Once::new().run(&mut redis, "k", &many("DEL", MANY)).await?;
    assert_eq!(deleted, MANY / 2);
    assert_eq!(redis.hlen::<_, usize>("hash").await?, MANY / 2);
    let right: Vec<usize> = redis.lrange("right", 0, -1).await?;
    assert!(right.into_iter().eq((0..MANY).chain(0..MANY)));
    let left: Vec<usize> = redis.lrange("left", 0, -1).await?;
    assert!(left.into_iter().eq((0..MANY).rev().chain((0..MANY).rev())));
    Ok(())
}

#[tokio::test]
async fn a_hundred_thousand_words_are_taken() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let mut redis = patient(&server.url()).await?;
    let pushed: usize = Once::new()
        .run(&mut redis, "list", &many("RPUSH list", 100_000))
        .await?;
    assert_eq!(pushed, 100_000);
    let pushed: Vec<usize> = redis.lrange("list", 0, -1).await?;
    assert!(pushed.into_iter().eq(0..100_000));
    Ok(())
}

#[test]
fn synchronous_code_may_send_as_many() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let redis = Connector::builder(server.url())?.response_timeout(Duration::from_secs(60));
    let mut redis = redis.build().get_blocking()?;
    let once = Once::new();
    for _ in 0..2 {
        let length: usize = once.run_blocking(&mut redis, "list", &many("RPUSH list", MANY))?;
        assert_eq!(length, MANY);
    }
    Ok(())
}

/// Lua's own limit is somewhat under 8,000.
#[tokio::test]
async fn no_number_of_words_is_one_too_many() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let mut redis = patient(&server.url()).await?;
    for words in [
        1, 6_997, 6_998, 6_999, 7_000, 7_001, 7_998, 8_000, 13_996, 13_997,
    ] {
        let once = Once::new();
        let pushed: usize = once
            .run(&mut redis, "list", &many("RPUSH list", words))
            .await?;
        assert_eq!(pushed, words);
        let removed: usize = Once::new()
            .run(&mut redis, "list", &typed("DEL list"))
            .await?;
        assert_eq!(removed, 1);
    }
    Ok(())
}

#[tokio::test]
async fn a_long_reply_is_no_problem() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let mut redis = patient(&server.url()).await?;
    many("RPUSH list", MANY).exec_async(&mut redis).await?;
    let once = Once::new();
    for _ in 0..2 {
        let popped: Vec<usize> = once
            .run(&mut redis, "list", &typed("LPOP list 20000"))
            .await?;
        assert!(popped.into_iter().eq(0..MANY));
    }
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_divided_or_waits_is_refused_and_not_sent() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let mut redis = patient(&server.url()).await?;
    for (command, says) in [
        (many("XADD stream *", 10_000), "XADD has 10003 words"),
        (many("MSETNX", 10_000), "MSETNX has 10001 words"),
        (many("ZADD sorted NX", 10_001), "word 2 is not a score"),
        (many("ZADD sorted nan", 10_001), "word 2 is not a score"),
        (many("XDEL stream -", 10_000), "not a complete ID"),
        (many("HSET hash", 10_001), "has no value"),
        (typed("BLPOP list 0"), "cannot block"),
        (Cmd::new(), "no command"),
    ] {
        let once = Once::new();
        let refused = once.run::<Value>(&mut redis, "k", &command).await;
        let error = refused.expect_err(says);
        assert_eq!(Class::of(&error), Class::Misconfigured);
        assert!(error.to_string().contains(says), "{error}");
    }
    assert_eq!(typed("DBSIZE").query_async::<u64>(&mut redis).await?, 0);
    Ok(())
}

/// The wrong type is found before the first part, and what is not is told.
#[tokio::test]
async fn a_part_that_is_refused_leaves_nothing_unsaid() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let mut redis = patient(&server.url()).await?;
    redis.set::<_, _, ()>("string", 1).await?;
    let once = Once::new();
    let pushed = once
        .run::<u64>(&mut redis, "string", &many("RPUSH string", MANY))
        .await;
    let error = pushed.expect_err("the wrong type");
    assert_eq!(error.code(), Some("WRONGTYPE"));
    redis.del::<_, ()>("string").await?;
    let pushed: usize = once
        .run(&mut redis, "string", &many("RPUSH string", MANY))
        .await?;
    assert_eq!(pushed, MANY, "it left no token");

    // A user whose permission ends between two parts: a key further on is not theirs.
    let mut operator = redis_resilient_tests::connect(&server.url())?;
    typed("ACL SETUSER app on nopass ~{k}* ~k* +@all").exec(&mut operator)?;
    let builder = builder(&server.url())?
        .credentials(|| redis_resilient::connection::Credentials::user("app", "x"));
    let mut app = builder.build().get().await?;
    let mut command = cmd("MSET");
    for index in 0..8_000 {
        command.arg(format!("k{index}")).arg(index);
    }
    command.arg("other").arg(1);
    let refused = Once::new().run::<Value>(&mut app, "k", &command).await;
    let error = refused.expect_err("a key that is not theirs");
    assert_eq!(error.code(), Some("NOPERM"));
    assert_eq!(redis.exists::<_, u64>("k0").await?, 0, "nothing was set");
    Ok(())
}

#[tokio::test]
async fn it_may_be_remembered_for_ever_and_is_then_executed_once() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let mut redis = connector(&server.url())?.get().await?;
    for time in [
        MS(1000),
        Duration::from_secs(u64::from(u32::MAX)),
        Duration::from_millis(u64::MAX / 2),
        Duration::MAX,
    ] {
        redis.del::<_, ()>("n").await?;
        let once = Once::new().remember_for(time);
        assert_eq!(count(&mut redis, &once).await?, 1, "{time:?}");
        assert_eq!(count(&mut redis, &once).await?, 1, "{time:?}");
    }
    Ok(())
}

#[tokio::test]
async fn in_a_cluster_parts_of_another_slot_are_found_before_the_first() -> TestResult {
    let cluster = redis_resilient_testkit::RealCluster::start()?;
    let redis = Connector::cluster(cluster.urls())?.response_timeout(Duration::from_secs(60));
    let mut redis = redis.build().get().await?;
    let mut command = cmd("MSET");
    for index in 0..8_000 {
        command.arg(format!("{{one}}{index}")).arg(index);
    }
    let once = Once::new();
    for _ in 0..2 {
        let reply: String = once.run(&mut redis, "{one}0", &command).await?;
        assert_eq!(reply, "OK");
    }
    redis.del::<_, ()>("{one}0").await?;
    command.arg("another").arg(1);
    let once = Once::new();
    let refused = once.run::<Value>(&mut redis, "{one}0", &command).await;
    let error = refused.expect_err("another slot");
    assert_eq!(Class::of(&error), Class::Permanent, "{error}");
    assert_eq!(
        redis.exists::<_, u64>("{one}0").await?,
        0,
        "nothing was set"
    );
    Ok(())
}
