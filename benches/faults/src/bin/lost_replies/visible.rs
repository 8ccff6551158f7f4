//! Annotated functions whose bodies show what they send, over a connection that knows nothing of it.

use std::future::Future;
use std::pin::Pin;

use redis::aio::ConnectionManager;
use redis::{AsyncCommands as _, RedisResult, Value};
use redis_resilient::redis_resilient;

use super::lossy::Lossy;

/// One of them.
pub(crate) struct Visible {
    pub(crate) before: &'static str,
    pub(crate) line: &'static str,
    pub(crate) is_random: bool,
    pub(crate) call: for<'c> fn(&'c ConnectionManager, &'c Lossy<'_>) -> Answer<'c>,
}

type Answer<'c> = Pin<Box<dyn Future<Output = RedisResult<Value>> + 'c>>;

/// By the command's name.
macro_rules! named {
    ($before:literal, $name:tt $($arg:tt)*) => {
        Visible {
            before: $before,
            line: concat!($name $(, " ", $arg)*),
            is_random: false,
            call: {
                #[redis_resilient(retries = 3, backoff = "none", breaker = false)]
                async fn call(redis: &ConnectionManager, lossy: &Lossy<'_>) -> RedisResult<Value> {
                    let mut connection = redis.clone();
                    lossy.attempt();
                    redis::cmd($name)$(.arg($arg))*.query_async(&mut connection).await
                }
                |redis, lossy| Box::pin(call(redis, lossy))
            },
        }
    };
}

/// By redis-rs's method.
macro_rules! typed {
    ($before:literal, $line:literal, $method:ident $args:tt) => {
        Visible {
            before: $before,
            line: $line,
            is_random: false,
            call: {
                #[redis_resilient(retries = 3, backoff = "none", breaker = false)]
                async fn call(redis: &ConnectionManager, lossy: &Lossy<'_>) -> RedisResult<Value> {
                    let mut connection = redis.clone();
                    lossy.attempt();
                    connection.$method $args.await
                }
                |redis, lossy| Box::pin(call(redis, lossy))
            },
        }
    };
}

impl Visible {
    const fn random(mut self) -> Self {
        self.is_random = true;
        self
    }
}

/// All of them.
pub(crate) const VISIBLE: &[Visible] = &[
    typed!("SET k v", "GET k", get("k")),
    typed!("SET k v", "MGET k k2", mget(&["k", "k2"])),
    typed!("SET k v", "EXISTS k", exists("k")),
    typed!("", "SET k v", set("k", "v")),
    typed!("", "SETEX k 100 v", set_ex("k", "v", 100)),
    typed!("", "SETNX k v", set_nx("k", "v")),
    typed!("", "MSET k v k2 w", mset(&[("k", "v"), ("k2", "w")])),
    typed!("SET k old", "GETSET k v", getset("k", "v")),
    typed!("SET k old", "GETDEL k", get_del("k")),
    typed!("SET k v", "DEL k", del("k")),
    typed!("SET k v", "UNLINK k", unlink("k")),
    typed!("SET k v", "EXPIRE k 100", expire("k", 100)),
    typed!("SET k v EX 100", "PERSIST k", persist("k")),
    typed!("SET k v", "RENAME k k2", rename("k", "k2")),
    typed!("SET k v", "RENAMENX k k2", rename_nx("k", "k2")),
    typed!("", "APPEND k v", append("k", "v")),
    typed!("SET k abcde", "SETRANGE k 1 x", setrange("k", 1, "x")),
    typed!("", "SETBIT b 7 1", setbit("b", 7, true)),
    typed!("", "INCRBY n 2", incr("n", 2)),
    typed!("", "DECRBY n 2", decr("n", 2)),
    typed!("SET b a", "BITOP NOT b b", bit_not("b", "b")),
    typed!("", "PFADD p a", pfadd("p", "a")),
    typed!("PFADD p a", "PFCOUNT p", pfcount("p")),
    typed!("RPUSH l a b c", "LRANGE l 0 -1", lrange("l", 0, -1)),
    typed!("", "LPUSH l v", lpush("l", "v")),
    typed!("", "RPUSH l v", rpush("l", "v")),
    typed!("RPUSH l a b c", "LPOP l", lpop("l", None)),
    typed!("RPUSH l a b c", "RPOP l", rpop("l", None)),
    typed!("RPUSH l a b c", "LSET l 0 x", lset("l", 0, "x")),
    typed!("RPUSH l a b a", "LREM l 0 a", lrem("l", 0, "a")),
    typed!("RPUSH l a b a", "LREM l 1 a", lrem("l", 1, "a")),
    typed!("RPUSH l a b c", "LTRIM l 1 -1", ltrim("l", 1, -1)),
    typed!("RPUSH l a b c", "LTRIM l 0 1", ltrim("l", 0, 1)),
    typed!("SADD s a b", "SMEMBERS s", smembers("s")),
    typed!("", "SADD s a", sadd("s", "a")),
    typed!("SADD s a b", "SREM s a", srem("s", "a")),
    typed!("SADD s a b", "SMOVE s s2 a", smove("s", "s2", "a")),
    typed!("SADD s a b c d e", "SPOP s", spop("s")).random(),
    typed!(
        "SADD s a b; SADD s2 b",
        "SUNIONSTORE s3 s s2",
        sunionstore("s3", &["s", "s2"])
    ),
    typed!(
        "SADD s a b; SADD s2 b",
        "SDIFFSTORE s2 s s2",
        sdiffstore("s2", &["s", "s2"])
    ),
    typed!("", "ZADD z 1 a", zadd("z", "a", 1)),
    typed!("", "ZINCRBY z 1 a", zincr("z", "a", 1)),
    typed!("ZADD z 1 a 2 b", "ZREM z a", zrem("z", "a")),
    typed!(
        "ZADD z 1 a 2 b",
        "ZREMRANGEBYRANK z 0 0",
        zremrangebyrank("z", 0, 0)
    ),
    typed!("ZADD z 1 a 2 b", "ZPOPMIN z 1", zpopmin("z", 1)),
    typed!("ZADD z 1 a 2 b", "ZSCORE z a", zscore("z", "a")),
    typed!(
        "ZADD z 1 a; ZADD z2 2 a",
        "ZUNIONSTORE z 2 z z2",
        zunionstore("z", &["z", "z2"])
    ),
    typed!("", "HSET h a 1", hset("h", "a", 1)),
    typed!("", "HSETNX h a 1", hset_nx("h", "a", 1)),
    typed!("HSET h a 1 b 2", "HDEL h a", hdel("h", "a")),
    typed!("HSET h a 1 b 2", "HGETALL h", hgetall("h")),
    typed!("HSET h n 1", "HINCRBY h n 2", hincr("h", "n", 2)),
    typed!("", "XADD x * f v", xadd("x", "*", &[("f", "v")])).random(),
    typed!(
        "XADD x 1-1 f v; XADD x 2-1 f v",
        "XDEL x 1-1",
        xdel("x", &["1-1"])
    ),
    typed!("", "PUBLISH channel m", publish("channel", "m")),
    named!("SET k v", "GET" "k"),
    named!("", "INCR" "n"),
    named!("", "SET" "k" "v" "NX"),
    named!("SET k old", "SET" "k" "v" "GET"),
    named!("", "SET" "k" "v" "EX" "100"),
    named!("", "SADD" "s" "a" "b"),
    named!("SET k v", "COPY" "k" "k2"),
    named!("SET k v; SET k2 w", "COPY" "k" "k2" "REPLACE"),
    named!("SET k v", "EXPIRE" "k" "100" "NX"),
    named!("SET k v", "MOVE" "k" "1"),
    named!("SET k v", "FLUSHALL"),
    named!("SET k v", "SWAPDB" "0" "1"),
    named!("RPUSH l a b c", "LMOVE" "l" "l2" "LEFT" "RIGHT"),
    named!("RPUSH l a b c", "LINSERT" "l" "BEFORE" "b" "x"),
    named!("ZADD z 1 a 2 b 3 c", "ZRANGESTORE" "z" "z" "1" "-1"),
    named!("ZADD z 1 a 2 b 3 c", "ZRANGESTORE" "z2" "z" "0" "1"),
    named!("", "ZADD" "z" "INCR" "1" "a"),
    named!("SET b a", "BITFIELD" "b" "GET" "u8" "0"),
    named!("SET b a", "BITFIELD" "b" "INCRBY" "u8" "0" "5"),
    named!("XADD x 1-1 f v", "XGROUP" "CREATE" "x" "g" "0"),
    named!("XADD x 1-1 f v; XGROUP CREATE x g 0; XREADGROUP GROUP g me STREAMS x >", "XACK" "x" "g" "1-1"),
    named!("XADD x 1-1 f v; XADD x 2-1 f v; XGROUP CREATE x g 0", "XREADGROUP" "GROUP" "g" "me" "COUNT" "1" "STREAMS" "x" ">"),
    named!("", "EVAL" "return redis.call('INCR','n')" "0"),
    named!("", "ECHO" "text"),
    named!("RPUSH l 3 1 2", "SORT" "l" "LIMIT" "1" "9" "STORE" "l"),
    named!("GEOADD g 13 38 a 15 37 b", "GEORADIUS" "g" "15" "37" "300" "km" "STOREDIST" "g"),
];
