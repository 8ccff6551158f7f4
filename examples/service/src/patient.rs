//! A Redis of our own, to be broken and mended: a real server, with a proxy before it.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis_resilient_testkit::{FaultProxy, RealRedis, WireFault};
use serde::{Deserialize, Serialize};

use crate::Failure;

/// What can be wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Fault {
    /// As `kill -9` does.
    Kill,
    /// It takes commands and answers none.
    Freeze,
    /// Each answer comes 400 ms late.
    Slow,
    /// No memory is left: reads are answered, writes refused.
    Full,
    /// All is deleted, at once. There is nothing to mend.
    Empty,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kill => "kill",
            Self::Freeze => "freeze",
            Self::Slow => "slow",
            Self::Full => "full",
            Self::Empty => "empty",
        })
    }
}

/// How late: longer than anybody waits.
const SLOW: Duration = Duration::from_millis(400);

#[derive(Debug)]
pub(crate) struct Patient {
    server: RealRedis,
    proxy: FaultProxy,
    fault: Mutex<Option<Fault>>,
}

impl Patient {
    pub(crate) fn start() -> Result<Self, Failure> {
        // What it has answered, it still has when it was killed and is back: with `no` it writes before it answers, and leaves it to the system when that is
        // on the disk. With `everysec` it may write later.
        let server = RealRedis::builder()
            .arg("--appendonly")
            .arg("yes")
            .arg("--appendfsync")
            .arg("no")
            .start()?;
        let proxy = FaultProxy::to(server.addr())?;
        Ok(Self {
            server,
            proxy,
            fault: Mutex::default(),
        })
    }

    /// For the shop.
    pub(crate) fn url(&self) -> String {
        self.proxy.url()
    }

    /// For who looks behind the scenes: past the proxy.
    pub(crate) fn direct_url(&self) -> String {
        self.server.url()
    }

    pub(crate) fn fault(&self) -> Option<Fault> {
        *self.lock()
    }

    /// Blocks the thread until it is so.
    pub(crate) fn inflict(&self, fault: Fault) -> Result<(), Failure> {
        let mut current = self.lock();
        self.mend(&mut current)?;
        match fault {
            Fault::Kill => {
                self.server.kill();
                self.proxy.set(WireFault::Refuse);
            }
            Fault::Freeze => self.server.freeze(),
            Fault::Slow => self.proxy.set(WireFault::Delay(SLOW)),
            Fault::Full => self.ask(redis::cmd("CONFIG").arg("SET").arg("maxmemory").arg("1"))?,
            Fault::Empty => return self.ask(&redis::cmd("FLUSHALL")),
        }
        *current = Some(fault);
        Ok(())
    }

    /// Blocks the thread until it is as if nothing had been.
    pub(crate) fn heal(&self) -> Result<(), Failure> {
        self.mend(&mut self.lock())
    }

    fn mend(&self, current: &mut Option<Fault>) -> Result<(), Failure> {
        match current {
            None | Some(Fault::Empty) => {}
            Some(Fault::Kill) => {
                self.server.restart()?;
                self.proxy.pass();
            }
            Some(Fault::Freeze) => self.server.thaw(),
            Some(Fault::Slow) => self.proxy.pass(),
            Some(Fault::Full) => {
                self.ask(redis::cmd("CONFIG").arg("SET").arg("maxmemory").arg("0"))?;
            }
        }
        *current = None;
        Ok(())
    }

    fn ask(&self, command: &redis::Cmd) -> Result<(), Failure> {
        let client = redis::Client::open(self.direct_url())?;
        Ok(command.exec(&mut client.get_connection()?)?)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Fault>> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
