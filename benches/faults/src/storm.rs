//! Many callers in a long outage: how often they connect, how long they wait, what that takes of memory.
//!
//! Each kind has a process of its own, so that memory is told apart.

mod callers;
pub(crate) mod memory;
mod sample;

use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use redis_resilient_testkit::{FaultProxy, RealRedis, WireFault};

use crate::Result;
use crate::client::Kind;
use crate::row::{CONNECT, SLACK};
use crate::verdict::millis;
use callers::{CALLERS, Callers, DEADLINE, THREADS};
use memory::mebibytes;
pub(crate) use sample::Sampler;

/// How a process is told to be one storm: this, the kind's name, the outage's name.
pub(crate) const CHILD: &str = "--storm";
const OUTAGE: Duration = Duration::from_secs(10);
/// Before, and after all are back.
const CALM: Duration = Duration::from_secs(1);
const KINDS: [Kind; 3] = [Kind::Connector, Kind::ConnectorBlocking, Kind::Manager];
const OUTAGES: [Outage; 2] = [Outage::Killed, Outage::BlackHole];

/// Connects in any second: one at once, then rests of 13, 25, 50 and 100 ms and of 125 ms at least.
pub(crate) const MOST_IN_A_SECOND: u64 = 11;
/// What all callers together may take for being told of failures, in bytes.
const MOST_MEMORY: u64 = 8 << 20;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Outage {
    /// What connects is reset.
    Killed,
    /// What connects gets no answer.
    BlackHole,
}

impl Outage {
    const fn name(self) -> &'static str {
        match self {
            Self::Killed => "server killed",
            Self::BlackHole => "all black-holed",
        }
    }
}

/// Prints the table; returns what our connections missed.
pub(crate) fn print() -> Result<Vec<String>> {
    println!(
        "Callers in an outage of {} s, each with a call of `#[redis_resilient(retries = 3, deadline = \"2s\", breaker = false)]` after the \
         other, 5 ms apart: {CALLERS} of them, or {THREADS} threads where they are sync. Connects are counted at the proxy; memory is the \
         process's resident set, proxy and all.",
        OUTAGE.as_secs()
    );
    println!();
    println!(
        "| connection | outage | connects/s, most | mean | longest wait, deadline {} | last caller back | memory before, MiB | most | after |",
        millis(DEADLINE)
    );
    println!("|---|---|---:|---:|---:|---:|---:|---:|---:|");
    let mut missed = Vec::new();
    for outage in OUTAGES {
        let children = KINDS.map(|kind| {
            Command::new(std::env::current_exe()?)
                .args([CHILD, kind.name(), outage.name()])
                .stdout(Stdio::piped())
                .spawn()
        });
        for child in children {
            let output = child?.wait_with_output()?;
            for line in String::from_utf8(output.stdout)?.lines() {
                match line.strip_prefix("MISSED: ") {
                    Some(text) => missed.push(text.to_owned()),
                    None => println!("{line}"),
                }
            }
            if !output.status.success() {
                return Err("a storm did not come to its end".into());
            }
        }
    }
    Ok(missed)
}

/// One storm, by the names of its kind and its outage.
pub(crate) fn run(kind: &str, outage: &str) -> Result<()> {
    let kind = KINDS.into_iter().find(|known| known.name() == kind);
    let outage = OUTAGES.into_iter().find(|known| known.name() == outage);
    let (Some(kind), Some(outage)) = (kind, outage) else {
        return Err("no such storm".into());
    };
    let server = RealRedis::start()?;
    let proxy = FaultProxy::to(server.addr())?;
    let callers = Callers::start(kind, &proxy.url())?;
    thread::sleep(CALM);
    let before = memory::resident()?;
    let sampler = Sampler::default();
    let (most_memory, connects, back) = thread::scope(|scope| -> Result<_> {
        let seen = scope.spawn(|| sampler.run(&proxy));
        match outage {
            Outage::Killed => server.kill(),
            Outage::BlackHole => proxy.set(WireFault::BlackHole),
        }
        thread::sleep(OUTAGE);
        let over = Instant::now();
        match outage {
            Outage::Killed => server.restart()?,
            Outage::BlackHole => proxy.pass(),
        }
        sampler.is_over();
        let back = callers.all_back_since(over);
        sampler.stop();
        let (memory, connects) = seen.join().map_err(|_| "the sampler has panicked")??;
        Ok((memory, connects, back))
    })?;
    thread::sleep(CALM);
    let after = memory::resident()?;
    let longest = callers.longest();
    println!(
        "| {} | {} | {} | {:.1} | {} | {} | {} | {} | {} |",
        kind.name(),
        outage.name(),
        connects.most_in_a_second,
        connects.mean(OUTAGE),
        millis(longest),
        back.map_or_else(|| "never".to_owned(), millis),
        mebibytes(before),
        mebibytes(most_memory),
        mebibytes(after),
    );
    if !kind.is_ours() {
        return Ok(());
    }
    let miss = |text: String| println!("MISSED: {}, {}: {text}", kind.name(), outage.name());
    if connects.most_in_a_second > MOST_IN_A_SECOND {
        let most = connects.most_in_a_second;
        miss(format!("{most} connects in a second"));
    }
    // A sync attempt that has begun is not cut off.
    let latest = match kind {
        Kind::ConnectorBlocking => DEADLINE + CONNECT,
        _ => DEADLINE,
    };
    if longest > latest + SLACK {
        miss(format!("a caller waited {}", millis(longest)));
    }
    if most_memory.max(after).saturating_sub(before) > MOST_MEMORY {
        let (before, most) = (mebibytes(before), mebibytes(most_memory.max(after)));
        miss(format!("memory grew from {before} to {most} MiB"));
    }
    if back.is_none() {
        miss("not all callers came back".to_owned());
    }
    Ok(())
}
