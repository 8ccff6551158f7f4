//! What one open page is sent.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Bytes;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

/// What pages are shown.
#[derive(Clone, Debug)]
pub(super) enum Watched {
    Nothing,
    Sample(Bytes),
    /// The server is to end.
    Ended,
}

/// A place among those that watch, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Slot(Arc<AtomicUsize>);

impl Slot {
    /// One more; and how many there were before.
    pub(super) fn take(watchers: &Arc<AtomicUsize>) -> (Self, usize) {
        let before = watchers.fetch_add(1, Ordering::SeqCst);
        (Self(watchers.clone()), before)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// After so long a stream ends, and the page opens another: a server that is asked to end does not wait for longer.
const LONGEST: Duration = Duration::from_secs(10);

/// How soon pages open another one, and how they know that they are connected.
const HEAD: &str = "retry: 500\n\n";

/// The events of one page.
pub(super) struct Stream {
    next: Pin<Box<dyn Future<Output = (Option<Bytes>, Source)> + Send>>,
    has_ended: bool,
}

struct Source {
    samples: watch::Receiver<Watched>,
    until: Instant,
    is_first: bool,
    _slot: Slot,
}

impl Stream {
    pub(super) fn new(slot: Slot, samples: watch::Receiver<Watched>) -> Self {
        let source = Source {
            samples,
            until: Instant::now() + LONGEST,
            is_first: true,
            _slot: slot,
        };
        Self {
            next: Box::pin(source.next()),
            has_ended: false,
        }
    }
}

impl Source {
    async fn next(mut self) -> (Option<Bytes>, Self) {
        if std::mem::take(&mut self.is_first) {
            return (Some(Bytes::from_static(HEAD.as_bytes())), self);
        }
        let changed = async {
            self.samples.changed().await.ok()?;
            match &*self.samples.borrow_and_update() {
                Watched::Sample(sample) => Some(sample.clone()),
                Watched::Nothing | Watched::Ended => None,
            }
        };
        let until = self.until;
        let sample = timeout_at(until, changed).await.ok().flatten();
        (sample, self)
    }
}

impl futures_core::Stream for Stream {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.has_ended {
            return Poll::Ready(None);
        }
        let Poll::Ready((sample, source)) = self.next.as_mut().poll(context) else {
            return Poll::Pending;
        };
        let Some(sample) = sample else {
            self.has_ended = true;
            return Poll::Ready(None);
        };
        self.next = Box::pin(source.next());
        Poll::Ready(Some(Ok(sample)))
    }
}
