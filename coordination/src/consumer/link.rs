//! What is said to the server in the name of one consumer.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use redis::{Cmd, RedisError, RedisResult, Value};
use redis_resilient_connection::__seam::script::Script;
use redis_resilient_connection::Connector;
use redis_resilient_runtime::__seam::clock::{self, Instant};
use redis_resilient_runtime::__seam::is_retried;
use redis_resilient_runtime::Class;

use super::pacing::{Pauses, Trouble};
use super::settings::Settings;

pub(super) struct Link {
    redis: Connector,
    stream: Vec<u8>,
    group: String,
    me: String,
    /// How many entries the stream had been given when it was last looked at.
    seen: AtomicU64,
    trouble: Mutex<Trouble>,
    /// A reply that takes longer is slow.
    expected: Duration,
}

impl Link {
    pub(super) fn new(redis: &Connector, settings: &Settings, me: String) -> Self {
        Self {
            redis: redis.clone(),
            stream: settings.stream.clone(),
            group: settings.group.clone(),
            me,
            seen: AtomicU64::new(0),
            trouble: Mutex::new(Trouble::begin(clock::now())),
            expected: settings.keep_every(),
        }
    }

    pub(super) fn stream(&self) -> &[u8] {
        &self.stream
    }

    pub(super) fn group(&self) -> &str {
        &self.group
    }

    pub(super) fn me(&self) -> &str {
        &self.me
    }

    pub(super) fn seen(&self) -> u64 {
        self.seen.load(Ordering::Relaxed)
    }

    pub(super) fn saw(&self, added: u64) {
        self.seen.store(added, Ordering::Relaxed);
    }

    /// One of this consumer's scripts, over the stream and perhaps another key.
    pub(super) fn script(&self, code: &str, other: Option<&[u8]>) -> Script {
        let mut keys = vec![&self.stream[..]];
        keys.extend(other);
        Script::new(code, &keys)
            .arg(&self.group)
            .arg(&self.me)
            .arg(self.seen())
    }

    /// Sent once.
    pub(super) async fn run(&self, script: &Script) -> RedisResult<Value> {
        let sent = clock::now();
        let answer = async { script.run(&mut self.redis.get().await?).await }.await;
        self.ended(sent, &answer, Duration::ZERO);
        answer
    }

    /// Sent once; it may wait in the server for so long.
    pub(super) async fn send(&self, command: &Cmd, waits: Duration) -> RedisResult<Value> {
        let sent = clock::now();
        let answer = async { command.query_async(&mut self.redis.get().await?).await }.await;
        self.ended(sent, &answer, waits);
        answer
    }

    pub(super) fn connector(&self) -> &Connector {
        &self.redis
    }

    /// Whether the server has been well for so long that others have had the time to say that they are too.
    pub(super) fn is_well_for(&self, time: Duration) -> bool {
        self.trouble().is_over(clock::now(), time)
    }

    fn ended(&self, sent: Instant, answer: &RedisResult<Value>, waits: Duration) {
        let failed = answer.as_ref().is_err_and(is_outage);
        let expected = self.expected.saturating_add(waits);
        self.trouble().ended(sent, clock::now(), failed, expected);
    }

    fn trouble(&self) -> std::sync::MutexGuard<'_, Trouble> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends something again and again, though each of it may be executed.
#[derive(Debug, Default)]
pub(super) struct Insistence(Pauses);

impl Insistence {
    /// The answer, if there is one; otherwise a pause, whatever the failure.
    pub(super) async fn done<T>(&mut self, answer: RedisResult<T>) -> Option<T> {
        if answer.is_err() {
            self.pause().await;
        }
        answer.ok()
    }

    /// The answer, if there is one, or a failure that does not go away; otherwise a pause.
    pub(super) async fn answered<T>(&mut self, answer: RedisResult<T>) -> Option<RedisResult<T>> {
        match answer {
            Err(error) if is_retried(Class::of(&error), Some(true)) => {
                self.pause().await;
                None
            }
            answer => Some(answer),
        }
    }

    async fn pause(&mut self) {
        tokio::time::sleep(self.0.after_failure(fastrand::u32(..))).await;
    }
}

/// Whether the server was away, rather than of another opinion.
fn is_outage(error: &RedisError) -> bool {
    !matches!(Class::of(error), Class::Permanent | Class::Misconfigured)
}

/// Whether an error says that the group, or the stream, is not there any more. Which of these it says depends on the server's version.
pub(super) fn is_group_lost(error: &RedisError) -> bool {
    matches!(error.code(), Some("NOGROUP" | "UNBLOCKED" | "WRONGTYPE"))
}
