//! The way to Redis: a connector, the policy under which it is asked, and in whose name what happens is told.

pub(crate) mod each;

use std::fmt;
use std::time::Duration;

use redis::{Cmd, RedisError, RedisResult, Value};
use redis_resilient_connection::__seam::listening::HasOrigin as _;
use redis_resilient_connection::__seam::script::Script;
use redis_resilient_connection::Connector;
use redis_resilient_runtime::Policy;

use crate::counts::Counts;
use crate::events::Events;
use crate::lease::{self, Kept};
use crate::nearby::From;
use crate::served::{self, Served};

pub(crate) struct Way {
    pub(crate) connector: Connector,
    pub(crate) policy: Policy,
    pub(crate) events: Events,
    pub(crate) counts: Counts,
}

impl Way {
    /// A caller is served a value from there, in need or not.
    pub(crate) fn served(&self, served: Served, in_need: bool) {
        served::note(served);
        self.counts.served(served);
        if let Served::Stale { overdue } = served {
            self.events.stale_served(overdue, in_need);
        }
    }

    /// What is under that key, and where that is known, from which server. `asks_age`: and how long Redis will keep it.
    pub(crate) async fn get(&self, key: &str, asks_age: bool) -> RedisResult<(Option<Kept>, From)> {
        let attempt = async || {
            let mut connection = self.connector.get().await?;
            if asks_age {
                let reply = with_age(key).query_async(&mut connection).await?;
                return Ok((reply, From(connection.origin())));
            }
            let bytes = redis::cmd("GET")
                .arg(key)
                .query_async(&mut connection)
                .await?;
            Ok(((bytes, -1), From::default()))
        };
        // Who reads goes on without Redis: the caller sees no error of it, and logs are to say so.
        kept(self.policy.run_or(attempt, async |error| Err(error)).await)
    }

    pub(crate) fn get_blocking(
        &self,
        key: &str,
        asks_age: bool,
    ) -> RedisResult<(Option<Kept>, From)> {
        let attempt = || {
            let mut connection = self.connector.get_blocking()?;
            if asks_age {
                let reply = with_age(key).query(&mut connection)?;
                return Ok((reply, From(connection.origin())));
            }
            let bytes = redis::cmd("GET").arg(key).query(&mut connection)?;
            Ok(((bytes, -1), From::default()))
        };
        kept(self.policy.run_blocking_or(attempt, Err))
    }

    /// As `get`, of many keys.
    pub(crate) async fn get_many(
        &self,
        keys: &[&str],
        asks_age: bool,
    ) -> Vec<RedisResult<(Option<Kept>, From)>> {
        let ask = |place: usize| ((), asked(keys[place], asks_age));
        self.each(keys.len(), ask, |(), replies| found(replies))
            .await
    }

    pub(crate) fn get_many_blocking(
        &self,
        keys: &[&str],
        asks_age: bool,
    ) -> Vec<RedisResult<(Option<Kept>, From)>> {
        let ask = |place: usize| ((), asked(keys[place], asks_age));
        self.each_blocking(keys.len(), ask, |(), replies| found(replies))
    }

    /// Runs a script that gives whether it has done anything.
    pub(crate) async fn run(&self, script: &Script) -> RedisResult<bool> {
        self.policy
            .run(async || script.run(&mut self.connector.get().await?).await)
            .await
    }

    pub(crate) fn run_blocking(&self, script: &Script) -> RedisResult<bool> {
        self.policy
            .run_blocking(|| script.run_blocking(&mut self.connector.get_blocking()?))
    }

    /// Invalidates.
    pub(crate) async fn invalidate(
        &self,
        key: &str,
        tombstone: Option<Duration>,
    ) -> RedisResult<()> {
        let send = |command: Cmd| async move {
            self.policy
                .run(async || command.exec_async(&mut self.connector.get().await?).await)
                .await
        };
        lease::invalidate(key, tombstone, send).await
    }

    /// Invalidates all of them.
    pub(crate) async fn invalidate_many(
        &self,
        keys: &[&str],
        tombstone: Option<Duration>,
    ) -> Vec<RedisResult<()>> {
        let mut taken = self
            .each(keys.len(), invalidation(keys, tombstone), done)
            .await;
        let (full, places) = where_full(keys, &taken);
        let again = self.each(full.len(), invalidation(&full, None), done).await;
        places
            .into_iter()
            .zip(again)
            .for_each(|(at, result)| taken[at] = result);
        taken.into_iter().map(|taken| taken.map(|_| ())).collect()
    }

    pub(crate) fn invalidate_many_blocking(
        &self,
        keys: &[&str],
        tombstone: Option<Duration>,
    ) -> Vec<RedisResult<()>> {
        let mut taken = self.each_blocking(keys.len(), invalidation(keys, tombstone), done);
        let (full, places) = where_full(keys, &taken);
        let again = self.each_blocking(full.len(), invalidation(&full, None), done);
        places
            .into_iter()
            .zip(again)
            .for_each(|(at, result)| taken[at] = result);
        taken.into_iter().map(|taken| taken.map(|_| ())).collect()
    }

    pub(crate) fn invalidate_blocking(
        &self,
        key: &str,
        tombstone: Option<Duration>,
    ) -> RedisResult<()> {
        lease::invalidate_blocking(key, tombstone, |command| {
            self.policy
                .run_blocking(|| command.exec(&mut self.connector.get_blocking()?))
        })
    }
}

fn invalidation<'a>(keys: &'a [&str], tombstone: Option<Duration>) -> impl each::Ask<()> + 'a {
    move |place| ((), vec![lease::invalidation(keys[place], tombstone)])
}

fn done((): (), replies: Vec<Value>) -> RedisResult<()> {
    replies
        .into_iter()
        .try_for_each(|reply| reply.extract_error().map(drop))
}

/// The keys for whose tombstones there was no memory.
fn where_full<'a>(keys: &[&'a str], taken: &each::Each<()>) -> (Vec<&'a str>, Vec<usize>) {
    let is_full = |(place, taken): (usize, &RedisResult<_>)| {
        taken
            .as_ref()
            .is_err_and(lease::is_full)
            .then(|| (keys[place], place))
    };
    taken.iter().enumerate().filter_map(is_full).unzip()
}

/// What is asked of one of many keys.
fn asked(key: &str, asks_age: bool) -> Vec<Cmd> {
    let command = |name| {
        let mut command = redis::cmd(name);
        command.arg(key);
        command
    };
    let mut commands = vec![command("GET")];
    if asks_age {
        commands.push(command("PTTL"));
    }
    commands
}

/// What the replies to that say.
fn found(replies: Vec<Value>) -> RedisResult<Option<Kept>> {
    let mut replies = replies.into_iter();
    let mut next = || {
        replies
            .next()
            .map_or(Ok(Value::Int(-1)), Value::extract_error)
    };
    let reply = next().and_then(|bytes| {
        let left = redis::from_redis_value(next()?)?;
        Ok((redis::from_redis_value(bytes)?, left))
    });
    kept(reply.map(|reply| (reply, From::default()))).map(|(kept, _)| kept)
}

fn with_age(key: &str) -> redis::Pipeline {
    let mut both = redis::pipe();
    both.get(key).pttl(key);
    both
}

/// The bytes, and what `PTTL` says.
type Reply = (Option<Vec<u8>>, i64);

fn kept(reply: Result<(Reply, From), RedisError>) -> RedisResult<(Option<Kept>, From)> {
    match reply {
        Ok(((bytes, left), from)) => {
            let left = lease::left(left);
            Ok((bytes.map(|bytes| Kept { bytes, left }), from))
        }
        // Somebody else's, such as a list: it will be overwritten.
        Err(error) if error.code() == Some("WRONGTYPE") => Ok((None, From::default())),
        Err(error) => Err(error),
    }
}

impl fmt::Debug for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Way")
            .field("connector", &self.connector)
            .field("policy", &self.policy)
            .field("events", &self.events)
            .finish_non_exhaustive()
    }
}
