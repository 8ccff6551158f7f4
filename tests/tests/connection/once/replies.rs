//! The reply is that of the command alone.

use redis::ErrorKind;
use redis_resilient::Class;

use super::*;

const PROTOCOLS: [&str; 2] = ["resp2", "resp3"];

/// What is there before.
const BEFORE: [&str; 8] = [
    "RPUSH list a b c d e f",
    "SADD set m",
    "SADD one m",
    "ZADD sorted 1 a 2.5 b 3.1 c -inf d 5 e 6 f",
    "HSET hash f v n 9007199254740992",
    "XADD stream 1-1 f v",
    "XADD stream 2-1 f v",
    "XGROUP CREATE stream g 0",
];

const COMMANDS: [&str; 58] = [
    "INCR n",
    "INCRBY n 41",
    "DECR n",
    "INCRBYFLOAT f 1.5",
    "HINCRBY hash n 1",
    "HINCRBY hash other 1",
    "HINCRBYFLOAT hash f2 3.1",
    "SET s v",
    "SET s other GET",
    "SET s third NX",
    "SET fresh v GET",
    "GETSET s fourth",
    "GETDEL s",
    "GETDEL s",
    "APPEND s text",
    "SETRANGE s 2 xx",
    "BITFIELD bits INCRBY u8 0 255 OVERFLOW FAIL INCRBY u8 0 1 GET u8 0",
    "LPOP list",
    "LPOP list 2",
    "LPOP none",
    "LPOP none 2",
    "LPUSH list x y",
    "LMOVE list list LEFT RIGHT",
    "LMPOP 2 none list LEFT COUNT 2",
    "LMPOP 1 none LEFT",
    "LINSERT list BEFORE none x",
    "SPOP none",
    "SPOP none 2",
    "SPOP set",
    "SPOP one 2",
    "SADD set a b",
    "SMOVE set one a",
    "ZADD sorted 7 g",
    "ZADD sorted INCR 0.1 a",
    "ZADD sorted NX INCR 1 a",
    "ZADD sorted XX INCR 1 none",
    "ZINCRBY sorted 0.1 a",
    "ZINCRBY sorted 1e300 a",
    "ZINCRBY sorted inf e",
    "ZPOPMIN sorted",
    "ZPOPMIN sorted 1",
    "ZPOPMAX sorted 2",
    "ZPOPMAX none",
    "ZPOPMAX none 2",
    "ZMPOP 2 none sorted MIN COUNT 2",
    "ZMPOP 1 none MIN",
    "XADD stream 3-1 f v",
    "XADD stream NOMKSTREAM 4-1 f v",
    "XREADGROUP GROUP g c COUNT 1 STREAMS stream >",
    "XREADGROUP GROUP g c STREAMS stream >",
    "XREADGROUP GROUP g c STREAMS stream >",
    "XDEL stream 1-1",
    "XREADGROUP GROUP g c STREAMS stream 0",
    "XCLAIM stream g d 0 2-1",
    "XAUTOCLAIM stream g e 0 0",
    "XACK stream g 2-1 3-1",
    "DEL list none",
    "SORT set ALPHA STORE sorted-set",
];

/// Not every server has these.
const NEWER: [&str; 23] = [
    "VADD vectors VALUES 3 1 2 3 element",
    "VADD vectors VALUES 3 1 2 4 element",
    "VSETATTR vectors element {}",
    "VSETATTR vectors none {}",
    "VREM vectors element",
    "VREM vectors element",
    "HSETEX hash FIELDS 1 f v",
    "HSETEX hash FNX FIELDS 1 f v",
    "HGETEX hash FIELDS 2 f none",
    "HGETDEL hash FIELDS 2 f none",
    "HEXPIRE hash 0 FIELDS 1 other",
    "SET s v IFEQ x",
    "SET s2 v",
    "DELIFEQ s2 x",
    "DELIFEQ s2 v",
    "DELEX s2 IFEQ v",
    "INCREX count BYINT 5 UBOUND 8",
    "INCREX count BYINT 5 UBOUND 8",
    "INCREX count BYFLOAT 0.1",
    "XADD stream 5-1 f v",
    "XDELEX stream KEEPREF IDS 2 5-1 9-9",
    "XACKDEL stream g KEEPREF IDS 1 2-1",
    "LMOVEM list list2 LEFT RIGHT COUNT 2 BULK",
];

#[tokio::test]
async fn a_newer_command_s_too() -> TestResult {
    for protocol in PROTOCOLS {
        let server = redis_resilient_tests::server()?;
        let url = |database| format!("{}{database}?protocol={protocol}", server.url());
        let mut alone = connector(&url(1))?.get().await?;
        let mut redis = connector(&url(2))?.get().await?;
        for line in BEFORE {
            typed(line).exec_async(&mut alone).await?;
            typed(line).exec_async(&mut redis).await?;
        }
        for line in NEWER {
            let command = typed(line);
            let expected = command.query_async::<Value>(&mut alone).await;
            let once = Once::new();
            for time in ["first", "again"] {
                let reply = once.run::<Value>(&mut redis, "k", &command).await;
                match &expected {
                    Ok(expected) => assert_eq!(&reply?, expected, "{line}, {protocol}, {time}"),
                    Err(_) => assert!(reply.is_err(), "{line}, {protocol}: {reply:?}"),
                }
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn every_reply_is_that_of_the_command_alone_and_the_same_the_second_time() -> TestResult {
    for protocol in PROTOCOLS {
        let server = redis_resilient_tests::server()?;
        let url = |database| format!("{}{database}?protocol={protocol}", server.url());
        let mut alone = connector(&url(1))?.get().await?;
        let mut redis = connector(&url(2))?.get().await?;
        for line in BEFORE {
            typed(line).exec_async(&mut alone).await?;
            typed(line).exec_async(&mut redis).await?;
        }
        for line in COMMANDS {
            let command = typed(line);
            let expected = command.query_async::<Value>(&mut alone).await;
            let expected = expected.map_err(|error| format!("{line} alone: {error}"))?;
            let once = Once::new();
            for time in ["first", "again"] {
                let reply = once.run::<Value>(&mut redis, "k", &command).await;
                let reply = reply.map_err(|error| format!("{line}: {error}"))?;
                assert_eq!(reply, expected, "{line}, {protocol}, {time}");
            }
        }
    }
    Ok(())
}

#[test]
fn synchronous_code_gets_the_same() -> TestResult {
    for protocol in PROTOCOLS {
        let server = redis_resilient_tests::server()?;
        let url = |database| format!("{}{database}?protocol={protocol}", server.url());
        let mut alone = connector(&url(1))?.get_blocking()?;
        let mut redis = connector(&url(2))?.get_blocking()?;
        for line in BEFORE {
            typed(line).exec(&mut alone)?;
            typed(line).exec(&mut redis)?;
        }
        for line in COMMANDS {
            let command = typed(line);
            let expected: Value = command.query(&mut alone)?;
            let once = Once::new();
            for time in ["first", "again"] {
                let reply: Value = once.run_blocking(&mut redis, "k", &command)?;
                assert_eq!(reply, expected, "{line}, {protocol}, {time}");
            }
        }
    }
    Ok(())
}

/// Doubles have 53 bits.
#[tokio::test]
async fn a_large_integer_is_exact() -> TestResult {
    for protocol in PROTOCOLS {
        let server = redis_resilient_tests::server()?;
        let url = format!("{}?protocol={protocol}", server.url());
        let mut redis = connector(&url)?.get().await?;
        for (before, line, expected) in [
            (
                1_234_567_890_123_456_788,
                "INCR n",
                1_234_567_890_123_456_789,
            ),
            (9_007_199_254_740_990, "INCR n", 9_007_199_254_740_991),
            (9_007_199_254_740_991, "INCR n", 9_007_199_254_740_992),
            (9_007_199_254_740_992, "INCR n", 9_007_199_254_740_993),
            (-9_007_199_254_740_992, "DECR n", -9_007_199_254_740_993),
            (i64::MIN, "INCRBY n 1", i64::MIN + 1),
            (i64::MAX, "DECRBY n 2", i64::MAX - 2),
            (i64::MAX - 1, "INCR n", i64::MAX),
            (i64::MIN + 1, "DECR n", i64::MIN),
            (i64::MAX - 1, "HINCRBY h n 1", i64::MAX),
            (
                9_007_199_254_740_993,
                "HINCRBY h n -1",
                9_007_199_254_740_992,
            ),
        ] {
            redis.set::<_, _, ()>("n", before).await?;
            redis.hset::<_, _, _, ()>("h", "n", before).await?;
            let (once, command) = (Once::new(), typed(line));
            for time in ["first", "again"] {
                let reply: Value = once.run(&mut redis, "n", &command).await?;
                assert_eq!(reply, Value::Int(expected), "{line}, {protocol}, {time}");
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn an_integer_that_cannot_be_told_is_never_a_wrong_one() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let mut redis = connector(&server.url())?.get().await?;
    let line = "BITFIELD bits INCRBY i64 0 9007199254740993";
    let once = Once::new();
    for _ in 0..2 {
        let error = once
            .run::<Value>(&mut redis, "bits", &typed(line))
            .await
            .expect_err("it is rounded");
        assert_eq!(Class::of(&error), Class::Permanent);
        assert!(error.to_string().contains("was executed once"), "{error}");
    }
    let stored: Vec<i64> = typed("BITFIELD bits GET i64 0")
        .query_async(&mut redis)
        .await?;
    assert_eq!(stored, [9_007_199_254_740_993]);
    Ok(())
}

/// Who may count and not read gets no wrong number either.
#[tokio::test]
async fn an_integer_that_may_not_be_read_back_is_not_told() -> TestResult {
    let server = redis_resilient_tests::server()?;
    let mut operator = redis_resilient_tests::connect(&server.url())?;
    let line = "ACL SETUSER app on nopass %RW~{n}once:* (%RW~n +incr +eval) +eval +get +set +del";
    if typed(line).exec(&mut operator).is_err() {
        return Ok(()); // Before Redis 7 there are no selectors.
    }
    operator.set::<_, _, ()>("n", i64::MAX - 1)?;
    let builder = builder(&server.url())?
        .credentials(|| redis_resilient::connection::Credentials::user("app", "x"));
    let mut redis = builder.build().get().await?;
    let counted = count(&mut redis, &Once::new()).await;
    let error = counted.expect_err("it may not be read");
    // A user who may not give a script the key is told so before anything is executed.
    let stored: i64 = operator.get("n")?;
    let was_executed = error.kind() == ErrorKind::UnexpectedReturnType;
    assert_eq!(stored == i64::MAX, was_executed, "{error}");
    Ok(())
}
