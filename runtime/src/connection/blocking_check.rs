//! The look at a server in which a command of synchronous code waits: nothing else would ever tell that it has gone.

use std::cell::Cell;
use std::io;
use std::time::Duration;

use redis::{ConnectionAddr, RedisError, RedisResult};

use super::keeper::Keeper;
use crate::Class;
use crate::clock::whole_millis;

/// A server is not looked at more often than this, whatever the settings say.
const SHORTEST_PERIOD: Duration = Duration::from_millis(10);

/// What has been found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finding {
    Well,
    /// It does not answer.
    Silent,
    /// Sentinels name another one.
    Moved,
}

/// Those looks that one command's wait has been given.
pub(super) struct Looks<'a> {
    keeper: &'a Keeper,
    address: Option<ConnectionAddr>,
    /// In a row.
    silent: Cell<u32>,
}

impl<'a> Looks<'a> {
    /// At the server at this address.
    pub(super) const fn at(keeper: &'a Keeper, address: Option<ConnectionAddr>) -> Self {
        Self {
            keeper,
            address,
            silent: Cell::new(0),
        }
    }

    /// One more.
    ///
    /// # Errors
    /// If the server is not worth waiting for any longer.
    pub(super) fn look(&self) -> RedisResult<()> {
        match self.keeper.find_out(self.address.as_ref()) {
            Finding::Well => self.silent.set(0),
            Finding::Moved => return Err(moved()),
            Finding::Silent => {
                self.silent.set(self.silent.get() + 1);
                if self.silent.get() >= self.keeper.settings.unanswered {
                    return Err(gone(self.silent.get()));
                }
            }
        }
        Ok(())
    }
}

impl Keeper {
    pub(super) fn check_period(&self) -> Duration {
        self.settings.health_check_after.max(SHORTEST_PERIOD)
    }

    /// One looks for all who want to know at about the same time.
    fn find_out(&self, address: Option<&ConnectionAddr>) -> Finding {
        let lately_ms = whole_millis(self.check_period()) / 2;
        let look = || self.look_at_blocking(address);
        let findings = &self.pool.findings;
        findings.get(&address.cloned(), lately_ms, look).0
    }

    /// Asks Sentinels, if there are any, and then the server itself, over another connection.
    fn look_at_blocking(&self, address: Option<&ConnectionAddr>) -> Finding {
        if let Some(address) = address
            && let (Some(place), _) = self.place(address)
            && place != *address
        {
            return Finding::Moved;
        }
        let mut idle = match self.take() {
            Ok(idle) => idle,
            Err(error) if Class::of(&error) == Class::Unreachable => return Finding::Silent,
            // It has refused the connection, so it is there.
            Err(_) => return Finding::Well,
        };
        if !self.still_answers(&mut idle) {
            self.pool.forget();
            return Finding::Silent;
        }
        self.pool.put_back(idle);
        Finding::Well
    }
}

fn gone(checks: u32) -> RedisError {
    let text = format!(
        "the server in which the command waits has not answered {checks} health checks in a row"
    );
    io::Error::new(io::ErrorKind::TimedOut, text).into()
}

fn moved() -> RedisError {
    let text = "another server is the primary by now: the command has waited in the former one";
    io::Error::new(io::ErrorKind::ConnectionAborted, text).into()
}
