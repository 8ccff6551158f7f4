//! What the handles of one cache share.

mod tuned;

use std::any::type_name;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redis_resilient_connection::Connector;
use redis_resilient_runtime::{Policy, ServedBy};

use crate::codec::Codec;
use crate::copies::{Copies, Copy, Ticket};
use crate::counts::Counts;
use crate::entry::{Entry, HEADER, Kind, Life};
use crate::events::Events;
use crate::flight::{Flights, Outcome};
use crate::freshness::{self, Freshness, jittered};
use crate::lease::Kept;
use crate::near;
use crate::nearby::{From, Nearby};
use crate::pending::Pending;
use crate::served::{self, Served};
use crate::settings::Settings;
use crate::way::Way;
use tuned::Tuned;

/// How long a value is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lifetime {
    /// As `ttl` says.
    Default,
    /// As `negative_ttl` says: the value says that there is nothing.
    Negative,
    /// So long; zero: it is not stored.
    For(Duration),
}

pub(crate) struct State<T, C> {
    pub(crate) settings: Settings,
    tuned: Tuned,
    pub(crate) way: Arc<Way>,
    pub(crate) flights: Arc<Flights<Outcome>>,
    pub(crate) copies: Option<Copies>,
    pub(crate) near: Option<Box<dyn Nearby<T>>>,
    pub(crate) pending: Arc<Pending>,
    /// The longest life in milliseconds that was given to an entry or seen of one: a function may give any.
    longest_ms: AtomicU64,
    types: PhantomData<fn() -> (T, C)>,
}

/// What is known of a key before anything is loaded.
pub(crate) enum Look<T> {
    Fresh(Found<T>),
    /// Nothing that is fresh. There may be something to serve in need.
    Miss {
        stale: Option<Stale<T>>,
        redis: InRedis,
    },
}

/// How things stood in this process when a read began.
#[derive(Debug)]
pub(crate) struct Tickets {
    copy: Option<Ticket>,
    near: Option<Box<near::Ticket>>,
}

impl Tickets {
    /// Nothing is to be kept.
    const NONE: Self = Self {
        copy: None,
        near: None,
    };
}

/// Why Redis has nothing to serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InRedis {
    /// It cannot be asked.
    Unreachable,
    /// There is nothing, or nothing fresh.
    Missing,
    /// There is something that cannot be decoded, to be overwritten though it is fresh.
    Undecodable,
}

/// A value that was found in Redis.
pub(crate) struct Found<T> {
    pub(crate) value: T,
    /// The whole entry. Its payload is copied out only where somebody else may be served it.
    bytes: Vec<u8>,
    pub(crate) load: Duration,
    /// `None`: nobody has asked, or it has no expiry.
    pub(crate) fresh: Option<Duration>,
}

/// A value to serve in need.
#[derive(Debug)]
pub(crate) struct Stale<T> {
    pub(crate) value: T,
    pub(crate) payload: Arc<[u8]>,
    pub(crate) served: Served,
    /// For how long its time has been over.
    pub(crate) overdue: Duration,
    /// Whether Redis has it, so that no invalidation can have been missed.
    pub(crate) is_in_redis: bool,
}

impl<T, C: Codec<T>> State<T, C> {
    pub(crate) fn new(
        settings: Settings,
        policy: Policy,
        connector: &Connector,
        near: Option<Box<dyn Nearby<T>>>,
    ) -> Self {
        Self {
            settings,
            tuned: Tuned::default(),
            way: Arc::new(Way {
                connector: connector.clone(),
                policy: policy
                    .served_by(ServedBy::PrimaryStore)
                    .without_fallback_limit(),
                events: Events::of(settings.name),
                counts: Counts::default(),
            }),
            flights: Arc::default(),
            copies: Copies::new(&settings),
            near,
            pending: Arc::default(),
            longest_ms: AtomicU64::new(0),
            types: PhantomData,
        }
    }

    /// A copy that tells how old the same entry in Redis is, so that Redis is asked for the value alone. Not where values are kept near: of those it
    /// has to be known from which server they are.
    pub(crate) fn fresh_copy(&self, key: &str) -> Option<(Copy, Duration)> {
        match (&self.copies, &self.near) {
            (Some(copies), None) => copies.fresh(key),
            _ => None,
        }
    }

    /// What an entry in Redis is good for whose copy in this process is fresh for so long. `None`: it is another entry, whose age has to be asked for.
    pub(crate) fn judge_by(
        &self,
        key: &str,
        (copy, fresh): (Copy, Duration),
        (kept, from): (Option<Kept>, From),
    ) -> Option<Look<T>> {
        let kept = match kept {
            Some(Kept { bytes, .. }) => {
                let stale = match Entry::parse(&bytes) {
                    Some(entry) if !entry.kind.has_value() => Duration::ZERO,
                    Some(entry) if copy.is_of(entry.life, entry.payload) => entry.life.stale(),
                    Some(_) => return None,
                    None => Duration::ZERO,
                };
                let left = Some(fresh + stale);
                Some(Kept { bytes, left })
            }
            None => None,
        };
        Some(self.judge(key, &Tickets::NONE, (kept, from)))
    }

    /// To be taken before a read begins, of which something may be kept in this process.
    pub(crate) fn tickets(&self, key: &str) -> Tickets {
        Tickets {
            copy: self.copies.as_ref().map(|copies| copies.ticket(key)),
            near: self.near.as_ref().map(|near| Box::new(near.ticket(key))),
        }
    }

    /// Whether Redis is asked for that key: not as long as it has not taken an invalidation, nor while the cache is switched off.
    pub(crate) fn may_ask(&self, key: &str) -> bool {
        self.is_enabled() && !self.pending.has(key)
    }

    /// The value that is kept in this process, if it is good.
    #[inline]
    pub(crate) fn nearby(&self, key: &str) -> Option<T> {
        let near = self.near.as_ref()?;
        if !self.is_enabled() {
            return None;
        }
        let value = near.get(key)?;
        served::note(Served::Near);
        self.way.counts.near_hit();
        Some(value)
    }

    /// Keeps in this process what may be kept. `is_loaded`: it is as new as can be.
    pub(crate) fn keep(
        &self,
        tickets: &Tickets,
        from: From,
        key: &str,
        (value, life, payload): (&T, Life, &[u8]),
        fresh: Option<Duration>,
        is_loaded: bool,
    ) {
        if let (Some(copies), Some(ticket), Some(fresh)) = (&self.copies, tickets.copy, fresh) {
            if is_loaded {
                copies.keep(ticket, key, payload, life, fresh);
            } else {
                copies.keep_read(ticket, key, payload, life, fresh);
            }
        }
        if let (Some(near), Some(ticket)) = (&self.near, &tickets.near) {
            near.fill(ticket, from, key, value, payload.len(), fresh);
        }
    }

    /// What an entry in Redis is good for.
    pub(crate) fn judge(
        &self,
        key: &str,
        tickets: &Tickets,
        (kept, from): (Option<Kept>, From),
    ) -> Look<T> {
        let Some(Kept { bytes, left }) = kept else {
            return self.nothing_in_redis(key);
        };
        let Some(entry) = Entry::parse(&bytes) else {
            return self.unreadable(key, &"it was not written by a cache of redis-resilient");
        };
        let (kind, life, load) = (entry.kind, entry.life, entry.load);
        self.note(life);
        match kind {
            Kind::Lease => return self.nothing_in_redis(key),
            Kind::Invalid => {
                if let Some(copies) = &self.copies {
                    copies.forget(key);
                }
                return Look::Miss {
                    stale: None,
                    redis: InRedis::Missing,
                };
            }
            Kind::Value | Kind::Negative => {}
        }
        let value = match C::decode(entry.payload) {
            Ok(value) => value,
            Err(error) => return self.unreadable(key, &error),
        };
        let payload = &bytes[HEADER..];
        match freshness::of(life, left) {
            Freshness::Fresh(fresh) => {
                self.keep(tickets, from, key, (&value, life, payload), fresh, false);
                Look::Fresh(Found {
                    value,
                    bytes,
                    load,
                    fresh,
                })
            }
            Freshness::Stale(overdue) if overdue <= self.stale() => Look::Miss {
                stale: Some(Stale {
                    value,
                    payload: payload.into(),
                    served: Served::Stale { overdue },
                    overdue,
                    is_in_redis: true,
                }),
                redis: InRedis::Missing,
            },
            Freshness::Stale(_) => self.nothing_in_redis(key),
        }
    }

    /// What is there is no value of this cache: it is overwritten.
    fn unreadable(&self, key: &str, why: &dyn fmt::Display) -> Look<T> {
        self.way.events.unreadable(why);
        Look::Miss {
            stale: self.copy(key),
            redis: InRedis::Undecodable,
        }
    }

    /// Redis cannot be asked.
    pub(crate) fn unreachable(&self, key: &str) -> Look<T> {
        Look::Miss {
            stale: self.copy(key),
            redis: InRedis::Unreachable,
        }
    }

    /// Redis has nothing: it may have lost it.
    fn nothing_in_redis(&self, key: &str) -> Look<T> {
        Look::Miss {
            stale: self.copy(key),
            redis: InRedis::Missing,
        }
    }

    /// The copy in this process, for need.
    pub(crate) fn copy(&self, key: &str) -> Option<Stale<T>> {
        let (copy, freshness) = self.copies.as_ref()?.get(key)?;
        let overdue = match freshness {
            Freshness::Fresh(_) => Duration::ZERO,
            Freshness::Stale(overdue) => overdue,
        };
        Some(Stale {
            value: C::decode(&copy.payload).ok()?,
            payload: copy.payload,
            served: Served::Stale { overdue },
            overdue,
            is_in_redis: false,
        })
    }

    /// How long what was just loaded is to live, with jitter; `None`: it is not to be stored.
    pub(crate) fn life(&self, lifetime: Lifetime) -> Option<(Kind, Life)> {
        let (kind, ttl) = match lifetime {
            Lifetime::Default => (Kind::Value, self.ttl()),
            Lifetime::Negative => (Kind::Negative, self.negative_ttl()),
            Lifetime::For(ttl) => (Kind::Value, ttl.min(self.ttl())),
        };
        (!ttl.is_zero()).then(|| (kind, self.living(ttl)))
    }

    /// How long what is good for so long is to live, with jitter.
    pub(crate) fn living(&self, ttl: Duration) -> Life {
        let fresh = jittered(ttl, self.jitter(), fastrand::f64());
        let life = Life::new(fresh, self.stale());
        self.note(life);
        life
    }

    fn note(&self, life: Life) {
        // Nearly always only read, so that hits do not wait for each other.
        if life.whole_ms() > self.longest_ms.load(Ordering::Relaxed) {
            self.longest_ms
                .fetch_max(life.whole_ms(), Ordering::Relaxed);
        }
    }

    /// How long anything of one value may be kept anywhere.
    pub(crate) fn longest_life(&self) -> Duration {
        let settings = &self.settings;
        settings
            .ttl
            .max(settings.negative_ttl.unwrap_or_default())
            .max(self.ttl())
            .max(self.negative_ttl())
            .mul_f64(1.0 + settings.jitter.max(self.jitter()))
            .saturating_add(settings.stale().max(self.stale()))
            .max(Duration::from_millis(
                self.longest_ms.load(Ordering::Relaxed),
            ))
            .saturating_add(settings.lease)
    }

    /// Whether this may be served at once, while somebody loads.
    pub(crate) fn serves_while_loading(&self, stale: &Stale<T>) -> bool {
        stale.is_in_redis
            && !self.stale_while_revalidate().is_zero()
            && stale.overdue <= self.stale_while_revalidate()
    }

    /// Whether this is better than an error.
    pub(crate) fn serves_for_error(&self, stale: &Stale<T>) -> bool {
        let stale_if_error = self.stale_if_error();
        !stale_if_error.is_zero() && stale.overdue <= stale_if_error
    }

    /// Whether a reader refreshes what it has found before its time is over.
    pub(crate) fn refreshes_early(&self, found: &Found<T>) -> bool {
        let (Some(beta), Some(fresh)) = (self.settings.refresh_ahead, found.fresh) else {
            return false;
        };
        freshness::refreshes_early(found.load, fresh, beta, fastrand::f64())
    }
}

impl<T> Found<T> {
    /// As what may be served while somebody refreshes it.
    pub(crate) fn into_at_hand(self) -> Stale<T> {
        Stale {
            value: self.value,
            payload: self.bytes[HEADER..].into(),
            served: Served::Redis,
            overdue: Duration::ZERO,
            is_in_redis: true,
        }
    }
}

impl<T, C> fmt::Debug for State<T, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache")
            .field("name", &self.settings.name)
            .field("of", &type_name::<T>())
            .field("way", &self.way)
            .field("settings", &self.settings)
            .field("flights", &self.flights)
            .field("copies", &self.copies)
            .field("near", &self.near)
            .field("pending", &self.pending)
            .finish_non_exhaustive()
    }
}
