//! Where a journal keeps its entries: what all such places have in common.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use redis_resilient_runtime::__seam::block_on;
use tokio::sync::oneshot;

use crate::dead_letter::DeadLetter;
use crate::entry::Entry;
use crate::error::JournalError;
use crate::waiting::Room;

/// Where entries are kept until Redis has executed them.
pub(crate) trait Keeper: fmt::Debug + Send + Sync {
    /// Keeps them, in this order, behind all others. Once the acknowledgement says so they are kept for good, as far as this place promises.
    fn append(&self, entries: Vec<Entry>, room: Room) -> Acknowledgement<()>;

    /// A walk over what waits.
    fn pass(&self) -> Box<dyn Pass>;

    /// These are not met again, in this process or another. Their keys are free for direct writes after that.
    fn finish(&self, finished: Vec<Kept>) -> Acknowledgement<()>;

    /// Sets one aside that Redis will never execute, with what it says of it.
    fn bury(&self, kept: Kept, error: String) -> Acknowledgement<()>;

    /// What was set aside, the oldest first.
    fn dead_letters(&self) -> Vec<Arc<DeadLetter>>;

    /// How many those are.
    fn dead(&self) -> usize;

    /// Takes one out of those. `again`: behind all that wait, instead of away.
    fn exhume(&self, id: u64, again: Option<Room>) -> Acknowledgement<()>;

    /// Asks whether this process is the one that executes what waits. Where each has its own, it is.
    fn lead(&self) -> Acknowledgement<bool> {
        Acknowledgement::known(Ok(true))
    }

    /// Whether it still is, at this moment.
    fn leads(&self) -> bool {
        true
    }

    /// It executes nothing for now: another process may.
    fn rest(&self) {}

    /// Lets go of what is held, so that it can be opened again.
    fn close(&self) -> Acknowledgement<()>;
}

/// A walk over what waits, from the oldest on.
pub(crate) trait Pass: Send {
    /// The next ones, at most so many; none at the end.
    fn next(&mut self, most: usize) -> Acknowledgement<Vec<Kept>>;
}

/// An entry, and its number in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) number: u64,
    pub(crate) entry: Entry,
}

/// What becomes of something that was asked of a keeper; for asynchronous code a future, for synchronous code [`wait`](Self::wait).
#[derive(Debug)]
#[must_use]
pub(crate) struct Acknowledgement<T>(Answer<T>);

#[derive(Debug)]
enum Answer<T> {
    Known(Option<Result<T, JournalError>>),
    Later(oneshot::Receiver<Result<T, JournalError>>),
}

/// Gives the answer.
pub(crate) type Promise<T> = oneshot::Sender<Result<T, JournalError>>;

impl<T> Acknowledgement<T> {
    pub(crate) const fn known(result: Result<T, JournalError>) -> Self {
        Self(Answer::Known(Some(result)))
    }

    pub(crate) fn later() -> (Promise<T>, Self) {
        let (promise, receiver) = oneshot::channel();
        (promise, Self(Answer::Later(receiver)))
    }

    /// Blocks until it is known.
    pub(crate) fn wait(self) -> Result<T, JournalError> {
        match self.0 {
            Answer::Known(result) => result.unwrap_or(Err(JournalError::Closed)),
            // Outside of a runtime, or in a place where a caller has chosen to block.
            Answer::Later(receiver) => match block_on(receiver, Duration::MAX) {
                Some(Ok(answer)) => answer,
                _ => Err(JournalError::Closed),
            },
        }
    }
}

impl<T: Unpin> Future for Acknowledgement<T> {
    type Output = Result<T, JournalError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            Answer::Known(result) => {
                Poll::Ready(result.take().unwrap_or(Err(JournalError::Closed)))
            }
            // Who was to answer is gone.
            Answer::Later(receiver) => Pin::new(receiver)
                .poll(context)
                .map(|answer| answer.unwrap_or(Err(JournalError::Closed))),
        }
    }
}
