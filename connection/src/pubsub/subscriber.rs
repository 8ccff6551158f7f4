//! What a subscription shares with the tasks that serve it: what it wants, and what it has not taken yet.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};

use redis::{Msg, RedisError};

use super::event::SubscriptionEvent;
use super::interest::{Interest, Name};
use super::queue::{Queue, State};
use super::registry::Kind;
#[cfg(feature = "cluster")]
use super::shards::Places;
#[cfg(feature = "cluster")]
use crate::events::Gap;
use crate::switching::Follower;
use redis_resilient_runtime::__seam::is_retried;
use redis_resilient_runtime::Class;

#[derive(Debug)]
pub(crate) struct Subscriber {
    pub(crate) id: u64,
    pub(crate) kind: Kind,
    pub(crate) inbox: Mutex<Inbox>,
    /// Wakes the task that finds the servers of its sharded channels.
    #[cfg(feature = "cluster")]
    pub(crate) changed: tokio::sync::Notify,
}

#[derive(Debug)]
pub(crate) struct Inbox {
    pub(crate) queue: Queue,
    pub(crate) interest: Interest,
    /// Tasks serve it. Else it has ended, or is to begin when it is polled.
    pub(crate) is_served: bool,
    /// How often it has begun.
    pub(crate) begun: u64,
    #[cfg(feature = "cluster")]
    pub(crate) places: Places,
    /// What observers are told of when it is over, of channels that are to be found on another server.
    #[cfg(feature = "cluster")]
    pub(crate) gap: Option<Gap>,
    waker: Option<Waker>,
}

/// So many events are taken at once.
const AT_ONCE: usize = 64;

/// What there is to take.
pub(crate) enum Next {
    Taken,
    /// The waker is woken when there is something.
    Awaited,
    /// Nothing, and no task serves it.
    Nothing,
}

/// Whether it takes a message.
pub(crate) enum Taken {
    /// Wakes whoever waits for it.
    Yes(Option<Waker>),
    /// It wants no more, for so many wait.
    No(Option<Waker>, RedisError),
}

impl Subscriber {
    pub(crate) fn new(kind: Kind, names: &[Name], capacity: usize) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let mut interest = Interest::default();
        for name in names {
            interest.want(name);
        }
        Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            kind,
            inbox: Mutex::new(Inbox {
                queue: Queue::new(capacity),
                interest,
                is_served: false,
                begun: 0,
                #[cfg(feature = "cluster")]
                places: Places::default(),
                #[cfg(feature = "cluster")]
                gap: None,
                waker: None,
            }),
            #[cfg(feature = "cluster")]
            changed: tokio::sync::Notify::new(),
        }
    }

    pub(crate) fn inbox(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what is next: some at a time, so that the two sides seldom meet.
    pub(crate) fn take(
        &self,
        taken: &mut VecDeque<SubscriptionEvent>,
        context: &mut Context<'_>,
    ) -> Next {
        let mut inbox = self.inbox();
        while taken.len() < AT_ONCE
            && let Some(event) = inbox.queue.pop()
        {
            taken.push_back(event);
        }
        if !taken.is_empty() {
            return Next::Taken;
        }
        if !inbox.is_served {
            return Next::Nothing;
        }
        match &mut inbox.waker {
            Some(waker) => waker.clone_from(context.waker()),
            none => *none = Some(context.waker().clone()),
        }
        Next::Awaited
    }

    /// From now on tasks serve it. What they are to subscribe to, and how often it has begun.
    pub(crate) fn begin(&self) -> (Vec<Name>, u64) {
        let mut inbox = self.inbox();
        inbox.is_served = true;
        inbox.begun += 1;
        inbox.interest.reset();
        if inbox.interest.is_complete() {
            inbox.subscribed();
        }
        (inbox.interest.names(), inbox.begun)
    }

    /// The tasks that served it are gone: it begins anew when it is polled.
    pub(crate) fn ends(&self) -> Option<Waker> {
        let mut inbox = self.inbox();
        inbox.is_served = false;
        inbox.interest.reset();
        inbox.waker.take()
    }

    /// The server has confirmed this name.
    pub(crate) fn confirmed(&self, name: &[u8]) -> Option<Waker> {
        let mut inbox = self.inbox();
        if !inbox.is_served || !inbox.interest.confirmed(name) {
            return None;
        }
        inbox.subscribed();
        inbox.waker.take()
    }

    /// No messages of this name come any more.
    pub(crate) fn lost(&self, name: &[u8], error: &RedisError) -> Option<Waker> {
        let mut inbox = self.inbox();
        inbox.interest.lost(name);
        inbox.fails(error)
    }

    /// What it wants cannot be had.
    pub(crate) fn fails(&self, error: &RedisError) -> Option<Waker> {
        self.inbox().fails(error)
    }

    pub(crate) fn message(&self, name: &[u8], message: &Arc<Msg>) -> Taken {
        let mut inbox = self.inbox();
        if !inbox.is_served || !inbox.interest.hears(name) {
            return Taken::Yes(None);
        }
        if inbox.queue.message(message.clone()) {
            return Taken::Yes(inbox.waker.take());
        }
        let error = full(inbox.queue.capacity);
        inbox.queue.state(State::Lost(error.clone()));
        inbox.is_served = false;
        inbox.interest.reset();
        Taken::No(inbox.waker.take(), error)
    }
}

/// What it wants is to be had in another database.
impl Follower for Subscriber {
    fn switched(&self, error: &RedisError) {
        let waker = {
            let mut inbox = self.inbox();
            if !inbox.is_served {
                return;
            }
            inbox.queue.state(State::Lost(error.clone()));
            inbox.is_served = false;
            inbox.interest.reset();
            inbox.waker.take()
        };
        #[cfg(feature = "cluster")]
        self.changed.notify_one();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Inbox {
    pub(crate) fn subscribed(&mut self) {
        self.interest.tells();
        self.queue.state(State::Subscribed);
    }

    pub(crate) fn fails(&mut self, error: &RedisError) -> Option<Waker> {
        if !self.is_served || !self.interest.fails(passes(error)) {
            return None;
        }
        self.queue.state(State::Lost(error.clone()));
        self.waker.take()
    }
}

/// Whether trying again may help, without anybody doing anything about it.
pub(crate) fn passes(error: &RedisError) -> bool {
    is_retried(Class::of(error), None)
}

fn full(capacity: usize) -> RedisError {
    let text = format!(
        "{capacity} messages of a subscription were not taken, and more came: it has unsubscribed"
    );
    io::Error::other(text).into()
}
