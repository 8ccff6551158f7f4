//! Connections on which a write that Redis does not take now goes to the journal.

mod asynchronous;
mod blocking;
mod decision;
mod memory;
mod target;

pub use self::asynchronous::JournalConnection;
pub use self::blocking::BlockingJournalConnection;

use redis_resilient_connection::Connector;

use crate::journal::Journal;

impl Journal {
    /// A connection on which a write that Redis does not take now goes to the journal. Reads pass through, and see what Redis has.
    ///
    /// * A write that could not be sent, that Redis refuses for now, or that meets the open circuit of the connector's
    ///   [breaker](Connector::breaker) is journalled, and answered with [`Written::Queued`](crate::Written::Queued). Who asks for a plain value gets an error of which
    ///   [`is_queued`](crate::is_queued) says so; who asks for `()` gets that.
    /// * While a key has a write in the journal, newer ones to it queue behind, so that they are executed in order.
    /// * A write that may have been executed fails as [`Ambiguous`](redis_resilient_runtime::Class::Ambiguous), and is not journalled: it might be
    ///   executed twice. With [`exactly_once`](JournalConnection::exactly_once) it is.
    /// * Writes whose reply is what they are for are sent and never journalled: `LPOP`, `GETDEL`, `SET … NX`, and what has no key, as `PUBLISH`.
    ///
    /// It needs no annotated function around it: it has a breaker. With one, leave the breaker to it: `breaker = false`.
    #[must_use]
    pub fn over(&self, connector: &Connector) -> JournalConnection {
        JournalConnection::new(self.clone(), connector.clone())
    }

    /// As [`over`](Self::over), for synchronous code.
    #[must_use]
    pub fn over_blocking(&self, connector: &Connector) -> BlockingJournalConnection {
        BlockingJournalConnection::new(self.clone(), connector.clone())
    }
}
