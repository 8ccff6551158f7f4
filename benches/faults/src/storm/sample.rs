//! Counts connects and looks at memory while a storm goes on.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use redis_resilient_testkit::FaultProxy;

use super::memory;
use crate::Result;

const EACH: Duration = Duration::from_millis(50);
const IN_A_SECOND: usize = 20;

#[derive(Debug, Default)]
pub(crate) struct Sampler {
    is_over: AtomicBool,
    is_stopped: AtomicBool,
}

pub(crate) struct Connects {
    pub(crate) most_in_a_second: u64,
    all: u64,
}

impl Connects {
    pub(crate) fn mean(&self, time: Duration) -> f64 {
        u32::try_from(self.all).map_or(f64::INFINITY, f64::from) / time.as_secs_f64()
    }
}

impl Sampler {
    /// The outage is over: connects from now on are how callers come back.
    pub(crate) fn is_over(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }

    pub(crate) fn stop(&self) {
        self.is_stopped.store(true, Ordering::Relaxed);
    }

    /// The most memory until it is stopped, in bytes, and the connects of the outage.
    pub(crate) fn run(&self, proxy: &FaultProxy) -> Result<(u64, Connects)> {
        let (mut most_memory, mut accepted) = (0, vec![proxy.accepted()]);
        while !self.is_stopped.load(Ordering::Relaxed) {
            thread::sleep(EACH);
            most_memory = most_memory.max(memory::resident()?);
            if !self.is_over.load(Ordering::Relaxed) {
                accepted.push(proxy.accepted());
            }
        }
        let of_seconds = accepted.windows(IN_A_SECOND + 1);
        let of = |span: &[u64]| match span {
            [first, .., last] => last - first,
            _ => 0,
        };
        let connects = Connects {
            most_in_a_second: of_seconds.map(of).max().unwrap_or(0),
            all: of(&accepted),
        };
        Ok((most_memory, connects))
    }
}
