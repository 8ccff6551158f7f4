//! A connection that remembers what it has written: sessions survive an outage.

use redis::{AsyncCommands, Commands};
use redis_resilient::Class;

use crate::support::{LONG, REMEMBER, TestResult, builder, connector, drained, kill, lasting};

const KEY: &str = "session:7";
const LIFE: u64 = 600;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_written_is_read_while_redis_is_away_and_while_it_waits() -> TestResult {
    let server = lasting()?;
    let redis = connector(&server.url())?;
    let journal = builder("remembering").rate(100).open(&redis)?;
    let over = || journal.over(&redis).exactly_once(REMEMBER);
    let (mut sessions, mut plain) = (over().remembering(100, LONG), over());
    sessions.set_ex::<_, _, ()>(KEY, "Ann", LIFE).await?;
    kill(&server, &redis).await;
    let read = async |sessions: &mut redis_resilient::journal::JournalConnection, key: &str| {
        sessions.get::<_, Option<String>>(key).await
    };
    assert_eq!(read(&mut sessions, KEY).await?.as_deref(), Some("Ann"));
    // Its clones know it, others do not; and what nobody has written is not made up.
    assert_eq!(
        read(&mut sessions.clone(), KEY).await?.as_deref(),
        Some("Ann")
    );
    for (connection, key) in [(&mut plain, KEY), (&mut sessions.clone(), "session:8")] {
        let error = read(connection, key).await.expect_err("nobody answers");
        assert!(Class::of(&error).is_outage(), "{error}");
    }
    for name in ["Bob", "Cem"] {
        sessions.set_ex::<_, _, ()>(KEY, name, LIFE).await?;
        assert_eq!(read(&mut sessions, KEY).await?.as_deref(), Some(name));
    }
    sessions.del::<_, ()>("session:9").await?;
    assert_eq!(read(&mut sessions, "session:9").await?, None);
    // Redis has Ann when it is back, for as long as Bob and Cem wait.
    for number in 0..50 {
        sessions
            .set_ex::<_, _, ()>(format!("other:{number}"), 1, LIFE)
            .await?;
    }
    server.restart()?;
    while journal.progress().waiting > 0 {
        assert_eq!(read(&mut sessions, KEY).await?.as_deref(), Some("Cem"));
    }
    drained(&journal).await;
    assert_eq!(read(&mut plain, KEY).await?.as_deref(), Some("Cem"));
    // What another process writes is seen.
    plain.set_ex::<_, _, ()>(KEY, "Dan", LIFE).await?;
    assert_eq!(read(&mut sessions, KEY).await?.as_deref(), Some("Dan"));
    Ok(())
}

#[tokio::test]
async fn what_redis_refuses_for_good_is_an_error_all_the_same() -> TestResult {
    let server = lasting()?;
    let redis = connector(&server.url())?;
    let journal = builder("remembering refused").open(&redis)?;
    let mut sessions = journal.over(&redis).remembering(100, LONG);
    sessions.set_ex::<_, _, ()>(KEY, "Ann", LIFE).await?;
    let mut elsewhere = redis.get().await?;
    elsewhere.del::<_, ()>(KEY).await?;
    elsewhere.rpush::<_, _, ()>(KEY, "a list").await?;
    let read = sessions.get::<_, Option<String>>(KEY).await;
    assert_eq!(read.expect_err("it is a list").code(), Some("WRONGTYPE"));
    // A write that is refused is not remembered: it never was.
    let refused = sessions.append::<_, _, ()>(KEY, "b").await;
    assert_eq!(refused.expect_err("it is a list").code(), Some("WRONGTYPE"));
    kill(&server, &redis).await;
    let read = sessions.get::<_, Option<String>>(KEY).await;
    assert!(Class::of(&read.expect_err("nobody answers")).is_outage());
    Ok(())
}

#[test]
fn it_is_the_same_in_synchronous_code() -> TestResult {
    let server = lasting()?;
    let redis = connector(&server.url())?;
    let journal = builder("remembering blocking").open(&redis)?;
    let mut sessions = journal.over_blocking(&redis).exactly_once(REMEMBER);
    sessions = sessions.remembering(100, LONG);
    sessions.set_ex::<_, _, ()>(KEY, "Ann", LIFE)?;
    server.kill();
    assert_eq!(sessions.get(KEY), Ok(Some("Ann".to_owned())));
    sessions.set_ex::<_, _, ()>(KEY, "Bob", LIFE)?;
    assert_eq!(sessions.get(KEY), Ok(Some("Bob".to_owned())));
    let read = sessions.get::<_, Option<String>>("session:8");
    assert!(Class::of(&read.expect_err("nobody answers")).is_outage());
    Ok(())
}
