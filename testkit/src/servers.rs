//! The servers that a test can run on.

use std::{iter::FusedIterator, vec};

use crate::{ServerProgram, StartError, locate};

/// All server programs at hand, for tests that are to hold on each of them.
///
/// They are those that `$REDIS_SERVER_BIN` lists, separated as in `PATH`; without it, `redis-server`
/// and `valkey-server` of the `PATH`, and those that [`fetch_server`](crate::fetch_server) has
/// fetched before. Of two of the same product and version only the first is given. The first of
/// all is the one that [`RealRedis::start`](crate::RealRedis::start) uses. Where there is none, one
/// is fetched as described there.
///
/// # Errors
///
/// [`StartError`] where there is none and none can be fetched, and where one that
/// `$REDIS_SERVER_BIN` lists does not run.
///
/// # Examples
///
/// ```
/// use redis_resilient_testkit::{RealRedis, servers};
///
/// for program in servers()? {
///     let server = RealRedis::builder().program(&program).start()?;
///     let mut connection = redis::Client::open(server.url())?.get_connection()?;
///     redis::cmd("PING").exec(&mut connection)?;
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn servers() -> Result<Servers, StartError> {
    Ok(Servers {
        rest: locate::at_hand()?.into_iter(),
        current: None,
    })
}

/// The servers at hand, from [`servers`].
///
/// A loop that is left before its end, by a panic or a return, says on which server that was.
#[derive(Debug)]
#[must_use = "servers are for a loop"]
pub struct Servers {
    rest: vec::IntoIter<ServerProgram>,
    current: Option<ServerProgram>,
}

impl Iterator for Servers {
    type Item = ServerProgram;

    fn next(&mut self) -> Option<ServerProgram> {
        self.current = self.rest.next();
        self.current.clone()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.rest.size_hint()
    }
}

impl ExactSizeIterator for Servers {}

impl FusedIterator for Servers {}

impl Drop for Servers {
    fn drop(&mut self) {
        if let Some(program) = &self.current {
            // The test harness shows it with the failure, and only then.
            eprintln!("left on {program} ({})", program.path().display());
        }
    }
}
