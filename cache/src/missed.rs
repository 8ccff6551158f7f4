//! What is to be done about a read that Redis has not answered: the decisions, which asynchronous and synchronous code share.

use std::fmt;
use std::time::Duration;

use redis::RedisResult;
use redis_resilient_runtime::__seam::clock::{Instant, now};

use crate::codec::Codec;
use crate::entry;
use crate::flight::{Lead, Outcome, Value};
use crate::held::Held;
use crate::lease::Claim;
use crate::nearby::From;
use crate::served::Served;
use crate::share::{Copies, Refuse, Share};
use crate::state::{InRedis, Lifetime, Look, Stale, State, Tickets};
use crate::way::Way;

/// How one function's values and errors are dealt with.
#[doc(hidden)]
pub struct Read<E, L> {
    /// How long a value is good.
    pub lifetime: L,
    /// How an error is told to all who waited; `None`: they load for themselves.
    pub share: Option<Share<E>>,
    /// How long to wait for room at the primary store.
    pub limit_wait: Duration,
    /// How an error says that the time of the request is used up; `None`: it cannot.
    pub refuse: Option<Refuse<E>>,
}

impl<E, L> fmt::Debug for Read<E, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Read")
    }
}

/// A value, and from where.
pub(crate) struct Answer<T> {
    pub(crate) value: T,
    pub(crate) served: Served,
    /// Whether there was no better one: the load failed or takes too long.
    pub(crate) in_need: bool,
}

impl<T> Answer<T> {
    pub(crate) const fn new(value: T, served: Served) -> Self {
        Self {
            value,
            served,
            in_need: false,
        }
    }
}

/// A read that Redis has not answered.
pub(crate) struct Missed<T> {
    pub(crate) at_hand: AtHand<T>,
    pub(crate) aim: Aim,
}

/// What may be served in place of what is to be loaded.
pub(crate) enum AtHand<T> {
    Nothing,
    /// If the load fails, or takes too long.
    ForNeed(Stale<T>),
    /// At once, as long as somebody loads.
    AtOnce(Stale<T>),
}

/// How a load is to go about it.
#[derive(Debug)]
pub(crate) struct Aim {
    redis: InRedis,
    /// Whether what is to be loaded is wanted though there is a fresh value.
    overwrite: bool,
    /// Whether there is something at hand.
    has_spare: bool,
    tickets: Tickets,
    begun: Instant,
}

/// What comes after the lease was asked for.
pub(crate) enum Claimed<T> {
    /// Without a lease, what is loaded is not stored.
    Load(Option<Held>),
    /// Nothing is to be loaded: there is this.
    Answer(Stale<T>),
}

/// How long to wait between two looks at what another process is loading.
const LOOKS: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(100));

impl<T> Answer<T> {
    /// The value, for the caller.
    pub(crate) fn give(self, way: &Way) -> T {
        way.served(self.served, self.in_need);
        self.value
    }
}

impl Aim {
    /// Whether the lease is to be asked for.
    pub(crate) const fn claims(&self) -> bool {
        !matches!(self.redis, InRedis::Unreachable)
    }

    /// Whether it is wanted though there is a fresh value.
    pub(crate) const fn overwrites(&self) -> bool {
        self.overwrite
    }

    /// How long to wait for room at the primary store.
    pub(crate) const fn patience<E, L>(&self, read: &Read<E, L>) -> Duration {
        if self.has_spare {
            Duration::ZERO
        } else {
            read.limit_wait
        }
    }

    /// The pause before another look at what another process is loading, which has so long for it.
    fn pause(&self, for_another: Duration) -> Duration {
        // The longer it has taken so far, the longer it may take still.
        let waited = now().saturating_duration_since(self.begun);
        (waited / 4).clamp(LOOKS.0, LOOKS.1).min(for_another)
    }
}

impl<T, C> State<T, C>
where
    T: Send + 'static,
    C: Codec<T>,
{
    /// The answer, if Redis has given one.
    pub(crate) fn answer(&self, key: &str, look: Look<T>) -> Result<Answer<T>, Missed<T>> {
        let (at_hand, redis, refresh) = match look {
            Look::Fresh(found) => {
                if !self.refreshes_early(&found) {
                    return Ok(Answer::new(found.value, Served::Redis));
                }
                (Some(found.into_at_hand()), InRedis::Missing, true)
            }
            Look::Miss { stale, redis } => (stale, redis, false),
        };
        let at_hand = match at_hand {
            Some(stale) if refresh || self.serves_while_loading(&stale) => AtHand::AtOnce(stale),
            Some(stale) if self.serves_for_error(&stale) => AtHand::ForNeed(stale),
            _ => AtHand::Nothing,
        };
        let aim = Aim {
            redis,
            overwrite: refresh || redis == InRedis::Undecodable,
            has_spare: at_hand.is_there(),
            tickets: self.tickets(key),
            begun: now(),
        };
        Err(Missed { at_hand, aim })
    }

    /// What follows from what Redis says of the lease; `Err`: ask again after so long.
    pub(crate) fn claimed(
        &self,
        key: &str,
        aim: &Aim,
        claim: RedisResult<(Held, Claim)>,
    ) -> Result<Claimed<T>, Duration> {
        let Ok((held, claim)) = claim else {
            return Ok(Claimed::Load(None));
        };
        let (value, for_another) = match claim {
            Claim::Mine => return Ok(Claimed::Load(Some(held))),
            Claim::Fresh(value) => (Some(value), Duration::ZERO),
            Claim::Held { for_another, value } => (value, for_another),
        };
        held.forget();
        match self.judge(key, &aim.tickets, (value, From::default())) {
            Look::Fresh(found) => return Ok(Claimed::Answer(found.into_at_hand())),
            Look::Miss {
                stale: Some(stale), ..
            } if self.serves_while_loading(&stale) => return Ok(Claimed::Answer(stale)),
            Look::Miss { .. } => {}
        }
        let is_patient = now().saturating_duration_since(aim.begun) < self.settings.lease;
        if for_another.is_zero() || !is_patient {
            return Ok(Claimed::Load(None));
        }
        Err(aim.pause(for_another))
    }

    /// Tells those who wait what the load has come to, and has the value stored.
    pub(crate) fn loaded<E, L>(
        &self,
        key: &str,
        aim: &Aim,
        read: &Read<E, L>,
        (lead, held): (Option<Lead<Outcome>>, Option<Held>),
        result: Result<T, E>,
        took: Duration,
    ) -> Result<Answer<T>, E>
    where
        E: 'static,
        L: Fn(&T) -> Lifetime,
    {
        self.way.counts.loaded(result.is_err());
        let settle = |outcome| lead.map(|lead| lead.settle(outcome));
        let value = match result {
            Ok(value) => value,
            Err(error) => {
                settle(match read.share {
                    Some(share) => Outcome::Failed(Box::new(share(&error))),
                    None => Outcome::EachItsOwn,
                });
                return Err(error);
            }
        };
        if let Ok(payload) = C::encode(&value) {
            let served = Served::Loaded;
            let Some((kind, life)) = self.life((read.lifetime)(&value)) else {
                // For those who wait it is good still; nobody keeps it.
                let payload = payload.into();
                settle(Outcome::Value(Value { payload, served }));
                return Ok(Answer::new(value, served));
            };
            let fresh = Some(Duration::from_millis(life.fresh_ms));
            self.keep(
                &aim.tickets,
                From::default(),
                key,
                (&value, life, &payload),
                fresh,
                true,
            );
            let entry = held
                .as_ref()
                .map(|held| entry::write(held.token(), kind, life, took, &payload));
            let settled = settle(Outcome::Value(Value {
                payload: payload.into(),
                served: Served::Loaded,
            }));
            if let (Some(held), Some(entry)) = (held, entry) {
                held.store(&entry, life, settled, (took, self.settings.lease));
            }
        } else {
            settle(Outcome::EachItsOwn);
        }
        Ok(Answer::new(value, Served::Loaded))
    }

    /// What another's load has come to, for one who has waited for it; `None`: it has to load for itself.
    pub(crate) fn told<E: 'static>(outcome: &Outcome) -> Option<Result<Answer<T>, E>> {
        match outcome {
            Outcome::Value(Value { payload, served }) => {
                Some(Ok(Answer::new(C::decode(payload).ok()?, *served)))
            }
            Outcome::Failed(copies) => {
                let copies: &Copies<E> = copies.downcast_ref()?;
                Some(Err(copies.make()))
            }
            Outcome::EachItsOwn | Outcome::NotThere => None,
        }
    }
}

impl<T> AtHand<T> {
    pub(crate) const fn is_there(&self) -> bool {
        !matches!(self, Self::Nothing)
    }

    /// It, for the caller, if it is there.
    pub(crate) fn serve(self, way: &Way) -> Result<T, Self> {
        match self {
            Self::ForNeed(stale) | Self::AtOnce(stale) => Ok(stale.answer_in_need().give(way)),
            Self::Nothing => Err(Self::Nothing),
        }
    }

    /// In place of an error, what is at hand.
    pub(crate) fn stand_in<E>(self, result: Result<Answer<T>, E>) -> Result<Answer<T>, E> {
        match (result, self) {
            (Err(_), Self::ForNeed(stale) | Self::AtOnce(stale)) => Ok(stale.answer_in_need()),
            (result, _) => result,
        }
    }

    /// What the caller gets.
    pub(crate) fn finish<E>(self, way: &Way, result: Result<Answer<T>, E>) -> Result<T, E> {
        match self.stand_in(result) {
            Ok(answer) => Ok(answer.give(way)),
            Err(error) => {
                way.counts.read_failed();
                Err(error)
            }
        }
    }
}

impl<T> Stale<T> {
    pub(crate) fn answer(self) -> Answer<T> {
        Answer::new(self.value, self.served)
    }

    /// For there is no better one.
    fn answer_in_need(self) -> Answer<T> {
        Answer {
            in_need: true,
            ..self.answer()
        }
    }

    /// As those are told it who wait for the same key.
    pub(crate) fn outcome(&self) -> Outcome {
        Outcome::Value(Value {
            payload: self.payload.clone(),
            served: self.served,
        })
    }
}
