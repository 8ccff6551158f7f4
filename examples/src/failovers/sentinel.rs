//! A primary fails, and Sentinels make a replica the primary.

use std::time::{Duration, Instant};

use redis::{Client, Commands};
use redis_resilient::connection::Connector;
use redis_resilient_testkit::RealSentinel;
use tokio::runtime::Handle;

use super::caller::Callers;
use super::tally::{Outcome, timed};
use crate::failover::PATIENCE;
use crate::program::Failure;
use crate::stats::readable;

const SET: &str = "acknowledged";

/// The number that is written when there is no primary.
const RESCUED: u64 = 100;

/// How long the callers go on when the old primary is awake again.
const AFTER: Duration = Duration::from_millis(1_500);

pub(super) fn killed(runtime: Option<Handle>) -> Result<Outcome, Failure> {
    run(runtime, false)
}

/// And wakes up when another one is the primary.
pub(super) fn frozen(runtime: Option<Handle>) -> Result<Outcome, Failure> {
    run(runtime, true)
}

fn run(runtime: Option<Handle>, frozen: bool) -> Result<Outcome, Failure> {
    let sentinels = RealSentinel::start()?;
    let builder = Connector::sentinel(sentinels.sentinel_urls(), sentinels.primary_name())?;
    let callers = Callers::new(builder, runtime);
    let (mut busy, mut idle) = (callers.caller()?, callers.caller()?);
    let mut acknowledged = Vec::new();
    for number in 0..RESCUED {
        busy.add(SET, number)?;
        acknowledged.push(number);
    }
    idle.add(SET, 0)?;

    let old = if frozen {
        sentinels.freeze_primary()
    } else {
        sentinels.kill_primary()
    };
    let failed = Instant::now();
    let recovery = timed(|| busy.add(SET, RESCUED));
    if recovery.is_ok() {
        acknowledged.push(RESCUED);
    }
    sentinels.wait_for_failover(old, PATIENCE)?;
    let failover = readable(Some(failed.elapsed()));
    let recovery = recovery.map_err(|why| format!("{why}; there was a primary after {failover}"));
    if frozen {
        sentinels.server(old).thaw();
    }
    let after = Instant::now();
    for number in RESCUED + 1.. {
        // The idle one first: nothing has told it yet that its connection leads to the old primary.
        let caller = if number % 2 == 1 {
            &mut idle
        } else {
            &mut busy
        };
        if caller.add(SET, number).is_ok() {
            acknowledged.push(number);
        }
        if after.elapsed() > AFTER {
            break;
        }
    }

    let mut primary = Client::open(sentinels.primary().url())?.get_connection()?;
    let kept: std::collections::HashSet<u64> = primary.smembers(SET)?;
    let lost = acknowledged.iter().filter(|number| !kept.contains(number));
    Ok(Outcome {
        recovery,
        acknowledged: acknowledged.len(),
        lost: lost.count(),
        elsewhere: 0,
        failed_elsewhere: Vec::new(),
    })
}
