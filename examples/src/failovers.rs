//! Many failovers, one after the other: does a call that is made when there is no server succeed within its deadline?

mod caller;
mod cluster;
mod sentinel;
mod tally;

use std::env;
use std::process::ExitCode;

use caller::DEADLINE;
use tally::{Outcome, Tally};
use tokio::runtime::{Handle, Runtime};

use crate::program::{self, Failure, complain, print};

const NAME: &str = "failovers";

const HELP: &str = "\
Fails over many times and counts how often a call that was made when there was no server has succeeded within its deadline.

Usage: cargo run --release --example failovers -- [OPTIONS]

Options:
  --runs N   how often, for each kind of failure and of caller, 1 to 1000 (default: 20)
  --help     print this
";

/// Fails over, once; with a runtime for asynchronous callers.
type Run = fn(Option<Handle>) -> Result<Outcome, Failure>;

const KINDS: [(&str, Run); 4] = [
    ("Sentinel, primary killed", sentinel::killed),
    ("Sentinel, primary frozen and thawed", sentinel::frozen),
    ("Cluster, owner of slots killed", cluster::killed),
    ("Cluster, owner frozen and thawed", cluster::frozen),
];

/// Runs it as the command line says.
///
/// 0: all calls succeeded, and nothing was lost. 1: not so, or it could not run. 2: a mistake in the command line.
pub fn main() -> ExitCode {
    let runs = match runs(env::args().skip(1)) {
        Ok(Some(runs)) => runs,
        Ok(None) => {
            print(HELP);
            return ExitCode::SUCCESS;
        }
        Err(sentence) => {
            complain(NAME, &sentence);
            return ExitCode::from(2);
        }
    };
    match fail_over(runs) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            complain(NAME, "not every run was perfect");
            ExitCode::FAILURE
        }
        Err(error) => program::fail(NAME, &*error),
    }
}

/// How many runs the command line asks for; `None` if it asks for help.
fn runs(words: impl IntoIterator<Item = String>) -> Result<Option<u32>, String> {
    let mut words = words.into_iter();
    let mut runs = 20;
    while let Some(word) = words.next() {
        let number = match (&*word, word.split_once('=')) {
            ("--help" | "-h", _) => return Ok(None),
            ("--runs", _) => words.next().ok_or("`--runs` needs a value")?,
            (_, Some(("--runs", number))) => number.to_owned(),
            _ => return Err(format!("there is no option `{word}`; `--help` lists them")),
        };
        runs = match number.parse() {
            Ok(runs @ 1..=1000) => runs,
            _ => {
                return Err(format!(
                    "`--runs` takes a whole number from 1 to 1000, not `{number}`"
                ));
            }
        };
    }
    Ok(Some(runs))
}

/// Whether all went well.
fn fail_over(runs: u32) -> Result<bool, Failure> {
    let runtime = Runtime::new()?;
    print(&format!(
        "A call with a deadline of {} s begins when its server has failed. How often it succeeds, and after how long:\n\n\
         {:<43}{}\n",
        DEADLINE.as_secs(),
        "",
        Tally::HEADER
    ));
    let mut is_perfect = true;
    for (name, run) in KINDS {
        for (kind, runtime) in [("async", Some(runtime.handle())), ("sync", None)] {
            // What takes minutes is announced.
            print(&format!("{:<43}", format!("{name}, {kind}")));
            let mut tally = Tally::default();
            for _ in 0..runs {
                tally.add(run(runtime.cloned())?);
            }
            print(&format!("{}\n", tally.figures()));
            for failure in tally.failures() {
                print(&format!("  {failure}\n"));
            }
            is_perfect &= tally.is_perfect();
        }
    }
    Ok(is_perfect)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Option<u32>, String> {
        runs(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn the_number_of_runs_may_be_written_both_ways() {
        assert_eq!(parsed(""), Ok(Some(20)));
        assert_eq!(parsed("--runs 3"), Ok(Some(3)));
        assert_eq!(parsed("--runs=3"), Ok(Some(3)));
        assert_eq!(parsed("--runs 3 --help"), Ok(None));
    }

    #[test]
    fn a_mistake_is_told_with_what_would_be_right() {
        for (line, part) in [
            ("--runs 0", "from 1 to 1000, not `0`"),
            ("--runs=many", "not `many`"),
            ("--runs", "needs a value"),
            ("20", "no option `20`"),
        ] {
            let message = parsed(line).unwrap_err();
            assert!(message.contains(part), "{line}: {message}");
        }
    }
}
