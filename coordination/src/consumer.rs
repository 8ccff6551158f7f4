//! A consumer of a stream that loses nothing.

mod attempt;
mod dead_letter;
mod delivery;
mod ending;
mod entry;
mod events;
mod failure;
mod fingerprint;
mod group;
mod hand;
mod identity;
mod intake;
mod keeper;
mod lead;
mod link;
mod monitor;
mod pacing;
mod position;
mod race;
mod reply;
mod report;
mod run;
mod scripts;
mod settings;
mod verdict;

use std::fmt;
use std::future::{Future, pending};
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::Arc;
use std::time::Duration;

use redis::RedisResult;
use redis_resilient_connection::Connector;
use redis_resilient_runtime::{Backoff, Registry};

use self::attempt::{Start, live};
pub use self::delivery::Delivery;
pub use self::entry::{Entry, EntryId, FieldError, FromEntry, NotAnId};
pub use self::failure::Failure;
use self::hand::Stay;
use self::intake::{Intake, Work};
use self::monitor::Counters;
pub use self::monitor::Monitor;
use self::race::{First, race};
use self::run::Run;
use self::settings::{Begin, Settings};

/// What entries are ordered by.
type Order<T> = Arc<dyn Fn(&T) -> u64 + Send + Sync>;

/// A consumer of a stream, in a consumer group. The module [`streams`](https://docs.rs/redis-resilient/latest/redis_resilient/streams) says what is
/// promised.
///
/// ```no_run
/// use redis_resilient::connection::Connector;
/// use redis_resilient::streams::{Consumer, Delivery, Entry, Failure};
/// use std::time::Duration;
///
/// # async fn ctrl_c() {}
/// # async fn send(address: &str) -> std::io::Result<()> { Ok(()) }
/// # async fn run(redis: &Connector) -> redis::RedisResult<()> {
/// let consumer = Consumer::group(redis, "mails", "sender")
///     .concurrency(4)
///     .claim_after(Duration::from_secs(60));
/// let monitor = consumer.monitor(); // For metrics and health checks.
/// consumer
///     .run(ctrl_c(), async |mail: Entry, _delivery: Delivery| {
///         send(mail.text("to")?).await?;
///         Ok::<_, Failure>(())
///     })
///     .await
/// # }
/// ```
///
/// `T` is what handlers are given, made of an entry by [`FromEntry`]: an [`Entry`] itself, a map, or a type of your own.
#[must_use = "a consumer does nothing until it is run"]
pub struct Consumer<T = Entry> {
    redis: Connector,
    settings: Settings,
    order: Option<Order<T>>,
    counters: Arc<Counters>,
}

impl<T: FromEntry + Send + 'static> Consumer<T> {
    /// A consumer of this stream, in this group. Nothing is sent yet.
    pub fn group(redis: &Connector, stream: impl AsRef<[u8]>, group: &str) -> Self {
        Self {
            redis: redis.clone(),
            settings: Settings::new(stream.as_ref(), group),
            order: None,
            counters: Arc::default(),
        }
    }

    /// How many entries are handled at once. Default: 1.
    ///
    /// # Panics
    /// If it is 0.
    pub fn concurrency(mut self, concurrency: u32) -> Self {
        assert!(
            concurrency > 0,
            "the concurrency of a consumer has to be at least 1"
        );
        self.settings.concurrency = concurrency;
        self
    }

    /// How many entries are fetched beyond those that are handled, so that a handler does not wait for the next. Default: none; with
    /// [`ordered_by`](Self::ordered_by) four times the concurrency, because entries wait for those before them.
    pub fn prefetch(mut self, prefetch: u32) -> Self {
        self.settings.prefetch = Some(prefetch);
        self
    }

    /// Entries of which this gives the same are handled one after the other, in the order of the stream. One that fails holds up those behind it, until
    /// it is handled or a dead letter.
    ///
    /// With an order, one consumer of the group is at work, and the others stand by: Redis gives entries to whoever asks, so that two of one key could be
    /// with two consumers at once. The lock for that is at `{stream}lead:group`, with a lease of [`claim_after`](Self::claim_after); whoever gets it takes
    /// over everything that is pending before anything new. All consumers of the group have to have an order then. It is as sure as a
    /// [`Lock`](crate::Lock) is. To have more processes at work, divide the stream.
    pub fn ordered_by<K: Hash>(mut self, key: impl Fn(&T) -> K + Send + Sync + 'static) -> Self {
        let hasher = RandomState::new();
        self.order = Some(Arc::new(move |value| hasher.hash_one(key(value))));
        self.settings.is_ordered = true;
        self
    }

    /// How many attempts are made, in all consumers together, until an entry is put among the dead letters. Default: 5.
    ///
    /// # Panics
    /// If it is 0.
    pub fn max_deliveries(mut self, most: u32) -> Self {
        assert!(most > 0, "an entry has to be delivered at least once");
        self.settings.max_deliveries = most;
        self
    }

    /// The stream of dead letters. Default: `{stream}dead:group`.
    ///
    /// In a cluster, one in another slot than the stream costs two steps: the letter is stored, and the entry acknowledged when that is known.
    pub fn dead_letters(mut self, stream: impl AsRef<[u8]>) -> Self {
        self.settings.dead_letters = Some(stream.as_ref().to_vec());
        self
    }

    /// The pauses before the next attempt for an entry whose handler has failed. Default: from 100 ms, doubled up to 10 s, half of it random.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.settings.backoff = backoff;
        self
    }

    /// After how long without a sign of life a consumer's entries are taken over. Default: 30 s. A consumer gives a sign each fourth of this for each
    /// entry that it has, so a handler may take as long as it likes.
    ///
    /// # Panics
    /// If it is shorter than 100 ms.
    pub fn claim_after(mut self, time: Duration) -> Self {
        let is_enough = time >= Duration::from_millis(100);
        assert!(is_enough, "claim_after has to be at least 100 milliseconds");
        self.settings.claim_after = time;
        self
    }

    /// For how long handlers may go on after the end was asked for. Default: 30 s. Then they are dropped, and their entries handed back.
    pub fn grace(mut self, time: Duration) -> Self {
        self.settings.grace = time;
        self
    }

    /// For how long [`Delivery::once`] is remembered. Default: an hour.
    ///
    /// # Panics
    /// If it is shorter than a millisecond.
    pub fn remember_for(mut self, time: Duration) -> Self {
        let is_enough = time >= Duration::from_millis(1);
        assert!(is_enough, "remember_for has to be at least a millisecond");
        self.settings.remember_for = time;
        self
    }

    /// A group that nobody has known yet begins with the next entry, rather than with the first one of the stream.
    pub fn from_now(mut self) -> Self {
        self.settings.begin = Begin::End;
        self
    }

    /// A label for the consumer's name, which is `rr:label:` and a random number: `XINFO CONSUMERS` shows it. Default: the number of the process.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.settings.label = Some(label.into());
        self
    }

    /// The numbers of this consumer, and of its group.
    #[must_use]
    pub fn monitor(&self) -> Monitor {
        Monitor {
            redis: self.redis.clone(),
            stream: self.settings.stream.clone(),
            group: self.settings.group.clone(),
            counters: self.counters.clone(),
        }
    }

    /// Consumes until `shutdown` is ready: then nothing more is read, what is being handled is finished within the [`grace`](Self::grace), and what was
    /// fetched and has not begun is handed back, to be handled by others at once.
    ///
    /// Each entry is handled in a task of its own. When the handler returns `Ok`, the entry is acknowledged; an error or a panic is a failure, which is
    /// tried again.
    ///
    /// # Errors
    /// What Redis has answered to the first request, if it will always answer that: a wrong password, a key that is no stream. After that, and where Redis
    /// cannot be reached, it goes on trying.
    ///
    /// # Panics
    /// Outside of a tokio runtime with its timer enabled.
    ///
    /// # Cancellation
    /// Drops all handlers. Their entries are taken over by others after [`claim_after`](Self::claim_after).
    pub async fn run<H, F, E>(
        self,
        shutdown: impl Future<Output = ()>,
        handler: H,
    ) -> RedisResult<()>
    where
        H: Fn(T, Delivery) -> F + Send + Sync + 'static,
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<Failure> + 'static,
    {
        let run = Arc::new(Run::new(&self.redis, self.settings, self.counters)?);
        Registry::global().register_consumer(&run);
        let work = work(&run, self.order, handler);
        let _cut_off = CutOff(run.clone());
        let stops = async {
            shutdown.await;
            run.stop();
            pending::<()>().await;
        };
        let consumes = async {
            let mut intake = Intake::new(&run, &work);
            intake.take_in().await?;
            run.counters.reads(false);
            ending::end(&run).await;
            race(intake.leave(), tokio::time::sleep(ending::LAST_WORDS)).await;
            Ok(())
        };
        match race(consumes, race(stops, keeper::keep(&run))).await {
            First::One(result) => result,
            // Neither of them ends.
            First::Other(_) => Ok(()),
        }
    }
}

fn work<T, H, F, E>(run: &Arc<Run>, order: Option<Order<T>>, handler: H) -> Work
where
    T: FromEntry + Send + 'static,
    H: Fn(T, Delivery) -> F + Send + Sync + 'static,
    F: Future<Output = Result<(), E>> + Send + 'static,
    E: Into<Failure> + 'static,
{
    let (run, handler) = (run.clone(), Arc::new(handler));
    Work {
        key: Box::new(move |entry| {
            let order = order.as_ref()?;
            T::from_entry(entry).ok().map(|value| order(&value))
        }),
        launch: Box::new(move |stay: Stay, start: Start| {
            let lives = live(run.clone(), handler.clone(), stay, start);
            tokio::spawn(lives).abort_handle()
        }),
    }
}

/// When a consumer is dropped, so are its handlers.
struct CutOff(Arc<Run>);

impl Drop for CutOff {
    fn drop(&mut self) {
        self.0.counters.reads(false);
        self.0.hand.abort();
    }
}

impl<T> fmt::Debug for Consumer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consumer")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
