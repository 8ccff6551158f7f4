//! The gate through which dedicated connections to one server are made: a few at the same time, one at a time after a failure, and none too soon.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use redis::{RedisError, RedisResult};
use tokio::sync::Notify;

use super::connects::{Answer, Connects, Turn};
use crate::manager::failed::panicked;
use redis_resilient_runtime::__seam::clock::now_ms;

#[derive(Debug, Default)]
pub(super) struct Gate {
    connects: Mutex<Connects>,
    /// Told of each connect that is over.
    pub(super) changed: Notify,
}

/// What somebody is told who wants to connect.
pub(super) enum Entry {
    Connect(Admission),
    Wait,
    Fail(RedisError),
}

/// Leave to connect once; given back when it is dropped.
pub(super) struct Admission {
    gate: Arc<Gate>,
    turn: Turn,
    is_over: bool,
}

impl Gate {
    /// `longest_ms`: how long the connect can take.
    pub(super) fn enter(self: &Arc<Self>, longest_ms: u64) -> Entry {
        let now_ms = now_ms();
        match self
            .connects()
            .take(now_ms, now_ms.saturating_add(longest_ms))
        {
            Answer::Connect(turn) => Entry::Connect(Admission {
                gate: self.clone(),
                turn,
                is_over: false,
            }),
            Answer::Wait => Entry::Wait,
            Answer::Fail(error) => Entry::Fail(error),
        }
    }

    /// What somebody is told without a turn.
    pub(super) fn refusal(&self) -> Option<RedisError> {
        self.connects().refusal(now_ms())
    }

    fn connects(&self) -> MutexGuard<'_, Connects> {
        self.connects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Admission {
    /// This has come of it. How long the rest is that follows.
    pub(super) fn end<T>(mut self, result: &RedisResult<T>) -> Option<Duration> {
        self.is_over = true;
        let mut connects = self.gate.connects();
        match result {
            Ok(_) => {
                connects.succeeded(&self.turn);
                None
            }
            Err(error) => Some(connects.failed(&self.turn, error.clone(), now_ms())),
        }
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        if !self.is_over {
            let mut connects = self.gate.connects();
            if thread::panicking() {
                connects.failed(&self.turn, panicked(), now_ms());
            } else {
                connects.left(&self.turn);
            }
        }
        self.gate.changed.notify_one();
    }
}
