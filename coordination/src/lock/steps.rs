//! How a lock is acquired while the slot of its two keys is being moved.
//!
//! A server has but one of them then, and takes no script for both. So they are asked for one after the other: the lock is taken without a
//! number, a number is drawn, and the lock gets it if it is still the same holder's. Whoever has the lock in the end has had it all the time
//! since before the number was drawn, so that numbers still follow one another as holders do.

use redis::RedisResult;

use redis_resilient_connection::__seam::script::Script;
use redis_resilient_connection::{BlockingConnection, Connection};

/// The next number, of the counter at `fence`, as `number` and as `text`.
///
/// That of the last holder is kept for a week after it, and is never under the server's clock in microseconds: of a counter that is lost, the
/// next number is greater all the same. What is written of it is exact up to 2^53, the year 2255.
macro_rules! draw {
    () => {
        "\
local last = tonumber(redis.call('GET', fence) or 0)
local now = redis.call('TIME')
local number = math.max(last + 1, now[1] * 1000000 + now[2])
local text = string.format('%.0f', number)
redis.call('SET', fence, text, 'PX', 604800000)
"
    };
}
pub(super) use draw;

const CLAIM: &str = "\
local held = redis.call('GET', KEYS[1])
if not held then
  redis.call('SET', KEYS[1], ARGV[1] .. '0', 'PX', ARGV[2])
  return 0
end
if held:sub(1, #ARGV[1]) ~= ARGV[1] then return false end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return tonumber(held:sub(#ARGV[1] + 1))";

const DRAW: &str = concat!("local fence = KEYS[1]\n", draw!(), "return number");

const CONFIRM: &str = "\
local held = redis.call('GET', KEYS[1])
if not held or held:sub(1, #ARGV[1]) ~= ARGV[1] then return false end
redis.call('SET', KEYS[1], ARGV[1] .. ARGV[3], 'PX', ARGV[2])
return tonumber(ARGV[3])";

/// The requests of one holder, with one key each.
pub(super) struct Steps {
    claim: Script,
    draw: Script,
    confirm: Script,
}

impl Steps {
    pub(super) fn new(key: &[u8], fence: &[u8], token: &str, lease_ms: u64) -> Self {
        let of_lock = |code| Script::new(code, &[key]).arg(token).arg(lease_ms);
        Self {
            claim: of_lock(CLAIM),
            draw: Script::new(DRAW, &[fence]),
            confirm: of_lock(CONFIRM),
        }
    }

    /// `None`: somebody else has the lock.
    pub(super) async fn run(&self, connection: &mut Connection) -> RedisResult<Option<u64>> {
        match self.claim.run(connection).await? {
            Some(0) => {
                let number: u64 = self.draw.run(connection).await?;
                self.confirm.clone().arg(number).run(connection).await
            }
            number_or_none => Ok(number_or_none),
        }
    }

    /// The same in synchronous code.
    pub(super) fn run_blocking(
        &self,
        connection: &mut BlockingConnection,
    ) -> RedisResult<Option<u64>> {
        match self.claim.run_blocking(connection)? {
            Some(0) => {
                let number: u64 = self.draw.run_blocking(connection)?;
                self.confirm.clone().arg(number).run_blocking(connection)
            }
            number_or_none => Ok(number_or_none),
        }
    }
}
