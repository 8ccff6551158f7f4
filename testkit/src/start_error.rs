//! Why a real server could not be started.

use std::{error::Error, fmt, io, path::PathBuf, time::Duration};

/// Why a real server, such as a [`RealRedis`](crate::RealRedis), was not started.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError {
    /// There is no server program on this machine and none could be fetched.
    NotInstalled {
        /// Why fetching one did not work.
        reason: String,
    },
    /// A server that was asked for by name could not be fetched.
    NotFetched {
        /// What was to be fetched.
        server: String,
        /// Why that did not work.
        reason: String,
    },
    /// There is a server program, but it cannot be run.
    NotRunnable {
        /// The program that was tried.
        program: PathBuf,
        /// What went wrong with it.
        reason: String,
    },
    /// The server ended while starting, for example because of an argument it rejects.
    Exited {
        /// The end of what it printed.
        log: String,
    },
    /// The server runs but did not become ready in time.
    NotReady {
        /// How long it was waited for.
        waited: Duration,
        /// The end of what it printed.
        log: String,
    },
    /// A file, directory, port or process could not be created.
    Io {
        /// What was being done, as in "cannot *create a directory*".
        doing: &'static str,
        /// The operating system's error.
        source: io::Error,
    },
}

impl StartError {
    pub(crate) fn io(doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { doing, source }
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotInstalled { reason } => write!(
                f,
                "no redis-server found and none could be fetched ({reason}): install it with \
                 `apt-get install redis-server` (Debian, Ubuntu) or `brew install redis` (macOS), \
                 or set REDIS_SERVER_BIN to the path of one"
            ),
            Self::NotFetched { server, reason } => write!(f, "cannot fetch {server}: {reason}"),
            Self::NotRunnable { program, reason } => {
                write!(f, "cannot run {}: {reason}", program.display())
            }
            Self::Exited { log } => write!(f, "the server ended while starting: {log}"),
            Self::NotReady { waited, log } => write!(
                f,
                "the server was not ready after {} s: {log}",
                waited.as_secs()
            ),
            Self::Io { doing, source } => write!(f, "cannot {doing}: {source}"),
        }
    }
}

impl Error for StartError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}
