//! Functions that block.

use redis::{Client, Commands, RedisResult};
use redis_resilient::redis_resilient;
use redis_resilient_testkit::EmbeddedRedis;

use crate::support::{TestResult, refuse_twice, tried_three_times};

#[test]
fn sync_functions() -> TestResult {
    #[redis_resilient(breaker = false, delay = "1ms")]
    fn incr(conn: &mut redis::Connection, key: &str) -> RedisResult<i64> {
        let n: i64 = conn.incr(key, 1)?;
        if n == 0 {
            return Ok(-1);
        }
        Ok(n)
    }
    #[redis_resilient(breaker = false, delay = "1ms", clone(key))]
    fn consuming<C: redis::ConnectionLike>(conn: &mut C, key: String) -> RedisResult<i64> {
        redis::cmd("INCR").arg(Some(key)).query(conn)
    }
    #[redis_resilient(breaker = false, delay = "1ms", retries = 1, fallback = Ok(i64::MAX))]
    fn with_fallback(conn: &mut redis::Connection) -> RedisResult<i64> {
        conn.incr("n", 1)
    }
    let server = EmbeddedRedis::start()?;
    let mut conn = Client::open(server.url())?.get_connection()?;
    refuse_twice(&server);
    assert_eq!(incr(&mut conn, "n")?, 1);
    tried_three_times(&server);
    refuse_twice(&server);
    assert_eq!(consuming(&mut conn, "n".into())?, 2);
    refuse_twice(&server);
    assert_eq!(with_fallback(&mut conn)?, i64::MAX);
    Ok(())
}
