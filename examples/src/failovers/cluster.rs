//! The owner of some slots fails, and its replica takes them over.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use redis_resilient::connection::Connector;
use redis_resilient_testkit::RealCluster;
use tokio::runtime::Handle;

use super::caller::{Caller, Callers};
use super::tally::{Outcome, Recovery, timed};
use crate::failover::PATIENCE;
use crate::program::Failure;

/// How long the callers go on when all is well again.
const AFTER: Duration = Duration::from_secs(1);

pub(super) fn killed(runtime: Option<Handle>) -> Result<Outcome, Failure> {
    let cluster = RealCluster::start()?;
    let callers = Callers::new(Connector::cluster(cluster.urls())?, runtime);
    let (mut caller, mut beside) = (callers.caller()?, callers.caller()?);
    let (lost, others) = (cluster.key_on(0), [cluster.key_on(1), cluster.key_on(2)]);
    let mut acknowledged = Vec::new();
    for number in 0..100 {
        caller.add(&lost, number)?;
        acknowledged.push(number);
    }

    let over = AtomicBool::new(false);
    let (recovery, (elsewhere, failed_elsewhere)) = thread::scope(|scope| {
        let beside = scope.spawn(|| use_until(&over, &mut beside, &others));
        cluster.kill(0);
        let recovery = ride_out(&mut caller, &lost, &mut acknowledged);
        let well = cluster.wait_until_ok(PATIENCE);
        let after = Instant::now();
        for number in 101.. {
            if caller.add(&lost, number).is_ok() {
                acknowledged.push(number);
            }
            if after.elapsed() > AFTER {
                break;
            }
        }
        over.store(true, Ordering::Relaxed);
        let counts = beside.join().map_err(|_| "a caller has panicked")?;
        well?;
        Ok::<_, Failure>((recovery, counts))
    })?;
    let kept: HashSet<_> = caller.members(&lost)?.into_iter().collect();
    let gone = acknowledged.iter().filter(|number| !kept.contains(number));
    Ok(Outcome {
        recovery,
        acknowledged: acknowledged.len(),
        lost: gone.count(),
        elsewhere,
        failed_elsewhere,
    })
}

/// One write and one read, both of which have to succeed.
fn ride_out(caller: &mut Caller, set: &str, acknowledged: &mut Vec<u64>) -> Recovery {
    let number = 100;
    let recovery = timed(|| caller.add(set, number))?;
    acknowledged.push(number);
    timed(|| caller.has(set, number)).map(|_| recovery)
}

/// Writes and reads without one retry; how many of them there were, and how some failed.
fn use_until(over: &AtomicBool, caller: &mut Caller, sets: &[String]) -> (usize, Vec<String>) {
    let (mut calls, mut failed) = (0, Vec::new());
    for number in 0.. {
        if over.load(Ordering::Relaxed) {
            break;
        }
        for set in sets {
            calls += 1;
            match caller.add_and_read_once(set, number) {
                Ok(true) => {}
                Ok(false) => failed.push("a number was not there".to_owned()),
                Err(error) => failed.push(error.to_string()),
            }
        }
        thread::sleep(Duration::from_millis(5));
    }
    (calls, failed)
}
