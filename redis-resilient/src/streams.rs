//! Consumers of streams that lose nothing.
//!
//! A [`Consumer`] reads a stream as a member of a consumer group, and hands each entry to a handler. What the handler has done is acknowledged; what it
//! could not do is tried again, and put among the dead letters in the end.
//!
//! ```no_run
//! use redis_resilient::connection::Connector;
//! use redis_resilient::streams::{Consumer, Delivery, Entry, Failure, FieldError, FromEntry};
//!
//! struct Order {
//!     customer: String,
//!     sum: u64,
//! }
//!
//! impl FromEntry for Order {
//!     type Error = FieldError;
//!
//!     fn from_entry(entry: &Entry) -> Result<Self, FieldError> {
//!         Ok(Self {
//!             customer: entry.text("customer")?.to_owned(),
//!             sum: entry.parse("sum")?,
//!         })
//!     }
//! }
//!
//! /// Adds to the customer's bill, exactly once.
//! async fn bill(order: Order, delivery: Delivery) -> Result<(), Failure> {
//!     let bill = format!("{{orders}}bill:{}", order.customer);
//!     let mut add = redis::cmd("INCRBY");
//!     add.arg(&bill).arg(order.sum);
//!     delivery.commit::<u64>(&bill, &add).await?;
//!     Ok(())
//! }
//!
//! # async fn ctrl_c() {}
//! # async fn run() -> redis::RedisResult<()> {
//! let redis = Connector::open("redis://queue.example/")?;
//! Consumer::group(&redis, "orders", "billing")
//!     .concurrency(16)
//!     .max_deliveries(5)
//!     .dead_letters("orders:dead")
//!     .run(ctrl_c(), bill)
//!     .await
//! # }
//! ```
//!
//! # What is promised
//!
//! * An entry is acknowledged after its handler has returned `Ok`, or when it is known to be among the dead letters; never before. So it is handled at
//!   least once, whatever is killed: this process, Redis (as far as it keeps what it has answered, see below), or both.
//! * Attempts are counted by the server, and before they begin. An entry that kills every process that handles it is a dead letter after
//!   [`max_deliveries`](Consumer::max_deliveries) deaths. Entries that have not begun are not charged. From the third attempt on, one whose attempts ended
//!   without a word is handled alone in its process, so that its neighbours get by.
//! * Entries of a consumer that has died are taken over within [`claim_after`](Consumer::claim_after) and a second; within two seconds more by one that
//!   has just begun, or while Redis has just come back. Those of one that lives are not, however
//!   long its handlers take, how long entries rest before their next attempt, or for how long Redis was away.
//! * At the end nothing more is read, what is handled is finished, and what has not begun is handed back: another consumer has it within a second.
//! * A group that is not there is made: see below from where on.
//!
//! # Exactly once
//!
//! An entry may be delivered again after it was handled, if the process dies before the acknowledgement. For effects in Redis there are two ways around that:
//!
//! * [`Delivery::commit`] executes a command and acknowledges in one step. Nothing has to be remembered, and no time limits it. In a cluster its key has to
//!   be in the stream's slot, as `{orders}bill:7` is in that of `orders`.
//! * [`Delivery::run_once`] executes a command under a token of the entry's, whichever its key, which is remembered for
//!   [`remember_for`](Consumer::remember_for). [`Delivery::once`] is that token, for connections of your own.
//!
//! For effects elsewhere use the entry's [ID](Delivery::id) as the idempotency key.
//!
//! # Failures of handlers
//!
//! A handler that fails or panics is called again after a pause, by the same consumer, which keeps the entry meanwhile; the pause takes no handler's place.
//! The alternative, to leave it to the next who looks for old entries, knows one pause only, and would let others overtake it where there is an
//! [order](Consumer::ordered_by). [`Failure::dead_letter`] makes no further attempt, and neither does what [`FromEntry`] cannot read.
//!
//! A dead letter has the entry's fields, and before them `dead:stream`, `dead:group`, `dead:id`, `dead:deliveries` and `dead:reason`. Storing it
//! and acknowledging the entry is one step; in a cluster with dead letters in another slot it is two, and the letter is stored first. Dead letters are
//! never trimmed by this crate.
//!
//! # When the group is lost
//!
//! Redis came back empty, the stream was deleted or evicted, somebody destroyed the group. A consumer looks at its group twice a second, and remembers the
//! *floor*: below it everything was done, of all consumers.
//!
//! * If the stream is still the same, the group is made again at the floor of whoever notices first. Nothing is lost. What was done since the last
//!   look, half a second at most, is delivered again, as is what is in hand; entries that this consumer has handled itself, or has in hand, it knows, and
//!   does not handle them again. Other consumers do.
//! * If the stream is another one, everything in it is new, and the group is made at its start. What was in hand is handled all the same, and put among
//!   the dead letters if that fails.
//! * A consumer that has just been started knows no floor. It makes a group at the start of the stream, or at its end with
//!   [`from_now`](Consumer::from_now).
//!
//! # What is not promised
//!
//! * A failover loses what was not replicated: entries, acknowledgements, effects and tokens. A Redis that is killed loses what it has not written
//!   (`appendfsync always` writes everything). Entries whose acknowledgement was lost are handled again.
//! * Entries that are trimmed before they are read are gone, and nobody knows of them. Those that were trimmed while they were pending with a consumer that
//!   has died are counted ([`Monitor::trimmed`]) and told. What a living consumer has in hand is handled, trimmed or not.
//! * A jump of the server's clock by `claim_after` makes entries of living consumers look abandoned. They are handled twice; a commit happens once.
//! * A process that stands still for longer than `claim_after` and then goes on finds its entries with others. [`Delivery::is_held`] says so; the order of
//!   a key may be broken by it, a [`commit`](Delivery::commit) is not.
//! * An order is one of a group with one consumer at work; see [`ordered_by`](Consumer::ordered_by).
//!
//! # In Redis
//!
//! Redis or Valkey 7.0 or newer. Commands: `XREADGROUP`, `XACK`, and scripts with `XPENDING`, `XCLAIM`, `XRANGE`, `XLEN`, `XINFO`, `XADD`, `XGROUP`; an ACL
//! has to allow these and the dead letters' key. A consumer that waits sends a read and a look each half second. Its name is `rr:`, its
//! [label](Consumer::label), and a random number, so that two processes are told apart; names without anything pending are removed, at the end or after ten
//! times `claim_after`.
//!
//! It runs on a [`Connector`](crate::connection::Connector) to one server, by Sentinels, or to a cluster. There is no variant for synchronous code.

#[doc(inline)]
pub use redis_resilient_coordination::{
    Consumer, Delivery, Entry, EntryId, Failure, FieldError, FromEntry, Monitor, NotAnId,
};
