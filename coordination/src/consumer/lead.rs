//! Where there is an order, one consumer of a group is at work, and the others stand by: entries of one key that went to two would be handled beside each
//! other.

use redis::RedisResult;
use redis_resilient_connection::__seam::slot;

use super::run::Run;
use super::settings::Settings;
use crate::lock::{Lock, LockGuard};

/// A lock takes no longer lease.
const LONGEST: std::time::Duration = std::time::Duration::from_secs(86_400);

/// Whether it is this consumer that is at work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lead {
    Ours,
    /// Since now.
    New,
    /// Another consumer's, as far as is known.
    Other,
}

/// The lock of those who work in an order.
#[derive(Debug)]
pub(super) struct Leading {
    key: String,
    guard: Option<LockGuard>,
}

impl Leading {
    pub(super) fn of(settings: &Settings) -> Self {
        let name = format!("lead:{}", settings.group);
        let key = slot::beside(&settings.stream, name.as_bytes());
        Self {
            key: String::from_utf8_lossy(&key).into_owned(),
            guard: None,
        }
    }

    /// Keeps the lead, or takes it if nobody has it.
    pub(super) async fn keep(&mut self, run: &Run) -> RedisResult<Lead> {
        if !run.settings.is_ordered {
            return Ok(Lead::Ours);
        }
        if self.guard.as_ref().is_some_and(LockGuard::is_held) {
            return Ok(Lead::Ours);
        }
        run.leads(false);
        self.guard = None;
        let lease = run.settings.claim_after.min(LONGEST);
        let lock = Lock::new(&self.key).lease(lease);
        let guard = lock.try_acquire(run.link.connector()).await?;
        self.guard = guard.map(LockGuard::keep_alive);
        let is_ours = self.guard.is_some();
        run.leads(is_ours);
        Ok(if is_ours { Lead::New } else { Lead::Other })
    }

    /// Leaves it to others.
    pub(super) async fn leave(&mut self) {
        if let Some(guard) = self.guard.take() {
            // It ends with its lease otherwise.
            let _ = guard.release().await;
        }
    }
}
