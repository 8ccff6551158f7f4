//! The gate through which spare connections to one server are made: a few at the same time, one at a time after a failure, and none too soon.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use redis::{ErrorKind, RedisError, RedisResult};
use tokio::sync::Notify;

use super::turns::{Answer, Turn, Turns};
use crate::clock::now_ms;

#[derive(Debug, Default)]
pub(super) struct Gate {
    turns: Mutex<Turns>,
    /// Told of each connect that is over.
    pub(super) changed: Notify,
}

/// What somebody is told who wants to connect.
pub(super) enum Entry {
    Connect(Ticket),
    Wait,
    Fail(RedisError),
}

/// Leave to connect once; given back when it is dropped.
pub(super) struct Ticket {
    gate: Arc<Gate>,
    turn: Turn,
    is_over: bool,
}

impl Gate {
    /// `longest_ms`: how long the connect can take.
    pub(super) fn enter(self: &Arc<Self>, longest_ms: u64) -> Entry {
        let now_ms = now_ms();
        match self.turns().take(now_ms, now_ms.saturating_add(longest_ms)) {
            Answer::Connect(turn) => Entry::Connect(Ticket {
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
        self.turns().refusal(now_ms())
    }

    fn turns(&self) -> MutexGuard<'_, Turns> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ticket {
    /// This has come of it.
    pub(super) fn end<T>(mut self, result: &RedisResult<T>) {
        self.is_over = true;
        let mut turns = self.gate.turns();
        match result {
            Ok(_) => turns.succeeded(&self.turn),
            Err(error) => turns.failed(&self.turn, error.clone(), now_ms()),
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if !self.is_over {
            let mut turns = self.gate.turns();
            if thread::panicking() {
                // Or the next caller would be the next to panic, and so on without end.
                let what = "connecting has panicked, with a message of its own";
                let error = RedisError::from((ErrorKind::InvalidClientConfig, what));
                turns.failed(&self.turn, error, now_ms());
            } else {
                turns.left(&self.turn);
            }
        }
        self.gate.changed.notify_one();
    }
}
