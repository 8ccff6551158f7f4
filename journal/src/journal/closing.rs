//! The end of a journal.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::Journal;
use crate::error::JournalError;

/// Between two looks whether it is empty.
const LOOK: Duration = Duration::from_millis(10);

impl Journal {
    /// Takes no more, has executed what can be in that time, and lets go of the directory. What is left waits there for the next who opens it; in
    /// memory it is lost.
    ///
    /// How many writes that are.
    ///
    /// # Errors
    /// If it could not be written down what was executed: who opens it next executes that again.
    ///
    /// # Cancellation
    /// It takes no more, and goes on to be emptied until the last handle is dropped.
    pub async fn close(&self, within: Duration) -> Result<u64, JournalError> {
        self.inner.is_closed.store(true, Ordering::SeqCst);
        let begun = Instant::now();
        while !self.is_empty() && begun.elapsed() < within {
            sleep(LOOK).await;
        }
        let inner = self.inner.clone();
        // It waits for what is under way.
        let ended = tokio::task::spawn_blocking(move || inner.drain.end()).await;
        drop(ended);
        let left = self.inner.waiting.entries();
        self.inner.keeper.close().await?;
        Ok(left)
    }

    /// As [`close`](Self::close), by blocking the thread.
    ///
    /// # Errors
    /// As [`close`](Self::close).
    pub fn close_blocking(&self, within: Duration) -> Result<u64, JournalError> {
        self.inner.is_closed.store(true, Ordering::SeqCst);
        let begun = Instant::now();
        while !self.is_empty() && begun.elapsed() < within {
            std::thread::sleep(LOOK);
        }
        self.inner.drain.end();
        let left = self.inner.waiting.entries();
        self.inner.keeper.close().wait()?;
        Ok(left)
    }
}
