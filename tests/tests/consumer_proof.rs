//! Entries through kills of Redis and of the consumers' processes: none is lost, and each effect in Redis happens once.
//!
//! ```sh
//! cargo test -p redis-resilient-tests --test consumer_proof                      # some thousand through 3 kills of each, as CI has it
//! cargo test -p redis-resilient-tests --release --test consumer_proof -- 100000  # so many through 20 kills of each
//! ```
//!
//! Redis writes each change to its disk before it answers, so that what it has answered outlives it. Half of the entries are there before; a producer
//! appends the rest while all is killed.
//!
//! Each handler also counts without any protection: there some have to be counted twice, else nothing was delivered again and this shows nothing.
//!
//! No test harness, for the counts have to be seen whatever is captured, and the processes are this program.

#[path = "consumer_proof/account.rs"]
mod account;
#[path = "consumer_proof/chaos.rs"]
mod chaos;
#[path = "consumer_proof/worker.rs"]
mod worker;

use std::process::ExitCode;

use account::Account;

pub(crate) type Proving<T = ()> = Result<T, Box<dyn std::error::Error>>;

pub(crate) const STREAM: &str = "orders";
pub(crate) const GROUP: &str = "billing";
/// Where the server is, for the processes that consume.
pub(crate) const URL: &str = "RR_TESTS_CONSUMER_PROOF";

/// What CI runs.
const FEW: u32 = 4_000;
const FEW_KILLS: u32 = 3;
const KILLS: u32 = 20;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--list") {
        println!("consumer_proof: test");
        return ExitCode::SUCCESS;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("the system has threads left");
    if let Ok(url) = std::env::var(URL) {
        return match runtime.block_on(worker::consume(&url)) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                println!("consumer_proof: a consumer: {error}");
                ExitCode::FAILURE
            }
        };
    }
    let many = arguments.iter().find_map(|word| word.parse().ok());
    let (entries, kills) = many.map_or((FEW, FEW_KILLS), |many: u32| (many, KILLS));
    match runtime.block_on(chaos::run(entries, kills)) {
        Ok(account) => verdict(&account),
        Err(error) => {
            println!("consumer_proof: {error}");
            ExitCode::FAILURE
        }
    }
}

fn verdict(account: &Account) -> ExitCode {
    println!("consumer_proof: {account}");
    let mut code = ExitCode::SUCCESS;
    let mut fail = |what: &str| {
        println!("consumer_proof: FAILED: {what}");
        code = ExitCode::FAILURE;
    };
    if account.appended != account.entries {
        fail("the producer has not appended each entry once");
    }
    if account.lost > 0 {
        fail("entries were lost");
    }
    if account.twice > 0 {
        fail("effects happened twice");
    }
    if account.pending > 0 || account.dead > 0 {
        fail("entries are pending, or dead letters, that were to be handled");
    }
    if account.twice_without == 0 {
        fail("nothing was delivered again: this shows nothing");
    }
    code
}
