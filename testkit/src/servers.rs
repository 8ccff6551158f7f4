//! The servers that a test can run on.

use std::{iter::FusedIterator, vec};

use crate::{ServerProgram, StartError, locate, server_package};

/// All server programs at hand, for tests that are to hold on each of them.
///
/// They are those that `$REDIS_SERVER_BIN` lists, separated as in `PATH`; without it, `redis-server`
/// and `valkey-server` of the `PATH`, and those that [`fetch_server`] has
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

/// Fetches a server into cargo's target directory, unless it is there already: from then on it is
/// one of the [`servers`] at hand.
///
/// | name | what it is | needs |
/// |---|---|---|
/// | `redis` | the Redis of Debian or Ubuntu | `apt-get` |
/// | `redis8` | Redis 8.2 | `python3` with `pip` |
/// | `valkey` | Valkey 9.1 | `python3` with `pip` |
/// | `valkey-debian` | the Valkey of Debian or Ubuntu, where they have it | `apt-get` |
///
/// The example `fetch_servers` does it from the command line.
///
/// # Errors
///
/// [`StartError::NotFetched`] for another name, and where the server cannot be fetched.
pub fn fetch_server(name: &str) -> Result<ServerProgram, StartError> {
    let not_fetched = |reason| StartError::NotFetched {
        server: name.to_owned(),
        reason,
    };
    let package = server_package::ALL
        .iter()
        .find(|package| package.name == name);
    let package = package.ok_or_else(|| {
        let names = server_package::ALL.map(|package| package.name).join(", ");
        not_fetched(format!("there is no such name: it is one of {names}"))
    })?;
    locate::fetched_from(package).map_err(not_fetched)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_name_is_answered_with_those_that_are_known() {
        let error = fetch_server("redis9").unwrap_err().to_string();
        assert!(error.contains("redis9"), "{error}");
        assert!(
            error.contains("redis, valkey, redis8, valkey-debian"),
            "{error}"
        );
    }
}
