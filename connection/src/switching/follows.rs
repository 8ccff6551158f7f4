//! What a connection keeps that goes along from database to database.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use redis::{ErrorKind, RedisError, RedisResult};

use super::{Stamp, Switching};
use crate::manager::Manager;

/// Where a connection leads, and where it ought to.
#[derive(Clone, Debug)]
pub(crate) struct Follows {
    switching: Arc<Switching>,
    stamp: Stamp,
}

impl Follows {
    /// Of a connection to the present database, which is yet to be made.
    pub(crate) fn new(switching: Arc<Switching>) -> Self {
        let stamp = switching.stamp();
        Self { switching, stamp }
    }

    pub(crate) const fn switching(&self) -> &Arc<Switching> {
        &self.switching
    }

    pub(crate) fn manager(&self) -> &Arc<Manager> {
        &self.switching.places()[self.stamp.database()].manager
    }

    /// Where commands go now, if that is not where they went last: whoever asks goes there.
    pub(crate) fn moved_to(&self) -> Option<Self> {
        let stamp = self.switching.stamp();
        (stamp != self.stamp).then(|| Self {
            switching: self.switching.clone(),
            stamp,
        })
    }

    /// What comes of connecting; `None`: commands go to another database before anything does.
    pub(crate) async fn unless_moved<T>(
        &self,
        connect: impl Future<Output = RedisResult<T>>,
    ) -> Option<RedisResult<T>> {
        let mut moved = pin!(self.switching.moved.notified());
        moved.as_mut().enable();
        if self.moved_to().is_some() {
            return None;
        }
        let mut connect = pin!(connect);
        let connected = poll_fn(|context| match connect.as_mut().poll(context) {
            Poll::Ready(connected) => Poll::Ready(Some(connected)),
            Poll::Pending => moved.as_mut().poll(context).map(|()| None),
        });
        Some(self.saw(connected.await?))
    }

    /// What has become of a command, or of connecting.
    pub(crate) fn saw<T>(&self, outcome: RedisResult<T>) -> RedisResult<T> {
        outcome.inspect_err(|error| self.switching.saw(self.stamp, error))
    }
}

/// What was written went to another database: of that nobody can say here how far it has come.
pub(crate) fn wrote_elsewhere() -> RedisError {
    (
        ErrorKind::Client,
        "WAIT waits for writes over its own connection, but commands go to another database since the last one",
    )
        .into()
}
