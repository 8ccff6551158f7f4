//! A real primary with its replicas and sentinels.

mod builder;
mod launch;
mod view;

use std::{io, time::Duration};

pub use builder::RealSentinelBuilder;
use launch::{DOWN_AFTER, sentinel, server};
use view::View;

use crate::{
    RealRedis, RealRedisBuilder, StartError, poll::poll, real_redis::ask::ask,
    replication::Replication,
};

const PRIMARY_NAME: &str = "mymaster";
/// How many of the servers are replicas at first.
const REPLICAS: usize = 2;
/// How long what does not wait for an outage may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Has sentinels look around every 0.1 to 0.4 s instead of every 1 to 10 s, and not stop acting for
/// half a minute where the machine is so busy that they were not run for two seconds.
///
/// While the primary is down they ask replicas only once a second how they are, and promote none
/// whose answer is older than five ping periods: these may not be much shorter.
const QUICK: &str = "SENTINEL DEBUG info-period 200 ping-period 400 ask-period 100 \
                     publish-period 100 tilt-trigger 5000 tilt-period 1000";
/// A server that claims to be the primary is made a replica after four of these periods. When there
/// may be a failover, that must not hit the replica that is being promoted: it may take sentinels
/// more than a second to see that it is done.
const HURRIED: &str = "SENTINEL DEBUG publish-period 100";
const UNHURRIED: &str = "SENTINEL DEBUG publish-period 500";

/// A primary, two replicas and three sentinels, all real processes on ports of their own.
///
/// When the primary is killed or frozen, a sentinel notices after half a second, and within about
/// three seconds a replica is the primary and all sentinels know it. With Redis 6, which has no
/// `SENTINEL DEBUG` to hurry sentinels, that and the start take longer.
///
/// All [`servers`](Self::servers) can be used as every [`RealRedis`]. One that is killed and
/// restarted later comes back with the role it had, and is made a replica if another is primary by
/// then. A [sentinel](Self::sentinels) that is restarted knows what it knew, but looks around at
/// its usual, slow pace.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use redis_resilient_testkit::RealSentinel;
///
/// let sentinel = RealSentinel::start()?;
/// let write = || {
///     let client = redis::Client::open(sentinel.primary().url())?;
///     redis::cmd("INCR").arg("n").exec(&mut client.get_connection()?)
/// };
/// write()?;
///
/// let old = sentinel.kill_primary();
/// assert!(write().is_err());
///
/// let new = sentinel.wait_for_failover(old, Duration::from_secs(20))?;
/// assert_ne!(new, old);
/// write()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct RealSentinel {
    // Dropped first, so that they do not see the servers go.
    sentinels: Vec<RealRedis>,
    servers: Vec<RealRedis>,
}

impl RealSentinel {
    /// Starts all processes and waits until the sentinels know each other and the replicas, so
    /// that they can act on a failure.
    ///
    /// # Errors
    ///
    /// [`StartError`] where there is no server program, or one of them does not start.
    pub fn start() -> Result<Self, StartError> {
        Self::builder().start()
    }

    /// Starts them with options of one's own.
    pub fn builder() -> RealSentinelBuilder {
        RealSentinelBuilder::new()
    }

    fn start_of(process: &RealRedisBuilder) -> Result<Self, StartError> {
        let primary = server(process, "")?;
        let port = primary.addr().port();
        let mut servers = vec![primary];
        for _ in 0..REPLICAS {
            let replica = server(process, &format!("replicaof 127.0.0.1 {port}\n"))?;
            // One that comes while another is served may be kept waiting for a second.
            let linked = || Replication::of(&replica)?.is_linked().then_some(());
            poll(PATIENCE, "a replica", linked, || replica.log()).map_err(not_ready)?;
            servers.push(replica);
        }
        let mut sentinels = Vec::new();
        for down_after in DOWN_AFTER {
            sentinels.push(sentinel(process, port, down_after)?);
        }
        let started = Self { sentinels, servers };
        started.wait_until_ready()?;
        Ok(started)
    }

    /// The URLs of the sentinels, as for redis-rs's `SentinelClient`.
    pub fn sentinel_urls(&self) -> Vec<String> {
        self.sentinels.iter().map(RealRedis::url).collect()
    }

    /// The name under which the sentinels know the primary.
    pub fn primary_name(&self) -> &str {
        PRIMARY_NAME
    }

    /// The server that most of the sentinels name as the primary, be it up or not.
    ///
    /// # Panics
    ///
    /// Panics if the sentinels, asked for half a minute, do not agree on one.
    pub fn primary(&self) -> &RealRedis {
        &self.servers[self.primary_index()]
    }

    /// The index of the [`primary`](Self::primary) among the [`servers`](Self::servers).
    ///
    /// # Panics
    ///
    /// Panics if the sentinels, asked for half a minute, do not agree on one.
    pub fn primary_index(&self) -> usize {
        let majority = || {
            let views = self.views();
            let agree = |index: &usize| {
                let with_it = views
                    .iter()
                    .filter(|view| self.named_by(view) == Some(*index));
                with_it.count() > self.sentinels.len() / 2
            };
            (0..self.servers.len()).find(agree)
        };
        poll(PATIENCE, "a primary", majority, || self.describe())
            .unwrap_or_else(|error| panic!("the sentinels do not agree: {error}"))
    }

    /// The servers, of which the first is the primary at first.
    pub fn servers(&self) -> &[RealRedis] {
        &self.servers
    }

    /// One of the [`servers`](Self::servers).
    ///
    /// # Panics
    ///
    /// Panics if there is none of that index, which goes from 0 to 2.
    pub fn server(&self, index: usize) -> &RealRedis {
        &self.servers[index]
    }

    /// The sentinels, to be killed or frozen as any server.
    pub fn sentinels(&self) -> &[RealRedis] {
        &self.sentinels
    }

    /// [Kills](RealRedis::kill) the primary and returns its index.
    ///
    /// # Panics
    ///
    /// Panics where [`primary`](Self::primary) does.
    pub fn kill_primary(&self) -> usize {
        let index = self.primary_index();
        self.servers[index].kill();
        index
    }

    /// [Freezes](RealRedis::freeze) the primary and returns its index, with which to
    /// [thaw](RealRedis::thaw) it.
    ///
    /// Once thawed it takes writes for a moment, until a sentinel makes it a replica and they are
    /// lost.
    ///
    /// # Panics
    ///
    /// Panics where [`primary`](Self::primary) does, and if the primary is not running.
    pub fn freeze_primary(&self) -> usize {
        let index = self.primary_index();
        self.servers[index].freeze();
        index
    }

    /// Waits until a server other than `old` is the primary and returns its index: all sentinels
    /// that are neither killed nor frozen name it, and it takes writes.
    ///
    /// # Errors
    ///
    /// [`TimedOut`](io::ErrorKind::TimedOut) if that takes longer than `timeout`.
    pub fn wait_for_failover(&self, old: usize, timeout: Duration) -> io::Result<usize> {
        let new_primary = || {
            let views = self.views();
            let new = self.named_by(views.first()?)?;
            let agreed = views
                .iter()
                .all(|view| self.named_by(view) == Some(new) && view.is_primary_up());
            let done = views.len() == self.awake_sentinels().count() && agreed && new != old;
            (done && Replication::of(&self.servers[new])?.is_primary()).then_some(new)
        };
        poll(timeout, "a new primary", new_primary, || self.describe())
    }

    /// Has the sentinels make a replica the primary although the present one is well
    /// (`SENTINEL FAILOVER`), and waits until the others replicate it; returns its index.
    ///
    /// # Errors
    ///
    /// [`TimedOut`](io::ErrorKind::TimedOut) if that takes longer than half a minute, as it does
    /// while there is no replica.
    ///
    /// # Panics
    ///
    /// Panics where [`primary`](Self::primary) does.
    pub fn failover(&self) -> io::Result<usize> {
        let old = self.primary_index();
        self.wait_until_settled()?;
        let command = format!("SENTINEL FAILOVER {PRIMARY_NAME}");
        let mut refusal = None;
        let order = || {
            self.awake_sentinels().find_map(|sentinel| {
                let ordered = ask::<()>(sentinel, &command);
                ordered.map_err(|error| refusal = Some(error)).ok()
            })
        };
        poll(PATIENCE, "a failover", order, || self.describe())
            .map_err(|error| io::Error::new(error.kind(), format!("{error}, {refusal:?}")))?;
        let new = self.wait_for_failover(old, PATIENCE)?;
        self.tell_sentinels(HURRIED);
        let settled = self.wait_until_settled();
        self.tell_sentinels(UNHURRIED);
        settled.map(|()| new)
    }

    fn wait_until_ready(&self) -> Result<(), StartError> {
        self.tell_sentinels(QUICK);
        self.wait_until_settled().map_err(not_ready)?;
        self.tell_sentinels(UNHURRIED);
        Ok(())
    }

    /// Waits until each sentinel knows all others and has seen all servers that are up in the
    /// roles they are to have, since what one still has to set right could thwart a failover; and
    /// until the replicas are sent what is written.
    fn wait_until_settled(&self) -> io::Result<()> {
        let (replicas, others) = (self.servers.len() - 1, self.sentinels.len() - 1);
        let settled = || {
            let agreed = self
                .awake_sentinels()
                .all(|sentinel| view::is_settled(sentinel, PRIMARY_NAME, replicas, others));
            (agreed && self.are_replicas_fed()?).then_some(())
        };
        poll(PATIENCE, "settled sentinels", settled, || self.describe())
    }

    fn are_replicas_fed(&self) -> Option<bool> {
        let primary = self.named_by(self.views().first()?)?;
        let replication = Replication::of(&self.servers[primary])?;
        let mut servers = self.servers.iter().enumerate();
        Some(servers.all(|(index, server)| {
            index == primary || !server.is_awake() || replication.is_sent_to(server)
        }))
    }

    fn tell_sentinels(&self, command: &str) {
        for sentinel in &self.sentinels {
            // Redis 6 does not know these and is slower.
            let _ = ask::<()>(sentinel, command);
        }
    }

    /// What the sentinels that answer have to say.
    fn views(&self) -> Vec<View> {
        self.awake_sentinels()
            .filter_map(|sentinel| View::of(sentinel, PRIMARY_NAME))
            .collect()
    }

    fn awake_sentinels(&self) -> impl Iterator<Item = &RealRedis> {
        self.sentinels.iter().filter(|one| one.is_awake())
    }

    fn named_by(&self, view: &View) -> Option<usize> {
        let mut servers = self.servers.iter();
        servers.position(|server| server.addr().port() == view.port())
    }

    fn describe(&self) -> String {
        let ports = self.servers.iter().map(|server| server.addr().port());
        format!(
            "the servers are on ports {:?}, the sentinels say {:?}",
            ports.collect::<Vec<_>>(),
            self.views()
        )
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the shape that map_err wants"
)]
fn not_ready(error: io::Error) -> StartError {
    StartError::NotReady {
        waited: PATIENCE,
        log: error.to_string(),
    }
}
