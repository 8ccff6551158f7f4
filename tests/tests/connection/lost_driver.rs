//! The task that drives a connection inside redis-rs ends, or panics.

use std::time::Instant;

use redis::AsyncCommands;
use redis_resilient::Class;
use redis_resilient_testkit::ReplyCut;

use super::*;

/// Replies over which redis-rs panics, some in debug builds only, or which are none at all.
const LAST_WORDS: [&[u8]; 9] = [
    b"*9223372036854775807\r\n:1\r\n",
    b"*4611686018427387904\r\n:1\r\n",
    b"!-1\r\n",
    b"=-1\r\n",
    b"|-1\r\n",
    b"%-1\r\n",
    b"$9223372036854775807\r\nx\r\n",
    b">-1\r\n",
    b"hello\r\n",
];

#[tokio::test]
async fn a_driver_that_dies_is_a_lost_connection() -> TestResult {
    let (_server, proxy) = proxied()?;
    for words in LAST_WORDS {
        let shown = String::from_utf8_lossy(words).escape_debug().to_string();
        let redis = connector(&proxy.url())?;
        let mut own = redis.get().await?;
        let _: () = own.set("n", 1).await?;
        let before = proxy.accepted();
        proxy.next_reply(ReplyCut::ReplaceBy(words));
        let begun = Instant::now();
        let answer = own.incr::<_, _, u64>("n", 1).await;
        let took = begun.elapsed();
        println!("{shown:34} {took:?} {answer:?}");
        if let Err(error) = answer {
            assert_eq!(Class::of(&error), Class::Unrepeatable, "{shown}: {error}");
        }
        assert!(took < RESPONSE + SLACK, "{shown}: {took:?}");
        // At the latest after two that were not answered.
        let mut ended = Vec::new();
        for _ in 0..3 {
            ended.push(own.get::<_, u64>("n").await);
        }
        assert!(matches!(ended.last(), Some(Ok(2))), "{shown}: {ended:?}");
        println!("{:34} {} connects", "", proxy.accepted() - before);
    }
    Ok(())
}
