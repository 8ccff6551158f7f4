//! What is said to the server about a lock, and until it has answered.

use redis::RedisResult;

use super::Lock;
use super::attempts::Attempts;
use super::lease::Lease;
use crate::clock::{self, Instant};
use crate::connection::script::Script;
use crate::connection::{BlockingConnection, Connector, slot, token};

/// The number of the last holder is kept for a week after it, and is never under the server's clock in microseconds: of a counter that is
/// lost, the next number is greater all the same. What is written of it is exact up to 2^53, the year 2255.
///
/// A server that takes no writes says so at the first one of a script: nothing has been executed, and its error is handed on as it is.
const ACQUIRE: &str = "\
local held = redis.call('GET', KEYS[1])
if held then
  if held:sub(1, #ARGV[1]) ~= ARGV[1] then return false end
  local kept = redis.pcall('PEXPIRE', KEYS[1], ARGV[2])
  if type(kept) == 'table' then return kept end
  return tonumber(held:sub(#ARGV[1] + 1))
end
local last = tonumber(redis.call('GET', KEYS[2]) or 0)
local now = redis.call('TIME')
local number = math.max(last + 1, now[1] * 1000000 + now[2])
local text = string.format('%.0f', number)
local counted = redis.pcall('SET', KEYS[2], text, 'PX', 604800000)
if counted.err then return counted end
redis.call('SET', KEYS[1], ARGV[1] .. text, 'PX', ARGV[2])
return number";

const EXTEND: &str = "\
local held = redis.call('GET', KEYS[1])
if not held or held:sub(1, #ARGV[1]) ~= ARGV[1] then return false end
return redis.pcall('PEXPIRE', KEYS[1], ARGV[2])";

const RELEASE: &str = "\
local held = redis.call('GET', KEYS[1])
if not held or held:sub(1, #ARGV[1]) ~= ARGV[1] then return false end
return redis.pcall('DEL', KEYS[1])";

/// The requests of one holder, under its token. Not to be printed: who knows the token can release the lock.
pub(super) struct Requests {
    pub(super) acquire: Script,
    pub(super) extend: Script,
    pub(super) release: Script,
}

impl Requests {
    /// With a token of their own.
    pub(super) fn new(lock: &Lock<'_>) -> Self {
        // What is kept begins with it, and the number follows.
        let token = format!("{:032x}:", token::fresh());
        let key = lock.key.as_bytes();
        let fence = slot::beside(key, format!("fence:{}", lock.key).as_bytes());
        Self {
            acquire: Script::new(ACQUIRE, &[key, &fence])
                .arg(&token)
                .arg(lock.lease_ms),
            extend: Script::new(EXTEND, &[key]).arg(&token).arg(lock.lease_ms),
            release: Script::new(RELEASE, &[key]).arg(&token),
        }
    }
}

/// An answer of the server.
#[derive(Debug)]
pub(super) struct Answer {
    /// `None`: the lock is not, or not any more, the one's who asks.
    pub(super) number: Option<u64>,
    /// When the request that it answers was sent.
    pub(super) sent: Instant,
}

impl Answer {
    /// Of a release: whether the lock was still the one's who asked.
    pub(super) fn is_ours(&self, attempts: &Attempts, lease: Lease) -> bool {
        // An earlier attempt may have released it whose reply was lost: nobody else can have had it while the lease lasts.
        let by_an_earlier = || attempts.is_unsettled() && lease.is_held(clock::now());
        self.number.is_some() || by_an_earlier()
    }
}

/// Sends a request, again and again as `attempts` has it.
pub(super) async fn send(
    redis: &Connector,
    request: &Script,
    attempts: &mut Attempts,
) -> RedisResult<Answer> {
    loop {
        let sent = clock::now();
        let outcome = match redis.get().await {
            Ok(mut connection) => request.run(&mut connection).await,
            Err(error) => Err(error),
        };
        match attempts.pause_after(&outcome, clock::now(), fastrand::u32(..)) {
            Some(pause) => tokio::time::sleep(pause).await,
            None => return outcome.map(|number| Answer { number, sent }),
        }
    }
}

/// The same in synchronous code, over a connection that is kept.
pub(super) fn send_blocking(
    redis: &Connector,
    kept: &mut Option<BlockingConnection>,
    request: &Script,
    attempts: &mut Attempts,
) -> RedisResult<Answer> {
    loop {
        let sent = clock::now();
        let outcome = run_blocking(redis, kept, request);
        match attempts.pause_after(&outcome, clock::now(), fastrand::u32(..)) {
            Some(pause) => clock::sleep(pause),
            None => return outcome.map(|number| Answer { number, sent }),
        }
    }
}

fn run_blocking(
    redis: &Connector,
    kept: &mut Option<BlockingConnection>,
    request: &Script,
) -> RedisResult<Option<u64>> {
    let connection = match kept {
        Some(connection) => connection,
        None => kept.insert(redis.get_blocking()?),
    };
    request.run_blocking(connection)
}
