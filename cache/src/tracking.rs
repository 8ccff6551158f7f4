//! Values kept in the process while their servers tell of each change: client tracking of RESP3.
//!
//! # Why a connection of its own, and broadcasting
//!
//! One connection to each primary asks for `CLIENT TRACKING ON BCAST PREFIX …`, and does nothing else. Reads go over whichever connection they like. Measured, on
//! Redis 7.0 to 8.10 and Valkey 8.1 and 9.1, is what decided between this and tracking over the connections that read (default mode, `OPTIN`):
//!
//! * There, what a connection has read is told to that connection. When it dies, changes of those keys are told to nobody, while the others look well; with
//!   `REDIRECT` to one connection that listens, that one looks well too. An application has many connections that read, on several runtimes, and makes them anew.
//! * There, the server keeps a table of who has read what. When that is full it invalidates keys that nobody has changed, and each key is told once only: it has to be
//!   read again to be tracked again, which an own write with `NOLOOP` ends too.
//! * `CLIENT CACHING YES` is a command more for each read, and is lost with any command between.
//! * Here, a change of any key with the prefix is told, whether or not anybody here has read it: for a thousand keys in one `MSET` in one message. That is the price:
//!   each process hears of each write under the prefix. It is small where values are read more often than written, as cached ones are; a cache has a prefix of its own.
//!
//! # What is promised
//!
//! A value is served at most one second after the acknowledgement of a write that made it old. Not less: the acknowledgement may come before the message, and a broken
//! connection tells nothing. Each quarter of a second each primary is asked something. What was written before a question was sent is announced before the answer
//! to the *next* question: messages go out at the end of a turn of the server's loop, so an answer may overtake those of its own turn. When both have come, values are
//! trusted until a second after the first was sent, and no longer ([`Validity`](crate::near::validity::Validity) has it as one number).
//!
//! * The connection is closed: nothing is served from that moment. It is silent: nothing after a second. In both cases all that was kept is dropped before anything is
//!   served again, and what is read meanwhile is not stored. An answer that is only late drops nothing: what was announced has come before it.
//! * `FLUSHALL`, `FLUSHDB`, a full resynchronisation: one message, and everything is dropped.
//! * The answer also says whether the server is still a primary. Sentinels are asked twice a second whether it is still the one; where they do not answer, it is believed,
//!   as the connections that read believe it. In a cluster each says what epoch it is in, and whether the cluster is well: when an epoch changes, when they
//!   differ, when anybody in the process meets a slot in another place, everything is dropped and the primaries are looked for anew. One primary that is away switches
//!   off what is kept for all of them.
//! * A reply is stored only if it came from the server that is listened to. With one address behind which servers change (a virtual address, DNS) that cannot be told
//!   apart: a connection that still leads to the former server may then store what that has, until its own deadline.
//!
//! # What is not
//!
//! * `SWAPDB` announces nothing. A message does not say of which database it is: writes to other databases drop keys of the same name.
//! * An expired key is announced minutes late or not at all, so each entry ends with its `PTTL`.
//! * Keys that Redis does not have are not announced when their slot moves: their absence is not to be stored.
//! * Replicas: what reads from them is refused.
//! * Over a suspended machine: its clock stands still meanwhile, so a value may be served for the rest of its second after that.
//!
//! RESP3 is asked for by the tracking connection itself, whatever the connector's URL says.

pub(crate) mod answer;
pub(crate) mod pace;
pub(crate) mod prefixes;
pub(crate) mod session;
pub(crate) mod shared;

use std::sync::Arc;

use redis::{ErrorKind, RedisResult};
use redis_resilient_connection::__seam::listening::cannot_listen;
use redis_resilient_connection::Connector;

use crate::near::Near;
use crate::near::validity::Validity;
use crate::near::weight::Bounds;
use crate::worker;
use shared::{Ends, Tracked, Tracking};

/// What has values kept near told of changes, and why it may not be at present.
#[derive(Clone, Debug)]
pub struct Tracker(Arc<Tracking>);

impl Tracker {
    /// Why nothing is served at present; `None`: all is well, or it has only just begun.
    pub fn failure(&self) -> Option<redis::RedisError> {
        self.0.failure()
    }
}

/// Values that are kept as long as this connector's Redis tells of changes of keys that begin like this. All of them share one connection to each primary.
///
/// # Errors
/// If the connector reads from replicas, or has several databases.
pub fn near<T: Send + Sync + 'static>(
    connector: &Connector,
    prefix: &str,
    bounds: Bounds,
) -> RedisResult<(Near<T>, Tracker)> {
    if let Some(why) = cannot_listen(connector) {
        let text = "near = \"tracking\" needs a connector that reads from the primary of one Redis: write near = \"5s\", or leave out";
        return Err((ErrorKind::InvalidClientConfig, text, why.to_owned()).into());
    }
    let validity = Arc::new(Validity::not_yet());
    let near = Near::valid(validity.clone(), bounds);
    let tracking = Tracking::of(connector);
    let is_first = tracking.add(Tracked {
        prefix: prefix.into(),
        validity,
        forgets: Arc::downgrade(&near.forgets()),
    });
    if is_first {
        // Of the application's runtimes each may stand still, or end. If no thread can be had, nothing is ever trusted.
        worker::spawn_on_worker(session::run(Ends(tracking.clone())));
    }
    Ok((near, Tracker(tracking)))
}
