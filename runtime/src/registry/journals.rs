//! What journals say of themselves, and the orders that they take.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use redis::RedisResult;

use super::connectors::ConnectionFailure;

/// How many dead letters were put back, once that is done.
pub type Replayed = Pin<Box<dyn Future<Output = RedisResult<u64>> + Send>>;

/// A journal that says of itself how it is doing. Those of the feature `write-behind` are such.
pub trait RegisteredJournal: Send + Sync {
    /// How it is doing now. No lock of the registry is held meanwhile. Nothing in it may be secret.
    fn report(&self) -> JournalReport;

    /// Looks at once whether Redis takes what waits, instead of after the pause.
    fn drain(&self);

    /// Puts all dead letters back behind those that wait, to be executed once more.
    ///
    /// # Errors
    /// The future's: if the journal has no room, or cannot keep one. Those before it are put back.
    fn replay_dead_letters(self: Arc<Self>) -> Replayed;
}

/// How a journal is doing.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct JournalReport {
    /// Its name, as in events. The list is ordered by it.
    pub name: String,
    /// To which Redis its writes go, by the description of the connector: without secrets.
    pub connector: String,
    /// How many writes wait.
    pub waiting: u64,
    /// How many bytes they take.
    pub waiting_bytes: u64,
    /// For how many writes it has room.
    pub max_waiting: u64,
    /// For how many bytes it has room.
    pub max_bytes: u64,
    /// How long the oldest of those that wait has done so, to the second; `None`: nothing waits.
    pub oldest: Option<Duration>,
    /// Whether what waits is being executed.
    pub draining: bool,
    /// How many were executed since Redis came back; none if nothing waits, or Redis is not back.
    pub executed: u64,
    /// How many that is per second, where it is known.
    pub per_second: Option<f64>,
    /// In what time the rest is executed at that speed, where it is known.
    pub eta: Option<Duration>,
    /// How many writes Redis has refused for good, and which wait to be replayed or discarded.
    pub dead_letters: u64,
    /// The last time that a write was not sent, or what the journal is kept in failed.
    pub last_failure: Option<ConnectionFailure>,
}

impl JournalReport {
    /// Of one in which nothing waits, with room for so many writes and bytes.
    #[must_use]
    pub fn new(
        name: impl Into<String>,
        connector: impl Into<String>,
        max_waiting: u64,
        max_bytes: u64,
    ) -> Self {
        Self {
            name: name.into(),
            connector: connector.into(),
            waiting: 0,
            waiting_bytes: 0,
            max_waiting,
            max_bytes,
            oldest: None,
            draining: false,
            executed: 0,
            per_second: None,
            eta: None,
            dead_letters: 0,
            last_failure: None,
        }
    }

    /// How full it is, from 0 to 1: by writes or by bytes, whichever is more.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a share")]
    pub fn fill(&self) -> f64 {
        let share = |part: u64, whole: u64| match whole {
            0 => 1.0,
            whole => (part as f64 / whole as f64).min(1.0),
        };
        share(self.waiting, self.max_waiting).max(share(self.waiting_bytes, self.max_bytes))
    }

    /// Whether it has no room for another write.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.waiting >= self.max_waiting || self.waiting_bytes >= self.max_bytes
    }
}

/// A journal that is listed.
#[derive(Clone)]
#[non_exhaustive]
pub struct ListedJournal {
    /// What it was doing when it was asked for.
    pub report: JournalReport,
    journal: Arc<dyn RegisteredJournal>,
}

impl ListedJournal {
    pub(super) fn of(journal: Arc<dyn RegisteredJournal>) -> Self {
        Self {
            report: journal.report(),
            journal,
        }
    }

    /// The journal itself, to be given orders. It lives as long as this does: do not keep it.
    #[must_use]
    pub const fn handle(&self) -> &Arc<dyn RegisteredJournal> {
        &self.journal
    }
}

impl fmt::Debug for ListedJournal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListedJournal")
            .field("report", &self.report)
            .finish_non_exhaustive()
    }
}
