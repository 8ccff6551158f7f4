//! A cluster that never rests: slots move, replicas take over, owners are killed, while callers count.

mod calls;
mod counter;
mod journal;
mod lock;
mod moves;
mod options;
mod reader;
mod table;
mod worker;

use std::env;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use journal::Journal;
use moves::{Kind, Mover};
use options::{NAME, Options, Request};
use redis_resilient_testkit::{RealCluster, ServerProgram, servers};
use tokio::runtime::Runtime;
use worker::Workers;

use crate::program::{self, Failure, announce_start, complain, print};

/// Runs it as the command line says.
///
/// 0: the promises held. 1: not so, or it could not run. 2: a mistake in the command line.
pub fn main() -> ExitCode {
    let options = match options::parse(env::args().skip(1)) {
        Ok(Request::Run(options)) => options,
        Ok(Request::Help) => {
            print(&options::help());
            return ExitCode::SUCCESS;
        }
        Err(sentence) => {
            complain(NAME, &sentence);
            return ExitCode::from(2);
        }
    };
    match run(&options) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            complain(NAME, "a promise did not hold");
            ExitCode::FAILURE
        }
        Err(error) => program::fail(NAME, &*error),
    }
}

/// Whether all went well.
fn run(options: &Options) -> Result<bool, Failure> {
    let program = chosen(options)?;
    announce_start(&format!("a cluster of {program}"));
    let cluster = RealCluster::builder().program(&program).start()?;
    let runtime = Runtime::new()?;
    let journal = Arc::new(Journal::new());
    let workers = Workers::start(&cluster, &runtime, &journal)?;
    let mover = Mover::new(&cluster, workers.keys());
    let end = Instant::now() + options.length;
    // Each kind at least once, however short the run is.
    let kinds = Kind::all(&cluster);
    for (round, kind) in kinds.iter().cycle().enumerate() {
        if round >= kinds.len() && Instant::now() > end || workers.has_lost_one() {
            break;
        }
        journal.begin(*kind);
        let made = || journal.settle(&workers);
        mover
            .make(*kind, round, made)
            .map_err(|error| format!("{kind}, round {round}: {error}"))?;
    }
    let keys = workers.stop()?;
    print(&table::of(&journal));
    print(&format!("{keys} keys counted on {program}\n"));
    Ok(journal.holds())
}

/// The first server at hand of the name that was asked for.
fn chosen(options: &Options) -> Result<ServerProgram, Failure> {
    let mut at_hand: Vec<ServerProgram> = servers()?.collect();
    let Some(wanted) = &options.server else {
        return Ok(at_hand.swap_remove(0));
    };
    let found = at_hand
        .iter()
        .position(|one| options::is_named(one, wanted));
    found.map(|index| at_hand.swap_remove(index)).ok_or_else(|| {
        let names: Vec<_> = at_hand.iter().map(ToString::to_string).collect();
        format!(
            "there is no server `{wanted}` at hand, only {}: \
             `cargo run -p redis-resilient-testkit --example fetch_servers -- {wanted}` fetches some",
            names.join(", ")
        )
        .into()
    })
}
