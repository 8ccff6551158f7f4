//! What a handler knows of the entry that it is given, and can do with it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use redis::{Cmd, ErrorKind, FromRedisValue, RedisError, RedisResult, ToRedisArgs, Value};
use redis_resilient_connection::__seam::command::args;
use redis_resilient_runtime::__seam::tagged;
use redis_resilient_runtime::Class;

use super::entry::EntryId;
use super::fingerprint;
use super::hand::Held;
use super::link::{Insistence, Link};
use super::reply;
use super::scripts::COMMIT;
use super::verdict::Standing;
use crate::once::Once;

/// The delivery of an entry to a handler, its second argument: how often it was tried, and how to do something exactly once.
///
/// Its methods that send something are repeated while Redis is away, until it answers or the consumer ends.
#[derive(Clone)]
pub struct Delivery {
    pub(super) link: Arc<Link>,
    pub(super) held: Arc<Held>,
    pub(super) remember_for: Duration,
}

impl Delivery {
    /// The entry's ID.
    #[must_use]
    pub fn id(&self) -> EntryId {
        self.held.id()
    }

    /// Which attempt this is, from 1: by the server's count, of all consumers together.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.held.begun()
    }

    /// Whether the entry is still this consumer's, as far as it knows: another may have taken it over, if this process stood still for long.
    #[must_use]
    pub fn is_held(&self) -> bool {
        !self.held.is_taken()
    }

    /// A token of the entry's own: what is executed with it is executed once, in whichever attempt and process.
    ///
    /// Several commands of one handler need different keys, or all but one are not executed.
    #[must_use]
    pub fn once(&self) -> Once {
        let link = &self.link;
        let token = fingerprint::of_delivery(link.stream(), link.group(), &self.held.entry);
        Once::with_token(token).remember_for(self.remember_for)
    }

    /// Executes a command, which works on `key`, unless an attempt for this entry has done so; its reply either way. As [`once`](Self::once), over the
    /// consumer's own connection.
    ///
    /// # Errors
    /// As [`Once::run`], but for those that go away: it is repeated while Redis is away.
    ///
    /// # Cancellation
    /// Safe: it may have been executed, and is not executed again.
    pub async fn run_once<T: FromRedisValue>(
        &self,
        key: impl ToRedisArgs + Send + Sync,
        command: &Cmd,
    ) -> RedisResult<T> {
        let (once, key) = (self.once(), key.to_redis_args().concat());
        let redis = self.link.connector();
        let mut insistence = Insistence::default();
        loop {
            let ran: RedisResult<Value> = async {
                let mut redis = redis.get().await?;
                once.run(&mut redis, &key[..], command).await
            }
            .await;
            if let Some(answer) = insistence.answered(ran).await {
                return Ok(T::from_redis_value(answer?)?);
            }
        }
    }

    /// Executes a command and acknowledges the entry, both or neither: exactly once, without anything that has to be remembered. Its reply; `None` if
    /// that has happened before, and the reply is not known.
    ///
    /// Nothing of the entry may be left to do after it: there is no further attempt. In a cluster, `key` has to be in the stream's slot.
    ///
    /// An entry that is in this process only, because the stream was trimmed or lost, cannot be acknowledged; for it this is
    /// [`run_once`](Self::run_once).
    ///
    /// # Errors
    /// What the command fails with; nothing is acknowledged then. [`Unavailable`](Class::Unavailable) if the group was lost and made again, and the
    /// entry will be delivered once more.
    ///
    /// # Cancellation
    /// Safe: both have happened, or neither.
    pub async fn commit<T: FromRedisValue>(
        &self,
        key: impl ToRedisArgs + Send + Sync,
        command: &Cmd,
    ) -> RedisResult<Option<T>> {
        let key = key.to_redis_args().concat();
        if self.held.is_settled() {
            return Ok(None);
        }
        if self.held.is_only_here() {
            return Ok(Some(self.run_once(key, command).await?));
        }
        let (mut is_unsure, mut insistence) = (false, Insistence::default());
        let (standing, reply) = loop {
            let script = self.link.script(COMMIT, Some(&key));
            let mut script = script.arg(self.id().to_string());
            for word in args(command) {
                script = script.arg(word);
            }
            let answer = self.link.run(&script).await;
            is_unsure |= answer
                .as_ref()
                .is_err_and(|error| Class::of(error) == Class::Ambiguous);
            if let Some(answer) = insistence.answered(answer).await {
                break reply::committed(answer?)?;
            }
        };
        match standing {
            Standing::Ours | Standing::Taken => {
                self.held.settle();
                Ok(Some(T::from_redis_value(reply)?))
            }
            Standing::Done => {
                self.held.settle();
                Ok(None)
            }
            // An attempt of which nothing was heard has acknowledged it.
            Standing::Vanished if is_unsure => {
                self.held.settle();
                Ok(None)
            }
            Standing::OnlyHere | Standing::Vanished => {
                self.held.stays_only_here();
                Ok(Some(self.run_once(key, command).await?))
            }
            Standing::Again => Err(again()),
        }
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("id", &self.id())
            .field("attempt", &self.attempt())
            .finish_non_exhaustive()
    }
}

fn again() -> RedisError {
    let text = "the consumer group was lost: the entry is not pending, and will be delivered again";
    tagged(
        Class::Unavailable,
        RedisError::from((ErrorKind::Client, text)),
    )
}
