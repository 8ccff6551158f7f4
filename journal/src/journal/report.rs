//! What a journal says of itself to those who read the registry, and the orders that it takes from them.

use std::sync::Arc;
use std::time::Duration;

use redis_resilient_connection::__seam::connector;
use redis_resilient_runtime::registry::{JournalReport, RegisteredJournal, Replayed};

use super::{Inner, Journal};
use crate::clock::unix_ms;

impl RegisteredJournal for Inner {
    fn report(&self) -> JournalReport {
        let limits = self.waiting.limits();
        let description = connector::description(&self.connector);
        let mut report = JournalReport::new(self.name, description, limits.entries, limits.bytes);
        let progress = self.progress();
        report.waiting = progress.waiting;
        report.waiting_bytes = progress.waiting_bytes;
        report.oldest = self.waiting.oldest().map(|accepted| {
            let now = unix_ms() / 1_000;
            Duration::from_secs(now.saturating_sub(accepted))
        });
        report.draining = self.drain.shared.progress.is_running();
        report.executed = progress.executed;
        report.per_second = progress.per_second;
        report.eta = progress.eta;
        report.dead_letters = progress.dead;
        report.last_failure = self.drain.shared.events.last_failure();
        report
    }

    fn drain(&self) {
        self.drain.shared.look_now();
    }

    fn replay_dead_letters(self: Arc<Self>) -> Replayed {
        Box::pin(async move {
            let journal = Journal { inner: self };
            let mut replayed = 0;
            for letter in journal.dead_letters() {
                journal.replay(letter.id()).await?;
                replayed += 1;
            }
            Ok(replayed)
        })
    }
}
