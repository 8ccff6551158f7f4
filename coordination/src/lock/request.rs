//! What is said to the server about a lock, and until it has answered.

use redis::{Cmd, RedisResult};

use super::Lock;
use super::attempts::Attempts;
use super::lease::Lease;
use super::steps::{Steps, draw};
use redis_resilient_connection::__seam::script::{Script, is_torn};
use redis_resilient_connection::__seam::slot;
use redis_resilient_connection::__seam::switching::switches;
use redis_resilient_connection::{BlockingConnection, Connection, Connector};
use redis_resilient_runtime::__seam::clock::{self, Instant};

use crate::token;

/// A holder's own value, and its number behind it; the number is 0 until it is known.
const ACQUIRE: &str = concat!(
    "\
local held = redis.call('GET', KEYS[1])
if held then
  if held:sub(1, #ARGV[1]) ~= ARGV[1] then return false end
  local number = tonumber(held:sub(#ARGV[1] + 1))
  if number > 0 then
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
    return number
  end
end
local fence = KEYS[2]
",
    draw!(),
    "
redis.call('SET', KEYS[1], ARGV[1] .. text, 'PX', ARGV[2])
return number"
);

const EXTEND: &str = "\
local held = redis.call('GET', KEYS[1])
if not held or held:sub(1, #ARGV[1]) ~= ARGV[1] then return false end
return redis.pcall('PEXPIRE', KEYS[1], ARGV[2])";

const RELEASE: &str = "\
local held = redis.call('GET', KEYS[1])
if not held or held:sub(1, #ARGV[1]) ~= ARGV[1] then return false end
return redis.pcall('DEL', KEYS[1])";

/// What a server is asked for, and what instead where a slot that is being moved has only one of the two keys.
pub(super) struct Request {
    whole: Script,
    steps: Option<Steps>,
}

impl Request {
    const fn of(whole: Script) -> Self {
        Self { whole, steps: None }
    }

    async fn run(&self, connection: &mut Connection) -> RedisResult<Option<u64>> {
        match (self.whole.run(connection).await, &self.steps) {
            (Err(error), Some(steps)) if is_torn(&error) => steps.run(connection).await,
            (answer, _) => answer,
        }
    }

    fn run_blocking(&self, connection: &mut BlockingConnection) -> RedisResult<Option<u64>> {
        match (self.whole.run_blocking(connection), &self.steps) {
            (Err(error), Some(steps)) if is_torn(&error) => steps.run_blocking(connection),
            (answer, _) => answer,
        }
    }

    /// What is sent where nobody waits for the answer.
    pub(super) const fn command(&self) -> &Cmd {
        self.whole.command()
    }
}

/// The requests of one holder, under its token. Not to be printed: who knows the token can release the lock.
pub(super) struct Requests {
    pub(super) acquire: Request,
    pub(super) extend: Request,
    pub(super) release: Request,
}

impl Requests {
    /// With a token of their own.
    ///
    /// # Errors
    /// If the system has no random numbers.
    pub(super) fn new(lock: &Lock<'_>) -> RedisResult<Self> {
        // What is kept begins with it, and the number follows.
        let token = format!("{:032x}:", token::fresh().map_err(token::missing)?);
        let key = lock.key.as_bytes();
        let fence = slot::beside(key, format!("fence:{}", lock.key).as_bytes());
        Ok(Self {
            acquire: Request {
                whole: Script::new(ACQUIRE, &[key, &fence])
                    .arg(&token)
                    .arg(lock.lease_ms),
                steps: Some(Steps::new(key, &fence, &token, lock.lease_ms)),
            },
            extend: Request::of(Script::new(EXTEND, &[key]).arg(&token).arg(lock.lease_ms)),
            release: Request::of(Script::new(RELEASE, &[key]).arg(&token)),
        })
    }
}

/// An answer of the server.
#[derive(Debug)]
pub(super) struct Answer {
    /// `None`: the lock is not, or not any more, the one's who asks.
    pub(super) number: Option<u64>,
    /// When the request that it answers was sent.
    pub(super) sent: Instant,
    /// How often the connector had gone to another database by then.
    pub(super) switches: u64,
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
    request: &Request,
    attempts: &mut Attempts,
) -> RedisResult<Answer> {
    loop {
        let (sent, switches) = (clock::now(), switches(redis));
        let outcome = match redis.get().await {
            Ok(mut connection) => request.run(&mut connection).await,
            Err(error) => Err(error),
        };
        match attempts.pause_after(&outcome, clock::now(), fastrand::u32(..)) {
            Some(pause) => tokio::time::sleep(pause).await,
            None => {
                return outcome.map(|number| Answer {
                    number,
                    sent,
                    switches,
                });
            }
        }
    }
}

/// The same in synchronous code, over a connection that is kept.
pub(super) fn send_blocking(
    redis: &Connector,
    kept: &mut Option<BlockingConnection>,
    request: &Request,
    attempts: &mut Attempts,
) -> RedisResult<Answer> {
    loop {
        let (sent, switches) = (clock::now(), switches(redis));
        let outcome = run_blocking(redis, kept, request);
        match attempts.pause_after(&outcome, clock::now(), fastrand::u32(..)) {
            Some(pause) => clock::sleep(pause),
            None => {
                return outcome.map(|number| Answer {
                    number,
                    sent,
                    switches,
                });
            }
        }
    }
}

fn run_blocking(
    redis: &Connector,
    kept: &mut Option<BlockingConnection>,
    request: &Request,
) -> RedisResult<Option<u64>> {
    let connection = match kept {
        Some(connection) => connection,
        None => kept.insert(redis.get_blocking()?),
    };
    request.run_blocking(connection)
}
