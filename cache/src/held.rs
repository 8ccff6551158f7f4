//! A lease that this process has, until it has stored or given it back.

use std::sync::Arc;
use std::time::Duration;

use redis::{Cmd, FromRedisValue, RedisResult, Value};

use crate::entry::{Life, Token};
use crate::flight::{Outcome, Settled};
use crate::lease::{self, Claim};
use crate::way::Way;
use crate::way::each::Ask;
use crate::worker;

/// A lease that is held. Dropped, it is given back, in a task.
pub(crate) struct Held(Option<Lease>);

struct Lease {
    way: Arc<Way>,
    key: Box<str>,
    token: Token,
}

/// What is stored under a lease.
pub(crate) type Store = (Held, Vec<u8>, Life);

/// The lease is asked for with a token of its own in each attempt. The command of one that was cut off may arrive late, after an invalidation: with the
/// same token it would give leave to store what was read before.
impl Held {
    /// Asks for the lease.
    pub(crate) async fn claim(
        way: &Arc<Way>,
        key: &str,
        lease: Duration,
        refresh: bool,
    ) -> RedisResult<(Self, Claim)> {
        let attempt = async || {
            let held = Self::asked(way, key);
            let script = lease::claim(key, held.token(), lease, refresh);
            let claim = script.run(&mut way.connector.get().await?).await?;
            Ok((held, claim))
        };
        way.policy.run(attempt).await
    }

    pub(crate) fn claim_blocking(
        way: &Arc<Way>,
        key: &str,
        lease: Duration,
        refresh: bool,
    ) -> RedisResult<(Self, Claim)> {
        way.policy.run_blocking(|| {
            let held = Self::asked(way, key);
            let script = lease::claim(key, held.token(), lease, refresh);
            let claim = script.run_blocking(&mut way.connector.get_blocking()?)?;
            Ok((held, claim))
        })
    }

    /// Takes the lease, whoever has it, and invalidates.
    pub(crate) async fn take(
        way: &Arc<Way>,
        key: &str,
        lease: Duration,
        tombstone: Option<Duration>,
    ) -> RedisResult<Self> {
        let attempt = async || {
            let held = Self::asked(way, key);
            let script = lease::take(key, held.token(), lease, tombstone);
            let _: bool = script.run(&mut way.connector.get().await?).await?;
            Ok(held)
        };
        way.policy.run(attempt).await
    }

    pub(crate) fn take_blocking(
        way: &Arc<Way>,
        key: &str,
        lease: Duration,
        tombstone: Option<Duration>,
    ) -> RedisResult<Self> {
        way.policy.run_blocking(|| {
            let held = Self::asked(way, key);
            let script = lease::take(key, held.token(), lease, tombstone);
            let _: bool = script.run_blocking(&mut way.connector.get_blocking()?)?;
            Ok(held)
        })
    }

    /// As `claim`, of many keys; each with whether it is to be refreshed.
    pub(crate) async fn claim_many(
        way: &Arc<Way>,
        keys: &[(&str, bool)],
        lease: Duration,
    ) -> Vec<RedisResult<(Self, Claim)>> {
        let claims = way.each(keys.len(), Self::claims(way, keys, lease), first);
        claims
            .await
            .into_iter()
            .map(|claim| claim.map(|(claim, _)| claim))
            .collect()
    }

    pub(crate) fn claim_many_blocking(
        way: &Arc<Way>,
        keys: &[(&str, bool)],
        lease: Duration,
    ) -> Vec<RedisResult<(Self, Claim)>> {
        let claims = way.each_blocking(keys.len(), Self::claims(way, keys, lease), first);
        claims
            .into_iter()
            .map(|claim| claim.map(|(claim, _)| claim))
            .collect()
    }

    fn claims<'a>(
        way: &'a Arc<Way>,
        keys: &'a [(&str, bool)],
        lease: Duration,
    ) -> impl Ask<Self> + 'a {
        move |place| {
            let (key, refresh) = keys[place];
            let held = Self::asked(way, key);
            let script = lease::claim(key, held.token(), lease, refresh);
            (held, vec![script.into_command()])
        }
    }

    /// As `take`, of many keys.
    pub(crate) async fn take_many(
        way: &Arc<Way>,
        keys: &[&str],
        lease: Duration,
        tombstone: Option<Duration>,
    ) -> Vec<RedisResult<Self>> {
        let taken = way.each(keys.len(), Self::takes(way, keys, lease, tombstone), taken);
        taken
            .await
            .into_iter()
            .map(|taken| taken.map(|(held, _)| held))
            .collect()
    }

    pub(crate) fn take_many_blocking(
        way: &Arc<Way>,
        keys: &[&str],
        lease: Duration,
        tombstone: Option<Duration>,
    ) -> Vec<RedisResult<Self>> {
        let taken = way.each_blocking(keys.len(), Self::takes(way, keys, lease, tombstone), taken);
        taken
            .into_iter()
            .map(|taken| taken.map(|(held, _)| held))
            .collect()
    }

    fn takes<'a>(
        way: &'a Arc<Way>,
        keys: &'a [&str],
        lease: Duration,
        tombstone: Option<Duration>,
    ) -> impl Ask<Self> + 'a {
        move |place| {
            let held = Self::asked(way, keys[place]);
            let script = lease::take(keys[place], held.token(), lease, tombstone);
            (held, vec![script.into_command()])
        }
    }

    /// From before the command is sent: who is dropped, or gets no reply, may have the lease all the same.
    fn asked(way: &Arc<Way>, key: &str) -> Self {
        Self(Some(Lease {
            way: way.clone(),
            key: key.into(),
            token: Token::fresh(),
        }))
    }

    /// It was not given.
    pub(crate) fn forget(mut self) {
        self.0 = None;
    }

    /// Stores the entry if the lease is still held then, and waits for it. What fails is told by the policy.
    pub(crate) async fn store_now(mut self, entry: &[u8], life: Life) {
        if let Some(lease) = self.0.take() {
            let script = lease::store(&lease.key, lease.token, entry, life);
            let _ = lease.way.run(&script).await;
        }
    }

    pub(crate) fn store_now_blocking(mut self, entry: &[u8], life: Life) {
        if let Some(lease) = self.0.take() {
            let script = lease::store(&lease.key, lease.token, entry, life);
            let _ = lease.way.run_blocking(&script);
        }
    }

    /// As `store_now`, of many keys, each with its entry.
    pub(crate) async fn store_many_now(way: &Way, stores: Vec<Store>) {
        let scripts = Self::stores(stores);
        let ask = |place: usize| ((), vec![scripts[place].clone()]);
        // What fails is told by the policy.
        drop(way.each(scripts.len(), ask, first::<(), bool>).await);
    }

    pub(crate) fn store_many_now_blocking(way: &Way, stores: Vec<Store>) {
        let scripts = Self::stores(stores);
        let ask = |place: usize| ((), vec![scripts[place].clone()]);
        drop(way.each_blocking(scripts.len(), ask, first::<(), bool>));
    }

    fn stores(stores: Vec<Store>) -> Vec<Cmd> {
        let script = |(mut held, entry, life): Store| {
            let lease = held.0.take()?;
            Some(lease::store(&lease.key, lease.token, &entry, life).into_command())
        };
        stores.into_iter().filter_map(script).collect()
    }

    pub(crate) fn token(&self) -> Token {
        self.0.as_ref().map_or(Token::NOBODY, |lease| lease.token)
    }

    /// Stores the entry if the lease is still held then, in a task. Until that is done, `settled` answers those who come. The load took so long, of
    /// the time of the lease.
    pub(crate) fn store(
        mut self,
        entry: &[u8],
        life: Life,
        settled: Option<Settled<Outcome>>,
        (took, of): (Duration, Duration),
    ) {
        if let Some(lease) = self.0.take() {
            let script = lease::store(&lease.key, lease.token, entry, life);
            worker::spawn(async move {
                // What fails is told by the policy. The lease ends by itself.
                if let Ok(false) = lease.way.run(&script).await {
                    lease.way.events.not_stored(took, of);
                }
                drop(settled);
            });
        }
    }
}

/// The answer to one script, with what was kept until it was there.
fn first<K, R: FromRedisValue>(kept: K, replies: Vec<Value>) -> RedisResult<(K, R)> {
    let reply = replies.into_iter().next().unwrap_or(Value::Nil);
    Ok((kept, redis::from_redis_value(reply.extract_error()?)?))
}

fn taken(held: Held, replies: Vec<Value>) -> RedisResult<Held> {
    first::<_, bool>(held, replies).map(|(held, _)| held)
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(lease) = self.0.take() {
            let script = lease::release(&lease.key, lease.token);
            worker::spawn(async move {
                let _ = lease.way.run(&script).await;
            });
        }
    }
}
