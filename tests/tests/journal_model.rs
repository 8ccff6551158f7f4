//! Writers that are killed at random moments, over a Redis that is killed, frozen and restarted: each write that was acknowledged is in Redis
//! afterwards, once, in the order of its key.
//!
//! ```sh
//! cargo test -p redis-resilient-tests --test journal_model                      # some thousand, as CI has it
//! cargo test -p redis-resilient-tests --release --test journal_model -- 100000  # so many, with 50 kills of the writer and three outages
//! cargo test -p redis-resilient-tests --release --test journal_model -- 100000 nats  # the same in NATS, which is killed too
//! ```
//!
//! The writer is this program, started anew by itself. It says in a file what it is about to write and what was acknowledged; the server keeps what
//! it has acknowledged (`appendfsync always`).
//!
//! No test harness, for the counts have to be seen whatever is captured.

#[path = "journal_model/audit.rs"]
mod audit;
#[path = "journal_model/diary.rs"]
mod diary;
#[path = "journal_model/director.rs"]
mod director;
#[path = "journal_model/writer.rs"]
mod writer;

use std::process::ExitCode;

use director::{Plan, direct};

/// What CI runs.
const FEW: Plan = Plan {
    writes: 6_000,
    kills: 6,
    outages: 3,
    is_in_nats: false,
};

/// What CI runs in NATS.
const FEW_IN_NATS: Plan = Plan {
    writes: 1_500,
    kills: 3,
    outages: 1,
    is_in_nats: true,
};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, url, directory, writes, nats @ ..] = &arguments[..]
        && first == writer::ROLE
    {
        let writes = writes.parse().unwrap_or(0);
        let nats = nats.first().map(String::as_str);
        return match writer::write(url, directory.as_ref(), writes, nats) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                println!("journal_model: the writer: {error}");
                ExitCode::FAILURE
            }
        };
    }
    if arguments.iter().any(|argument| argument == "--list") {
        println!("journal_model: test");
        return ExitCode::SUCCESS;
    }
    let many = arguments.iter().find_map(|word| word.parse().ok());
    let plans = many.map_or(vec![FEW, FEW_IN_NATS], |writes| {
        vec![Plan {
            writes,
            kills: 50,
            outages: 3,
            is_in_nats: arguments.iter().any(|word| word == "nats"),
        }]
    });
    // Each of them, whatever has become of those before it.
    let bad = plans.iter().filter(|plan| !is_good(plan)).count();
    if bad == 0 {
        ExitCode::SUCCESS
    } else {
        println!("journal_model: FAILED");
        ExitCode::FAILURE
    }
}

fn is_good(plan: &Plan) -> bool {
    match direct(plan) {
        Ok(result) => {
            let place = if plan.is_in_nats { "NATS" } else { "a file" };
            println!("journal_model: in {place}: {result}");
            result.is_good() && result.kills >= plan.kills
        }
        Err(error) => {
            println!("journal_model: {error}");
            false
        }
    }
}
