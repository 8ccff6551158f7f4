//! The connections that listen: how many, for whom, and for how long.

use redis_resilient::connection::Role;

use super::*;

const KEY: &str = "near:1";

#[tokio::test]
async fn all_that_one_connector_keeps_is_told_over_one_connection() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let mut other = other(&server.url())?;
    let process = Process::at(&server.url())?;
    other.set::<_, _, ()>(KEY, 1)?;
    process.keep(KEY).await?;
    // One that the server has not been asked for, one that has been, and one that takes in both, which the server refuses beside them.
    for prefix in ["order:", "near:user:", ""] {
        let (near, _) = near_tracking::<u64>(&process.connector, prefix, Bounds::DEFAULT)?;
        let another = Process {
            connector: process.connector.clone(),
            near,
            tracker: process.tracker.clone(),
        };
        let key = format!("{prefix}1");
        other.set::<_, _, ()>(&key, 1)?;
        another.keep(&key).await?;
        process.keep(KEY).await?;
        assert_eq!(listening(&mut other)?.len(), 1, "{prefix:?}");
        other.set::<_, _, ()>(&key, 2)?;
        another.forgets(&key).await?;
        other.set::<_, _, ()>(KEY, 2)?;
        process.forgets(KEY).await?;
    }
    Ok(())
}

fn are_listening(url: &str) -> usize {
    let ids = other(url).and_then(|mut redis| listening(&mut redis));
    ids.map_or(usize::MAX, |ids| ids.len())
}

#[tokio::test]
async fn nobody_listens_for_what_is_not_there_any_more() -> TestResult {
    let server = redis_resilient_tests::server()?;
    for is_connector_left in [true, false] {
        let Process {
            connector, near, ..
        } = Process::at(&server.url())?;
        until("connection that listens", || async {
            are_listening(&server.url()) == 1
        })
        .await?;
        // Either of them gone is enough.
        let (connector, near) = if is_connector_left {
            drop(near);
            (Some(connector), None)
        } else {
            drop(connector);
            (None, Some(near))
        };
        until("end of it", || async { are_listening(&server.url()) == 0 }).await?;
        drop((connector, near));
    }
    Ok(())
}

/// Whatever the connector speaks.
#[tokio::test]
async fn a_connector_that_speaks_resp2_is_listened_for_all_the_same() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let mut other = other(&server.url())?;
    let process = Process::at(&format!("{}?protocol=resp2", server.url()))?;
    other.set::<_, _, ()>(KEY, 1)?;
    process.keep(KEY).await?;
    Ok(())
}

#[tokio::test]
async fn a_connector_that_reads_from_replicas_is_refused() -> TestResult {
    let connector = Connector::sentinel(["redis://127.0.0.1:1"], "mymaster")?
        .role(Role::Replica)
        .build();
    let error = near_tracking::<u64>(&connector, PREFIX, Bounds::DEFAULT)
        .expect_err("replicas are not listened to");
    let text = error.to_string();
    assert!(
        text.contains("near = \"tracking\"") && text.contains("near = \"5s\""),
        "{text}"
    );
    Ok(())
}

/// A replica tells of changes, too, but nobody says what it has not got yet.
#[tokio::test]
async fn nothing_is_kept_of_what_a_replica_has() -> TestResult {
    let primary = redis_resilient_tests::server()?;
    let port = primary.addr().port().to_string();
    let replica = redis_resilient_tests::server_with(&["--replicaof", "127.0.0.1", &port])?;
    let process = Process::at(&replica.url())?;
    until("reason", || async { process.tracker.failure().is_some() }).await?;
    let reason = process.tracker.failure().expect("there is one").to_string();
    assert!(reason.contains("no primary"), "{reason}");
    other(&primary.url())?.set::<_, _, ()>(KEY, 1)?;
    until("value", || async {
        process.read(KEY).await == Ok(Read::Redis(Some(1)))
    })
    .await?;
    assert_eq!(process.read(KEY).await?, Read::Redis(Some(1)));
    Ok(())
}

/// Its user may read, but not listen.
#[tokio::test]
async fn one_that_may_not_listen_says_so_and_reads_go_on() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let mut other = other(&server.url())?;
    let user = [
        "ACL",
        "SETUSER",
        "app",
        "on",
        ">word",
        "~*",
        "+@all",
        "-client|tracking",
    ];
    let mut set_user = redis::cmd(user[0]);
    set_user.arg(&user[1..]).exec(&mut other)?;
    other.set::<_, _, ()>(KEY, 1)?;
    let process = Process::at(&format!("redis://app:word@{}/", server.addr()))?;
    until("reason", || async { process.tracker.failure().is_some() }).await?;
    let reason = process.tracker.failure().expect("there is one").to_string();
    assert!(
        reason.contains("permission") && !reason.contains("word"),
        "{reason}"
    );
    for _ in 0..3 {
        assert_eq!(process.read(KEY).await?, Read::Redis(Some(1)));
    }
    Ok(())
}

/// With the rights of a reader: it asks for nothing that is dangerous.
#[tokio::test]
async fn a_user_without_dangerous_rights_is_enough() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let mut other = other(&server.url())?;
    let user = [
        "SETUSER",
        "app",
        "on",
        ">word",
        "~near:*",
        "+@read",
        "+@connection",
        "-@dangerous",
    ];
    redis::cmd("ACL").arg(&user).exec(&mut other)?;
    other.set::<_, _, ()>(KEY, 1)?;
    let process = Process::at(&format!("redis://app:word@{}/", server.addr()))?;
    process.keep(KEY).await
}
