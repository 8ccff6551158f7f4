//! Writes that Redis refuses for good.

use redis::AsyncCommands;
use redis_resilient::journal::Written;

use crate::support::{
    Place, TestResult, builder, connector, drained, kill, lasting, on_lasting_keepers, until,
};

on_lasting_keepers!(what_is_refused_for_good_is_set_aside_and_holds_up_nobody);

async fn what_is_refused_for_good_is_set_aside_and_holds_up_nobody(place: &Place) -> TestResult {
    let server = lasting()?;
    let redis = connector(&server.url())?;
    let journal = place.builder("dead").open(&redis)?;
    let mut orders = journal.over(&redis);
    orders.set::<_, _, ()>("text", "no list").await?;
    kill(&server, &redis).await;
    for key in ["text", "list", "text", "list"] {
        orders.rpush::<_, _, Written<u64>>(key, "secret").await?;
    }
    server.restart()?;
    drained(&journal).await;
    assert_eq!(orders.llen("list").await, Ok(2));
    let letters = journal.dead_letters();
    assert_eq!(letters.len(), 2);
    assert!(
        letters
            .iter()
            .all(|letter| letter.error().contains("WRONGTYPE")
                || letter.error().contains("WrongType")),
        "{letters:?}"
    );
    assert_eq!(letters[0].names(), "RPUSH");
    assert!(!format!("{letters:?} {journal:?}").contains("secret"));
    assert_eq!(
        letters[0].commands(),
        [[b"RPUSH".to_vec(), b"text".to_vec(), b"secret".to_vec()]]
    );
    assert_eq!(journal.progress().dead, 2);
    // They outlive the process.
    journal.close(std::time::Duration::ZERO).await?;
    drop(journal);
    let journal = place.builder("dead").open(&redis)?;
    assert_eq!(journal.recovered().dead, 2);
    // After it has been mended one is executed, and the other is given up.
    redis.get().await?.del::<_, ()>("text").await?;
    let ids: Vec<_> = journal
        .dead_letters()
        .iter()
        .map(|letter| letter.id())
        .collect();
    journal.replay(ids[0]).await?;
    journal.discard(ids[1]).await?;
    journal.discard(ids[1]).await?;
    drained(&journal).await;
    assert_eq!(
        (
            orders_len(&redis, "text").await?,
            journal.dead_letters().len()
        ),
        (1, 0)
    );
    Ok(())
}

async fn orders_len(
    redis: &redis_resilient::connection::Connector,
    key: &str,
) -> redis::RedisResult<u64> {
    redis.get().await?.llen(key).await
}

/// A user who may not write is told so for good; a wrong password is about the connection, and waits.
#[tokio::test]
async fn a_missing_permission_is_for_good_and_a_wrong_password_is_not() -> TestResult {
    let server = lasting()?;
    let mut admin = redis_resilient_tests::connect(&server.url())?;
    redis::cmd("ACL")
        .arg(&[
            "SETUSER", "shop", "on", ">right", "~*", "&*", "+@all", "-incr",
        ])
        .exec(&mut admin)?;
    let address = server.addr();
    let redis = connector(&format!("redis://shop:right@{address}"))?;
    let journal = builder("permissions").open(&redis)?;
    journal.enqueue::<()>(redis::cmd("INCR").arg("n")).await?;
    until(|| journal.progress().dead == 1).await;
    assert!(
        journal.dead_letters()[0]
            .error()
            .to_uppercase()
            .contains("PERM"),
        "{:?}",
        journal.dead_letters()
    );
    redis::cmd("ACL")
        .arg(&["SETUSER", "shop", "resetpass", ">other"])
        .exec(&mut admin)?;
    redis::cmd("CLIENT")
        .arg(&["KILL", "USER", "shop"])
        .exec(&mut admin)?;
    let mut orders = journal.over(&redis);
    let written: Written<u64> = orders.rpush("list", 1).await?;
    assert!(written.is_queued());
    redis::cmd("ACL")
        .arg(&["SETUSER", "shop", "resetpass", ">right"])
        .exec(&mut admin)?;
    drained(&journal).await;
    assert_eq!(
        (orders.llen("list").await, journal.progress().dead),
        (Ok(1), 1)
    );
    Ok(())
}

#[tokio::test]
async fn there_are_no_more_dead_letters_than_that() -> TestResult {
    let server = lasting()?;
    let redis = connector(&server.url())?;
    let journal = builder("many dead").max_dead_letters(3).open(&redis)?;
    redis.get().await?.set::<_, _, ()>("text", 1).await?;
    for _ in 0..5 {
        journal
            .enqueue::<()>(redis::cmd("RPUSH").arg("text").arg(1))
            .await?;
    }
    journal
        .enqueue::<()>(redis::cmd("SET").arg("other").arg(1))
        .await?;
    until(|| journal.progress().dead == 3 && journal.progress().waiting == 2).await;
    assert_eq!(redis.get().await?.get("other").await, Ok(1));
    // With room again, the others follow.
    let first = journal.dead_letters()[0].id();
    journal.discard(first).await?;
    until(|| journal.progress().waiting == 1).await;
    Ok(())
}
