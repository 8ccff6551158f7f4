//! One read in asynchronous code: Redis, else a load, which others may be waiting for.

use std::future::{pending, poll_fn};
use std::panic::resume_unwind;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use redis_resilient_runtime::__seam::clock::now;

use crate::codec::Codec;
use crate::flight::{Entered, Joined, Lead, Outcome};
use crate::held::Held;
use crate::missed::{Aim, Answer, AtHand, Claimed, Missed, Read};
use crate::state::{Lifetime, Look, State};
use crate::time_left::Caller;

/// What the future gives, unless the other one is over before.
pub(crate) async fn before<T>(
    over: Pin<&mut impl Future<Output = ()>>,
    future: impl Future<Output = T>,
) -> Option<T> {
    let (mut over, mut future) = (over, pin!(future));
    poll_fn(|context| {
        if let Poll::Ready(value) = future.as_mut().poll(context) {
            return Poll::Ready(Some(value));
        }
        over.as_mut().poll(context).map(|()| None)
    })
    .await
}

/// Is over after that time, or never.
pub(crate) async fn after(time: Option<Duration>) {
    match time {
        Some(time) => tokio::time::sleep(time).await,
        None => pending().await,
    }
}

impl<T, C> State<T, C>
where
    T: Send + 'static,
    C: Codec<T>,
{
    /// The value of that key: from Redis, else from `loader`, which is run at most once, in this future. It is told how long to wait for room at the
    /// primary store.
    pub(crate) async fn read<E, L, F, Fut>(
        self: &Arc<Self>,
        key: &str,
        read: &Read<E, L>,
        loader: F,
    ) -> Result<T, E>
    where
        E: 'static,
        L: Fn(&T) -> Lifetime,
        F: FnOnce(Duration) -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        if let Some(value) = self.nearby(key) {
            return Ok(value);
        }
        let caller = Caller::begins(read.refuse);
        let Missed { mut at_hand, aim } = match self.answer(key, self.look(key).await) {
            Ok(answer) => return Ok(answer.give(&self.way)),
            Err(missed) => missed,
        };
        if caller.is_over(&at_hand) {
            return caller.end(&self.way, at_hand, true);
        }
        let entered = self.enter(key);
        if let Some(Entered::Join(_)) = &entered {
            at_hand = match at_hand {
                AtHand::AtOnce(stale) => return Ok(stale.answer().give(&self.way)),
                other => other,
            };
        }
        let over = pin!(after(caller.left(&at_hand)));
        let load = async {
            let lead = match entered {
                None => None,
                Some(Entered::Lead(lead)) => Some(lead),
                Some(Entered::Join(join)) => match join.wait(self.settings.lease).await {
                    Joined::Lead(lead) => Some(lead),
                    Joined::Outcome(outcome) => match Self::told(&outcome) {
                        Some(result) => return result,
                        None => None,
                    },
                },
            };
            self.lead(key, &aim, read, lead, loader).await
        };
        match before(over, load).await {
            Some(result) => at_hand.finish(&self.way, result),
            None => caller.end(&self.way, at_hand, false),
        }
    }

    /// The same with a load that goes on in a task of its own, whatever becomes of the caller.
    pub(crate) async fn read_in_background<E, L, F, Fut>(
        self: &Arc<Self>,
        key: &str,
        read: Read<E, L>,
        loader: F,
    ) -> Result<T, E>
    where
        E: Send + 'static,
        L: Fn(&T) -> Lifetime + Send + Sync + 'static,
        F: FnOnce(Duration) -> Fut + Send + 'static,
        Fut: Future<Output = Result<T, E>> + Send + 'static,
    {
        if let Some(value) = self.nearby(key) {
            return Ok(value);
        }
        let caller = Caller::begins(read.refuse);
        let Missed { mut at_hand, aim } = match self.answer(key, self.look(key).await) {
            Ok(answer) => return Ok(answer.give(&self.way)),
            Err(missed) => missed,
        };
        if caller.is_over(&at_hand) {
            return caller.end(&self.way, at_hand, true);
        }
        let soft = self.settings.soft_timeout.filter(|_| at_hand.is_there());
        let mut soft = pin!(after(soft));
        let mut over = pin!(after(caller.left(&at_hand)));
        let mut entered = self.enter(key);
        let lead = loop {
            match entered {
                None => break None,
                Some(Entered::Lead(lead)) => break Some(lead),
                Some(Entered::Join(join)) => {
                    at_hand = match at_hand {
                        AtHand::AtOnce(stale) => return Ok(stale.answer().give(&self.way)),
                        other => other,
                    };
                    let waited = before(soft.as_mut(), join.wait(self.settings.lease));
                    match before(over.as_mut(), waited).await {
                        None => return caller.end(&self.way, at_hand, false),
                        Some(Some(Joined::Lead(lead))) => break Some(lead),
                        Some(Some(Joined::Outcome(outcome))) => match Self::told(&outcome) {
                            Some(result) => return at_hand.finish(&self.way, result),
                            None => break None,
                        },
                        Some(None) => {
                            at_hand = match at_hand.serve(&self.way) {
                                Ok(value) => return Ok(value),
                                Err(nothing) => nothing,
                            };
                            entered = self.enter(key);
                        }
                    }
                }
            }
        };
        let (cache, key) = (self.clone(), Box::<str>::from(key));
        let mut task =
            tokio::spawn(async move { cache.lead(&key, &aim, &read, lead, loader).await });
        at_hand = match at_hand {
            AtHand::AtOnce(stale) => return Ok(stale.answer().give(&self.way)),
            other => other,
        };
        let in_time = before(soft.as_mut(), &mut task);
        let ended = match before(over.as_mut(), in_time).await {
            None => return caller.end(&self.way, at_hand, false),
            Some(Some(ended)) => ended,
            Some(None) => {
                at_hand = match at_hand.serve(&self.way) {
                    Ok(value) => return Ok(value),
                    Err(nothing) => nothing,
                };
                task.await
            }
        };
        match ended {
            Ok(result) => at_hand.finish(&self.way, result),
            Err(error) if error.is_panic() => resume_unwind(error.into_panic()),
            // The runtime ends, and this future with it.
            Err(_) => pending().await,
        }
    }

    pub(crate) fn enter(&self, key: &str) -> Option<Entered<Outcome>> {
        self.settings.coalesce.then(|| self.flights.enter(key))
    }

    /// Asks Redis.
    pub(crate) async fn look(&self, key: &str) -> Look<T> {
        if !self.may_ask(key) {
            return self.unreachable(key);
        }
        if let Some(copy) = self.fresh_copy(key) {
            let Ok(reply) = self.way.get(key, false).await else {
                return self.unreachable(key);
            };
            if let Some(look) = self.judge_by(key, copy, reply) {
                return look;
            }
        }
        let tickets = self.tickets(key);
        match self.way.get(key, self.asks_age()).await {
            Ok(reply) => self.judge(key, &tickets, reply),
            Err(_) => self.unreachable(key),
        }
    }

    /// Asks for the lease, and waits as long as another process has it.
    async fn lease(&self, key: &str, aim: &Aim) -> Claimed<T> {
        if !aim.claims() {
            return Claimed::Load(None);
        }
        loop {
            let claim = Held::claim(&self.way, key, self.settings.lease, aim.overwrites()).await;
            match self.claimed(key, aim, claim) {
                Ok(claimed) => return claimed,
                Err(pause) => tokio::time::sleep(pause).await,
            }
        }
    }

    /// Asks for the lease, loads, and tells all who wait.
    async fn lead<E, L, F, Fut>(
        &self,
        key: &str,
        aim: &Aim,
        read: &Read<E, L>,
        lead: Option<Lead<Outcome>>,
        loader: F,
    ) -> Result<Answer<T>, E>
    where
        E: 'static,
        L: Fn(&T) -> Lifetime,
        F: FnOnce(Duration) -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        let held = match self.lease(key, aim).await {
            Claimed::Load(held) => held,
            Claimed::Answer(found) => {
                drop(lead.map(|lead| lead.settle(found.outcome())));
                return Ok(found.answer());
            }
        };
        let begun = now();
        let result = loader(aim.patience(read)).await;
        let took = now().saturating_duration_since(begun);
        self.loaded(key, aim, read, (lead, held), result, took)
    }
}
