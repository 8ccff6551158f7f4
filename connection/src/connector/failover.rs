//! Several databases, of which commands go to the best that is well.

pub(crate) mod probing;
pub(crate) mod several;

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use redis::RedisResult;
use redis_resilient_runtime::__seam::clock::whole_millis;
use redis_resilient_runtime::event::DatabaseSwitched;
use redis_resilient_runtime::registry::{DatabasesReport, RegisteredDatabases as _};

use self::probing::{Check, Watch, Watched};
use self::several::Several;
use crate::connector::builder::ConnectorBuilder;
use crate::connector::{Connector, default_breaker};
use crate::databases::{Probes, Rules};
use crate::switching::{MOST_DATABASES, OnSwitch, Place, Switching};

/// One of several databases for [`Connector::failover`]: a server, a Sentinel group or a cluster, with its own settings.
///
/// ```
/// use redis_resilient::connection::{Connector, Database};
///
/// # fn connect() -> redis::RedisResult<()> {
/// let eu = Database::new("eu", Connector::builder("redis://redis.eu.example/")?);
/// let us = Database::new("us", Connector::builder("redis://redis.us.example/")?).weight(1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "it does nothing until it is given to `Connector::failover`"]
pub struct Database {
    name: String,
    builder: ConnectorBuilder,
    weight: u32,
    check: Check,
}

impl Database {
    /// A database of this name, for events, metrics and pages, with weight 100.
    ///
    /// Give it a [breaker](ConnectorBuilder::breaker) only if no other database has the same.
    ///
    /// # Panics
    /// If the name is empty.
    pub fn new(name: impl Into<String>, builder: ConnectorBuilder) -> Self {
        let name = name.into();
        assert!(!name.is_empty(), "a database needs a name");
        Self {
            name,
            builder,
            weight: 100,
            check: Check::Ping,
        }
    }

    /// The heaviest database that is well is the one that commands go to; of several with the same weight the first. Default: 100.
    pub const fn weight(mut self, weight: u32) -> Self {
        self.weight = weight;
        self
    }

    /// What a probe does, in place of `PING`: the database is well if it returns `Ok` within the [time of a probe](FailoverBuilder::probe_timeout).
    ///
    /// It is called on a thread of the connector's own, in a small tokio runtime: it must not depend on tasks of another runtime. One that panics has
    /// failed. For code that blocks the thread there is [`check_blocking`](Self::check_blocking).
    ///
    /// ```
    /// use redis_resilient::connection::{Connector, Database};
    ///
    /// # fn connect() -> redis::RedisResult<()> {
    /// // Well is what takes writes.
    /// let eu = Database::new("eu", Connector::builder("redis://redis.eu.example/")?).check(|redis| async move {
    ///     redis::cmd("SET").arg("probe").arg(1).arg("EX").arg(60).exec_async(&mut redis.get().await?).await
    /// });
    /// # Ok(())
    /// # }
    /// ```
    pub fn check<F>(mut self, check: impl Fn(Connector) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = RedisResult<()>> + Send + 'static,
    {
        self.check = Check::Own(Arc::new(move |redis| Box::pin(check(redis))));
        self
    }

    /// As [`check`](Self::check), by blocking a thread. While one has not returned, the probes after it fail.
    pub fn check_blocking(
        mut self,
        check: impl Fn(&Connector) -> RedisResult<()> + Send + Sync + 'static,
    ) -> Self {
        self.check = Check::blocking(Arc::new(check));
        self
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database")
            .field("name", &self.name)
            .field("weight", &self.weight)
            .field("builder", &self.builder)
            .finish_non_exhaustive()
    }
}

/// Builds a [`Connector`] with several databases. Does not connect.
#[must_use = "it does nothing until `build` is called"]
pub struct FailoverBuilder {
    databases: Vec<Database>,
    probes: Probes,
    watch: Watch,
    rules: Rules,
    on_switch: Option<OnSwitch>,
}

impl FailoverBuilder {
    /// Each database is looked at this often, give or take 10 %, and at once when a command has failed there. Default: 1 s.
    ///
    /// # Panics
    /// If it is zero.
    pub const fn probe_every(mut self, interval: Duration) -> Self {
        assert!(
            !interval.is_zero(),
            "probe_every has to be longer than zero"
        );
        self.watch.interval = interval;
        self
    }

    /// How many probes are sent to find out whether a database is well, 50 ms apart, and how many of them have to succeed. Default: 3 and 2. No more are
    /// sent than are needed.
    ///
    /// # Panics
    /// If `needed` is zero, or more than `asked`.
    pub const fn probes(mut self, asked: u32, needed: u32) -> Self {
        assert!(
            needed > 0 && needed <= asked,
            "of the probes at least one has to be needed, and no more than there are"
        );
        self.probes = Probes { asked, needed };
        self
    }

    /// How long one probe may take, connecting included. Default: the [`response_timeout`](ConnectorBuilder::response_timeout) of the database.
    ///
    /// # Panics
    /// If it is zero.
    pub const fn probe_timeout(mut self, timeout: Duration) -> Self {
        assert!(
            !timeout.is_zero(),
            "probe_timeout has to be longer than zero"
        );
        self.watch.timeout = Some(timeout);
        self
    }

    /// How long a database that has failed has to be well before commands go back to it, while another one serves. Default: 60 s. Each failure
    /// begins it anew.
    pub const fn grace_period(mut self, period: Duration) -> Self {
        self.rules.grace_ms = whole_millis(period);
        self
    }

    /// How long commands stay with a database at least, unless it fails and another has not failed within the grace period. Default: 5 s.
    pub const fn minimum_stay(mut self, stay: Duration) -> Self {
        self.rules.stay_ms = whole_millis(stay);
        self
    }

    /// Called after each switch, in order: from then on commands go to the other database. What the one before acknowledged last may not be there.
    ///
    /// It must not block. It runs on the thread that caused the switch: that of a call, or the connector's own.
    ///
    /// ```
    /// use redis_resilient::connection::{Connector, Database};
    ///
    /// # fn connect(databases: [Database; 2]) {
    /// let redis = Connector::failover(databases)
    ///     .on_switch(|switch| eprintln!("from {} to {}: writes of the last second may be missing", switch.from, switch.to))
    ///     .build();
    /// # }
    /// ```
    pub fn on_switch(
        mut self,
        called: impl Fn(&DatabaseSwitched<'_>) + Send + Sync + 'static,
    ) -> Self {
        self.on_switch = Some(Box::new(called));
        self
    }

    /// The connector.
    #[must_use]
    pub fn build(self) -> Connector {
        let built = self.databases.into_iter().map(|database| {
            let connector = database.builder.build();
            let place = Place {
                name: database.name.into(),
                weight: database.weight,
                manager: connector.manager.clone(),
                breaker: connector.breaker,
                doubted: Arc::default(),
            };
            let watched = Watched {
                connector,
                check: database.check,
                doubted: place.doubted.clone(),
            };
            (place, watched)
        });
        let (places, watched): (Vec<_>, Vec<_>) = built.unzip();
        let switching = Switching::new(places, self.rules, self.on_switch);
        let breaker = default_breaker::named(switching.name());
        let switching = Arc::new(switching.closing(breaker));
        let first = &switching.places()[0];
        Connector {
            manager: first.manager.clone(),
            hubs: Arc::default(),
            breaker,
            several: Some(Arc::new(Several::new(
                switching,
                watched,
                self.probes,
                self.watch,
            ))),
        }
    }
}

impl fmt::Debug for FailoverBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FailoverBuilder")
            .field("databases", &self.databases)
            .field("probes", &self.probes)
            .field("rules", &self.rules)
            .finish_non_exhaustive()
    }
}

impl Connector {
    /// A builder for a connector that goes to the best of several databases: the heaviest that is well.
    ///
    /// ```
    /// use redis_resilient::connection::{Connector, Database};
    ///
    /// # fn connect() -> redis::RedisResult<()> {
    /// let redis = Connector::failover([
    ///     Database::new("eu", Connector::builder("redis://redis.eu.example/")?),
    ///     Database::new("us", Connector::builder("redis://redis.us.example/")?).weight(50),
    /// ])
    /// .build();
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// The databases have to be kept alike by something else, such as active-active replication: nothing is copied here. **What one has acknowledged
    /// last may not be in the other yet, or never**: [`on_switch`](FailoverBuilder::on_switch) says when that is so.
    ///
    /// * From the first use on each database is [probed](FailoverBuilder::probe_every), by a thread of the connector's own, over a connection of its own.
    ///   It is also left when its circuit opens: each has a [breaker](Self::breaker), and functions that name none go by that of the present database.
    ///   A switch closes the circuit of the database that it goes to. One whose circuit is
    ///   [forced open](redis_resilient_runtime::Breaker::force_open) is not gone to.
    /// * A [`Connection`](crate::Connection) and a [`BlockingConnection`](crate::BlockingConnection) go along with the next command. What waits in the
    ///   former database, and connections with a state (`WATCH`, [`dedicated`](Self::dedicated)), fail as if their server were lost. Subscriptions are
    ///   subscribed again, and tell [`Lost`](crate::SubscriptionEvent::Lost) and [`Subscribed`](crate::SubscriptionEvent::Subscribed).
    /// * A `Lock` is lost by a switch, and its guard says so. `WAIT` fails after one. What a `Once` has done in one database is not known in another
    ///   unless that is replicated.
    /// * Commands go back to a heavier database after the [grace period](FailoverBuilder::grace_period). While none is well, they stay where they are, fail as
    ///   that database fails, and go to the first that is well again.
    /// * Caches have a circuit for all databases together, which a switch closes. Near caches that are told of changes (`near = "tracking"`) are refused, and
    ///   left out of `#[redis_cached]`: nobody would tell what is different in the other database.
    ///
    /// # Panics
    /// If there is no database, more than 200, or two of one name.
    pub fn failover(databases: impl IntoIterator<Item = Database>) -> FailoverBuilder {
        let databases: Vec<_> = databases.into_iter().collect();
        assert!(
            !databases.is_empty(),
            "Connector::failover needs a database"
        );
        assert!(
            databases.len() <= MOST_DATABASES,
            "Connector::failover takes at most {MOST_DATABASES} databases"
        );
        for (place, database) in databases.iter().enumerate() {
            let is_new = databases[..place]
                .iter()
                .all(|other| other.name != database.name);
            assert!(
                is_new,
                "there are two databases of the name `{}`",
                database.name
            );
        }
        FailoverBuilder {
            databases,
            probes: Probes {
                asked: 3,
                needed: 2,
            },
            watch: Watch {
                interval: Duration::from_secs(1),
                timeout: None,
            },
            rules: Rules {
                grace_ms: 60_000,
                stay_ms: 5_000,
            },
            on_switch: None,
        }
    }

    /// How its databases are doing, and which one commands go to; `None` if it was not built by [`failover`](Self::failover).
    #[must_use]
    pub fn databases(&self) -> Option<DatabasesReport> {
        self.switching().map(|switching| switching.report())
    }

    /// Has commands go to this one of several databases, at once and without asking anybody. It is stayed with, whatever is heavier, until it fails or
    /// [`switch_automatically`](Self::switch_automatically) is called. What was known of it before does not count.
    ///
    /// # Errors
    /// If there is no database of this name, or its circuit is forced open.
    pub fn switch_to(&self, database: &str) -> RedisResult<()> {
        match &self.several {
            Some(several) => {
                several.is_used()?;
                several.switching().switch_to(database)
            }
            None => Err(several::only_one(database)),
        }
    }

    /// Has commands go to the heaviest database that is well again, after [`switch_to`](Self::switch_to).
    pub fn switch_automatically(&self) {
        if let Some(switching) = self.switching() {
            switching.leave_to_rules();
        }
    }
}
