//! The lease: leave to store what one is about to load, which an invalidation takes away.
//!
//! A reader that misses takes the lease, by a token that is written into the entry. It may store its value only while that token is there. So
//! a value that was read before an invalidation is never stored after it; and of a fleet that misses at the same time, one process loads.

use std::time::Duration;

use redis::{Cmd, FromRedisValue, RedisError, RedisResult, Value};
use redis_resilient_connection::__seam::script::Script;

use crate::entry::{Kind, Life, Token, write};

/// The shared head of the scripts: the present in milliseconds of the server's clock, and where the header has its fields.
const HEAD: &str = "
local key = KEYS[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function ours(value) return value and #value >= 71 and string.sub(value, 1, 4) == 'RR1 ' end
local function kind(value) return string.sub(value, 36, 36) end
";

/// Takes the lease if no other process has it: within one, there is one leader anyhow, and what an older load stores is refused. Gives a fresh value that is there, unless it is to be refreshed.
const CLAIM: &str = "
local token, lease, refresh, nothing = ARGV[1], tonumber(ARGV[2]), ARGV[3] == '1', ARGV[4]
local value = redis.pcall('GET', key)
if type(value) == 'table' then value = false end
if not ours(value) then
    redis.call('SET', key, string.sub(nothing, 1, 4) .. token .. ' ' .. string.format('%013.0f', now + lease) .. string.sub(nothing, 35), 'PX', lease)
    return {'mine'}
end
local left = redis.call('PTTL', key)
local what = kind(value)
local is_value = what == 'v' or what == 'n'
local stale = tonumber(string.sub(value, 50, 60))
if is_value and not refresh and (left < 0 or left > stale) then return {'fresh', left, value} end
local deadline = tonumber(string.sub(value, 22, 34))
if deadline > now and string.sub(value, 5, 12) ~= string.sub(token, 1, 8) then
    if is_value then return {'held', deadline - now, left, value} end
    return {'held', deadline - now}
end
redis.call('SETRANGE', key, 4, token .. ' ' .. string.format('%013.0f', now + lease))
if not is_value then
    if what == 'l' or left < lease then redis.call('PEXPIRE', key, lease) end
    return {'mine'}
end
if left >= 0 and left < lease and left <= stale then
    redis.call('SETRANGE', key, 49, string.format('%011.0f', stale + lease - left))
    redis.call('PEXPIRE', key, lease)
end
return {'mine'}
";

/// Takes the lease whoever has it, and leaves nothing else.
const TAKE: &str = "
local token, lease, nothing, life = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4]
redis.call('SET', key, string.sub(nothing, 1, 4) .. token .. ' ' .. string.format('%013.0f', now + lease) .. string.sub(nothing, 35), 'PX', life)
return 1
";

/// Stores under the lease: refused if it is not there any more.
const STORE: &str = "
if redis.call('GETRANGE', KEYS[1], 0, 19) ~= 'RR1 ' .. ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
";

/// Gives the lease back without a value.
const RELEASE: &str = "
if redis.call('GETRANGE', KEYS[1], 0, 19) ~= 'RR1 ' .. ARGV[1] then return 0 end
if redis.call('GETRANGE', KEYS[1], 35, 35) == 'l' then return redis.call('DEL', KEYS[1]) end
redis.call('SETRANGE', KEYS[1], 4, '0000000000000000 0000000000000')
return 1
";

/// An entry's bytes, and how long Redis will keep it; `None` if for ever.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) bytes: Vec<u8>,
    pub(crate) left: Option<Duration>,
}

/// What came of asking for the lease.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// It is ours.
    Mine,
    /// Somebody has stored a fresh value in the meantime.
    Fresh(Kept),
    /// Another loads, and has so long for it.
    Held {
        for_another: Duration,
        value: Option<Kept>,
    },
}

impl FromRedisValue for Claim {
    fn from_redis_value(value: Value) -> Result<Self, redis::ParsingError> {
        let mut words = redis::from_redis_value::<Vec<Value>>(value)?.into_iter();
        let mut next = || words.next().unwrap_or(Value::Nil);
        let what: String = redis::from_redis_value(next())?;
        if what == "mine" {
            return Ok(Self::Mine);
        }
        let number: i64 = redis::from_redis_value(next())?;
        if what == "held" {
            let left: Option<i64> = redis::from_redis_value(next())?;
            let for_another = Duration::from_millis(u64::try_from(number).unwrap_or(0));
            let value = kept(left.unwrap_or(0), next())?;
            return Ok(Self::Held { for_another, value });
        }
        Ok(Self::Fresh(Kept {
            left: left(number),
            bytes: redis::from_redis_value(next())?,
        }))
    }
}

fn kept(left_ms: i64, bytes: Value) -> Result<Option<Kept>, redis::ParsingError> {
    let bytes: Option<Vec<u8>> = redis::from_redis_value(bytes)?;
    Ok(bytes.map(|bytes| Kept {
        bytes,
        left: left(left_ms),
    }))
}

/// What `PTTL` says.
pub(crate) fn left(pttl: i64) -> Option<Duration> {
    u64::try_from(pttl).ok().map(Duration::from_millis)
}

/// Asks for the lease for so long. `refresh`: though there is a fresh value.
pub(crate) fn claim(key: &str, token: Token, lease: Duration, refresh: bool) -> Script {
    let (nothing, _) = nothing(lease, None);
    script(CLAIM, key, token)
        .arg(whole_ms(lease))
        .arg(u8::from(refresh))
        .arg(nothing)
}

/// Invalidates, and takes the lease: so that one can store what one knows already, unless it is invalid by then.
pub(crate) fn take(
    key: &str,
    token: Token,
    lease: Duration,
    tombstone: Option<Duration>,
) -> Script {
    let (nothing, life) = nothing(lease, tombstone);
    script(TAKE, key, token)
        .arg(whole_ms(lease))
        .arg(nothing)
        .arg(life.whole_ms())
}

/// An entry without a value, and how long it is there. `tombstone`: it says so for that long to those who keep copies.
fn nothing(lease: Duration, tombstone: Option<Duration>) -> (Vec<u8>, Life) {
    let (kind, life) = match tombstone {
        Some(tombstone) => (Kind::Invalid, tombstone),
        None => (Kind::Lease, lease),
    };
    let life = Life::new(life, Duration::ZERO);
    let entry = write(Token::NOBODY, kind, life, Duration::ZERO, b"");
    (entry, life)
}

/// Stores the entry, which [`write`] has made with the same token.
pub(crate) fn store(key: &str, token: Token, entry: &[u8], life: Life) -> Script {
    Script::new(STORE, &[key.as_bytes()])
        .arg(token.to_string())
        .arg(entry)
        .arg(life.whole_ms())
}

/// Gives the lease back.
pub(crate) fn release(key: &str, token: Token) -> Script {
    Script::new(RELEASE, &[key.as_bytes()]).arg(token.to_string())
}

/// Invalidates: deletes the entry and its lease. `tombstone`: says so for that long to those who keep copies.
pub(crate) fn invalidation(key: &str, tombstone: Option<Duration>) -> Cmd {
    if tombstone.is_none() {
        let mut command = redis::cmd("DEL");
        command.arg(key);
        return command;
    }
    let (entry, life) = nothing(Duration::ZERO, tombstone);
    let mut command = redis::cmd("SET");
    command.arg(key).arg(entry).arg("PX").arg(life.whole_ms());
    command
}

/// Sends an invalidation. Where Redis has no memory left for a tombstone, it still deletes.
pub(crate) async fn invalidate<Sent: Future<Output = RedisResult<()>>>(
    key: &str,
    tombstone: Option<Duration>,
    send: impl Fn(Cmd) -> Sent,
) -> RedisResult<()> {
    match send(invalidation(key, tombstone)).await {
        Err(error) if is_full(&error) => send(invalidation(key, None)).await,
        done => done,
    }
}

/// As [`invalidate`].
pub(crate) fn invalidate_blocking(
    key: &str,
    tombstone: Option<Duration>,
    send: impl Fn(Cmd) -> RedisResult<()>,
) -> RedisResult<()> {
    match send(invalidation(key, tombstone)) {
        Err(error) if is_full(&error) => send(invalidation(key, None)),
        done => done,
    }
}

/// Whether Redis has no memory left: it takes no tombstone then, but does delete.
pub(crate) fn is_full(error: &RedisError) -> bool {
    error.code() == Some("OOM")
}

fn script(code: &str, key: &str, token: Token) -> Script {
    Script::new(&[HEAD, code].concat(), &[key.as_bytes()]).arg(token.to_string())
}

fn whole_ms(lease: Duration) -> u64 {
    u64::try_from(lease.as_millis()).unwrap_or(u64::MAX).max(1)
}
