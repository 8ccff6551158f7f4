//! Random interleavings of loads, invalidations, puts, expiry, lost replies and restarts against a plain model: what Redis has is never older than the
//! last write that was followed by an invalidation.
//!
//! ```sh
//! cargo test -p redis-resilient-tests --test cache_model                      # some thousand, as CI has it
//! cargo test -p redis-resilient-tests --release --test cache_model -- 100000  # so many, with another seed each time
//! cargo test -p redis-resilient-tests --test cache_model -- 100000 7          # with this seed
//! ```
//!
//! The same programs are run with cache-aside as it is written by hand, which has no lease: there the model has to find stale values, else it is blind.
//!
//! No test harness, for the counts have to be seen whatever is captured.

#[path = "cache_model/chaos.rs"]
mod chaos;
#[path = "cache_model/program.rs"]
mod program;
#[path = "cache_model/run.rs"]
mod run;
#[path = "cache_model/subject.rs"]
mod subject;
#[path = "cache_model/world.rs"]
mod world;

use std::process::ExitCode;

use run::{Counts, run};
use subject::Kind;

/// What CI runs.
const FEW: u32 = 4_000;
/// Without a lease it takes no more than these to find some.
const BLIND: u32 = 400;
const SEED: u64 = 20_261_129;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--list") {
        println!("cache_model: test");
        return ExitCode::SUCCESS;
    }
    let mut numbers = arguments.iter().filter_map(|word| word.parse().ok());
    let many: Option<u64> = numbers.next();
    let programs = many.map_or(FEW, |many| u32::try_from(many).unwrap_or(u32::MAX));
    let seed = numbers
        .next()
        .unwrap_or_else(|| many.map_or(SEED, |_| fastrand::u64(..1_000_000)));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("the system has threads left");
    let both = runtime.block_on(async {
        let ours = run(Kind::Ours, programs, seed).await?;
        let without = run(Kind::WithoutLease, BLIND, seed).await?;
        Ok::<_, Box<dyn std::error::Error>>((ours, without))
    });
    let (ours, without) = match both {
        Ok(both) => both,
        Err(error) => {
            println!("cache_model: {error}");
            return ExitCode::FAILURE;
        }
    };
    println!("cache_model: seed {seed}; ours: {ours}");
    println!("cache_model: without a lease: {without}");
    for finding in ours.findings.iter().take(10) {
        println!("cache_model: {finding}");
    }
    verdict(&ours, &without)
}

fn verdict(ours: &Counts, without: &Counts) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    let mut fail = |what: &str| {
        println!("cache_model: FAILED: {what}");
        code = ExitCode::FAILURE;
    };
    if !ours.findings.is_empty() {
        fail("a value from before an invalidation was stored or served after it");
    }
    if ours.stuck > 0 {
        fail("something of the cache's was still there when all was over");
    }
    if ours.stored < u64::from(ours.programs) / 2 {
        fail("hardly anything was stored: this shows nothing");
    }
    if without.findings.is_empty() {
        fail("cache-aside without a lease was found right: the model is blind");
    }
    code
}
