//! Every row of the class table that can be provoked, by a real server or a real network fault, on each server at hand.
//!
//! Prints one table: the situation, the command, what the server answers and the class of that, with a mark where servers
//! differ. `cargo test -p redis-resilient-tests --test class_table transaction` runs the situations with that word in their
//! name. What needs no server is in `class_without_server.rs`; no route and protected mode cannot be provoked on one machine
//! and are unit tests beside the table.
//!
//! No test harness, for the table has to be seen whatever is captured.

#[path = "class_table/cluster.rs"]
mod cluster;
#[path = "class_table/connection.rs"]
mod connection;
#[path = "class_table/credentials.rs"]
mod credentials;
#[path = "class_table/permanent.rs"]
mod permanent;
#[path = "class_table/pipeline.rs"]
mod pipeline;
#[path = "class_table/reply.rs"]
mod reply;
#[path = "class_table/resharding.rs"]
mod resharding;
#[path = "class_table/script.rs"]
mod script;
#[path = "class_table/situation.rs"]
mod situation;
#[path = "class_table/stage.rs"]
mod stage;
#[path = "class_table/table.rs"]
mod table;
#[path = "class_table/transaction.rs"]
mod transaction;
#[path = "class_table/unavailable.rs"]
mod unavailable;
#[path = "class_table/write_refused.rs"]
mod write_refused;

use std::{process::ExitCode, thread};

use redis_resilient_testkit::{ServerProgram, servers};
use situation::Situation;
use stage::Finding;
use table::Table;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let wanted: Vec<&String> = words.iter().filter(|word| !word.starts_with('-')).collect();
    let situations: Vec<Situation> = situation::all()
        .into_iter()
        .filter(|one| wanted.is_empty() || wanted.iter().any(|word| one.name.contains(*word)))
        .collect();
    if words.iter().any(|word| word == "--list") {
        for one in &situations {
            println!("{}: test", one.name);
        }
        return ExitCode::SUCCESS;
    }
    if situations.is_empty() {
        return ExitCode::SUCCESS;
    }
    let programs: Vec<ServerProgram> = match servers() {
        Ok(servers) => servers.collect(),
        Err(error) => {
            eprintln!("class_table: {error}");
            return ExitCode::FAILURE;
        }
    };
    // All servers at once: most of the time is spent waiting for one of them.
    let found: Vec<Vec<Finding>> = thread::scope(|scope| {
        let runs: Vec<_> = programs
            .iter()
            .map(|program| scope.spawn(|| run(&situations, program)))
            .collect();
        runs.into_iter()
            .map(|run| run.join().expect("panics are caught within"))
            .collect()
    });
    if Table::of(&programs, &found).print() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn run(situations: &[Situation], program: &ServerProgram) -> Vec<Finding> {
    situations
        .iter()
        .flat_map(|situation| situation.run(program))
        .collect()
}
