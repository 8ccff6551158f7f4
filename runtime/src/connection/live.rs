//! What is connected, and what has been seen of it.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use redis::{ConnectionAddr, ErrorKind, RedisError, ServerErrorKind, Value};

use super::source::Connected;
use super::wire::Wire;
use crate::Class;

// Each is a hint by itself; nothing is published through them.
const ORDER: Ordering = Ordering::Relaxed;

/// The connections that were made together, until one of them is given up, and all with it.
#[derive(Debug)]
pub(super) struct Live {
    wires: Vec<Wire>,
    address: Option<ConnectionAddr>,
    next: AtomicUsize,
    given_up: AtomicBool,
    /// Commands in a row that got no answer.
    unanswered: AtomicU32,
    /// When an answer came last, in milliseconds.
    answered_ms: AtomicU64,
    /// When the first command was sent of those since then; 0 if there is none.
    asked_ms: AtomicU64,
    /// Connections for commands that wait in the server, while none of them uses it: they would hold up all others.
    spare: Mutex<Vec<Wire>>,
    /// When the server's address was last known to be right, in milliseconds.
    verified_ms: AtomicU64,
    /// One at a time tries it, or asks where it ought to lead; all others wait for that.
    pub(super) checking: tokio::sync::Mutex<()>,
}

impl Live {
    /// Just connected: the handshake was an answer.
    pub(super) fn new(connected: Connected, now_ms: u64) -> Self {
        Self {
            wires: connected.wires,
            address: connected.address,
            next: AtomicUsize::new(0),
            given_up: AtomicBool::new(false),
            unanswered: AtomicU32::new(0),
            answered_ms: AtomicU64::new(now_ms),
            asked_ms: AtomicU64::new(0),
            spare: Mutex::new(Vec::new()),
            verified_ms: AtomicU64::new(now_ms),
            checking: tokio::sync::Mutex::new(()),
        }
    }

    pub(super) fn take_spare(&self) -> Option<Wire> {
        self.spare
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop()
    }

    pub(super) fn put_back(&self, spare: Wire) {
        let mut spares = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        spares.push(spare);
    }

    /// The connection whose turn it is.
    pub(super) fn wire(&self) -> Option<Wire> {
        match &*self.wires {
            [only] => Some(only.clone()),
            several => {
                let turn = self.next.fetch_add(1, ORDER) % several.len().max(1);
                several.get(turn).cloned()
            }
        }
    }

    pub(super) fn is_given_up(&self) -> bool {
        self.given_up.load(ORDER)
    }

    pub(super) fn give_up(&self) {
        self.given_up.store(true, ORDER);
    }

    pub(super) fn idle_ms(&self, now_ms: u64) -> u64 {
        now_ms.saturating_sub(self.answered_ms.load(ORDER))
    }

    pub(super) const fn leads_to(&self) -> Option<&ConnectionAddr> {
        self.address.as_ref()
    }

    pub(super) fn unverified_ms(&self, now_ms: u64) -> u64 {
        now_ms.saturating_sub(self.verified_ms.load(ORDER))
    }

    pub(super) fn verified(&self, now_ms: u64) {
        self.verified_ms.store(now_ms, ORDER);
    }

    /// A command is sent.
    pub(super) fn asked(&self, now_ms: u64) {
        if self.asked_ms.load(ORDER) == 0 {
            self.asked_ms.store(now_ms, ORDER);
        }
    }

    /// An answer came.
    pub(super) fn answered(&self, now_ms: u64) {
        if self.unanswered.load(ORDER) != 0 {
            self.unanswered.store(0, ORDER);
        }
        self.asked_ms.store(0, ORDER);
        self.answered_ms.store(now_ms, ORDER);
    }

    /// No answer came in time; `limit` of them in a row are enough to give the connection up.
    pub(super) fn timed_out(&self, limit: u32) {
        if self.unanswered.fetch_add(1, ORDER) + 1 >= limit {
            self.give_up();
        }
    }

    /// A caller has stopped waiting. That says nothing about the connection, unless nothing at all has been heard of it for so long.
    pub(super) fn left_alone(&self, now_ms: u64, limit_ms: u64) {
        let asked_ms = self.asked_ms.load(ORDER);
        if asked_ms != 0 && now_ms.saturating_sub(asked_ms) >= limit_ms {
            self.give_up();
        }
    }
}

/// Whether this failure says that the connection is of no use any more, or that it leads to the wrong server.
pub(super) fn ends_connection(error: &RedisError) -> bool {
    match error.kind() {
        ErrorKind::AuthenticationFailed => true,
        // Timeouts are counted; all other I/O errors are final, and so is a reply that was cut off.
        ErrorKind::Io => !error.is_timeout(),
        ErrorKind::Parse => Class::of(error) == Class::Ambiguous,
        ErrorKind::Server(kind) => leads_elsewhere(kind),
        ErrorKind::Extension => error.code().is_some_and(asks_who_it_is),
        _ => false,
    }
}

/// Whether there is such an error among the replies: redis-rs looks for them later.
pub(super) fn has_end(reply: &Value) -> bool {
    match reply {
        Value::ServerError(error) => match error.kind() {
            Some(kind) => leads_elsewhere(kind),
            None => asks_who_it_is(error.code()),
        },
        _ => false,
    }
}

const fn leads_elsewhere(kind: ServerErrorKind) -> bool {
    matches!(
        kind,
        ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown | ServerErrorKind::Moved
    )
}

/// It has forgotten, or the server has changed its role under a command that waited.
fn asks_who_it_is(code: &str) -> bool {
    matches!(code, "NOAUTH" | "WRONGPASS" | "UNBLOCKED")
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    fn live() -> Live {
        let nothing = Connected {
            wires: Vec::new(),
            address: None,
        };
        Live::new(nothing, 1000)
    }

    #[test]
    fn timeouts_in_a_row_give_it_up() {
        let live = live();
        live.timed_out(2);
        live.answered(1001);
        live.timed_out(2);
        assert!(!live.is_given_up(), "there was an answer in between");
        live.timed_out(2);
        assert!(live.is_given_up());
    }

    #[test]
    fn callers_that_leave_give_it_up_only_when_nothing_was_heard_for_long() {
        let live = live();
        live.asked(1000);
        live.left_alone(1100, 500);
        live.answered(1150);
        live.asked(1200);
        live.left_alone(1300, 500);
        live.asked(1400);
        live.left_alone(1699, 500);
        assert!(!live.is_given_up());
        live.left_alone(1700, 500);
        assert!(live.is_given_up());
    }

    #[test]
    fn it_is_idle_since_its_last_answer() {
        let live = live();
        assert_eq!(live.idle_ms(1500), 500);
        live.answered(1400);
        assert_eq!(live.idle_ms(1500), 100);
        assert_eq!(live.idle_ms(0), 0, "a clock may go back");
    }

    #[test]
    fn what_ends_a_connection() {
        let io = |kind| RedisError::from(io::Error::from(kind));
        for (error, ends) in [
            (io(io::ErrorKind::BrokenPipe), true),
            (io(io::ErrorKind::ConnectionReset), true),
            (io(io::ErrorKind::UnexpectedEof), true),
            (io(io::ErrorKind::TimedOut), false),
            (io(io::ErrorKind::WouldBlock), false),
            ((ErrorKind::AuthenticationFailed, "no").into(), true),
            (
                (ErrorKind::Server(ServerErrorKind::ReadOnly), "no").into(),
                true,
            ),
            (
                (ErrorKind::Server(ServerErrorKind::MasterDown), "no").into(),
                true,
            ),
            (
                (ErrorKind::Server(ServerErrorKind::Moved), "no").into(),
                true,
            ),
            (
                (ErrorKind::Server(ServerErrorKind::BusyLoading), "no").into(),
                false,
            ),
            (
                (ErrorKind::Server(ServerErrorKind::ResponseError), "no").into(),
                false,
            ),
            ((ErrorKind::UnexpectedReturnType, "no").into(), false),
        ] {
            assert_eq!(ends_connection(&error), ends, "{error}");
        }
        for (code, ends) in [
            ("NOAUTH", true),
            ("WRONGPASS", true),
            ("WRONGTYPE", false),
            ("OOM", false),
        ] {
            let error = redis::make_extension_error(code.to_owned(), None);
            assert_eq!(ends_connection(&error), ends, "{code}");
        }
    }
}
