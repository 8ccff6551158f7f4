//! What chaos does to an attempt, and the errors that it makes.

use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

use redis::RedisError;

/// What is done to an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The body does not run, and the attempt fails like this.
    Failure(Failure),
    /// The body runs this much later. The attempt's timeout runs meanwhile, in async code.
    Delay(Duration),
    /// The call is refused, as by an open circuit. The breaker counts nothing.
    Rejection,
    /// The body runs, but its answer is lost: the attempt fails as if the connection had broken. A failure of the body's own stays what it is.
    LostReply,
}

/// How an attempt fails that never reaches Redis. Each is what Redis or redis-rs says in that case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// Nobody listens there: [`Class::Unreachable`](crate::Class::Unreachable).
    Unreachable,
    /// The connection broke: [`Class::Ambiguous`](crate::Class::Ambiguous), or `NotIdempotent` in a function that says or shows that it is not.
    ConnectionLost,
    /// `LOADING`: [`Class::Unavailable`](crate::Class::Unavailable).
    Loading,
    /// `CLUSTERDOWN`: [`Class::Unavailable`](crate::Class::Unavailable).
    ClusterDown,
    /// `READONLY`: [`Class::Unavailable`](crate::Class::Unavailable).
    ReadOnly,
    /// `OOM`: [`Class::WriteRefused`](crate::Class::WriteRefused).
    OutOfMemory,
}

const FAILURES: [Failure; 6] = [
    Failure::Unreachable,
    Failure::ConnectionLost,
    Failure::Loading,
    Failure::ClusterDown,
    Failure::ReadOnly,
    Failure::OutOfMemory,
];
const DELAY: &str = "delay";
const REJECTION: &str = "rejection";
const LOST_REPLY: &str = "lost_reply";

impl Failure {
    const fn name(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::ConnectionLost => "connection_lost",
            Self::Loading => "loading",
            Self::ClusterDown => "cluster_down",
            Self::ReadOnly => "read_only",
            Self::OutOfMemory => "out_of_memory",
        }
    }
}

impl Fault {
    /// Its name, as in [`named`](Self::named) and in events.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Failure(failure) => failure.name(),
            Self::Delay(_) => DELAY,
            Self::Rejection => REJECTION,
            Self::LostReply => LOST_REPLY,
        }
    }

    /// The fault of this name. `None`: there is none, see [`names`](Self::names). The time is that of a `delay`; others ignore it.
    #[must_use]
    pub fn named(name: &str, delay: Duration) -> Option<Self> {
        match name {
            DELAY => Some(Self::Delay(delay)),
            REJECTION => Some(Self::Rejection),
            LOST_REPLY => Some(Self::LostReply),
            _ => {
                let mut failures = FAILURES.into_iter();
                failures
                    .find(|failure| failure.name() == name)
                    .map(Self::Failure)
            }
        }
    }

    /// The names of all.
    pub fn names() -> impl Iterator<Item = &'static str> {
        FAILURES
            .into_iter()
            .map(Failure::name)
            .chain([DELAY, REJECTION, LOST_REPLY])
    }

    /// The error of an attempt that fails by it.
    pub(crate) fn error(self) -> RedisError {
        let io = |kind, what| io::Error::new(kind, Injected(what)).into();
        let reply = |code: &str, what: &str| {
            redis::make_extension_error(code.to_owned(), Some(format!("{INJECTED}: {what}")))
        };
        match self {
            Self::Failure(Failure::Unreachable) => {
                io(io::ErrorKind::ConnectionRefused, "connection refused")
            }
            Self::Failure(Failure::ConnectionLost) => {
                io(io::ErrorKind::BrokenPipe, "the connection was lost")
            }
            Self::LostReply => io(io::ErrorKind::BrokenPipe, "the reply was lost"),
            Self::Failure(Failure::Loading) => reply("LOADING", "the data set is loaded"),
            Self::Failure(Failure::ClusterDown) => reply("CLUSTERDOWN", "the cluster is down"),
            Self::Failure(Failure::ReadOnly) => reply("READONLY", "a replica"),
            Self::Failure(Failure::OutOfMemory) => reply("OOM", "the memory is full"),
            // These make no error of an attempt.
            Self::Rejection | Self::Delay(_) => io(io::ErrorKind::TimedOut, "no answer"),
        }
    }
}

/// With this the text of every injected error begins.
pub(crate) const INJECTED: &str = "injected by chaos";

#[derive(Debug)]
struct Injected(&'static str);

impl fmt::Display for Injected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{INJECTED}: {}", self.0)
    }
}

impl Error for Injected {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Class;

    #[test]
    fn each_has_a_name_of_its_own() {
        for name in Fault::names() {
            let fault = Fault::named(name, Duration::from_secs(1));
            assert_eq!(fault.map(|fault| fault.name()), Some(name));
        }
        assert_eq!(Fault::named("explosion", Duration::ZERO), None);
    }

    #[test]
    fn each_error_has_the_class_of_a_real_one_and_says_that_it_is_not() {
        for (fault, class) in [
            (Fault::Failure(Failure::Unreachable), Class::Unreachable),
            (Fault::Failure(Failure::ConnectionLost), Class::Ambiguous),
            (Fault::Failure(Failure::Loading), Class::Unavailable),
            (Fault::Failure(Failure::ClusterDown), Class::Unavailable),
            (Fault::Failure(Failure::ReadOnly), Class::Unavailable),
            (Fault::Failure(Failure::OutOfMemory), Class::WriteRefused),
            (Fault::LostReply, Class::Ambiguous),
        ] {
            let error = fault.error();
            assert_eq!(Class::of(&error), class, "{fault:?}");
            let text = crate::error_text::error_text(&error);
            assert!(text.contains(INJECTED), "{text}");
        }
    }
}
