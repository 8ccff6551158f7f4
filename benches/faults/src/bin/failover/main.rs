//! How soon calls go on in the other of two databases, in asynchronous and in synchronous code, with the default settings, beside redis-py's
//! `MultiDBClient` with its own. Exit code 0 only if the promises held.
//!
//! ```sh
//! cargo run --release -p redis-resilient-faults --bin failover               # about three minutes
//! cargo run --release -p redis-resilient-faults --bin failover -- --no-peer  # without redis-py
//! ```

mod callers;
mod peer;

use std::process::ExitCode;
use std::thread::sleep;
use std::time::{Duration, Instant};

use redis::Commands as _;
use redis_resilient::connection::{Connector, Database};
use redis_resilient_testkit::{EmbeddedRedis, FaultProxy, RealRedis, ReplyFault, WireFault};

use callers::Callers;
use peer::Peer;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Twice the default response timeout, and a second.
const PROMISE: Duration = Duration::from_secs(2);
/// A call may take as long as connecting, and an answer; what is above that hangs.
const HANGS: Duration = Duration::from_secs(3);
/// For the peer, which promises nothing.
const ENOUGH: Duration = Duration::from_secs(30);
/// Of the flapping, and how often it may be left.
const FLAPPING: Duration = Duration::from_secs(60);
const SWITCHES: u64 = 2;
/// So many short breaks, and how long one is.
const BREAKS: u32 = 5;
const BREAK: Duration = Duration::from_secs(3);

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// What becomes of the first database.
enum Fault {
    Killed(RealRedis),
    Frozen(RealRedis),
    BlackHole(
        FaultProxy,
        #[expect(dead_code, reason = "it lives as long as this")] RealRedis,
    ),
    Loading(EmbeddedRedis),
}

impl Fault {
    fn all() -> Result<Vec<(&'static str, Self)>> {
        let proxied = RealRedis::start()?;
        let proxy = FaultProxy::to(proxied.addr())?;
        Ok(vec![
            ("killed", Self::Killed(RealRedis::start()?)),
            ("frozen (SIGSTOP)", Self::Frozen(RealRedis::start()?)),
            ("black hole", Self::BlackHole(proxy, proxied)),
            ("answers LOADING", Self::Loading(EmbeddedRedis::start()?)),
        ])
    }

    fn url(&self) -> String {
        match self {
            Self::Killed(server) | Self::Frozen(server) => server.url(),
            Self::BlackHole(proxy, _) => proxy.url(),
            Self::Loading(server) => server.url(),
        }
    }

    fn begins(&self) {
        match self {
            Self::Killed(server) => server.kill(),
            Self::Frozen(server) => server.freeze(),
            Self::BlackHole(proxy, _) => proxy.set(WireFault::BlackHole),
            Self::Loading(server) => {
                let loading = "LOADING Redis is loading the dataset in memory";
                server.always(Some(ReplyFault::Error(loading)));
            }
        }
    }

    fn ends(&self) {
        if let Self::Frozen(server) = self {
            server.thaw();
        }
    }
}

fn run() -> Result<bool> {
    let is_alone = std::env::args().any(|argument| argument == "--no-peer");
    let peer = if is_alone { None } else { peer::installed() };
    let mut holds = true;
    println!("| what happens | async | blocking | redis-py | longest call |");
    println!("|---|---:|---:|---:|---:|");
    for (name, fault) in Fault::all()? {
        holds &= switches(name, &fault, peer.as_ref())?;
    }
    println!();
    holds &= flaps()?;
    holds &= breaks()?;
    println!(
        "{}",
        if holds {
            "all promises held"
        } else {
            "NOT ALL PROMISES HELD"
        }
    );
    Ok(holds)
}

fn connector(eu: &str, us: &str) -> Result<Connector> {
    let databases = [
        Database::new("eu", Connector::builder(eu)?),
        Database::new("us", Connector::builder(us)?).weight(50),
    ];
    Ok(Connector::failover(databases).build())
}

/// How soon something of each is in the other database.
fn switches(name: &str, fault: &Fault, peer: Option<&Peer>) -> Result<bool> {
    let us = RealRedis::start()?;
    let callers = Callers::start(&connector(&fault.url(), &us.url())?)?;
    let python = peer
        .map(|peer| peer.start(&fault.url(), &us.url()))
        .transpose()?;
    let mut there = redis::Client::open(us.url())?.get_connection()?;
    callers.are_at_work();
    if let Some(python) = &python {
        python.is_at_work()?;
    }
    sleep(Duration::from_millis(fastrand::u64(1_500..2_500)));
    let begun = Instant::now();
    fault.begins();
    let mut took = [None; 3];
    let keys = ["async", "blocking", "python"];
    while took
        .iter()
        .zip(keys)
        .any(|(took, key)| took.is_none() && (key != "python" || python.is_some()))
        && begun.elapsed() < ENOUGH
    {
        let found: Vec<Option<u64>> = there.mget(&keys)?;
        for (took, found) in took.iter_mut().zip(found) {
            *took = took.or(found.map(|_| begun.elapsed()));
        }
        sleep(Duration::from_millis(2));
    }
    fault.ends();
    let longest = callers.stop();
    let shown = |took: Option<Duration>| match took {
        Some(took) => format!("{:.2} s", took.as_secs_f64()),
        None => "never".to_owned(),
    };
    println!(
        "| {name} | {} | {} | {} | {:.2} s |",
        shown(took[0]),
        shown(took[1]),
        if python.is_some() {
            shown(took[2])
        } else {
            "–".to_owned()
        },
        longest.as_secs_f64()
    );
    let is_soon = |took: Option<Duration>| took.is_some_and(|took| took <= PROMISE);
    Ok(is_soon(took[0]) && is_soon(took[1]) && longest <= HANGS)
}

/// A second there, a second not.
fn flaps() -> Result<bool> {
    let (eu, us) = (RealRedis::start()?, RealRedis::start()?);
    let proxy = FaultProxy::to(eu.addr())?;
    let redis = connector(&proxy.url(), &us.url())?;
    let callers = Callers::start(&redis)?;
    callers.are_at_work();
    let begun = Instant::now();
    while begun.elapsed() < FLAPPING {
        proxy.set(WireFault::Refuse);
        sleep(Duration::from_secs(1));
        proxy.pass();
        sleep(Duration::from_secs(1));
    }
    let longest = callers.stop();
    let switches = switches_of(&redis);
    println!(
        "flapping for {} s: {switches} switches (at most {SWITCHES}), longest call {:.2} s",
        FLAPPING.as_secs(),
        longest.as_secs_f64()
    );
    Ok(switches <= SWITCHES && longest <= HANGS)
}

/// Nobody calls, and the break is a short one, each time at another moment.
fn breaks() -> Result<bool> {
    let (eu, us) = (RealRedis::start()?, RealRedis::start()?);
    let proxy = FaultProxy::to(eu.addr())?;
    let redis = connector(&proxy.url(), &us.url())?;
    let mut found = 0;
    for _ in 0..BREAKS {
        redis.switch_to("eu")?;
        redis.get_blocking()?.set::<_, _, ()>("k", 1)?;
        sleep(Duration::from_millis(fastrand::u64(1_000..2_000)));
        let before = switches_of(&redis);
        proxy.set(WireFault::BlackHole);
        sleep(BREAK);
        found += u32::from(switches_of(&redis) > before);
        proxy.pass();
    }
    println!(
        "breaks of {} s without a call: {found} of {BREAKS} found",
        BREAK.as_secs()
    );
    Ok(found == BREAKS)
}

fn switches_of(redis: &Connector) -> u64 {
    redis.databases().map_or(0, |report| report.switches)
}
