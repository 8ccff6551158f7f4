//! The look at a server in which a command of synchronous code waits: nothing else would ever tell that it has gone.

use std::cell::Cell;

use redis::{ConnectionAddr, RedisResult};

use super::server_check::{Finding, gone, left, moved};
use crate::manager::Manager;
use redis_resilient_runtime::__seam::clock::whole_millis;
use redis_resilient_runtime::Class;

/// Those looks that one command's wait has been given.
pub(crate) struct Looks<'a> {
    manager: &'a Manager,
    address: Option<ConnectionAddr>,
    /// In a row.
    silent: Cell<u32>,
    /// How often the database had been left when the wait began.
    departures: u64,
}

impl<'a> Looks<'a> {
    /// At the server at this address.
    pub(crate) fn at(manager: &'a Manager, address: Option<ConnectionAddr>) -> Self {
        Self {
            manager,
            address,
            silent: Cell::new(0),
            departures: manager.settings.departures(),
        }
    }

    /// One more.
    ///
    /// # Errors
    /// If the server is not worth waiting for any longer.
    pub(crate) fn look(&self) -> RedisResult<()> {
        if self.manager.settings.departures() != self.departures {
            return Err(left());
        }
        match self.manager.find_out(self.address.as_ref()) {
            Finding::Well => self.silent.set(0),
            Finding::Moved => return Err(moved()),
            Finding::Silent => {
                self.silent.set(self.silent.get() + 1);
                if self.silent.get() >= self.manager.settings.unanswered {
                    return Err(gone(self.silent.get()));
                }
            }
        }
        Ok(())
    }
}

impl Manager {
    /// One look for all who want to know at about the same time.
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
