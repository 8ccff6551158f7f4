//! Writes that survive Redis: a journal takes them while Redis is away, and has them executed when it is back.
//!
//! ```no_run
//! use redis::AsyncCommands;
//! use redis_resilient::connection::Connector;
//! use redis_resilient::journal::{Journal, Written};
//! use std::time::Duration;
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let redis = Connector::open("redis://orders.example/")?;
//! let journal = Journal::builder("orders").file("/var/lib/shop/journal").open(&redis)?;
//!
//! // As any connection. What Redis does not take now is on disk when this returns.
//! let mut orders = journal.over(&redis).exactly_once(Duration::from_secs(3_600));
//! let length: Written<u64> = orders.rpush("orders:7", "two books").await?;
//! match length {
//!     Written::Done(length) => println!("order number {length}"),
//!     _ => println!("accepted"),
//! }
//!
//! // At the end of the process: what is left waits for the next one.
//! journal.close(Duration::from_secs(5)).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # What is promised
//!
//! * **What was acknowledged is executed.** [`Written::Done`] is Redis's own answer. [`Written::Queued`] says that the journal has the write: in a
//!   directory, on disk. It survives the process, killed at any moment, and a damaged file loses what is damaged and says how much.
//! * **In order.** Writes of one key are executed in the order in which they were acknowledged. While one waits, newer ones to its key queue behind it, over
//!   any connection of the journal. Writes of several keys are in order with each.
//! * **As soon as Redis is back**, without anybody coming by, several keys at once, as fast as [`rate`](JournalBuilder::rate) allows.
//! * **Once**, with [`exactly_once`](JournalConnection::exactly_once) or a [`Once`](crate::connection::Once) of your own, as long as an outage takes
//!   less than the server remembers the token. Without, a write whose reply is lost fails as before, and one that waits is executed at least once: twice
//!   if the process is killed, or Redis is lost, between its execution and the note of it.
//!   Whoever sends a write again because the process was killed before it answered needs a token of the write's own:
//!   [`Once::with_token`](crate::connection::Once::with_token), sent over the journal's connection, as in the example `orders`.
//! * **Never silently lost.** A journal without room refuses with an error, unless it was told to [drop the oldest](WhenFull::DropOldest). What Redis
//!   refuses for good is a [`DeadLetter`], and holds up nobody.
//!
//! # What is not promised
//!
//! * A read of a key that has a write waiting gives what Redis has: the value from before.
//! * Order between processes: each journal has its own. Another process may write a key while a write to it waits here, and is overwritten by it. One
//!   [in NATS](#in-nats) is common to all of them.
//! * What other connections write goes past the journal.
//! * A failover loses what Redis had acknowledged and not replicated. The journal has let go of it by then.
//! * What waits is not encrypted. Its files can be read by their owner only.
//!
//! # In NATS
//!
//! For fleets whose nodes have no disk that lasts: `nats` (feature `write-behind-nats`) keeps the journal in NATS `JetStream`, 2.9 or newer. All
//! processes that open a journal of one name have it together.
//!
#![cfg_attr(feature = "write-behind-nats", doc = "```no_run")]
#![cfg_attr(not(feature = "write-behind-nats"), doc = "```ignore")]
//! # use redis_resilient::{connection::Connector, journal::Journal};
//! # fn run(redis: &Connector) -> Result<(), Box<dyn std::error::Error>> {
//! let journal = Journal::builder("orders").nats("nats://a.example:4222,nats://b.example:4222").open(redis)?;
//! # Ok(())
//! # }
//! ```
//!
//! * **What was acknowledged is executed**, by whichever process: those that live execute what a dead one has left. One at a time does so, and so
//!   the writes of each key are in order, and those of several keys with each. If it dies, another one takes over after the
//!   lease (`Nats::lease`), 6 s unless told.
//! * **Direct writes queue behind what others have put there** as soon as this process has heard of it: that takes as long as NATS takes to deliver a message,
//!   and longer while this process has no connection to NATS. Of two processes that write one key at the same time, either may be the
//!   first, as ever.
//! * **At least once**; once with [`exactly_once`](JournalConnection::exactly_once). A process that was stopped in the middle of sending a command to Redis, for longer than half
//!   the lease, sends it when it goes on, although another one may have executed it and more by then: with a token that does nothing.
//! * **While NATS is away** writes go to Redis as before, but for keys that have a write waiting: those fail until NATS is back, and nothing is
//!   executed meanwhile. While both are away, a write fails after 5 s (`Nats::timeout`): its error says
//!   either that it is neither in Redis nor in the journal, or that this is not known. Then it may be there, and is executed in that case; until it has
//!   turned out, its keys are held back.
//! * **When NATS's machine loses power** it may have lost what it has acknowledged in the last two minutes: NATS writes to its disk, and does not wait for the
//!   disk. `sync_interval: always` in the `jetstream` block of its configuration (2.10 or newer) makes it wait, and is slower by what an `fsync` takes; replicas
//!   on machines that do not lose power together do as well. A NATS that is killed, and its machine is not, loses nothing. What is known to be lost is
//!   told to observers.
//! * Opening connects, reads all that waits, and fails while NATS is away.
//! * [`max_entries`](JournalBuilder::max_entries) and [`max_bytes`](JournalBuilder::max_bytes) count what all processes have put there; each process has a
//!   number and the hashes of the keys of each write in memory. A write has to fit into one message of NATS (`max_payload`, 1 MiB).
//! * The stream belongs to the journal: it is made when it is not there, and may be deleted when nothing waits. A process needs permission to publish to
//!   `rr.<journal>.*`, to subscribe to its inbox, and for `$JS.API.*` of the stream `rr-<journal>`.
//!
//! # Which writes
//!
//! Those whose effect is what they are for: `SET`, `INCR`, `RPUSH`, `HSET`, `ZADD`, `XADD`, `DEL`, `EXPIRE`, scripts with keys, pipelines and transactions of
//! these. Not those whose reply is the point, for it would be lost: `LPOP`, `SPOP`, `GETDEL`, a `SET` with `NX` or `GET`, as of a lock. They are sent, and
//! fail as before. [`enqueue`](Journal::enqueue) takes conditional ones too.
//!
//! A time to live goes on while a write waits: `SET k v EX 60` that is executed 20 s late gets 40 s. If it is over, the write is executed with a
//! millisecond, so that what it would have replaced is gone too.
//!
//! # In front of annotated functions
//!
//! A connection [`over`](Journal::over) a journal has the breaker of its connector, and needs no annotated function around it. For a function that has
//! its own connection, `fallback = journal.enqueue(…)` takes what it could not send; but it knows neither what was executed nor what waits for the key:
//!
//! ```no_run
//! use redis_resilient::connection::Connector;
//! use redis_resilient::journal::{Journal, Written};
//! use redis_resilient::redis_resilient;
//!
//! #[redis_resilient(retries = 2, fallback = journal.enqueue(redis::cmd("RPUSH").arg("orders").arg(order)))]
//! async fn place(redis: &Connector, journal: &Journal, order: &str) -> redis::RedisResult<Written<u64>> {
//!     redis::cmd("RPUSH").arg("orders").arg(order).query_async(&mut redis.get().await?).await
//! }
//! ```
//!
//! A fallback returns what the function returns, and in synchronous code it is [`enqueue_blocking`](Journal::enqueue_blocking). Where the errors are of
//! another type, or nobody wants to know whether the write is queued, it says so itself:
//!
//! ```no_run
//! # use redis::{AsyncCommands, Cmd};
//! # use redis_resilient::connection::Connector;
//! # use redis_resilient::journal::Journal;
//! # use redis_resilient::redis_resilient;
//! # type Error = Box<dyn std::error::Error + Send + Sync>;
//! #
//! #[redis_resilient(idempotent = true, fallback = async { Ok(journal.enqueue::<()>(Cmd::hset("prices", id, price)).await.map(drop)?) })]
//! async fn set_price(redis: &Connector, journal: &Journal, id: u64, price: u64) -> Result<(), Error> {
//!     Ok(redis.get().await?.hset("prices", id, price).await?)
//! }
//! ```

#[doc(inline)]
pub use redis_resilient_journal::{
    BlockingJournalConnection, DeadLetter, Journal, JournalBuilder, JournalConnection,
    JournalError, Progress, Recovered, WhenFull, Written, is_queued,
};

#[cfg(feature = "write-behind-nats")]
#[doc(inline)]
pub use redis_resilient_journal::Nats;
