//! Synchronous code.

use redis::{Commands, ConnectionLike};

use super::*;

#[test]
fn one_that_was_killed_is_left() -> TestResult {
    let (eu, us, redis) = two()?;
    let mut connection = redis.get_blocking()?;
    connection.set::<_, _, ()>("k", 1)?;
    eu.kill();
    let begun = Instant::now();
    while let Err(error) = connection.set::<_, _, ()>("k", 2) {
        assert!(begun.elapsed() < PATIENCE, "{error}");
        std::thread::sleep(MS(5));
    }
    assert_eq!(kept(&us, "k")?, Some(2));
    assert_eq!(redis.get_blocking()?.get::<_, u64>("k")?, 2);
    Ok(())
}

/// What was watched, it was watched in the other one.
#[test]
fn a_transaction_begins_anew_in_the_other_one() -> TestResult {
    let (eu, us, redis) = two()?;
    let mut connection = redis.get_blocking()?;
    redis::cmd("WATCH").arg("k").exec(&mut connection)?;
    redis.switch_to("us")?;
    let error = connection
        .get::<_, Option<u64>>("k")
        .expect_err("it is lost");
    assert!(error.to_string().contains("begin anew"), "{error}");
    let mut tries = 0;
    let done: (u64,) = redis::transaction(&mut connection, &["k"], |connection, pipeline| {
        tries += 1;
        let before: Option<u64> = connection.get("k")?;
        pipeline
            .set("k", before.unwrap_or(0) + 1)
            .ignore()
            .get("k")
            .query(connection)
    })?;
    assert_eq!(
        (done.0, kept(&eu, "k")?, kept(&us, "k")?),
        (1, None, Some(1))
    );
    assert!(tries <= 2, "{tries}");
    Ok(())
}

/// In the middle of it.
#[test]
fn a_transaction_that_a_switch_falls_into_was_not_executed() -> TestResult {
    let (eu, us, redis) = two()?;
    let mut connection = redis.get_blocking()?;
    let mut tries = 0;
    let done: (u64,) = redis::transaction(&mut connection, &["k"], |connection, pipeline| {
        tries += 1;
        if tries == 1 {
            redis.switch_to("us")?;
        }
        pipeline.set("k", 7).ignore().get("k").query(connection)
    })?;
    assert_eq!((done.0, tries), (7, 2));
    assert_eq!((kept(&eu, "k")?, kept(&us, "k")?), (None, Some(7)));
    Ok(())
}

#[test]
fn what_waits_is_ended_by_a_switch() -> TestResult {
    let (_eu, us, redis) = two()?;
    let mut connection = redis.get_blocking()?;
    let waits = std::thread::spawn(move || {
        let popped: RedisResult<Option<(String, String)>> = connection.blpop("list", 0.0);
        (
            popped.map(|_| ()).map_err(|error| error.to_string()),
            connection,
        )
    });
    std::thread::sleep(MS(200));
    redis.switch_to("us")?;
    until_blocking("it ends", || waits.is_finished());
    let (popped, mut connection) = waits.join().expect("it does not panic");
    let error = popped.expect_err("it waits in the former one");
    assert!(error.contains("another database"), "{error}");
    redis_resilient_tests::connect(&us.url())?.rpush::<_, _, ()>("list", "one")?;
    let popped: Option<(String, String)> = connection.blpop("list", 5.0)?;
    assert_eq!(popped.map(|(_, value)| value).as_deref(), Some("one"));
    Ok(())
}

#[test]
fn a_connection_says_whether_it_is_there() -> TestResult {
    let (_eu, _us, redis) = two()?;
    let mut connection = redis.get_blocking()?;
    redis.switch_to("us")?;
    assert!(connection.check_connection());
    Ok(())
}
